// SPDX-License-Identifier: Apache-2.0

// The data of the page of statistics, indexed (tfxm/report/statistics/statistics_data.cc writes them).

const TYPES = ['INT', 'FLOAT', 'STRING', 'BYTES', 'STRUCT'];
const several = data.datasets.length > 1;
data.datasets.forEach((d, i) => { d.text = d.name || (several ? `Data set ${i + 1}` : 'Data'); });

// The columns: [data set][slice] -> place, '' being all examples.
const columnOf = data.datasets.map(() => new Map());
data.columns.forEach((c, i) => {
  columnOf[c.dataset].set(columnOf[c.dataset].size ? c.slice : '', i);
  c.text = columnOf[c.dataset].size === 1 ? c.slice || 'All examples' : c.slice;
});
const slices = ['', ...new Set(data.columns.filter((c, i) => columnOf[c.dataset].get('') !== i).map((c) => c.slice))];
const sliceText = (slice) => slice || 'All examples';
const hasWeights = data.columns.some((c) => 'weight' in c);

// Histograms as {edges, counts, total, infinite: [[low, high, count]]}: counts of null are gaps.
function histogramOf(stored) {
  if (!stored) return null;
  let [edges, counts, ...infinite] = stored;
  edges = edges.map(num);
  if (typeof counts === 'number') counts = new Array(edges.length - 1).fill(counts);
  if (edges.length === 2 && counts.length > 1) {
    const [low, high] = edges;
    edges = Array.from({length: counts.length + 1}, (_, i) => (i === counts.length ? high : low + (high - low) * i / counts.length));
  }
  infinite = infinite.map((bucket) => bucket.map(num));
  const total = counts.reduce((a, b) => a + (b || 0), 0) + infinite.reduce((a, b) => a + b[2], 0);
  return counts.length || infinite.length ? {edges, counts, total, infinite} : null;
}

function ranksOf(stored, values) {
  const ranks = [];
  for (let i = 0; stored && i + 1 < stored.length; i += 2) ranks.push({value: values[stored[i]], place: stored[i], count: num(stored[i + 1])});
  return ranks;
}

const features = data.features.map((f, i) => ({
  ...f, index: i, anomalies: f.anomalies || [], measurements: f.measurements || [], text: f.name.toLowerCase(),
  stored: new Map(f.entries.map((e) => [e[0], e])), read: new Map(),
}));

// What the statistics of a column say of a feature; undefined if it is not in them. `weighted`: by weight, where they have
// that; what has no weighted form stays as it is.
function statsOf(feature, column, weighted = false) {
  const key = weighted ? ~column : column;
  if (feature.read.has(key)) return feature.read.get(key);
  const stored = feature.stored.get(column);
  const stats = stored && readEntry(feature, stored, weighted && stored[11].weighted);
  feature.read.set(key, stats);
  return stats;
}

const missingText = (s) => (s.empty > 0 ? `${percent(s.missingShare)}, empty ${percent(s.emptyShare)}` : percent(s.missingShare));

function readEntry(feature, stored, weighted) {
  const [column, type, present, missing, fewest, most, total, numbers, texts, histogram, quantiles, more] = stored;
  const s = {type: TYPES[type] || 'unknown', weighted: Boolean(weighted), present: num(weighted ? weighted[0] : present), missing: num(weighted ? weighted[1] : missing),
    fewest: num(fewest), most: num(most), values: num(weighted ? weighted[2] : total), custom: more.custom || []};
  s.missingShare = s.present + s.missing > 0 ? s.missing / (s.present + s.missing) : 0;
  // Lists without a value (the empty cells of a CSV file) are not missing to TFDV; to people they are. Known where no list has more than one.
  s.empty = s.fewest === 0 && s.most <= 1 ? Math.max(0, s.present - s.values) : 0;
  s.emptyShare = s.present > 0 ? s.empty / (s.present + s.missing) : 0;
  s.averageValues = s.present > 0 ? s.values / s.present : NaN;
  if (numbers && num(total) > 0) {
    [s.mean, s.deviation, s.zeros, s.min, s.median, s.max, s.nan] = numbers.map(num);
    s.zerosShare = s.zeros / num(total);
    if (weighted && weighted[3]) [s.mean, s.deviation, s.median] = weighted[3].map(num);
    s.histogram = histogramOf(weighted ? weighted[5] : histogram);
    s.quantiles = histogramOf(weighted ? weighted[6] : quantiles);
  }
  if (texts) {
    s.unique = num(texts[0]);
    s.length = num(texts[1]);
    if (Array.isArray(texts[2])) {
      s.ranks = ranksOf(weighted && weighted[4] ? weighted[4] : texts[2], feature.values);
      s.ranked = texts[3];
      s.invalid = num(texts[4]);
    } else {
      [s.smallest, s.largest] = [num(texts[2]), num(texts[3])];
    }
  }
  if (more.distance) {
    const [divergence, infinity, place] = more.distance;
    s.distance = {divergence: divergence === null ? NaN : num(divergence), infinity: infinity === undefined ? NaN : num(infinity), value: feature.values[place]};
  }
  return s;
}

// Of a feature, in the data sets that have the slice: [{dataset, column, stats}], stats undefined where it is not.
const sidesOf = (feature, slice, weighted) => data.datasets.map((_, d) => ({dataset: d, column: columnOf[d].get(slice)}))
  .filter((side) => side.column !== undefined).map((side) => ({...side, stats: statsOf(feature, side.column, weighted)}));

const SEVERITIES = {ERROR: 2, WARNING: 1, UNKNOWN: 0};
const severityOf = (feature) => Math.max(-1, ...feature.anomalies.map((a) => SEVERITIES[a[1]] ?? 0));
const severityBadge = (severity, text) => badge(severity === 'ERROR' ? 'failed' : severity === 'WARNING' ? 'warned' : 'none', text);
const percent = (share) => (Number.isFinite(share) ? `${share > 0 && share < 0.0005 ? '< 0.1' : share < 1 && share > 0.9995 ? '> 99.9' : format(Math.round(share * 1000) / 10)} %` : '–');
const keyed = (d, text = data.datasets[d].text) => el('span', {class: 'keyed'}, several && el('span', {class: `swatch series-${d % 8 + 1}`, 'aria-hidden': 'true'}, '■'), ' ', name(text));
const short = (text, most) => (text.length > most ? `${[...text].slice(0, most - 1).join('')}…` : text);
// A value as it is, in quotation marks where nothing else shows where it ends.
const quoted = (value) => (value === '' || value !== value.trim() ? `“${value}”` : value);
