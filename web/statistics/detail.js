// SPDX-License-Identifier: Apache-2.0

// What an open row shows of a feature: anomalies, charts, every number there is, values, slices, lift, images, the schema.

function featureDetail(feature, slice, weighted) {
  const sides = sidesOf(feature, slice, weighted);
  const figures = charts(feature, sides);
  return [
    findings(feature),
    figures.length > 0 && el('div', {class: 'figures'}, figures),
    images(feature),
    numbersTable(feature, sides),
    valuesTable(feature, sides),
    customTable(feature, sides),
    slicesTable(feature, weighted),
    liftTables(feature, slice, weighted),
    feature.schema && el('details', {}, el('summary', {}, 'In the schema'), el('pre', {class: 'schema'}, feature.schema)),
  ];
}

const MEASURES = {L_INFTY: 'L-infinity distance', JENSEN_SHANNON_DIVERGENCE: 'Jensen-Shannon divergence', NORMALIZED_ABSOLUTE_DIFFERENCE: 'normalized absolute difference'};

function findings(feature) {
  const list = feature.anomalies.map(([d, severity, brief, text]) => el('li', {},
    severityBadge(severity, brief || severity.toLowerCase()), ' ', several && [keyed(d), ': '], name(text)));
  const measured = feature.measurements.map(([d, kind, measure, value, threshold]) => {
    const above = num(value) > num(threshold);
    return el('li', {}, badge(above ? 'failed' : 'passed', `${kind}: ${above ? 'above' : 'within'} the threshold`), ' ', several && [keyed(d), ': '],
      `${Object.hasOwn(MEASURES, measure) ? MEASURES[measure] : measure} ${format(num(value))}, threshold ${format(num(threshold))}`);
  });
  return list.length + measured.length > 0 && el('ul', {class: 'findings'}, list, measured);
}

// A row for each number that some side has.
function numbersTable(feature, sides) {
  const there = sides.filter((s) => s.stats);
  if (!there.length) return el('p', {}, 'The statistics have nothing of this feature.');
  const present = (s) => s.present + s.missing;
  const rows = [
    ['Type', (s) => s.type], ['Examples with it', (s) => format(s.present)],
    ['Missing', (s) => `${format(s.missing)} (${percent(s.missing / (present(s) || 1))})`],
    ['Empty', (s) => s.empty > 0 && `${format(s.empty)} (${percent(s.emptyShare)}): there, without a value`],
    ['Values', (s) => format(s.values)], ['Values in an example that has it', (s) => (s.fewest === s.most ? format(s.most) : `${format(s.fewest)} to ${format(s.most)}, mean ${format(s.averageValues)}`)],
    ['Mean', (s) => s.mean], ['Standard deviation', (s) => s.deviation], ['Smallest', (s) => s.min], ['Median', (s) => s.median], ['Largest', (s) => s.max],
    ['Zeros', (s) => s.zeros !== undefined && `${format(s.zeros)} (${percent(s.zerosShare)})`],
    ['NaN', (s) => s.nan || undefined], ['Values in unbounded buckets', (s) => s.histogram && s.histogram.infinite.length > 0 && s.histogram.infinite.reduce((a, b) => a + b[2], 0)],
    ['Unique values', (s) => s.unique], [feature.values.length || there.some((s) => s.stats.ranks) ? 'Mean length' : 'Mean size in bytes', (s) => s.length],
    ['Smallest size in bytes', (s) => s.smallest], ['Largest size in bytes', (s) => s.largest], ['Values that are not UTF-8', (s) => s.invalid || undefined],
    ['Jensen-Shannon divergence', (s) => s.distance && Number.isFinite(s.distance.divergence) && s.distance.divergence],
    ['L-infinity distance', (s) => s.distance && Number.isFinite(s.distance.infinity) && `${format(s.distance.infinity)} (“${s.distance.value}”)`],
  ];
  const shown = rows.map(([title, value]) => [title, ...there.map((s) => {
    const x = value(s.stats);
    return x === undefined || x === false || x === null ? null : typeof x === 'number' ? format(x, 6) : x;
  })]).filter((row) => row.slice(1).some((x) => x !== null)).map((row) => row.map((x) => x ?? '–'));
  const title = `Numbers${there.some((s) => s.stats.weighted) ? ' (weighted where the statistics are)' : ''}`;
  return el('details', {open: true}, el('summary', {}, title), scrolling(`${feature.name}: numbers`,
    textTable(`Numbers of ${feature.name}`, ['', ...there.map((s) => data.datasets[s.dataset].text)], shown)));
}

function valuesTable(feature, sides) {
  const there = sides.filter((s) => s.stats && s.stats.ranks && s.stats.ranks.length);
  if (!there.length) return null;
  const top = topValues(there, 200);
  const share = (s, count) => (count === undefined ? '–' : `${format(count)} (${percent(count / (s.stats.values || 1))})`);
  const cut = there.some((s) => s.stats.ranked > s.stats.ranks.length || s.stats.unique > s.stats.ranks.length);
  return el('details', {}, el('summary', {}, `The ${counted(top.length, 'most frequent value', 'most frequent values')}${cut ? `, of ${format(Math.max(...there.map((s) => s.stats.unique)))}` : ''}`),
    several && el('p', {class: 'note'}, '–: not among the frequent values of this data set that are on the page.'),
    scrolling(`${feature.name}: values`, textTable(`Values of ${feature.name}`, ['Value', ...there.map((s) => data.datasets[s.dataset].text)],
      top.map((t) => [quoted(t.value), ...there.map((s, j) => share(s, t.counts[j]))]))));
}

