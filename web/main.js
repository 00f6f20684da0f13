// SPDX-License-Identifier: Apache-2.0

// Puts the parts on the page, those that have data.

summarySection();
const main = document.getElementById('main');
main.replaceChildren();
let plots = null;
const add = (part) => { if (part) main.append(part); };
add(pipelineSection());
add(modelsSection());
add(tradeOffSection());
add(thresholdsSection());
add(slicesSection((slice) => plots.show(slice)));
plots = plotsSection();
add(plots.node);
add(disagreementsSection());
if (!main.childElementCount) main.append(el('p', {}, 'The evaluation holds no metrics and no plots.'));
