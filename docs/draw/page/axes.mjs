// What uPlot needs of each plot; scales and axes: how far they go, and what stands at their ticks.

import uPlot from 'uplot';

import { exactly, shown } from './fields.mjs';
import { FONT, textWidth, theme } from './theme.mjs';

const DAY = 86_400_000;
const AXIS_FONT = `12px ${FONT}`;
const BYTES = new Set(['bytes', 'kbytes', 'mbytes', 'gbytes', 'tbytes', 'binBps']);
const BYTE_STEPS = [...Array(50).keys()].map((n) => 2 ** n);
const GRID = { stroke: 'rgba(240, 250, 255, 0.09)', width: 1 };

const AXIS = { font: AXIS_FONT, stroke: theme.colors.text.primary, grid: GRID };

/** What all axes at the left have in common. */
export const LEFT_AXIS = { ...AXIS, scale: 'y', ticks: { show: false }, gap: 6 };

/** The size of a plot in its element, with room above for the flags of annotations. Times are in milliseconds. */
export function plotOptions({ clientWidth: width, clientHeight: height }, top) {
  return { width, height, ms: 1, padding: [top, 10, 0, 4], legend: { show: false }, cursor: { show: false } };
}

/** The axis of time, with as much of a date as the range needs. */
export function timeAxis([from, to]) {
  const span = to - from;
  return {
    ...AXIS,
    scale: 'x',
    ticks: { ...GRID, size: 4 },
    size: 26,
    gap: 4,
    space: span > 2 * DAY ? 90 : 75,
    values: (_, splits, _axis, _space, increment) => splits.map((it) => timeText(it, increment, span)),
  };
}

function timeText(time, increment, span) {
  const iso = new Date(time).toISOString();
  const day = `${iso.slice(5, 7)}/${iso.slice(8, 10)}`;
  if (increment >= DAY) return day;
  if (increment < 60_000) return iso.slice(11, 19);
  return span > 2 * DAY ? `${day} ${iso.slice(11, 16)}` : iso.slice(11, 16);
}

export function valueScale({ min, max }) {
  const rules = {
    min: { pad: 0.1, hard: min ?? -Infinity, soft: 0, mode: 3 },
    max: { pad: 0.1, hard: max ?? Infinity, soft: 0, mode: 3 },
  };
  const range = (_plot, low, high) => {
    // A line that never leaves zero would else have an axis up to 100.
    const flat = low === 0 && high === 0;
    const [bottom, top] = uPlot.rangeNum(low ?? 0, flat ? 1 : (high ?? 1), rules);
    return [min ?? bottom, max ?? (flat ? 1 : top)];
  };
  return { auto: true, range };
}

export function valueAxis(field) {
  const exact = typeof field.config.decimals !== 'number';
  const text = (value) => (exact ? exactly(field.display, value) : shown(field, value));
  return {
    ...LEFT_AXIS,
    space: 30,
    size: (_, texts) => Math.ceil(Math.max(12, widest((texts ?? []).filter(Boolean)))) + 12,
    values: (_, splits) => splits.map((it) => (it === null ? null : text(it))),
    ...stepsOf(field.config),
  };
}

export const widest = (texts) => Math.max(...texts.map((it) => textWidth(it, AXIS_FONT)));

// No step is finer than the decimals shown, or two ticks would have one text.
function stepsOf({ unit, decimals }) {
  if (BYTES.has(unit)) return { incrs: BYTE_STEPS };
  if (typeof decimals !== 'number') return {};
  const least = 10 ** -(decimals + (unit === 'percentunit' ? 2 : 0));
  const steps = [];
  for (let power = least; power < 1e15; power *= 10) steps.push(power, 2 * power, 5 * power);
  return { incrs: steps };
}