function customTable(feature, sides) {
  // TFDV has lift a second time, for Facets to draw.
  const again = (title) => title.startsWith('Lift (Y=') && data.lift.some((l) => l.x === feature.name);
  const rows = sides.flatMap((s) => ((s.stats && s.stats.custom) || []).filter(([title]) => !again(title)).map(([title, ...rest]) => [
    `${several ? `${data.datasets[s.dataset].text}: ` : ''}${title}`,
    rest.length === 1 ? (typeof rest[0] === 'number' ? format(rest[0]) : String(rest[0])) : rest.length === 0 ? '–'
      : Array.from({length: rest.length / 2}, (_, i) => `${rest[2 * i]}: ${format(num(rest[2 * i + 1]))}`).join(', ')]));
  if (!rows.length) return null;
  return el('details', {}, el('summary', {}, counted(rows.length, 'other statistic', 'other statistics')),
    scrolling(`${feature.name}: other statistics`, textTable(`Other statistics of ${feature.name}`, ['Statistic', 'Value'], rows, () => false)));
}

const typical = (s) => (s.mean !== undefined ? `mean ${format(s.mean)}, median ${format(s.median)}` : s.ranks && s.ranks.length ? `${quoted(s.ranks[0].value)} ${percent(s.ranks[0].count / (s.values || 1))}` : '–');

function slicesTable(feature, weighted) {
  if (slices.length < 2) return null;
  const rows = slices.flatMap((slice) => {
    const sides = sidesOf(feature, slice, weighted);
    return sides.map((side, i) => el('tr', {},
      i === 0 && el('th', {scope: 'row', rowspan: sides.length}, name(sliceText(slice))),
      i === 0 && el('td', {rowspan: sides.length, 'data-label': 'Distribution'}, sparkline(feature, sides)),
      several && el('td', {'data-label': 'Data set'}, keyed(side.dataset)),
      el('td', {class: 'number', 'data-label': 'Examples'}, format(num(data.columns[side.column].examples))),
      el('td', {class: 'number', 'data-label': 'Missing'}, side.stats ? missingText(side.stats) : '–'),
      el('td', {class: 'number', 'data-label': 'Zeros'}, side.stats && side.stats.zeros !== undefined ? percent(side.stats.zerosShare) : '–'),
      el('td', {class: 'number', 'data-label': 'Unique'}, side.stats && side.stats.unique !== undefined ? format(side.stats.unique) : '–'),
      el('td', {'data-label': 'Typical'}, side.stats ? typical(side.stats) : 'not in the statistics')));
  });
  const head = ['Slice', 'Distribution', several && 'Data set', 'Examples', 'Missing', 'Zeros', 'Unique', 'Typical'].filter(Boolean);
  const table = el('table', {}, el('caption', {class: 'hidden'}, `${feature.name} by slice`),
    el('thead', {}, el('tr', {}, head.map((h) => el('th', {scope: 'col', class: ['Examples', 'Missing', 'Zeros', 'Unique'].includes(h) ? 'number' : null}, h)))), el('tbody', {}, rows));
  return el('details', {}, el('summary', {}, 'By slice'), scrolling(`${feature.name} by slice`, table));
}

function liftTables(feature, slice, weighted) {
  const all = data.lift.filter((l) => l.x === feature.name && columnOf[data.columns[l.column].dataset].get(slice) === l.column && l.lifts.length);
  const series = all.some((l) => l.weighted === weighted) ? all.filter((l) => l.weighted === weighted) : all;
  if (!series.length) return null;
  const rows = series.flatMap((l) => l.lifts.map(([value, lift, x, both]) => [
    `${l.y}: ${l.value}`, quoted(value), `${format(num(lift))}${l.weighted ? ' (weighted)' : ''}`, format(num(both)), format(num(x)), ...(several ? [data.datasets[data.columns[l.column].dataset].text] : [])]));
  const cut = series.some((l) => l.of > l.lifts.length);
  return el('details', {}, el('summary', {}, 'Lift: how much more frequent a label is where the feature has a value'),
    cut && el('p', {class: 'note'}, 'The values whose lift is farthest from 1.'),
    scrolling(`${feature.name}: lift`, textTable(`Lift of ${feature.name}`, ['Label', 'Value', 'Lift', 'With both', 'With the value', ...(several ? ['Data set'] : [])], rows, (i) => i > 1 && i < 5)));
}

// Images are decoded by the browser into canvases: nothing is fetched, and what is not an image draws nothing.
function images(feature) {
  const own = data.images.filter((i) => i.feature === feature.name);
  if (!own.length) return null;
  return el('ul', {class: 'thumbnails', 'aria-label': `Images of ${feature.name}`}, own.map((image) => {
    const label = `${several ? `${data.datasets[image.dataset].text}, ` : ''}example ${format(image.example)}`;
    return el('li', {}, image.encoded ? decodedImage(image, label) : pixelImage(image, `Image of ${feature.name}, ${label}`), el('span', {class: 'note'}, label));
  }));
}

function decodedImage(image, label) {
  const canvas = el('canvas', {width: 96, height: 96, role: 'img', class: 'image', 'aria-label': `Image of ${image.feature}, ${label}`});
  const bytes = Uint8Array.from(atob(image.encoded), (c) => c.charCodeAt(0));
  createImageBitmap(new Blob([bytes])).then((bitmap) => {
    const scale = Math.min(1, 192 / Math.max(bitmap.width, bitmap.height));
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext('2d').drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
  }).catch(() => canvas.replaceWith(el('span', {class: 'absent'}, 'not an image that this browser can draw')));
  return canvas;
}
