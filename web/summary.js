// SPDX-License-Identifier: Apache-2.0

// The parts that answer the first questions: did it pass, which model is better, what does it cost.

function summarySection() {
  document.getElementById('title').append(name(data.title));
  document.title = data.title;
  const summary = document.getElementById('summary');
  const count = (n, one, many) => `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`;
  const parts = [];
  if (data.models.length) parts.push(count(data.models.length, 'model', 'models'), count(data.slices.length, 'slice', 'slices'));
  const examples = overall < 0 ? NaN : examplesOf(overall);
  if (!Number.isNaN(examples)) parts.push(data.weighted ? `examples of weight ${format(examples)}` : count(examples, 'example', 'examples'));
  if (data.pipeline) {
    parts.unshift(`Pipeline ${data.pipeline.name}`, `run ${data.pipeline.run_id}`, data.pipeline.started);
  }
  summary.append(el('p', {class: 'facts'}, name(parts.filter(Boolean).join(' · '))));
  const verdicts = el('ul', {class: 'verdicts', 'aria-label': 'Results'});
  if (data.pipeline) {
    const failed = data.pipeline.nodes.filter((n) => n.state === 'failed').length;
    verdicts.append(el('li', {}, 'Pipeline: ', failed ? badge('failed', count(failed, 'node failed', 'nodes failed')) : badge('passed', 'complete')));
  }
  data.evaluations.forEach((evaluation, i) => {
    const failed = evaluation.checks.filter((c) => c.state === 'failed').length;
    const verdict = !evaluation.validated ? badge('none', 'no thresholds set')
      : evaluation.ok ? badge('passed', 'thresholds passed') : badge('failed', failed ? count(failed, 'threshold failed', 'thresholds failed') : 'thresholds failed');
    verdicts.append(el('li', {}, name(evaluationName(i)), ': ', verdict));
  });
  summary.append(verdicts);
}

const evaluationName = (i) => data.evaluations[i].name || (data.evaluations.length > 1 ? `Evaluation ${i + 1}` : 'Evaluation');

function modelsSection() {
  if (!data.values.length && !data.models.some((m) => Object.keys(m.facts).length)) return null;
  const body = el('div');
  const draw = () => {
    const facts = [...new Set([...Object.keys(TITLES), ...data.models.flatMap((m) => Object.keys(m.facts))])]
      .filter((f) => data.models.some((m) => f in m.facts));
    const metrics = overall < 0 ? [] : numericMetrics(overall);
    const head = el('tr', {}, el('th', {scope: 'col'}, 'All examples'), data.models.map((m, i) =>
      el('th', {scope: 'col', class: 'number'}, name(m.name),
        el('span', {class: 'note'}, [m.format === m.name ? '' : m.format, i === state.reference && data.models.length > 1 ? 'reference' : ''].filter(Boolean).join(', ')))));
    const metricRows = metrics.map((k) => el('tr', {'data-name': data.metrics[k].text.toLowerCase()},
      el('th', {scope: 'row'}, name(data.metrics[k].text), directionNote(k)),
      data.models.map((_, m) => valueCell(m, overall, k))));
    const factRows = facts.map((f) => el('tr', {'data-name': factOf(f).title.toLowerCase()},
      el('th', {scope: 'row'}, factOf(f).title),
      data.models.map((m, i) => factCell(f, i))));
    const ops = [...new Set(data.models.flatMap((m) => Object.keys(m.ops)))].sort();
    const table = el('table', {class: 'models'}, el('caption', {class: 'hidden'}, 'Models side by side, on all examples'),
      el('thead', {}, head), el('tbody', {}, metricRows, factRows));
    clear(body);
    if (metrics.length > 16) {
      const filter = inputControl('Filter metrics', 'search', '', (text) => {
        for (const row of table.tBodies[0].rows) row.hidden = !row.dataset.name.includes(text.toLowerCase());
      });
      body.append(el('div', {class: 'controls'}, filter.node));
    }
    body.append(scrolling('Models side by side', table));
    if (ops.length) {
      body.append(el('details', {}, el('summary', {}, 'Operations by kind'), scrolling('Operations by kind',
        textTable('Operations by kind', ['Operation', ...data.models.map((m) => m.name)],
          ops.map((op) => [op, ...data.models.map((m) => op in m.ops ? format(num(m.ops[op])) : '–')])))));
    }
    for (const model of data.models) {
      const texts = Object.entries(model.texts);
      if (texts.length) {
        body.append(el('p', {class: 'note'}, name(model.name), `: ${texts.map(([k, v]) => `${TEXTS[k] || k.replaceAll('_', ' ')} ${v}`).join('; ')}`));
      }
    }
  };
  const controls = data.models.length > 1
    ? el('div', {class: 'controls'}, selectControl('Compare with', data.models.map((m, i) => [i, m.name]), state.reference,
      (v) => setReference(Number(v))).node) : null;
  draw();
  onReference(draw);
  return section('models', 'Models', controls, body);
}

