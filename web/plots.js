// SPDX-License-Identifier: Apache-2.0

// ROC, precision-recall, calibration, score distributions and confusion matrices of one slice, all models in one chart each.

function plotsSection() {
  if (!data.plots.length) return {node: null, show: () => {}};
  const keys = [...new Set(data.plots.map((p) => p.key))];
  const slices = [...new Set(data.plots.map((p) => p.slice))];
  const view = {slice: slices.includes(overall) ? overall : slices[0], key: keys[0], threshold: {}};
  const body = el('div');
  const keyName = (key) => key || 'default plots';

  function draw() {
    const plots = data.plots.filter((p) => p.slice === view.slice && p.key === view.key).sort((a, b) => a.model - b.model);
    clear(body);
    const curves = plots.filter((p) => p.curve), calibrations = plots.filter((p) => p.calibration && p.calibration.length);
    const distributionOnly = view.key.includes('score_distribution');
    const figures = el('div', {class: 'figures'});
    if (curves.length && !distributionOnly) figures.append(rocChart(curves), recallChart(curves));
    if (calibrations.length) figures.append(calibrationChart(calibrations), residualChart(calibrations));
    for (const plot of curves) figures.append(scoreChart(plot, distributionOnly));
    if (figures.childElementCount) body.append(figures);
    const matrices = plots.filter((p) => p.multi_class || p.multi_label);
    if (matrices.length) body.append(el('div', {class: 'figures matrices'}, matrices.map((p) => matrixFigure(p))));
    for (const p of plots) if (p.message) body.append(el('p', {}, `${data.models[p.model].name}: ${p.message}`));
    if (!body.childElementCount) body.append(el('p', {}, 'No such plot for this slice.'));
  }

  const sliceSelect = selectControl('Slice', slices.map((s) => [s, data.slices[s].text]), view.slice, (v) => { view.slice = Number(v); draw(); });
  const keySelect = selectControl('Plot', keys.map((k) => [k, keyName(k)]), view.key, (v) => { view.key = v; draw(); });
  draw();
  const node = section('plots', 'Plots',
    el('div', {class: 'controls'}, slices.length > 1 && sliceSelect.node, keys.length > 1 && keySelect.node),
    data.omitted_plots > 0 && el('p', {class: 'note'}, `${data.omitted_plots.toLocaleString('en-US')} plots of narrower slices are left out of this page; tfxm show prints them all.`),
    body);
  return {node, show: (slice) => {
    view.slice = slice;
    sliceSelect.select.value = slice;
    if (!data.plots.some((p) => p.slice === slice && p.key === view.key)) {
      view.key = data.plots.find((p) => p.slice === slice).key;
      keySelect.select.value = view.key;
    }
    draw();
    const heading = document.getElementById('plots-heading');
    heading.scrollIntoView();
    heading.focus();
  }};
}

const sliceOfPlots = (plots) => data.slices[plots[0].slice].text;
const axis = (text, extra) => ({type: 'linear', title: {text}, ...extra});
const unit = {min: 0, max: 1};

function lineSet(plot, points, extra) {
  const color = seriesColor(plot.model);
  return {label: data.models[plot.model].name, data: points, borderColor: color, backgroundColor: color, borderDash: DASHES[plot.model % 8], borderWidth: 2,
    pointStyle: POINTS[plot.model % 8], pointRadius: 0, pointHitRadius: 8, showLine: true, ...extra};
}

function diagonal() {
  return {label: 'chance', data: [{x: 0, y: 0}, {x: 1, y: 1}], borderColor: css('--muted'), borderWidth: 1, borderDash: [2, 4], pointRadius: 0, pointHitRadius: 0, showLine: true};
}

const numbers = (row) => row.map(num);

function rocChart(plots) {
  const curve = (p) => p.curve.map(numbers).map(([t, , , , , , recall, fpr]) => ({x: fpr, y: recall, t})).filter((q) => Number.isFinite(q.x) && Number.isFinite(q.y))
    .sort((a, b) => a.x - b.x || a.y - b.y);
  const area = (q) => q.slice(1).reduce((sum, b, i) => sum + (b.x - q[i].x) * (b.y + q[i].y) / 2, 0);
  const curves = plots.map((p) => ({p, points: curve(p)}));
  return chart('ROC', `True positive rate against false positive rate, ${sliceOfPlots(plots)}. Area: ${curves.map(({p, points}) => `${data.models[p.model].name} ${format(area(points), 3)}`).join('; ')}`,
    () => ({type: 'scatter', data: {datasets: [...curves.map(({p, points}) => lineSet(p, points)), diagonal()]},
      options: {scales: {x: axis('False positive rate', unit), y: axis('True positive rate', unit)},
        plugins: {tooltip: {callbacks: {label: (c) => `${c.dataset.label}: ${format(c.parsed.y, 3)} at ${format(c.parsed.x, 3)}${c.raw.t === undefined ? '' : `, threshold ${format(c.raw.t, 3)}`}`}}}}}),
    curveTable(plots));
}

