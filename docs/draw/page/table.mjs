// The table panel: sorted, with the text of cells coloured by thresholds.

import { FieldType, sortDataFrame } from '@grafana/data';

import { nameOf, shown } from './fields.mjs';
import { color, element } from './theme.mjs';

export function drawTable({ options, frames: [frame], inside, note }) {
  const [sort] = options.sortBy;
  const { fields, length } = sorted(frame, sort);
  const { clientWidth: width, clientHeight: height } = inside;
  const fixed = fields.reduce((sum, { config }) => sum + (config.custom.width ?? 0), 0);
  const free = fields.filter(({ config }) => config.custom.width === undefined).length;
  const columns = fields.map(({ config }) => {
    const own = config.custom.width ?? (width - fixed) / free;
    return element('col', '', undefined, { width: `${own}px` });
  });
  const rows = Array.from({ length }, (_, row) => {
    const cells = fields.map((field) => cell(field, field.values[row]));
    return element('tr', '', cells);
  });
  const heads = fields.map((field) => head(field, sort));
  const table = element('table', 'cells', [
    element('colgroup', '', columns),
    element('thead', '', [element('tr', '', heads)]),
    element('tbody', '', rows),
  ]);
  inside.append(table);
  fit(table, rows, height, note);
}

function sorted(frame, { displayName, desc }) {
  const column = frame.fields.findIndex((it) => nameOf(it) === displayName);
  if (column < 0) return frame;
  // A sorted frame has new fields: what was found out about the old ones goes with them.
  const fields = sortDataFrame(frame, column, desc).fields.map((it, n) => {
    const { state, display } = frame.fields[n];
    return { ...it, state, display, values: Array.from(it.values) };
  });
  return { fields, length: frame.length };
}

const sideOf = ({ type }) => (type === FieldType.number ? 'number' : '');

function head(field, { displayName, desc }) {
  const parts = [element('span', '', nameOf(field))];
  if (nameOf(field) === displayName) parts.push(element('span', 'sort-mark', desc ? '↓' : '↑'));
  return element('th', sideOf(field), parts);
}

function cell(field, value) {
  const it = element('td', sideOf(field), shown(field, value));
  if (field.config.custom.cellOptions?.type === 'color-text') it.style.color = color(field.display(value).color);
  return it;
}

// Half a row says nothing: in Grafana one would scroll.
function fit(table, rows, height, note) {
  let left = rows.length;
  while (left > 1 && table.offsetHeight > height + 1) rows[--left].remove();
  if (left < rows.length) note(`${rows.length - left} of ${rows.length} rows do not fit`);
}
