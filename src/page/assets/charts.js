// The line charts: calls, error ratio, in flight, percentiles.

const upFromZero = (least) => () => ({ range: (_plot, _min, max) => [0, Math.max((max ?? 0) * 1.1, least)] });
// uPlot hands null for a tick that has no room.
const ticksOf = (format) => (_plot, values) => values.map((value) => (value == null ? null : format(value)));
const axisOf = (format) => () => ({ values: ticksOf(format) });
const valuesAt = (plot, i, format) => plot.data.slice(1).map((values) => format(values[i] ?? null));

function line(label, mark, colour, more = {}) {
  return { label, mark, stroke: () => palette[colour], width: 1.5, ...more };
}

/** How each line chart is drawn. */
const LINE_CHARTS = {
  rate: {
    id: 'chart-rate',
    series: [
      line('calls', 'solid', 'accent', { fill: () => palette['accent-fill'] }),
      line('errors', 'dashed bad', 'bad', { dash: [6, 3], fill: () => palette['bad-fill'] }),
    ],
    axis: axisOf(formatTick),
    scale: upFromZero(1),
    legend: (i, plot) => valuesAt(plot, i, formatRate),
  },
  errors: {
    id: 'chart-errors',
    series: [line('errors', 'solid bad', 'bad', { fill: () => palette['bad-fill'] })],
    axis: axisOf(formatExact),
    scale: (chart) => ({
      range: (_plot, _min, max) => [0, Math.min(1, Math.max((max ?? 0) * 1.15, 0.01, 2 * (chart.marks.lines[0]?.value ?? 0)))],
    }),
    legend: (i, plot) => valuesAt(plot, i, formatRatio),
  },
  inFlight: {
    id: 'chart-in-flight',
    series: [line('in flight', 'solid', 'accent', { fill: () => palette['accent-fill'] })],
    axis: axisOf(formatTick),
    scale: upFromZero(5),
    legend: (i, plot) => valuesAt(plot, i, formatCount),
  },
  latency: {
    id: 'chart-latency',
    series: [
      line('P50', 'dotted third', 'accent-3', { dash: [2, 3] }),
      line('P95', 'dashed second', 'accent-2', { dash: [7, 3] }),
      line('P99', 'solid', 'accent', { width: 2 }),
    ],
    axis: () => ({ values: ticksOf(formatBound), splits: logSplits }),
    scale: (chart) => ({
      distr: 3,
      range: (_plot, min, max) => {
        const lines = chart.marks.lines.map(({ value }) => value);
        const low = Math.min(min > 0 ? min : 0.01, ...lines);
        const high = Math.max(max > 0 ? max : 0.1, ...lines);
        return [low / 1.6, high * 1.8];
      },
    }),
    legend: (i, plot) => valuesAt(plot, i, formatSeconds),
  },
};

/** Makes the charts, each in a slice of its own. */
async function makeCharts() {
  const charts = {};
  for (const [name, options] of Object.entries(LINE_CHARTS)) {
    charts[name] = new Plot(options);
    await nextSlice();
  }
  charts.heat = makeHeatmap();
  await nextSlice();
  return charts;
}

const newest = (values) => values.at(-1) ?? null;

/** Draws all charts of a signal, each in a slice of its own. */
async function drawCharts(charts, data, { plan, signal, restarts, span }) {
  const [from, now] = span;
  const ofWhat = (p) => (p.coversAll(signal.all) ? '' : ', not for all calls');
  const timed = plan.promisesOf(signal, 'latency').map((p) => ({
    value: p.threshold_seconds,
    label: `${formatExact(p.objective)} within ${formatBound(p.threshold_seconds)}${ofWhat(p)}`,
  }));
  // Two services may promise the same.
  const promised = timed.filter(({ label }, i) => timed.findIndex((other) => other.label === label) === i);
  const available = plan.promisesOf(signal, 'availability').sort((a, b) => b.objective - a.objective).slice(0, 1);
  const length = spell(now - from);
  const over = (name, words) => `${name} over the last ${length}. Now: ${words}.`;
  for (const chart of Object.values(charts)) chart.marks.restarts = restarts;
  charts.errors.marks.lines = available.map((p) => {
    const value = 1 - p.objective;
    return { value, label: `promised: at most ${formatExact(value)}${ofWhat(p)}` };
  });
  charts.latency.marks.lines = promised;
  charts.rate.draw(
    [data.at, data.rate, data.errors],
    from,
    now,
    over('Calls per second', `${formatRate(newest(data.rate))} calls and ${formatRate(newest(data.errors))} errors per second`),
  );
  await nextSlice();
  charts.errors.draw([data.at, data.errorRatio], from, now, over('Error ratio', formatRatio(newest(data.errorRatio))));
  await nextSlice();
  charts.inFlight.draw([data.at, data.inFlight], from, now, over('Calls in flight', formatCount(newest(data.inFlight))));
  await nextSlice();
  const percentiles = ['p50', 'p95', 'p99'].map((p) => `${p.toUpperCase()} ${formatSeconds(newest(data[p]))}`);
  const lines = promised.length > 0 ? `; promised: ${promised.map((p) => p.label).join(', ')}` : '';
  charts.latency.draw([data.at, data.p50, data.p95, data.p99], from, now, over('Latency', percentiles.join(', ') + lines));
  await nextSlice();
  drawHeatmap(charts.heat, data, promised, span, over);
  await nextSlice();
}
