// The heatmap panel: a row of cells for each bucket, a column for each step.

import { FieldType, formattedValueToString } from '@grafana/data';
import { interpolateOranges } from 'd3-scale-chromatic';
import uPlot from 'uplot';

import { LEFT_AXIS, plotOptions, timeAxis, widest } from './axes.mjs';
import { displayOf, exactly } from './fields.mjs';
import { annotationHooks, roomForFlags } from './overlays.mjs';
import { element } from './theme.mjs';

const LEAST_LABEL = 15;

export function drawHeatmap({ options, frames: [frame], inside, annotations, range }) {
  const times = frame.fields.find((it) => it.type === FieldType.time).values;
  const rows = frame.fields.filter((it) => it.type === FieldType.number);
  const shades = shadesOf(rows, options);
  const plot = element('div', 'plot');
  inside.append(element('div', 'with-legend', [plot, scaleOf(shades, options.cellValues)]));
  chart({ rows, times, shades, options, plot, annotations, range });
}

/** The colour of a value, and the bounds between which colours differ. */
function shadesOf(rows, { color: { steps }, filterValues }) {
  const seen = rows.flatMap(({ values }) => values).filter((it) => Number.isFinite(it) && it > filterValues.le);
  const low = seen.length > 0 ? seen.reduce((a, b) => Math.min(a, b)) : 0;
  const high = seen.length > 0 ? seen.reduce((a, b) => Math.max(a, b)) : 1;
  // Grafana turns the scheme round on a dark page, so that much is bright.
  const palette = Array.from({ length: steps }, (_, n) => interpolateOranges(1 - n / (steps - 1)));
  const place = (value) => (high > low ? (value - low) / (high - low) : 1);
  const hidden = (value) => !Number.isFinite(value) || value <= filterValues.le;
  const of = (value) => (hidden(value) ? null : palette[Math.round(place(value) * (steps - 1))]);
  return { low, high, palette, of };
}

function chart({ rows, times, shades, options, plot, annotations, range }) {
  const display = displayOf(options.yAxis.unit);
  const labels = rows.map(({ name }) => (Number.isFinite(Number(name)) ? exactly(display, Number(name)) : name));
  const every = Math.max(1, Math.ceil((LEAST_LABEL * rows.length) / Math.max(plot.clientHeight - 50, 1)));
  // The top bucket is always named, and from there down each for which there is room.
  const named = rows.map((_, n) => n + 1).filter((n) => (rows.length - n) % every === 0);
  const label = (n) => labels[n - 1];
  new uPlot(
    {
      ...plotOptions(plot, roomForFlags(annotations) ?? 10),
      scales: { x: { time: true, range }, y: { range: [0, rows.length] } },
      axes: [
        timeAxis(range),
        {
          ...LEFT_AXIS,
          size: Math.ceil(widest(named.map(label)) + 14),
          splits: () => named,
          values: (_, splits) => splits.map(label),
        },
      ],
      series: [{}, { scale: 'y', paths: () => null, points: { show: false } }],
      hooks: {
        drawAxes: [(it) => cells(it, rows, times, shades, options.cellGap)],
        draw: annotationHooks(annotations).above,
      },
    },
    [times, times.map(() => null)],
    plot,
  );
}

function cells(plot, rows, times, shades, gap) {
  const { ctx, bbox } = plot;
  const step = times.length > 1 ? times[1] - times[0] : 0;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  rows.forEach(({ values }, row) => {
    const [top, bottom] = [row + 1, row].map((it) => Math.round(plot.valToPos(it, 'y', true)));
    values.forEach((value, n) => {
      const shade = shades.of(value);
      if (shade === null) return;
      // A rate at a time is about what came before it.
      const [left, right] = [times[n] - step, times[n]].map((it) => Math.round(plot.valToPos(it, 'x', true)));
      const width = right - left - (right - left > 3 ? gap : 0);
      ctx.fillStyle = shade;
      ctx.fillRect(left, top, Math.max(1, width), Math.max(1, bottom - top - gap));
    });
  });
  ctx.restore();
}

function scaleOf({ low, high, palette }, { unit }) {
  const display = displayOf(unit);
  const bound = (value) => element('span', '', formattedValueToString(display(value)));
  const background = `linear-gradient(90deg, ${palette.join(', ')})`;
  return element('div', 'scale', [bound(low), element('span', 'scale-colors', undefined, { background }), bound(high)]);
}
