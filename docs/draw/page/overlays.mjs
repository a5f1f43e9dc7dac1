// What is drawn over or under the lines: thresholds and annotations.

import { FONT, color, faded, textWidth } from './theme.mjs';

const FLAG_FONT = `11px ${FONT}`;
const FLAG_HEIGHT = 15;
const REGION_OPACITY = 0.09;

/** A line at each threshold, if the panel asks for them. The first step is of what is below all: it has no line. */
export function thresholdHook({ custom, thresholds }) {
  if (custom.thresholdsStyle.mode === 'off') return [];
  return [(plot) => levels(plot, thresholds.steps.slice(1))];
}

function levels(plot, steps) {
  const { ctx, bbox } = plot;
  const { min, max } = plot.scales.y;
  ctx.save();
  ctx.lineWidth = 2;
  ctx.setLineDash([]);
  for (const step of steps.filter(({ value }) => value >= min && value <= max)) {
    ctx.strokeStyle = faded(step.color, 0.8);
    const y = Math.round(plot.valToPos(step.value, 'y', true));
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}

/** The room that the annotations' flags need above the lines. */
export const roomForFlags = (annotations) => (annotations.length > 0 ? FLAG_HEIGHT + 2 : undefined);

export function annotationHooks(annotations) {
  return { below: [(plot) => shade(plot, annotations)], above: [(plot) => mark(plot, annotations)] };
}

const pixel = (plot, seconds) => {
  const { min, max } = plot.scales.x;
  return Math.round(plot.valToPos(Math.min(Math.max(seconds * 1000, min), max), 'x', true)) + 0.5;
};

const visible = ({ scales }, { from, to }) => to * 1000 >= scales.x.min && from * 1000 <= scales.x.max;

// Regions of one colour that overlap are one region: ten alerts at once would else hide the lines.
function shade(plot, annotations) {
  const { ctx, bbox } = plot;
  const last = new Map();
  const areas = [];
  for (const it of annotations.filter((one) => visible(plot, one) && one.to > one.from)) {
    const before = last.get(it.color);
    if (before !== undefined && it.from <= before.to) before.to = Math.max(before.to, it.to);
    else areas.push(last.set(it.color, { ...it }).get(it.color));
  }
  ctx.save();
  for (const { from, to, color: name } of areas) {
    ctx.fillStyle = faded(name, REGION_OPACITY);
    ctx.fillRect(pixel(plot, from), bbox.top, pixel(plot, to) - pixel(plot, from), bbox.height);
  }
  ctx.restore();
}

function mark(plot, annotations) {
  const { ctx, bbox, scales } = plot;
  const taken = [];
  const seen = annotations.filter((one) => visible(plot, one));
  const late = ({ from }) => from * 1000 > scales.x.min;
  ctx.save();
  // What began within the picture has the first claim to the room for flags.
  for (const { from, to, title, color: name } of [...seen.filter(late), ...seen.filter((one) => !late(one))]) {
    ctx.strokeStyle = color(name);
    ctx.lineWidth = 1;
    ctx.setLineDash([4, 3]);
    // What began before the picture has no line at its edge.
    const inside = [from, to].filter((it) => it * 1000 > scales.x.min && it * 1000 < scales.x.max);
    for (const at of new Set(inside.map((it) => pixel(plot, it)))) {
      ctx.beginPath();
      ctx.moveTo(at, bbox.top);
      ctx.lineTo(at, bbox.top + bbox.height);
      ctx.stroke();
    }
    flag({ ctx, bbox, title, name }, pixel(plot, from), taken);
  }
  ctx.restore();
}

// A flag that would lie on another is left out: its line still stands.
function flag({ ctx, bbox, title, name }, left, taken) {
  const limit = Math.max(60, bbox.width / 3);
  const text = clipped(title, limit);
  const width = textWidth(text, FLAG_FONT) + 10;
  const start = Math.min(left - 0.5, bbox.left + bbox.width - width);
  if (taken.some(([from, to]) => start < to && from < start + width)) return;
  taken.push([start - 4, start + width + 4]);
  ctx.fillStyle = color(name);
  ctx.fillRect(start, bbox.top - FLAG_HEIGHT, width, FLAG_HEIGHT);
  ctx.fillStyle = '#111217';
  ctx.font = FLAG_FONT;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  ctx.fillText(text, start + 5, bbox.top - FLAG_HEIGHT / 2 + 0.5);
}

function clipped(text, limit) {
  if (textWidth(text, FLAG_FONT) <= limit) return text;
  let short = text;
  while (short.length > 1 && textWidth(`${short}…`, FLAG_FONT) > limit) short = short.slice(0, -1);
  return `${short.trimEnd()}…`;
}
