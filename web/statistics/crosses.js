// SPDX-License-Identifier: Apache-2.0

// Pairs of numeric features, those that go together most first.

function crossesSection() {
  if (!data.crosses.length) return null;
  const view = {shown: 25, text: ''};
  const status = el('p', {role: 'status', class: 'note'}), body = el('div');
  const column = ([c]) => [several && data.datasets[data.columns[c].dataset].text, data.columns[c].text !== 'All examples' && data.columns[c].text].filter(Boolean).join(', ');
  const withColumn = data.columns.length > 1;
  const draw = () => {
    const words = view.text.toLowerCase().split(/\s+/).filter(Boolean);
    const list = data.crosses.filter(([, x, y]) => words.every((w) => `${x} ${y}`.toLowerCase().includes(w)));
    status.textContent = `${format(list.length)} of ${counted(data.crosses.length, 'pair', 'pairs')}, the strongest correlation first` +
      (data.crosses_left_out > 0 ? `; ${format(data.crosses_left_out)} weaker ones are not on the page` : '');
    body.replaceChildren(scrolling('Pairs of features', textTable('Pairs of features', ['Feature', 'and', ...(withColumn ? ['In'] : []), 'Correlation', 'Covariance', 'Examples with both'],
      list.slice(0, view.shown).map((c) => [c[1], name(c[2]), ...(withColumn ? [column(c)] : []), format(num(c[4]), 3), format(num(c[5])), format(num(c[3]))]), (i) => i > (withColumn ? 2 : 1))));
    if (list.length > view.shown) body.append(el('button', {type: 'button', onclick: () => { view.shown += 200; draw(); }}, `Show more (${format(list.length - view.shown)} left)`));
  };
  const search = inputControl('Search pairs', 'search', '', (v) => { view.text = v; view.shown = 25; draw(); });
  draw();
  return section('crosses', 'Pairs of features', data.crosses.length > 10 && el('div', {class: 'controls'}, search.node), status, body);
}
