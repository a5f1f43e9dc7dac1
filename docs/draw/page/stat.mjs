// The stat panel: large values, coloured by their thresholds.

import { FieldType, formattedValueToString, reduceField } from '@grafana/data';

import { FONT, color, element, textWidth } from './theme.mjs';

const MOST_VALUE = 50;
const LEAST_VALUE = 11;
const UNIT_SHARE = 0.8;
const HEIGHT_SHARE = 0.7;
const PADDING = 8;
const GAP = 8;
const BEST_SHAPE = 2.2;

export function drawStat({ options, frames, inside }) {
  const [calc] = options.reduceOptions.calcs;
  const fields = frames.flatMap((frame) => frame.fields).filter((it) => it.type === FieldType.number);
  const values = fields.map((field) => {
    const display = field.display(reduceField({ field, reducers: [calc] })[calc]);
    return { display };
  });
  const grid = boxes(values.length, inside.clientWidth, inside.clientHeight);
  const size = sizeOf(values, grid);
  const room = element('div', 'stats', undefined, { gridTemplateColumns: `repeat(${grid.columns}, 1fr)` });
  inside.append(room);
  for (const value of values) room.append(box(value, size, values.length === 1));
}

/** Columns, and the size of a box, for `count` boxes that should be as large as they can. */
function boxes(count, width, height) {
  const all = Array.from({ length: count }, (_, n) => {
    const [columns, rows] = [n + 1, Math.ceil(count / (n + 1))];
    return { columns, width: (width - GAP * (columns - 1)) / columns, height: (height - GAP * (rows - 1)) / rows };
  });
  const room = (it) => Math.min(it.width / BEST_SHAPE, it.height);
  return all.reduce((best, it) => (room(it) > room(best) ? it : best));
}

// One size for all values of a panel, that of the one with the least room.
function sizeOf(values, { width, height }) {
  const widest = Math.max(
    1,
    ...values.map(({ display }) => textWidth(formattedValueToString(display), `500 100px ${FONT}`)),
  );
  const fitting = Math.min(MOST_VALUE, height * HEIGHT_SHARE, ((width - 2 * PADDING) / widest) * 100);
  return Math.floor(Math.max(LEAST_VALUE, fitting));
}

function box({ display }, size, alone) {
  const unit = element('span', 'stat-unit', display.suffix, { fontSize: `${size * UNIT_SHARE}px` });
  const value = element('div', 'stat-value', [element('span', '', display.text), unit], {
    fontSize: `${size}px`,
    color: color(display.color),
  });
  const words = element('div', 'stat-words', [value], {
    alignItems: alone ? 'center' : 'flex-start',
    justifyContent: 'center',
  });
  return element('div', 'stat', [words]);
}