const directionNote = (k) => data.metrics[k].direction === 0 ? null
  : el('span', {class: 'note'}, data.metrics[k].direction > 0 ? 'higher is better' : 'lower is better');

// Times are measured: what differs by less than they did from one round of measuring to the next is within their noise.
function factCell(key, model) {
  const fact = factOf(key), {facts, noise} = data.models[model], label = nameText(data.models[model].name);
  if (!(key in facts)) return el('td', {class: 'number absent', 'data-label': label}, el('span', {'aria-label': 'not measured'}, '–'));
  const x = num(facts[key]);
  const most = Math.max(...data.models.filter((m) => key in m.facts).map((m) => num(m.facts[key])).filter(Number.isFinite));
  const cell = el('td', {class: 'number', 'data-label': label}, el('span', {class: 'value'}, fact.text(x, most)));
  const reference = data.models[state.reference];
  if (model !== state.reference && key in reference.facts && num(reference.facts[key]) > 0 && x > 0) {
    const ratio = x / num(reference.facts[key]);
    const certain = Math.abs(x - num(reference.facts[key])) > (num(noise[key]) || 0) + (num(reference.noise[key]) || 0);
    const verdict = ratio === 1 ? 'same' : fact.direction === 0 ? 'other' : (ratio > 1) === (fact.direction > 0) ? 'better' : 'worse';
    const text = ratio === 1 ? 'same' : ratio >= 2 ? `× ${format(ratio, 3)}` : ratio <= 0.5 ? `÷ ${format(1 / ratio, 3)}` : `${signed(100 * (ratio - 1))} %`;
    cell.append(el('br'), el('span', {class: `difference ${verdict}${certain ? '' : ' uncertain'}`}, text,
      verdict === 'same' || verdict === 'other' ? '' : el('span', {class: 'verdict'}, certain ? ` ${verdict}` : ' (within noise)')));
  }
  return cell;
}

function tradeOffSection() {
  const costs = [...new Set(data.models.flatMap((m) => Object.keys(m.facts)))]
    .filter((f) => data.models.filter((m) => f in m.facts).length > 0);
  const metrics = overall < 0 ? [] : numericMetrics(overall).filter((k) => data.metrics[k].direction !== 0);
  if (data.models.length < 2 || !costs.length || !metrics.length) return null;
  const order = Object.keys(TITLES);
  costs.sort((a, b) => (order.indexOf(a) + 1 || 99) - (order.indexOf(b) + 1 || 99));
  const choice = {cost: costs[0], metric: metrics.includes(mainMetric) ? mainMetric : metrics[0]};
  const body = el('div', {class: 'figures one'});
  const draw = () => {
    const fact = factOf(choice.cost), metric = data.metrics[choice.metric];
    const points = data.models.map((m, i) => ({m, i, v: valueOf(i, overall, choice.metric)}))
      .filter((p) => choice.cost in p.m.facts && p.v && Number.isFinite(p.v.value));
    const xs = points.map((p) => num(p.m.facts[choice.cost]));
    const most = Math.max(...xs), text = (x) => fact.text(x, most);
    const wide = Math.min(...xs) > 0 && Math.max(...xs) / Math.min(...xs) > 20;
    const title = `${metric.text} against ${fact.title.toLowerCase()}`;
    clear(body);
    body.append(chart(title,
      points.map((p, j) => `${p.m.name}: ${format(p.v.value)} at ${text(xs[j])}`).join('; '),
      () => ({
        type: 'scatter',
        data: {datasets: points.map((p, j) => ({
          label: p.m.name, data: [{x: xs[j], y: p.v.value}], pointStyle: POINTS[p.i % 8], radius: 7, hoverRadius: 9, borderWidth: 2,
          borderColor: seriesColor(p.i), backgroundColor: seriesColor(p.i),
        }))},
        options: {
          scales: {
            x: {type: wide ? 'logarithmic' : 'linear', title: {text: `${fact.title}${fact.direction < 0 ? ' (less is better)' : fact.direction > 0 ? ' (more is better)' : ''}`},
              beginAtZero: !wide, ticks: {maxTicksLimit: 7, callback: text}},
            y: {title: {text: titleLines(metric.text)}, grace: '15%', ticks: {callback: (y) => format(y, 5)}},
          },
          plugins: {tooltip: {callbacks: {label: (c) => `${c.dataset.label}: ${format(c.parsed.y)} at ${text(c.parsed.x)}`}}},
        },
      }),
      {head: ['Model', fact.title, metric.text], rows: points.map((p, j) => [p.m.name, text(xs[j]), format(p.v.value)])}));
  };
  const controls = el('div', {class: 'controls'},
    selectControl('Quality', metrics.map((k) => [k, data.metrics[k].text]), choice.metric, (v) => { choice.metric = Number(v); draw(); }).node,
    selectControl('Cost', costs.map((f) => [f, factOf(f).title]), choice.cost, (v) => { choice.cost = v; draw(); }).node);
  draw();
  return section('trade-off', 'Quality and cost', controls, body);
}

