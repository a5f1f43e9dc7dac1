// The time series panel, by uPlot, with which Grafana draws its own, and its legend: a list, or a table of values.

import { FieldType, fieldReducers, getFieldSeriesColor, reduceField } from '@grafana/data';
import uPlot from 'uplot';

import { plotOptions, timeAxis, valueAxis, valueScale } from './axes.mjs';
import { nameOf, shown } from './fields.mjs';
import { annotationHooks, roomForFlags, thresholdHook } from './overlays.mjs';
import { element, faded, theme } from './theme.mjs';

const BELOW_FILL = 35;

export function drawTimeSeries({ options, frames, inside, annotations, range, note }) {
  const lines = linesOf(frames);
  const plot = element('div', 'plot');
  const legend = legendOf(options.legend, lines);
  inside.append(element('div', 'with-legend', [plot, legend]));
  fit(legend, note);
  chart(lines, plot, annotations, range);
}

/** The fields with numbers, with what a plot needs often of them. */
function linesOf(frames) {
  return frames.map(({ fields }) => {
    const [time, field] = [FieldType.time, FieldType.number].map((type) => fields.find((it) => it.type === type));
    const values = field.values.map((it) => (Number.isFinite(it) ? it : null));
    const color = getFieldSeriesColor(field, theme).color;
    return { field, name: nameOf(field), custom: field.config.custom, color, times: time.values, values };
  });
}

function chart(lines, plot, annotations, range) {
  // What sets the times, the scale, the stack and the thresholds is of the panel, and so the same for all lines.
  const [{ field, custom, times }] = lines;
  const values = lines.map((it) => it.values);
  const stacks = custom.stacking.mode === 'normal';
  const marks = annotationHooks(annotations);
  new uPlot(
    {
      ...plotOptions(plot, roomForFlags(annotations) ?? 8),
      scales: { x: { time: true, range }, y: valueScale(field.config) },
      axes: [timeAxis(range), valueAxis(field)],
      series: [{}, ...lines.map(seriesOptions)],
      bands: stacks ? lines.slice(1).map((_, n) => ({ series: [n + 2, n + 1] })) : bandsOf(lines),
      hooks: { drawAxes: marks.below, draw: [...marks.above, ...thresholdHook(field.config)] },
    },
    [times, ...(stacks ? stacked(values) : values)],
    plot,
  );
}

// Each line stands on the one before it. A gap in one is nothing, else the lines above it would fall; a gap in all is
// a gap.
function stacked(values) {
  const sums = values[0].map(() => 0);
  const isGap = sums.map((_, at) => values.every((row) => row[at] === null));
  return values.map((row) =>
    row.map((it, at) => {
      sums[at] += it ?? 0;
      return isGap[at] ? null : sums[at];
    }),
  );
}

/** What is filled between two lines instead of down to zero. */
function bandsOf(lines) {
  return lines.flatMap(({ custom }, n) => {
    const below = lines.findIndex((it) => it.name === custom.fillBelowTo);
    return below < 0 ? [] : [{ series: [n + 1, below + 1] }];
  });
}

function seriesOptions({ name, custom, color }) {
  const opacity = (custom.fillOpacity || (custom.fillBelowTo ? BELOW_FILL : 0)) / 100;
  return {
    label: name,
    stroke: color,
    width: custom.lineWidth,
    dash: custom.lineStyle?.dash,
    cap: 'butt',
    fill: opacity === 0 ? undefined : faded(color, opacity),
    points: { show: false },
  };
}

function legendOf({ displayMode, calcs }, lines) {
  if (displayMode === 'list' && calcs.length > 0) throw new Error('a list with calculations is not supported');
  return displayMode === 'table' ? table(lines, calcs) : element('div', 'legend list', lines.map(item));
}

function item({ name, color, custom }) {
  const background = custom.lineStyle ? `repeating-linear-gradient(90deg, ${color} 0 4px, transparent 4px 5px)` : color;
  const mark = element('span', 'legend-mark', undefined, { background });
  return element('span', 'legend-item', [mark, element('span', 'legend-name', name)]);
}

function table(lines, calcs) {
  const titles = ['Name', ...calcs.map((id) => fieldReducers.get(id).name)];
  const body = lines.map((line) => {
    const results = reduceField({ field: line.field, reducers: calcs });
    const values = calcs.map((id) => element('td', '', shown(line.field, results[id])));
    return element('tr', '', [element('td', '', [item(line)]), ...values]);
  });
  const head = titles.map((title) => element('th', '', title));
  return element('div', 'legend', [element('table', '', [element('tr', '', head), ...body])]);
}

/** Takes away what does not fit whole: in Grafana one would scroll. */
function fit(legend, note) {
  const end = legend.getBoundingClientRect().bottom + 1;
  const items = [...legend.querySelectorAll(legend.classList.contains('list') ? '.legend-item' : 'tr')];
  const over = items.filter((it) => it.getBoundingClientRect().bottom > end);
  for (const it of over) it.remove();
  if (over.length > 0) note(`${over.length} of ${items.length} lines of the legend do not fit`);
}
