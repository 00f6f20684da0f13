// SPDX-License-Identifier: Apache-2.0

// Distributions: small ones for the rows, as SVG, and the charts of an open row.

function svg(tag, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter(Boolean));
  return element;
}

const WIDTH = 150, HEIGHT = 34;
const fixed = (x) => x.toFixed(1);

// What a histogram looks like where others have other edges: values per unit of width, as a share of all values. A point
// (low = high) is drawn as a bucket of a hundredth of the range.
function densities(histogram, range) {
  const bars = [];
  histogram.counts.forEach((count, i) => {
    if (count === null || !(histogram.total > 0)) return;
    const low = histogram.edges[i], high = histogram.edges[i + 1], width = Math.max(high - low, range / 100) || 1;
    bars.push({low, high: low + width, share: count / histogram.total, density: count / histogram.total / width, count, from: low, to: high});
  });
  return bars;
}

// The range that the histograms of all sides have; null if there is none.
function rangeOf(sides) {
  const edges = sides.flatMap((s) => (s.stats && s.stats.histogram ? [s.stats.histogram.edges[0], s.stats.histogram.edges[s.stats.histogram.edges.length - 1]] : []))
    .filter((x) => x !== undefined);
  return edges.length ? [Math.min(...edges), Math.max(...edges)] : null;
}

function sparkline(feature, sides) {
  const withNumbers = sides.filter((s) => s.stats && s.stats.histogram && s.stats.histogram.edges.length);
  const withTexts = sides.filter((s) => s.stats && s.stats.ranks && s.stats.ranks.length);
  if (withTexts.length) return textSpark(feature, withTexts);
  if (withNumbers.length) return numberSpark(feature, withNumbers);
  return el('span', {class: 'absent'}, '–');
}

function frame(label, ...children) {
  return svg('svg', {class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: 'img', 'aria-label': label, preserveAspectRatio: 'none'}, ...children,
    svg('line', {class: 'base', x1: 0, x2: WIDTH, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5}));
}

function numberSpark(feature, sides) {
  const [low, high] = rangeOf(sides), range = high - low || 1;
  const drawn = sides.map((s) => ({side: s, bars: densities(s.stats.histogram, range)}));
  const most = Math.max(...drawn.flatMap((d) => d.bars.map((b) => b.density))) || 1;
  const x = (v) => fixed(Math.min(WIDTH, Math.max(0, high > low ? (v - low) / range * WIDTH : v > low ? WIDTH : 0)));
  const y = (b) => fixed(HEIGHT - 1 - (b.density > 0 ? Math.max(1, b.density / most * (HEIGHT - 3)) : 0));
  return frame(`Distribution of ${feature.name} from ${format(low)} to ${format(high)}`, ...drawn.map(({side, bars}, i) => {
    const shape = bars.map((b, j) => {
      const touches = j > 0 && bars[j - 1].high === b.low;
      return `${touches ? 'L' : `${j ? `L${x(bars[j - 1].high)},${HEIGHT - 1}` : ''}M${x(b.low)},${HEIGHT - 1}L`}${x(b.low)},${y(b)}L${x(b.high)},${y(b)}`;
    }).join('');
    const last = bars.length ? `L${x(bars[bars.length - 1].high)},${HEIGHT - 1}` : '';
    return svg('path', {class: `${i === 0 ? 'area' : 'outline'} series-${side.dataset % 8 + 1}`, d: shape + last});
  }));
}

// The values that are most frequent in the first data set, then those that are in others, with a bar for each data set.
function topValues(sides, most) {
  const places = new Map();
  for (const s of sides) for (const r of s.stats.ranks.slice(0, most)) if (!places.has(r.place)) places.set(r.place, r.value);
  const shares = sides.map((s) => new Map(s.stats.ranks.map((r) => [r.place, r.count])));
  const largest = (place) => Math.max(...sides.map((s, i) => (shares[i].get(place) || 0) / (s.stats.values || 1)));
  return [...places].map(([place, value]) => ({place, value, counts: shares.map((m) => m.get(place)), largest: largest(place)}))
    .sort((a, b) => b.largest - a.largest).slice(0, most);
}

function textSpark(feature, sides) {
  const top = topValues(sides, 10), most = Math.max(...top.map((t) => t.largest)) || 1;
  const slot = Math.min(WIDTH / top.length, 24), bar = (slot - 2) / sides.length;
  return frame(`The ${top.length} most frequent values of ${feature.name}`, ...top.flatMap((t, i) => sides.map((s, j) => {
    const height = (t.counts[j] || 0) / (s.stats.values || 1) / most * (HEIGHT - 3);
    return height > 0 && svg('rect', {class: `bar series-${s.dataset % 8 + 1}`, x: fixed(i * slot + j * bar), y: fixed(HEIGHT - 1 - Math.max(1, height)), width: fixed(Math.max(0.8, bar - 0.3)), height: fixed(Math.max(1, height))});
  })));
}

// Charts of an open row. Only what has numbers: a list of figures.
function charts(feature, sides) {
  const numbers = sides.filter((s) => s.stats && s.stats.histogram && s.stats.histogram.edges.length);
  const texts = sides.filter((s) => s.stats && s.stats.ranks && s.stats.ranks.length);
  const quantiles = sides.filter((s) => s.stats && s.stats.quantiles && s.stats.quantiles.edges.length);
  return [numbers.length > 0 && histogramChart(feature, numbers), quantiles.length > 0 && quantileChart(feature, quantiles), texts.length > 0 && textChart(feature, texts)].filter(Boolean);
}