function thresholdsSection() {
  const rows = data.evaluations.flatMap((evaluation, i) => evaluation.checks.map((check) => ({of_evaluation: evaluationName(i), check})));
  if (!rows.length) return null;
  const several = data.evaluations.length > 1;
  const words = {passed: 'passed', failed: 'failed', unchecked: 'not checked'};
  const body = rows.map(({of_evaluation, check}) => {
    const failed = check.outcomes.filter((o) => !o[4]);
    const of = (o) => [data.models.length > 1 && o[0] >= 0 ? data.models[o[0]].name : '', o[1] >= 0 ? data.slices[o[1]].text : '']
      .filter(Boolean).join(', ');
    const why = failed.map((o) => {
      const where = of(o);
      return el('li', {}, name(where ? `${where}: ${o[5]}` : o[5]));
    });
    const n = check.outcomes.length;
    const result = check.state === 'unchecked' ? 'No slice or metric it applies to.'
      : failed.length === 0 ? `All ${n === 1 ? 'of 1 value' : `${n} values`} within bounds.`
        : failed.length > 5
          ? el('details', {}, el('summary', {}, `${failed.length} of ${n} values out of bounds`), el('ul', {}, why))
          : el('ul', {}, why);
    return el('tr', {class: check.state},
      el('td', {'data-label': 'Result'}, badge(check.state === 'unchecked' ? 'none' : check.state, words[check.state])),
      several && el('td', {'data-label': 'Evaluation'}, name(of_evaluation)),
      el('th', {scope: 'row'}, name(check.metric)), el('td', {'data-label': 'Required'}, check.requirement),
      el('td', {'data-label': 'Applies to'}, check.applies_to), el('td', {class: 'why', 'data-label': 'Why'}, result));
  });
  const table = el('table', {}, el('caption', {class: 'hidden'}, 'Thresholds and what came of them'),
    el('thead', {}, el('tr', {}, ['Result', ...(several ? ['Evaluation'] : []), 'Metric', 'Required', 'Applies to', 'Why'].map((h) => el('th', {scope: 'col'}, h)))),
    el('tbody', {}, body));
  const stamps = data.evaluations.filter((e) => e.rubber_stamp);
  return section('thresholds', 'Thresholds',
    stamps.length > 0 && el('p', {}, 'There was no baseline to compare with: thresholds on changes, if any, were not checked.'),
    scrolling('Thresholds', table));
}

function pipelineSection() {
  if (!data.pipeline) return null;
  const nodes = data.pipeline.nodes;
  const states = {complete: 'passed', cached: 'none', failed: 'failed', skipped: 'none', running: 'none'};
  const table = el('table', {}, el('caption', {class: 'hidden'}, 'Nodes of the run'),
    el('thead', {}, el('tr', {}, ['Node', 'State', 'Duration', 'Started after', 'Depends on', 'Message'].map((h, i) =>
      el('th', {scope: 'col', class: i === 2 || i === 3 ? 'number' : null}, h)))),
    el('tbody', {}, nodes.map((n) => el('tr', {},
      el('th', {scope: 'row'}, name(n.id), n.component && n.component !== n.id && el('span', {class: 'note'}, n.component)),
      el('td', {'data-label': 'State'}, badge(states[n.state], n.state)),
      el('td', {class: 'number', 'data-label': 'Duration'}, n.state === 'skipped' ? '–' : duration(num(n.duration))),
      el('td', {class: 'number', 'data-label': 'Started after'}, n.state === 'skipped' ? '–' : duration(num(n.start))),
      el('td', {'data-label': 'Depends on'}, n.upstream.length ? n.upstream.flatMap((u, i) => [i > 0 ? ', ' : '', name(u)]) : '–'),
      el('td', {class: 'why', 'data-label': 'Message'}, n.message && name(n.message))))));
  const ran = nodes.filter((n) => n.state !== 'skipped' && num(n.duration) > 0);
  const figure = ran.length > 1 && chart('When each node ran', `From start to end, ${duration(Math.max(...ran.map((n) => num(n.start) + num(n.duration))))} in all`,
    () => ({
      type: 'bar',
      data: {labels: ran.map((n) => n.id), datasets: [{data: ran.map((n) => [num(n.start), num(n.start) + num(n.duration)]),
        backgroundColor: ran.map((n) => n.state === 'failed' ? css('--bad') : seriesColor(0)), borderSkipped: false, minBarLength: 2, barPercentage: 0.6}]},
      options: {indexAxis: 'y', scales: {x: {beginAtZero: true, title: {text: 'seconds after the start'}}, y: {grid: {display: false}}},
        plugins: {legend: {display: false}, tooltip: {callbacks: {label: (c) => `${duration(c.raw[0])} to ${duration(c.raw[1])}`}}}},
    }));
  if (figure) figure.classList.add('tall');
  const pages = data.pipeline.pages.map(([text, file]) => el('li', {}, el('a', {href: encodeURIComponent(file)}, name(text))));
  return section('pipeline', 'Pipeline run', pages.length > 0 && el('ul', {class: 'verdicts pages'}, pages), scrolling('Nodes of the run', table), figure && el('div', {class: 'figures one'}, figure));
}
