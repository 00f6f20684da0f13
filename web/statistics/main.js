// SPDX-License-Identifier: Apache-2.0

// Puts the parts on the page of statistics, those that have data.

summarySection();
const main = document.getElementById('main');
main.replaceChildren();
for (const part of [anomaliesSection(), featuresSection(), crossesSection(), datasetsSection(), aboutSection()]) {
  if (part) main.append(part);
}
