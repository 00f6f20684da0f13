// SPDX-License-Identifier: Apache-2.0

// The page's data, elements, numbers and controls: what every part of a page is made of.

const data = JSON.parse(document.getElementById('data').textContent);

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

// Names may end a line after a separator or before a capital letter; they are not cut elsewhere.
const nameParts = (text) => String(text).split(/(?<=[_./:·\-–,])(?=.)|(?<=[a-z0-9])(?=[A-Z])/u);
const name = (text) => el('span', {}, nameParts(text).flatMap((part, i) => (i > 0 ? [el('wbr'), part] : [part])));
// The same for an attribute.
const nameText = (text) => nameParts(text).join('\u200b');

// The data's numbers: NaN and infinities come as strings.
function num(x) {
  if (typeof x === 'number') return x;
  if (x === null || x === undefined) return NaN;
  return x === 'Infinity' ? Infinity : x === '-Infinity' ? -Infinity : NaN;
}

const minus = (text) => text.replaceAll('-', '−');

// Made once for each number of digits: toLocaleString makes one for each number, which takes longer than all the rest of a table.
const formatters = new Map();
function significant(x, least, most) {
  const key = 100 * least + most;
  if (!formatters.has(key)) formatters.set(key, new Intl.NumberFormat('en-US', most ? {minimumSignificantDigits: least, maximumSignificantDigits: most} : {}));
  return formatters.get(key).format(x);
}

function format(x, digits = 4) {
  if (Number.isNaN(x)) return 'NaN';
  if (!Number.isFinite(x)) return x > 0 ? '∞' : '−∞';
  if (x === 0) return '0';
  if (Number.isInteger(x) && Math.abs(x) < 1e15) return minus(significant(x, 0, 0));
  const size = Math.abs(x);
  if (size < 1e-4 || size >= 1e7) return minus(x.toExponential(digits - 1));
  return minus(significant(x, 1, Math.max(digits, Math.ceil(Math.log10(size)))));
}

// For columns of values: the same number of digits in each, 0.8500 below 0.8523.
function formatValue(x) {
  if (!Number.isFinite(x) || Number.isInteger(x) || Math.abs(x) < 1e-4 || Math.abs(x) >= 1e4) return format(x);
  return minus(significant(x, 4, 4));
}

const signed = (x, digits = 3) => (x > 0 ? '+' : '') + format(x, digits);

// Costs of a model: how they are called and written. Which unit they have, and which way is better, the data say (data.costs). All
// numbers of a row have the same unit, the one of the largest of them.
const unitOf = (units) => (x, most = x) => {
  const [, size, unit] = units.find(([from]) => Math.abs(most) >= from) || units[units.length - 1];
  return `${format(x / size, 3)} ${unit}`;
};
const bytes = unitOf([[1e9, 1e9, 'GB'], [1e6, 1e6, 'MB'], [1e3, 1e3, 'kB'], [0, 1, 'B']]);
const milliseconds = unitOf([[1000, 1000, 's'], [0.1, 1, 'ms'], [0, 0.001, 'µs']]);
const perSecond = (x) => `${format(x, 3)} /s`;
const UNITS = {
  'bytes': bytes, 'milliseconds': milliseconds, 'per second': perSecond, 'share': (x) => `${format(100 * x, 3)} %`,
  'count': (x) => format(x),
};
const TITLES = {
  size_bytes: 'Size',
  weight_bytes: 'Weights',
  arena_bytes: 'Peak memory',
  latency_p50_ms: 'Latency, median',
  latency_p90_ms: 'Latency, 90th percentile',
  latency_p99_ms: 'Latency, 99th percentile',
  examples_per_second: 'Throughput, examples',
  multiply_adds: 'Multiply-adds',
  op_count: 'Operators',
  delegated_op_share: 'Operators that the delegate takes',
};
const TEXTS = {not_delegated: 'not taken by the delegate:'};
// A file may have numbers of any name.
function factOf(key) {
  const [unit, direction] = Object.hasOwn(data.costs, key) ? data.costs[key] : ['count', 0];
  return {title: Object.hasOwn(TITLES, key) ? TITLES[key] : key.replaceAll('_', ' '), text: UNITS[unit], direction};
}

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

