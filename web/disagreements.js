// SPDX-License-Identifier: Apache-2.0

// Examples that models decide differently, and the slices they are frequent in.

function disagreementsSection() {
  if (!data.disagreements.length) return null;
  const parts = data.disagreements.map((d) => {
    const slices = [...new Set(d.examples.flatMap((e) => e.slices))].sort();
    const view = {slice: '', shown: 24};
    const status = el('p', {role: 'status', class: 'note'});
    const list = el('ul', {class: 'examples'});
    const more = el('button', {type: 'button', onclick: () => { view.shown += 48; draw(); }}, 'Show more');
    const draw = () => {
      const matching = d.examples.filter((e) => !view.slice || e.slices.includes(view.slice));
      list.replaceChildren(...matching.slice(0, view.shown).map(exampleItem));
      status.textContent = `${Math.min(view.shown, matching.length)} of ${matching.length.toLocaleString('en-US')} examples shown, the most different first` +
        (num(d.total) > d.examples.length ? `; ${format(num(d.total))} differ in all` : '');
      more.hidden = matching.length <= view.shown;
    };
    const select = slices.length > 0 && selectControl('Slice', [['', 'all slices'], ...slices.map((s) => [s, s])], '', (v) => { view.slice = v; view.shown = 24; draw(); }).node;
    draw();
    return el('div', {},
      data.disagreements.length > 1 && el('h3', {}, name(evaluationName(d.evaluation))),
      d.slices.length > 0 && overRepresented(d.slices),
      el('div', {class: 'controls'}, select), status, list, more);
  });
  return section('disagreements', 'Where models disagree', parts);
}

function overRepresented(slices) {
  const p = (x) => (x === undefined ? '–' : num(x) < 0.001 ? '< 0.001' : format(num(x), 2));
  return el('details', {open: true}, el('summary', {}, 'Slices with more disagreement than elsewhere'), scrolling('Over-represented slices', textTable('Slices with more disagreement than elsewhere',
    ['Slice', 'Disagreeing', 'Examples', 'Share', 'p', 'p, corrected'],
    slices.map((s) => [s.slice, format(num(s.disagreeing)), format(num(s.examples)), `${format(100 * num(s.disagreeing) / num(s.examples), 3)} %`, p(s.p_value), p(s.adjusted_p_value)]))));
}

function valueText(value) {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number') return format(value);
  if (Array.isArray(value)) {
    return value.length > 12 ? `${value.slice(0, 12).map(valueText).join(', ')}, … (${value.length})` : value.map(valueText).join(', ');
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function exampleItem(example) {
  const pairs = (entries) => el('dl', {}, entries.map(([k, v]) => [el('dt', {}, name(k)), el('dd', {}, v)]));
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const features = Object.entries(example.features);
  return el('li', {},
    example.images.map((image) => pixelImage(image,
      `Feature ${image.name} of example ${example.index ?? ''}: an image of ${image.width} by ${image.height} pixels, label ${valueText(example.label)}`)),
    el('div', {},
      example.index !== undefined && el('p', {class: 'note'}, `Example ${format(example.index)}${example.slices.length ? ` · ${example.slices.join('; ')}` : ''}`),
      pairs([['Label', valueText(example.label)], ...example.predictions.map(([model, value, score]) => [model,
        el('span', {}, valueText(value), score !== undefined && ` (${format(num(score), 3)}) `, !Array.isArray(value) && example.label !== null && (same(value, example.label) ? badge('passed', 'right') : badge('failed', 'wrong')))])]),
      features.length > 0 && el('details', {}, el('summary', {}, 'Features'), pairs(features.map(([k, v]) => [k, valueText(v)])))));
}
