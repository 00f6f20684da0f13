// SPDX-License-Identifier: Apache-2.0

// The page's data, indexed, and the one choice that all parts share: which model the others are compared with.

const overall = data.slices.findIndex((s) => s.keys.length === 0 && !s.cross);

const valueKey = (model, slice, metric) => (model * data.slices.length + slice) * data.metrics.length + metric;
const values = new Map();
for (const [model, slice, metric, value, lower, upper] of data.values) {
  values.set(valueKey(model, slice, metric), {
    value: num(value), interval: lower === undefined ? null : [num(lower), num(upper)],
  });
}
const valueOf = (model, slice, metric) => values.get(valueKey(model, slice, metric));

// Differences that were computed on the same examples: they know how certain they are.
const paired = new Map();
for (const [model, reference, slice, metric, difference, lower, upper, p, method, same] of data.comparisons) {
  paired.set(`${reference}/${valueKey(model, slice, metric)}`, {
    difference: num(difference), lower: lower === null ? NaN : num(lower), upper: upper === null ? NaN : num(upper),
    p: p === null ? null : num(p), method, same,
  });
}

const state = {reference: data.reference};
const listeners = [];
const onReference = (f) => listeners.push(f);
function setReference(model) {
  state.reference = model;
  for (const f of listeners) f();
}

// What is left of the rounding of float32 numbers is no difference: as tfxm/report/evaluation/rounding.h has it.
const isRounding = (d, size) => Math.abs(d) <= 1e-6 * size || (Math.abs(d) <= 1e-6 && Math.abs(d) <= 1e-4 * size);

// The model's value minus the reference's: {d, verdict: 'better' | 'worse' | 'same' | 'other', certain: true | false | null, pair}.
// 'other': the metric has no better or worse. certain: whether an interval excludes 0; null if there is none.
function differenceOf(model, slice, metric, reference = state.reference) {
  const a = valueOf(model, slice, metric), b = valueOf(reference, slice, metric);
  if (!a || !b || model === reference) return null;
  const pair = paired.get(`${reference}/${valueKey(model, slice, metric)}`) || null;
  const d = pair && pair.same || isRounding(a.value - b.value, Math.max(Math.abs(a.value), Math.abs(b.value))) ? 0 : a.value - b.value;
  const goodness = d * data.metrics[metric].direction;
  const certain = !pair ? null : !Number.isNaN(pair.lower) ? pair.lower > 0 || pair.upper < 0 : pair.p !== null ? pair.p < 0.05 : null;
  return {
    d, pair, certain,
    verdict: d === 0 ? 'same' : Number.isNaN(d) || data.metrics[metric].direction === 0 ? 'other' : goodness > 0 ? 'better' : 'worse',
  };
}

// Metrics that have a number for some model on some slice of interest, in the order of the data.
function numericMetrics(slice) {
  return data.metrics.map((_, k) => k).filter((k) =>
    slice === undefined ? numericAnywhere.has(k) : data.models.some((_, m) => valueOf(m, slice, k)));
}
const numericAnywhere = new Set(data.values.map((row) => row[2]));

// How many examples a slice has: from whichever model counted them.
// With example weights, TFMA's counts are sums of them.
const countsAre = data.weighted ? 'Weight' : 'Examples';
const countMetrics = ['example_count', 'weighted_example_count'].flatMap((name) =>
  data.metrics.map((m, k) => [m, k]).filter(([m]) => m.name === name).map(([, k]) => k));
function examplesOf(slice) {
  for (const k of countMetrics) {
    for (let m = 0; m < data.models.length; ++m) {
      const v = valueOf(m, slice, k);
      if (v) return v.value;
    }
  }
  return NaN;
}

// What the page shows first: quality, not counts.
const mainMetric = (() => {
  // What most models have comes first: only that can be compared.
  const models = new Map();
  for (const [m, , k] of data.values) models.set(k, (models.get(k) || new Set()).add(m));
  const most = Math.max(0, ...[...models.values()].map((s) => s.size));
  const all = numericMetrics().filter((k) => models.get(k).size === most);
  return all.find((k) => data.metrics[k].direction > 0) ?? all.find((k) => data.metrics[k].direction < 0) ?? all[0];
})();

// The thresholds that a slice failed: [{model, metric, reason}].
const failuresBySlice = new Map();
for (const evaluation of data.evaluations) {
  for (const check of evaluation.checks) {
    for (const [model, slice, metric, , passed, reason, isDiff] of check.outcomes) {
      if (passed || slice < 0) continue;
      if (!failuresBySlice.has(slice)) failuresBySlice.set(slice, []);
      failuresBySlice.get(slice).push({model, metric, reason, isDiff});
    }
  }
}

// A value with its interval, and its difference to the reference below it: the content of a table cell.
function valueCell(model, slice, metric) {
  const v = valueOf(model, slice, metric), label = nameText(data.models[model].name);
  if (!v) return el('td', {class: 'number absent', 'data-label': label}, el('span', {'aria-label': 'no value'}, '–'));
  const cell = el('td', {class: 'number', 'data-label': label}, el('span', {class: 'value'}, formatValue(v.value)));
  if (v.interval) cell.append(' ', el('span', {class: 'interval'}, intervalText(v.interval)));
  const difference = differenceOf(model, slice, metric);
  if (difference && !(difference.verdict === 'same' && data.metrics[metric].direction === 0)) cell.append(el('br'), differenceText(difference));
  return cell;
}

const intervalText = ([lower, upper], digits) => digits ? `[${format(lower, digits)}, ${format(upper, digits)}]` : `[${formatValue(lower)}, ${formatValue(upper)}]`;

const VERDICTS = {better: 'better', worse: 'worse', same: 'same', other: ''};
function differenceText({d, verdict, certain, pair}) {
  const node = el('span', {class: `difference ${verdict}${certain === false ? ' uncertain' : ''}`}, verdict === 'same' ? 'same' : signed(d));
  if (VERDICTS[verdict] && verdict !== 'same') node.append(' ', el('span', {class: 'verdict'}, VERDICTS[verdict]));
  if (pair && !Number.isNaN(pair.lower)) node.append(' ', el('span', {class: 'interval'}, intervalText([pair.lower, pair.upper], 3)));
  if (certain === false && d !== 0) node.append(' ', el('span', {class: 'verdict'}, '(within noise)'));
  if (pair && (pair.method || pair.p !== null)) {
    node.title = [pair.method, pair.p !== null ? `p = ${format(pair.p, 2)}` : ''].filter(Boolean).join(', ');
  }
  return node;
}