// The head of a column that sorts. `active`: the rows are sorted by it.
function sortHeader(column, title, numeric, active, ascending, onsort) {
  return el('th', {scope: 'col', class: numeric ? 'number' : null, 'aria-sort': active ? (ascending ? 'ascending' : 'descending') : 'none'},
    el('button', {class: 'sort', type: 'button', 'data-column': column, onclick: onsort},
      el('span', {class: 'arrow', 'aria-hidden': 'true'}, active ? (ascending ? '▲ ' : '▼ ') : ''), name(title)));
}

// What opens and closes the details in the element `id`.
const toggleButton = (id, open, onclick, text) => el('button', {class: 'toggle', type: 'button', id: `${id}-toggle`,
  'aria-expanded': String(open), 'aria-controls': id, onclick}, name(text));

// A part of the page with a heading, listed in the navigation.
function section(id, title, ...children) {
  const heading = `${id}-heading`;
  document.getElementById('nav').append(el('li', {}, el('a', {href: `#${id}`}, title)));
  return el('section', {id, 'aria-labelledby': heading}, el('h2', {id: heading, tabindex: -1}, title), children);
}

// A table in a frame that scrolls by itself where the screen is too narrow, and says so; focusable, so that the keyboard can
// scroll it. On a phone a table becomes a list of its rows instead (report.css), with `stack: false` not.
function scrolling(label, table, {stack = true} = {}) {
  if (stack) table.classList.add('stack');
  const frame = el('div', {class: 'scroll', role: 'region', 'aria-label': label, tabindex: 0}, table);
  const hint = el('p', {class: 'note scroll-hint', hidden: true}, 'Scroll the table sideways for more ', el('span', {'aria-hidden': 'true'}, '→'));
  const show = () => { hint.hidden = frame.scrollWidth <= frame.clientWidth + 1; };
  new ResizeObserver(show).observe(frame);
  new ResizeObserver(show).observe(table);
  return el('div', {class: 'framed'}, hint, frame);
}

// A plain table from texts, or elements; numeric columns to the right.
function textTable(caption, head, rows, numeric = () => true) {
  const cell = (tag, content, i, extra) => el(tag, {class: i > 0 && numeric(i) ? 'number' : null, 'data-label': i > 0 ? nameText(head[i]) : null, ...extra},
    (i > 0 && tag === 'td') || content instanceof Node ? content : name(content));
  return el('table', {},
    el('caption', {class: 'hidden'}, caption),
    el('thead', {}, el('tr', {}, head.map((h, i) => cell('th', h, i, {scope: 'col'})))),
    el('tbody', {}, rows.map((row) => el('tr', {}, row.map((c, i) => i === 0 ? cell('th', c, i, {scope: 'row'}) : cell('td', c, i))))));
}

const badge = (state, text) => el('span', {class: `badge ${state}`}, text);

// An image of {width, height, channels, pixels}, the pixels in base64.
function pixelImage(image, label) {
  const canvas = el('canvas', {width: image.width, height: image.height, role: 'img', class: 'image', 'aria-label': label});
  const raw = atob(image.pixels), pixels = new ImageData(image.width, image.height);
  for (let i = 0; i < image.width * image.height; ++i) {
    for (let c = 0; c < 4; ++c) {
      const channel = image.channels === 1 ? 0 : c;
      pixels.data[4 * i + c] = c === 3 && image.channels < 4 ? 255 : raw.charCodeAt(i * image.channels + channel);
    }
  }
  canvas.getContext('2d').putImageData(pixels, 0, 0);
  return canvas;
}