const lineStyle = (dataset) => ({borderColor: seriesColor(dataset), backgroundColor: seriesColor(dataset), borderDash: DASHES[dataset % 8], pointStyle: POINTS[dataset % 8], borderWidth: 2, clip: 8});
const legend = () => ({display: several});

function histogramChart(feature, sides) {
  const [low, high] = rangeOf(sides), range = high - low || 1;
  // Of equal edges: how many values; of different ones only values per unit can be compared.
  const same = sides.length === 1;
  const drawn = sides.map((s) => ({side: s, bars: densities(s.stats.histogram, range)}));
  const rows = drawn.flatMap(({side, bars}) => bars.map((b) => [`${several ? `${data.datasets[side.dataset].text}: ` : ''}${format(b.from)} to ${format(b.to)}`, format(b.count), percent(b.share)]));
  return chart('Histogram', `${feature.name}, from ${format(low)} to ${format(high)}`, () => ({
    type: 'line',
    data: {datasets: drawn.map(({side, bars}, i) => ({
      label: data.datasets[side.dataset].text, ...lineStyle(side.dataset), pointRadius: 0, pointHitRadius: 8, parsing: false, fill: i === 0 ? 'origin' : false,
      backgroundColor: `${seriesColor(side.dataset)}33`,
      data: bars.flatMap((b, j) => {
        const y = same ? b.share * 100 : b.density;
        const starts = j === 0 || bars[j - 1].high !== b.low ? [{x: b.low, y: 0, b}] : [];
        const ends = j === bars.length - 1 || bars[j + 1].low !== b.high ? [{x: b.high, y: 0, b}] : [];
        return [...starts, {x: b.low, y, b}, {x: b.high, y, b}, ...ends];
      }),
    }))},
    options: {
      scales: {x: {type: 'linear', min: low, max: high > low ? high : low + 1, ticks: {maxTicksLimit: 7, callback: (v) => format(v)}},
        y: {beginAtZero: true, title: {text: same ? '% of values in the bucket' : 'share of values per unit'}, ticks: {maxTicksLimit: 5, callback: (v) => format(v, 2)}}},
      plugins: {legend: legend(), tooltip: {callbacks: {title: () => '', label: (c) => `${several ? `${c.dataset.label}, ` : ''}${format(c.raw.b.from)} to ${format(c.raw.b.to)}: ${format(c.raw.b.count)} values (${percent(c.raw.b.share)})`}}},
    },
  }), {head: ['Bucket', 'Values', 'Share'], rows});
}

// Which share of the values lies below each of the stored quantiles.
function quantileChart(feature, sides) {
  const points = (histogram) => {
    let sum = 0;
    return histogram.edges.map((x, i) => {
      if (i > 0) sum += histogram.counts[i - 1] || 0;
      return {x, y: 100 * sum / (histogram.total || 1)};
    });
  };
  const rows = sides.flatMap((s) => points(s.stats.quantiles).map((p) => [`${several ? `${data.datasets[s.dataset].text}: ` : ''}${format(p.y, 3)} %`, format(p.x, 6)]));
  const edges = sides.flatMap((s) => s.stats.quantiles.edges), low = Math.min(...edges), high = Math.max(...edges);
  return chart('Quantiles', `The share of the values of ${feature.name} up to each quantile that the statistics hold`, () => ({
    type: 'line',
    data: {datasets: sides.map((s) => ({label: data.datasets[s.dataset].text, ...lineStyle(s.dataset), borderWidth: 1, pointRadius: 3.5, parsing: false, data: points(s.stats.quantiles)}))},
    options: {
      scales: {x: {type: 'linear', min: low, max: high > low ? high : low + 1, ticks: {maxTicksLimit: 7, callback: (v) => format(v)}}, y: {min: 0, max: 100, title: {text: '% of values up to here'}, ticks: {maxTicksLimit: 6}}},
      plugins: {legend: legend(), tooltip: {callbacks: {title: () => '', label: (c) => `${several ? `${c.dataset.label}: ` : ''}${format(c.raw.y, 3)} % up to ${format(c.raw.x, 6)}`}}},
    },
  }), {head: ['Values up to the quantile', 'Quantile'], rows});
}

function textChart(feature, sides) {
  const top = topValues(sides, 15);
  const shares = (side, j) => top.map((t) => (t.counts[j] === undefined ? null : 100 * t.counts[j] / (side.stats.values || 1)));
  const figure = chart('Most frequent values', `${feature.name}: ` + top.map((t) => `${t.value}: ${percent(t.largest)}`).slice(0, 5).join('; '), () => ({
    type: 'bar',
    data: {labels: top.map((t) => short(quoted(t.value), 28)), datasets: sides.map((s, j) => ({label: data.datasets[s.dataset].text, data: shares(s, j), backgroundColor: seriesColor(s.dataset), barPercentage: 0.9, categoryPercentage: 0.8, maxBarThickness: 22, minBarLength: 1}))},
    options: {indexAxis: 'y',
      scales: {x: {beginAtZero: true, title: {text: '% of values'}, ticks: {maxTicksLimit: 6}}, y: {grid: {display: false}, ticks: {autoSkip: false}}},
      plugins: {legend: legend(), tooltip: {callbacks: {title: (items) => top[items[0].dataIndex].value, label: (c) => `${several ? `${c.dataset.label}: ` : ''}${format(top[c.dataIndex].counts[c.datasetIndex] || 0)} (${percent(c.raw / 100)})`}}}},
  }));
  if (top.length > 6) figure.classList.add('tall');
  return figure;
}
