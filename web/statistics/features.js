// SPDX-License-Identifier: Apache-2.0

// One row a feature: its distribution in every data set and what is known of it; sorted, filtered, opened for the rest.

function featuresSection() {
  const view = {slice: '', weighted: false, text: '', type: '', only: '', sort: features.some((f) => f.anomalies.length) ? 'anomalies' : 'data', ascending: null, shown: 50, open: new Set()};
  const sides = (f) => sidesOf(f, view.slice, view.weighted);
  const stats = (f) => sides(f).map((s) => s.stats).filter(Boolean);
  const largest = (f, value) => Math.max(-Infinity, ...stats(f).map(value).filter((x) => !Number.isNaN(x) && x !== undefined));
  const firstOf = (f, value) => stats(f).map(value).find((x) => x !== undefined);
  const distance = (f) => largest(f, (s) => (s.distance ? s.distance.divergence : NaN));
  // What each order sorts by; numbers from high to low unless told otherwise.
  const orders = {
    data: {text: 'As in the data', key: (f) => f.index, ascending: true},
    feature: {text: 'Name', key: (f) => f.name, ascending: true},
    anomalies: {text: 'Anomalies first', key: (f) => severityOf(f)},
    distance: {text: 'Distance of the data sets', key: distance, when: several},
    missing: {text: 'Missing', key: (f) => largest(f, (s) => s.missingShare + s.emptyShare)},
    zeros: {text: 'Zeros', key: (f) => largest(f, (s) => (s.zeros === undefined ? NaN : s.zerosShare))},
    unique: {text: 'Unique', key: (f) => largest(f, (s) => s.unique)},
    mean: {text: 'Mean', key: (f) => firstOf(f, (s) => s.mean)},
    deviation: {text: 'Std dev', key: (f) => firstOf(f, (s) => s.deviation)},
    min: {text: 'Min', key: (f) => firstOf(f, (s) => s.min)},
    median: {text: 'Median', key: (f) => firstOf(f, (s) => s.median)},
    max: {text: 'Max', key: (f) => firstOf(f, (s) => s.max)},
  };
  const ascendingOf = (sort) => view.ascending ?? Boolean(orders[sort].ascending);

  const incomplete = (f) => sides(f).some((s) => !s.stats);
  const onlies = {
    anomalies: ['with anomalies', (f) => f.anomalies.length > 0],
    missing: ['with missing values', (f) => stats(f).some((s) => s.missing > 0 || s.empty > 0)],
    zeros: ['mostly zeros', (f) => stats(f).some((s) => s.zerosShare > 0.5)],
    constant: ['with one value only', (f) => stats(f).some((s) => (s.min !== undefined && s.min === s.max) || s.unique === 1)],
    incomplete: ['not in all data sets', incomplete],
    nan: ['with NaN or infinity', (f) => stats(f).some((s) => s.nan > 0 || (s.histogram && s.histogram.infinite.length > 0))],
    images: ['with images', (f) => data.images.some((i) => i.feature === f.name)],
  };
  const types = [...new Set(features.flatMap((f) => f.entries.map((e) => TYPES[e[1]])))];

  function matching() {
    const words = view.text.toLowerCase().split(/\s+/).filter(Boolean);
    return features.filter((f) => words.every((w) => f.text.includes(w)) && (!view.type || f.entries.some((e) => TYPES[e[1]] === view.type)) &&
      (!view.only || onlies[view.only][1](f)));
  }

  function sorted(list) {
    const key = orders[view.sort].key, sign = ascendingOf(view.sort) ? 1 : -1;
    const absent = (x) => x === undefined || Number.isNaN(x) || x === -Infinity;
    return list.map((f) => [key(f), f]).sort(([a, f], [b, g]) => {
      if (absent(a) || absent(b)) return absent(a) === absent(b) ? f.index - g.index : absent(a) ? 1 : -1;  // Without a value: last, either way.
      return sign * (a < b ? -1 : a > b ? 1 : 0) || f.index - g.index;
    }).map(([, f]) => f);
  }

  const status = el('p', {role: 'status', class: 'note'});
  const body = el('div');
  const columns = [['feature', 'Feature'], ['', 'Distribution'], several && ['', 'Data set'], ['missing', 'Missing', true], ['zeros', 'Zeros', true], ['unique', 'Unique', true],
    ['mean', 'Mean', true], ['deviation', 'Std dev', true], ['min', 'Min', true], ['median', 'Median', true], ['max', 'Max', true], several && ['distance', 'Distance', true]].filter(Boolean);

  const header = ([sort, title, numeric]) => (sort === '' ? el('th', {scope: 'col'}, title)
    : sortHeader(sort, title, numeric, view.sort === sort, ascendingOf(sort), () => {
      view.ascending = view.sort === sort ? !ascendingOf(sort) : null;
      view.sort = sort;
      order.select.value = sort;
      draw(`[data-column="${sort}"]`);
    }));

  const cell = (title, content, extra) => el('td', {class: 'number', 'data-label': title, ...extra}, content);
  // So that eight columns fit: an open row has the whole number.
  const brief = (x) => (Math.abs(x) >= 1e7 && Number.isFinite(x) ? minus(x.toExponential(3).replace('e+', 'e')) : format(x));
  const numberCell = (title, x) => cell(title, x === undefined ? '' : brief(x));

  function sideCells(side) {
    const s = side.stats;
    if (!s) return el('td', {colspan: columns.length - 3, class: 'absent', 'data-label': data.datasets[side.dataset].text}, 'not in the statistics');
    const top = s.ranks ? s.ranks.slice(0, 3) : [];
    return [
      cell('Missing', missingText(s)),
      cell('Zeros', s.zeros === undefined ? '' : percent(s.zerosShare)),
      cell('Unique', s.unique === undefined ? '' : format(s.unique)),
      s.mean !== undefined && (!s.ranks || !s.ranks.length)
        ? [numberCell('Mean', s.mean), numberCell('Std dev', s.deviation), numberCell('Min', s.min), numberCell('Median', s.median), numberCell('Max', s.max)]
        : el('td', {colspan: 5, class: 'frequent', 'data-label': top.length ? 'Most frequent' : ''},
          top.length ? top.map((r, i) => [i > 0 && ', ', name(short(quoted(r.value), 26)), ' ', el('span', {class: 'share'}, percent(r.count / (s.values || 1)))])
            : s.smallest !== undefined ? `${format(s.smallest)} to ${format(s.largest)} bytes` : s.values === 0 ? 'no values' : ''),
      several && cell('Distance', s.distance && Number.isFinite(s.distance.divergence) ? format(s.distance.divergence, 3) : ''),
    ];
  }

  function row(f) {
    const open = view.open.has(f.index), id = `feature-${f.index}`, own = sides(f);
    const toggle = toggleButton(id, open, () => {
      open ? view.open.delete(f.index) : view.open.add(f.index);
      draw(`#${id}-toggle`);
    }, f.name);
    const types = [...new Set(own.filter((s) => s.stats).map((s) => s.stats.type))];
    const kinds = [...new Map(f.anomalies.map((a) => [`${a[1]}${a[2]}`, a])).values()];
    const feature = el('th', {scope: 'row', rowspan: own.length}, toggle, el('span', {class: 'note'}, types.join(' or ').toLowerCase() || 'not in the data'),
      kinds.length > 0 && el('span', {class: 'badges'}, kinds.map((a) => severityBadge(a[1], a[2] || a[1].toLowerCase()))));
    const rows = own.map((side, i) => el('tr', {'data-feature': i === 0 ? f.index : null, class: [i > 0 && 'further', i + 1 < own.length && 'continued'].filter(Boolean).join(' ') || null},
      i === 0 && feature,
      i === 0 && el('td', {rowspan: own.length, class: 'drawing', 'data-label': ''}, sparkline(f, own)),
      several && el('td', {class: 'side'}, keyed(side.dataset)),
      sideCells(side)));
    if (open) rows.push(el('tr', {class: 'detail', id}, el('td', {colspan: columns.length}, featureDetail(f, view.slice, view.weighted))));
    return rows;
  }

  function draw(focus) {
    const list = sorted(matching()), shown = list.slice(0, view.shown);
    status.textContent = `${format(list.length)} of ${counted(features.length, 'feature', 'features')}${view.slice ? `, in the slice ${view.slice}` : ''}${view.weighted ? ', weighted' : ''}`;
    clear(body);
    const table = el('table', {class: 'sortable features'}, el('caption', {class: 'hidden'}, 'Features'),
      el('thead', {}, el('tr', {}, columns.map(header))), el('tbody', {}, shown.flatMap(row)));
    body.append(scrolling('Features', table));
    if (list.length > shown.length) {
      body.append(el('button', {type: 'button', id: 'more-features', onclick: () => { view.shown += 200; draw('#more-features'); }}, `Show more (${format(list.length - shown.length)} left)`));
    }
    if (!list.length) body.append(el('p', {}, 'No feature passes these filters.'));
    if (focus) (body.querySelector(focus) || body.querySelector('tbody button') || body).focus();
  }
  const filter = (change) => { change(); view.shown = 50; draw(); };

  const order = selectControl('Order', Object.entries(orders).filter(([k, o]) => o.when !== false && (k !== 'anomalies' || features.some((f) => f.anomalies.length))).map(([k, o]) => [k, o.text]), view.sort,
    (v) => filter(() => { view.sort = v; view.ascending = null; }));
  const there = Object.entries(onlies).map(([k, [text, test]]) => [k, text, features.filter(test).length]).filter(([, , n]) => n > 0);
  const controls = el('div', {class: 'controls', role: 'group', 'aria-label': 'Filter features'},
    inputControl('Search', 'search', '', (v) => filter(() => { view.text = v; }), {placeholder: 'part of a name'}).node,
    there.length > 0 && selectControl('Show', [['', 'all features'], ...there.map(([k, text, n]) => [k, `${text} (${format(n)})`])], '', (v) => filter(() => { view.only = v; })).node,
    types.length > 1 && selectControl('Type', [['', 'all types'], ...types.map((t) => [t, t.toLowerCase()])], '', (v) => filter(() => { view.type = v; })).node,
    order.node,
    slices.length > 1 && selectControl('Slice', slices.map((s) => [s, sliceText(s)]), '', (v) => filter(() => { view.slice = v; })).node,
    hasWeights && checkControl('Weighted', (v) => filter(() => { view.weighted = v; })).node);
  draw();
  return section('features', 'Features', controls, status, body);
}
