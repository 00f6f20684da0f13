// SPDX-License-Identifier: Apache-2.0

// Charts: Chart.js with the page's colours, each with a text for those who do not see it and its data as a table.

const POINTS = ['circle', 'rect', 'triangle', 'rectRot', 'star', 'crossRot', 'cross', 'dash'];
const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3], [12, 3], [4, 4], [1, 3], [10, 2, 2, 2]];
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const seriesColor = (i) => css(`--series-${i % 8 + 1}`);

const live = new Set();  // Charts on the page, with the function that gives their configuration anew.

// chart(title, description, configure, table) -> figure. configure() gives {type, data, options}; it is called again when the colours
// change. table: {head, rows} of texts.
function chart(title, description, configure, table) {
  const id = newId('chart');
  const canvas = el('canvas', {role: 'img', 'aria-label': `${title}. ${description}`, id});
  const figure = el('figure', {},
    el('figcaption', {}, name(title)), el('div', {class: 'canvas'}, canvas),
    table && el('details', {}, el('summary', {}, 'Data'), scrolling(`${title}: data`, textTable(title, table.head, table.rows))));
  // Drawn once it is in the document, where it has a size.
  requestAnimationFrame(() => {
    if (!canvas.isConnected) return;
    const entry = {canvas, draw: () => {
      if (entry.chart) entry.chart.destroy();
      entry.chart = new Chart(canvas, themed(configure()));
    }};
    entry.draw();
    live.add(entry);
  });
  return figure;
}

// A long name in a chart, which cannot wrap it: its beginning and its end, in whole parts.
function shortName(text, most) {
  const parts = nameParts(text);
  if (String(text).length <= most || parts.length < 3) return text;
  const last = parts[parts.length - 1];
  let start = '';
  for (const part of parts.slice(0, -1)) {
    if (start && start.length + part.length + last.length > most) break;
    start += part;
  }
  return `${start}…${last}`;
}

// A title beside an axis, in lines that fit there.
function titleLines(text, most = 26) {
  const lines = [''];
  for (const part of nameParts(text)) {
    if (lines[lines.length - 1] && lines[lines.length - 1].length + part.length > most) lines.push('');
    lines[lines.length - 1] += part;
  }
  return lines;
}

// Charts whose canvas is about to leave the document give their memory back.
function clear(container) {
  for (const entry of live) {
    if (container.contains(entry.canvas)) {
      entry.chart.destroy();
      live.delete(entry);
    }
  }
  container.replaceChildren();
}

function themed(config) {
  const text = css('--muted'), grid = css('--rule');
  config.options = {
    responsive: true, maintainAspectRatio: false, animation: false, ...config.options,
  };
  for (const scale of Object.values(config.options.scales || {})) {
    scale.grid = {color: grid, tickColor: grid, ...scale.grid};
    scale.border = {color: grid};
    scale.ticks = {color: text, ...scale.ticks};
    if (scale.title) scale.title = {display: true, color: text, ...scale.title};
  }
  const short = (chart) => Chart.defaults.plugins.legend.labels.generateLabels(chart).map((item) => ({...item, text: shortName(item.text, 30)}));
  const legend = {position: 'bottom', labels: {color: css('--text'), usePointStyle: true, boxHeight: 7, padding: 14, generateLabels: short}};
  config.options.plugins = {...config.options.plugins, legend: {...legend, ...(config.options.plugins || {}).legend}};
  return config;
}

Chart.defaults.font.family = 'system-ui, sans-serif';
Chart.defaults.font.size = 12;
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => live.forEach((entry) => entry.draw()));
