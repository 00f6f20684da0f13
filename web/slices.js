// SPDX-License-Identifier: Apache-2.0

// The slice explorer: one row a slice, for one metric and one pair of models; sorted, filtered, and opened for everything else.

function slicesSection(showPlots) {
  const metrics = numericMetrics();
  if (!metrics.length || data.slices.length < 2) return null;
  const single = data.models.length === 1;
  const others = () => data.models.map((_, i) => i).filter((i) => i !== state.reference);
  const regressions = (m) => data.slices.filter((_, s) => (differenceOf(m, s, mainMetric) || {}).verdict === 'worse').length;
  const mostRegressed = () => others().reduce((most, m) => (regressions(m) > regressions(most) ? m : most));
  const view = {
    metric: mainMetric, model: single ? 0 : mostRegressed(), columns: '', text: '', within: -1, minimum: 0, worse: false, failed: false,
    sort: single ? 'value' : 'difference', ascending: null, shown: 50, open: new Set(),
  };
  const columnsOf = (slice) => (slice.cross ? 'cross slices' : slice.keys.map(([c]) => c).join(' × ') || 'all examples');
  const kinds = [...new Set(data.slices.map(columnsOf))];

  const direction = () => data.metrics[view.metric].direction;
  // What each sortable column shows of a slice: a number, or a text.
  const columns = {
    slice: (s) => s,
    examples: (s) => examplesOf(s),
    reference: (s) => (valueOf(state.reference, s, view.metric) || {}).value,
    value: (s) => (valueOf(view.model, s, view.metric) || {}).value,
    difference: (s) => (differenceOf(view.model, s, view.metric) || {}).d,
    gap: (s) => overall < 0 || data.slices[s].cross ? NaN : (valueOf(view.model, s, view.metric) || {}).value - (valueOf(view.model, overall, view.metric) || {}).value,
  };
  // Worst first where the metric has a worst; slices in their order, the rest from high to low.
  const startsAscending = (column) => column === 'slice' || (['difference', 'value', 'reference', 'gap'].includes(column) && direction() > 0);

  const isWithin = (slice, outer) => {
    const have = new Map(slice.keys);
    return !slice.cross && slice.keys.length > outer.keys.length && outer.keys.every(([c, v]) => have.get(c) === v);
  };
  const narrower = (s) => data.slices[s].cross ? [] : data.slices.map((_, i) => i).filter((i) => isWithin(data.slices[i], data.slices[s]));

  function matching() {
    const words = view.text.toLowerCase().split(/\s+/).filter(Boolean);
    return data.slices.map((slice, s) => s).filter((s) => {
      const slice = data.slices[s];
      if (view.columns && columnsOf(slice) !== view.columns) return false;
      if (view.within >= 0 && !isWithin(slice, data.slices[view.within])) return false;
      if (words.length && !words.every((w) => slice.text.toLowerCase().includes(w))) return false;
      if (view.minimum > 0 && !(examplesOf(s) >= view.minimum)) return false;
      if (view.worse && (differenceOf(view.model, s, view.metric) || {}).verdict !== 'worse') return false;
      if (view.failed && !failuresBySlice.has(s)) return false;
      return true;
    });
  }

  function sorted(slices) {
    const key = columns[view.sort];
    const ascending = view.ascending ?? startsAscending(view.sort);
    return slices.map((s) => [key(s), s]).sort(([a, s], [b, t]) => {
      const aMissing = a === undefined || Number.isNaN(a), bMissing = b === undefined || Number.isNaN(b);
      if (aMissing || bMissing) return aMissing === bMissing ? s - t : aMissing ? 1 : -1;  // Without a value: last, either way.
      return (ascending ? a - b : b - a) || s - t;
    }).map(([, s]) => s);
  }

  const status = el('p', {role: 'status', class: 'note'});
  const chips = el('div', {class: 'chips'});
  const body = el('div');

  function header(column, title, numeric) {
    const active = view.sort === column;
    const ascending = view.ascending ?? startsAscending(column);
    return sortHeader(column, title, numeric, active, ascending, () => {
      view.ascending = active ? !ascending : null;
      view.sort = column;
      draw(`[data-column="${column}"]`);
    });
  }

  function row(s, shownColumns, titles) {
    const slice = data.slices[s], open = view.open.has(s), id = `slice-${s}`;
    const failures = (failuresBySlice.get(s) || []).filter((f) => f.metric === view.metric);
    const toggle = toggleButton(id, open, () => {
      open ? view.open.delete(s) : view.open.add(s);
      draw(`#${id}-toggle`);
    }, slice.text);
    const cells = shownColumns.map((column) => {
      if (column === 'slice') {
        return el('th', {scope: 'row'}, toggle, failures.length > 0 && badge('failed', 'threshold failed'));
      }
      if (column === 'difference') {
        const d = differenceOf(view.model, s, view.metric);
        return el('td', {class: 'number', 'data-label': nameText(titles[column])}, d ? differenceText(d) : el('span', {class: 'absent'}, '–'));
      }
      if (column === 'value' || column === 'reference') {
        const v = valueOf(column === 'value' ? view.model : state.reference, s, view.metric);
        return el('td', {class: 'number', 'data-label': nameText(titles[column])}, v ? formatValue(v.value) : el('span', {class: 'absent'}, '–'),
          v && v.interval && el('span', {class: 'interval'}, ` ${intervalText(v.interval)}`));
      }
      const x = columns[column](s);
      return el('td', {class: 'number', 'data-label': nameText(titles[column])}, Number.isNaN(x) ? el('span', {class: 'absent'}, '–') : column === 'gap' ? signed(x) : format(x));
    });
    const rows = [el('tr', {'data-slice': s}, cells)];
    if (open) {
      rows.push(el('tr', {class: 'detail', id}, el('td', {colspan: shownColumns.length}, detail(s))));
    }
    return rows;
  }

  function detail(s) {
    const slice = data.slices[s];
    const here = numericMetrics(s);
    const inner = narrower(s);
    const others = data.others.filter(([, t]) => t === s);
    return [
      slice.error && el('p', {}, slice.error),
      here.length > 0 && el('table', {class: 'stack'}, el('caption', {class: 'hidden'}, `All metrics of ${slice.text}`),
        el('thead', {}, el('tr', {}, el('th', {scope: 'col'}, 'Metric'), data.models.map((m) => el('th', {scope: 'col', class: 'number'}, name(m.name))))),
        el('tbody', {}, here.map((k) => el('tr', {}, el('th', {scope: 'row'}, name(data.metrics[k].text)), data.models.map((_, m) => valueCell(m, s, k)))))),
      others.length > 0 && el('dl', {}, others.map(([m, , k, text]) => [
        el('dt', {}, `${data.metrics[k].text}${single ? '' : ` (${data.models[m].name})`}`), el('dd', {}, text)])),
      (failuresBySlice.get(s) || []).length > 0 && el('ul', {}, failuresBySlice.get(s).map((f) =>
        el('li', {}, badge('failed', 'failed'), ` ${f.metric >= 0 ? data.metrics[f.metric].text : ''}${f.model >= 0 && !single ? ` of ${data.models[f.model].name}` : ''}: ${f.reason}`))),
      el('div', {class: 'controls'},
        inner.length > 0 && s !== overall && el('button', {type: 'button', onclick: () => {
          view.within = s;
          view.columns = columnsSelect.select.value = '';
          draw();
          chips.querySelector('button').focus();
        }}, `Show the ${inner.length} narrower ${inner.length === 1 ? 'slice' : 'slices'}`),
        data.plots.some((p) => p.slice === s) && el('button', {type: 'button', onclick: () => showPlots(s)}, 'Show its plots')),
    ];
  }

  function draw(focus) {
    if (!single && (view.model === state.reference || view.model < 0)) view.model = others()[0];
    const slices = sorted(matching());
    const shownColumns = ['slice', 'examples', ...(single ? [] : ['reference']), 'value', single ? 'gap' : 'difference']
      .filter((c) => c !== 'examples' || countMetrics.length);
    const titles = {slice: 'Slice', examples: countsAre, reference: data.models[state.reference].name, value: single ? 'Value' : data.models[view.model].name,
      difference: 'Difference', gap: 'Against all examples'};
    const metric = data.metrics[view.metric];
    status.textContent = `${slices.length.toLocaleString('en-US')} of ${data.slices.length.toLocaleString('en-US')} slices` +
      (direction() === 0 ? '' : `; for ${metric.text}, ${direction() > 0 ? 'higher' : 'lower'} is better`);
    chips.replaceChildren();
    if (view.within >= 0) {
      chips.append(el('button', {type: 'button', class: 'chip', onclick: () => { view.within = -1; draw(); modelFocus(); }},
        `Within ${data.slices[view.within].text}`, el('span', {'aria-hidden': 'true'}, ' ✕'), el('span', {class: 'hidden'}, ' (remove this filter)')));
    }
    const shown = slices.slice(0, view.shown);
    body.replaceChildren(
      scrolling('Slices', el('table', {class: 'sortable'},
        el('caption', {class: 'hidden'}, `${metric.text} by slice`),
        el('thead', {}, el('tr', {}, shownColumns.map((c) => header(c, titles[c], c !== 'slice')))),
        el('tbody', {}, shown.flatMap((s) => row(s, shownColumns, titles))))));
    if (slices.length > shown.length) {
      body.append(el('button', {type: 'button', id: 'more-slices', onclick: () => { view.shown += 200; draw('#more-slices'); }},
        `Show more (${(slices.length - shown.length).toLocaleString('en-US')} left)`));
    }
    if (!slices.length) body.append(el('p', {}, 'No slice passes these filters.'));
    if (focus) (body.querySelector(focus) || body.querySelector('tbody button') || body).focus();
  }
  const modelFocus = () => metricSelect.select.focus();
  const filter = (change) => { change(); view.shown = 50; draw(); };

  const models = () => others().map((i) => [i, data.models[i].name]);
  const metricSelect = selectControl('Metric', metrics.map((k) => [k, data.metrics[k].text]), view.metric, (v) => filter(() => {
    view.metric = Number(v);
    view.ascending = null;
  }));
  const modelSelect = selectControl('Model', single ? [] : models(), view.model, (v) => filter(() => { view.model = Number(v); }));
  const columnsSelect = selectControl('Slices by', [['', 'everything'], ...kinds.map((k) => [k, k])], '', (v) => filter(() => { view.columns = v; }));
  const search = inputControl('Search', 'search', '', (v) => filter(() => { view.text = v; }), {placeholder: 'e.g. region: east'});
  const minimum = inputControl(data.weighted ? 'At least so much weight' : 'At least so many examples', 'number', '', (v) => filter(() => { view.minimum = Number(v) || 0; }), {min: 0, inputmode: 'numeric'});
  const worse = checkControl('Only where it is worse', (v) => filter(() => { view.worse = v; }));
  const failed = checkControl('Only failed thresholds', (v) => filter(() => { view.failed = v; }));
  const controls = el('div', {class: 'controls', role: 'group', 'aria-label': 'Filter slices'},
    metricSelect.node, !single && modelSelect.node, kinds.length > 2 && columnsSelect.node, search.node, countMetrics.length > 0 && minimum.node,
    !single && worse.node, failuresBySlice.size > 0 && failed.node);
  draw();
  onReference(() => {
    if (view.model === state.reference) view.model = others()[0];
    modelSelect.select.replaceChildren(...models().map(([v, t]) => el('option', {value: v}, t)));
    modelSelect.select.value = view.model;
    draw();
  });
  return section('slices', 'Slices', controls, chips, status, body);
}
