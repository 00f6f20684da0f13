// SPDX-License-Identifier: Apache-2.0

// The head of the page: which data sets there are, whether they conform to the schema, what is wrong with a whole one.

const counted = (n, one, many) => `${format(n)} ${n === 1 ? one : many}`;

function summarySection() {
  document.getElementById('title').append(name(data.title));
  document.title = data.title;
  const parts = [counted(features.length, 'feature', 'features'), several && counted(data.datasets.length, 'data set', 'data sets'), slices.length > 1 && counted(slices.length - 1, 'slice', 'slices')];
  document.getElementById('summary').append(el('p', {class: 'facts'}, parts.filter(Boolean).join(' · ')), el('ul', {class: 'verdicts', 'aria-label': 'Data sets'}, data.datasets.map((d, i) => {
    const column = data.columns[columnOf[i].get('')];
    const anomalies = features.filter((f) => f.anomalies.some((a) => a[0] === i)).length + d.anomalies.length;
    return el('li', {}, keyed(i), ': ', counted(num(column.examples), 'example', 'examples'), ' ',
      !d.checked ? null : anomalies ? badge('failed', counted(anomalies, 'anomaly', 'anomalies')) : badge('passed', 'no anomalies'));
  })));
}

// What is wrong with a data set as a whole.
function anomaliesSection() {
  const wrong = data.datasets.flatMap((d, i) => d.anomalies.map((a) => el('li', {}, severityBadge(a[0], a[1] || a[0]), ' ', several && [keyed(i), ': '], name(a[2]))));
  return wrong.length > 0 && section('anomalies', several ? 'Anomalies of whole data sets' : 'Anomalies of the whole', el('ul', {class: 'findings'}, wrong));
}

// What is known of each data set as a whole.
function datasetsSection() {
  const facts = [
    ['Examples', (c) => format(num(c.examples))],
    hasWeights && ['Weight', (c) => ('weight' in c ? format(num(c.weight)) : '–')],
    ['Features', (c) => format(c.features)],
    slices.length > 1 && ['Slices', (c) => format(columnOf[c.dataset].size - 1)],
    data.datasets.some((d) => d.sample_rate < 1) && ['Sample', (c) => (data.datasets[c.dataset].sample_rate < 1 ? `${percent(data.datasets[c.dataset].sample_rate)} of the examples` : 'all examples')],
  ].filter(Boolean);
  if (!several && facts.length < 3) return null;
  const columns = data.datasets.map((_, i) => data.columns[columnOf[i].get('')]);
  const table = textTable('Data sets', ['Data set', ...facts.map(([title]) => title)], columns.map((c) => [keyed(c.dataset), ...facts.map(([, text]) => text(c))]));
  return section('datasets', several ? 'Data sets' : 'Data set', scrolling('Data sets', table));
}

// What a reader must know to trust the numbers.
function aboutSection() {
  const [values, sliceValues, buckets] = data.detail;
  const sampled = data.datasets.filter((d) => d.sample_rate < 1).map((d) => `${d.text}: ${percent(d.sample_rate)} of the examples`);
  const measures = features.some((f) => f.measurements.length);
  return section('about', 'About these numbers', el('ul', {class: 'about'}, [
    sampled.length > 0 && `The statistics are of a sample (${sampled.join('; ')}): counts are those of the sample.`,
    'The page draws what the statistics hold. Shapes are made of their buckets: how values lie within a bucket is not known, nor are values between two quantiles; the lines there only join what is known.',
    'Counts, mean, standard deviation, smallest and largest value are as the statistics have them. Median, quantiles and the buckets’ counts are approximations where a feature has many different numbers, unique and frequent values where it has very many different texts.',
    `Of each text feature there are on this page the ${values} most frequent values${slices.length > 1 ? `, of slices ${sliceValues}` : ''}, of those that the statistics hold, and long texts are cut (…); of a histogram with more than ${buckets} buckets, neighbours are one. Numbers that are no counts have six digits or more.`,
    several && `Distances are those from ${data.datasets[0].text}: the Jensen-Shannon divergence (0: alike, 1: nothing in common) of the frequencies of texts, or of the histograms, each bucket’s values taken as spread evenly; and of texts the L-infinity distance, the largest difference of the share of a value. They are computed from what the statistics hold: the frequent values, and whole examples without weights.`,
    measures && 'Drift and skew with a threshold are what the validation has measured.',
    data.images.length > 0 && 'The images are of the first examples that have some, and no sample of the whole.',
    !data.datasets.some((d) => d.checked) && 'There was no schema to compare with: that a feature has no anomaly here does not say that it is as it should be.',
  ].filter(Boolean).map((text) => el('li', {}, text))));
}
