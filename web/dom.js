// Elements, numbers and controls: what every part of the page is made of.

// el('td', {class: 'number', onclick: f}, 'text', child, …). Text is never parsed as HTML.
function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

let lastId = 0;
const newId = (prefix) => `${prefix}-${++lastId}`;

// The data's numbers: NaN and infinities come as strings.
function num(x) {
  if (typeof x === 'number') return x;
  if (x === null || x === undefined) return NaN;
  return x === 'Infinity' ? Infinity : x === '-Infinity' ? -Infinity : NaN;
}

const minus = (text) => text.replaceAll('-', '−');

function format(x, digits = 4) {
  if (Number.isNaN(x)) return 'NaN';
  if (!Number.isFinite(x)) return x > 0 ? '∞' : '−∞';
  if (x === 0) return '0';
  if (Number.isInteger(x) && Math.abs(x) < 1e15) return minus(x.toLocaleString('en-US'));
  const size = Math.abs(x);
  if (size < 1e-4 || size >= 1e7) return minus(x.toExponential(digits - 1));
  return minus(x.toLocaleString('en-US', {maximumSignificantDigits: Math.max(digits, Math.ceil(Math.log10(size)))}));
}

// For columns of values: the same number of digits in each, 0.8500 below 0.8523.
function formatValue(x) {
  if (!Number.isFinite(x) || Number.isInteger(x) || Math.abs(x) < 1e-4 || Math.abs(x) >= 1e4) return format(x);
  return minus(x.toLocaleString('en-US', {minimumSignificantDigits: 4, maximumSignificantDigits: 4}));
}

const signed = (x, digits = 3) => (x > 0 ? '+' : '') + format(x, digits);

// Costs of a model: how they are called, written, and which way is better.
const bytes = (x) => x < 1000 ? `${format(x)} B` : x < 1e6 ? `${format(x / 1e3, 3)} kB` : x < 1e9 ? `${format(x / 1e6, 3)} MB` : `${format(x / 1e9, 3)} GB`;
const milliseconds = (x) => x < 0.1 ? `${format(x * 1000, 3)} µs` : `${format(x, 3)} ms`;
const FACTS = {
  size_bytes: {title: 'Size', text: bytes, direction: -1},
  arena_bytes: {title: 'Peak memory', text: bytes, direction: -1},
  latency_p50_ms: {title: 'Latency, median', text: milliseconds, direction: -1},
  latency_p90_ms: {title: 'Latency, 90th percentile', text: milliseconds, direction: -1},
  latency_p99_ms: {title: 'Latency, 99th percentile', text: milliseconds, direction: -1},
  examples_per_second: {title: 'Throughput, examples', text: (x) => `${format(x, 3)} /s`, direction: 1},
  delegated_op_share: {title: 'Ops taken by the delegate', text: (x) => `${format(100 * x, 3)} %`, direction: 1},
};
const factOf = (name) => FACTS[name] || {title: name, text: (x) => format(x), direction: 0};

function duration(seconds) {
  if (seconds < 1) return `${format(seconds * 1000, 3)} ms`;
  if (seconds < 120) return `${format(seconds, 3)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

// A label with its control. `options`: [value, text] pairs.
function selectControl(label, options, value, onchange) {
  const id = newId('select');
  const select = el('select', {id, onchange: () => onchange(select.value)},
    options.map(([v, text]) => el('option', {value: v}, text)));
  select.value = value;
  return {node: el('div', {class: 'control'}, el('label', {for: id}, label), select), select};
}

function inputControl(label, type, value, oninput, attributes) {
  const id = newId('input');
  const input = el('input', {id, type, value, oninput: () => oninput(input.value), ...attributes});
  return {node: el('div', {class: 'control'}, el('label', {for: id}, label), input), input};
}

function checkControl(label, onchange) {
  const id = newId('check');
  const input = el('input', {id, type: 'checkbox', onchange: () => onchange(input.checked)});
  return {node: el('div', {class: 'control check'}, input, el('label', {for: id}, label)), input};
}

// A part of the page with a heading, listed in the navigation.
function section(id, title, ...children) {
  const heading = `${id}-heading`;
  document.getElementById('nav').append(el('li', {}, el('a', {href: `#${id}`}, title)));
  return el('section', {id, 'aria-labelledby': heading}, el('h2', {id: heading, tabindex: -1}, title), children);
}

// A table that scrolls by itself where the screen is too narrow; focusable then, so that the keyboard can scroll it.
function scrolling(label, table) {
  return el('div', {class: 'scroll', role: 'region', 'aria-label': label, tabindex: 0}, table);
}

// A plain table from texts; numeric columns to the right.
function textTable(caption, head, rows, numeric = () => true) {
  const cell = (tag, content, i, extra) => el(tag, {class: i > 0 && numeric(i) ? 'number' : null, ...extra}, content);
  return el('table', {},
    el('caption', {class: 'hidden'}, caption),
    el('thead', {}, el('tr', {}, head.map((h, i) => cell('th', h, i, {scope: 'col'})))),
    el('tbody', {}, rows.map((row) => el('tr', {}, row.map((c, i) => i === 0 ? cell('th', c, i, {scope: 'row'}) : cell('td', c, i))))));
}

const badge = (state, text) => el('span', {class: `badge ${state}`}, text);