function curveTable(plots) {
  // A few thresholds tell the shape; the curve has hundreds.
  const rows = plots.flatMap((p) => {
    const step = Math.max(1, Math.floor(p.curve.length / 12));
    return p.curve.filter((_, i) => i % step === 0 || i + 1 === p.curve.length).map(numbers)
      .map(([t, tp, fp, tn, fn, precision, recall, fpr]) => [data.models[p.model].name, ...[t, precision, recall, fpr, tp, fp, tn, fn].map((x) => format(x, 3))]);
  });
  return {head: ['Model', 'Threshold', 'Precision', 'Recall', 'False positive rate', 'TP', 'FP', 'TN', 'FN'], rows};
}

function recallChart(plots) {
  return chart('Precision and recall', `Precision against recall, ${sliceOfPlots(plots)}`,
    () => ({type: 'scatter', data: {datasets: plots.map((p) => lineSet(p, p.curve.map(numbers)
      .filter(([, tp, fp, , , precision]) => tp + fp > 0 && Number.isFinite(precision)).map(([t, , , , , precision, recall]) => ({x: recall, y: precision, t}))))},
      options: {scales: {x: axis('Recall', unit), y: axis('Precision', unit)},
        plugins: {tooltip: {callbacks: {label: (c) => `${c.dataset.label}: precision ${format(c.parsed.y, 3)}, recall ${format(c.parsed.x, 3)}, threshold ${format(c.raw.t, 3)}`}}}}}),
    curveTable(plots));
}

function calibrationRows(plots) {
  return {head: ['Model', 'Predictions from', 'to', 'Examples', 'Mean prediction', 'Mean label'],
    rows: plots.flatMap((p) => p.calibration.map(numbers).map(([low, high, examples, label, prediction]) =>
      [data.models[p.model].name, ...[low, high, examples, prediction, label].map((x) => format(x, 3))]))};
}

function calibrationChart(plots) {
  const points = (p) => p.calibration.map(numbers).map(([, , examples, label, prediction]) => ({x: prediction, y: label, examples}));
  return chart('Calibration', `Mean label against mean prediction, ${sliceOfPlots(plots)}. Perfect calibration is the diagonal`,
    () => {
      const all = plots.flatMap(points).flatMap((q) => [q.x, q.y]).filter(Number.isFinite);
      const low = Math.min(0, ...all), high = Math.max(...all) <= 1 ? 1 : Math.max(...all);
      return {type: 'scatter', data: {datasets: [...plots.map((p) => lineSet(p, points(p), {pointRadius: 3})),
        {...diagonal(), label: 'perfect', data: [{x: low, y: low}, {x: high, y: high}]}]},
        options: {scales: {x: axis('Mean prediction'), y: axis('Mean label')},
          plugins: {tooltip: {callbacks: {label: (c) => `${c.dataset.label}: predicted ${format(c.parsed.x, 3)}, label ${format(c.parsed.y, 3)}${c.raw.examples ? `, ${format(c.raw.examples, 3)} examples` : ''}`}}}}};
    }, calibrationRows(plots));
}

function residualChart(plots) {
  return chart('Residuals', `Mean label minus mean prediction, by prediction, ${sliceOfPlots(plots)}`,
    () => ({type: 'scatter', data: {datasets: plots.map((p) => lineSet(p, p.calibration.map(numbers).map(([, , , label, prediction]) => ({x: prediction, y: label - prediction})), {pointRadius: 3}))},
      options: {scales: {x: axis('Mean prediction'), y: axis('Mean label − mean prediction')},
        plugins: {tooltip: {callbacks: {label: (c) => `${c.dataset.label}: ${signed(c.parsed.y)} at ${format(c.parsed.x, 3)}`}}}}}),
    calibrationRows(plots));
}

function scoreChart(plot, unlabelled) {
  const bins = plot.scores.map(numbers);
  const labels = bins.map(([low, high]) => format((low + high) / 2, 2));
  const set = (label, i, index) => ({label, data: bins.map((b) => b[i]), backgroundColor: seriesColor(index), barPercentage: 1, categoryPercentage: 0.92});
  const title = data.models.length > 1 ? `Predictions of ${data.models[plot.model].name}` : 'Predictions';
  return chart(title, `How predictions are distributed, ${data.slices[plot.slice].text}`,
    () => ({type: 'bar', data: {labels, datasets: unlabelled ? [set('examples', 2, 0)] : [set('positive label', 2, 0), set('negative label', 3, 1)]},
      options: {scales: {x: {stacked: true, title: {text: 'Prediction'}, grid: {display: false}, ticks: {maxTicksLimit: 8}}, y: {stacked: true, title: {text: 'Examples'}}}}}),
    {head: ['Prediction', 'Positive label', 'Negative label'], rows: bins.map(([low, high, p, n]) => [`${format(low, 2)} to ${format(high, 2)}`, format(p, 3), format(n, 3)])});
}

// A confusion matrix as a table: readable by everyone, shaded for the eye.
function matrixFigure(plot) {
  const multiLabel = Boolean(plot.multi_label);
  const matrices = plot.multi_label || plot.multi_class;
  const nearest = matrices.reduce((best, m, i) => Math.abs(num(m.threshold) - 0.5) < Math.abs(num(matrices[best].threshold) - 0.5) ? i : best, 0);
  const view = {matrix: nearest, count: 2};
  const counts = [[2, 'true positives'], [3, 'false positives'], [4, 'true negatives'], [5, 'false negatives']];
  const body = el('div');
  const draw = () => {
    const matrix = matrices[view.matrix], cells = new Map(), ids = new Set();
    for (const cell of matrix.cells.map(numbers)) {
      cells.set(`${cell[0]}/${cell[1]}`, cell[view.count]);
      ids.add(cell[0]);
      ids.add(cell[1]);
    }
    const classes = [...ids].sort((a, b) => a - b), rows = classes.filter((c) => c >= 0);
    const className = (c) => (c < 0 ? 'none' : String(c));
    const most = Math.max(1e-300, ...[...cells].filter(([k]) => multiLabel || k.split('/')[0] !== k.split('/')[1]).map(([, x]) => x));
    const diagonalMost = Math.max(1e-300, ...[...cells].map(([, x]) => x));
    const shade = (actual, predicted, x) => {
      const share = x / (actual === predicted ? diagonalMost : most);
      return x > 0 ? Math.max(1, Math.ceil(share * 6)) : 0;
    };
    const table = el('table', {class: `matrix${classes.length > 15 ? ' small' : ''}`},
      el('caption', {class: 'hidden'}, `Confusion matrix of ${data.models[plot.model].name}, ${data.slices[plot.slice].text}`),
      el('thead', {},
        el('tr', {}, el('td'), el('th', {scope: 'colgroup', colspan: classes.length, class: 'axis'}, 'Predicted')),
        el('tr', {}, el('th', {scope: 'col', class: 'axis'}, multiLabel ? 'Label present' : 'Actual'), classes.map((c) => el('th', {scope: 'col', class: 'number'}, className(c))))),
      el('tbody', {}, rows.map((actual) => el('tr', {}, el('th', {scope: 'row', class: 'number'}, className(actual)), classes.map((predicted) => {
        const x = cells.get(`${actual}/${predicted}`) || 0;
        const kind = multiLabel || actual !== predicted ? 'off' : 'on';
        return el('td', {class: `number ${kind} shade-${shade(multiLabel ? 0 : actual, multiLabel ? 1 : predicted, x)}`}, x === 0 ? '·' : format(x, 3));
      })))));
    body.replaceChildren(scrolling('Confusion matrix', table, {stack: false}));
    if (matrix.classes > classes.length) body.append(el('p', {class: 'note'}, `The ${classes.length} most confused of ${matrix.classes} classes.`));
  };
  draw();
  return el('figure', {class: 'matrix-figure'}, el('figcaption', {}, name(data.models[plot.model].name)),
    el('div', {class: 'controls'},
      matrices.length > 1 && selectControl('Threshold', matrices.map((m, i) => [i, format(num(m.threshold))]), view.matrix, (v) => { view.matrix = Number(v); draw(); }).node,
      multiLabel && selectControl('Count', counts, view.count, (v) => { view.count = Number(v); draw(); }).node),
    body);
}
