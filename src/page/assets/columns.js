// What the charts show: for each look at the service, what happened since the one before it.

/** A signal's sums at one snapshot. */
function columnOf(signal, snapshot) {
  const known = signal.columns.get(snapshot);
  if (known) return known;
  const view = { now: snapshot.values, base: null };
  const { calls, judged, bad, buckets, inFlight } = signal.all;
  const column = {
    at: snapshot.at,
    gap: snapshot.gap,
    calls: delta(calls, view),
    judged: delta(judged, view),
    bad: delta(bad, view),
    buckets: Float64Array.from(buckets.ids, (ids) => delta(ids, view)),
    inFlight: gauge(inFlight, snapshot.values),
    step: null,
  };
  signal.columns.set(snapshot, column);
  return column;
}

/** The step across a time in which nothing was heard: nobody knows when in it what happened. */
const NOTHING = { from: null, rate: null, errors: null, errorRatio: null, p50: null, p95: null, p99: null, cells: [] };

function stepOf(bounds, before, after) {
  if (after.step) return after.step;
  const seconds = after.at - before.at;
  const rising = Float64Array.from(after.buckets, (count, i) => count - before.buckets[i]);
  for (let i = 1; i < rising.length; i++) rising[i] = Math.max(rising[i], rising[i - 1]);
  const values = [0.5, 0.95, 0.99].map((q) => quantile(q, bounds, rising)?.value ?? null);
  after.step = {
    from: before.at,
    rate: perSecond(after.calls - before.calls, seconds),
    errors: perSecond(after.bad - before.bad, seconds),
    errorRatio: ratio(after.bad - before.bad, after.judged - before.judged),
    p50: values[0],
    p95: values[1],
    p99: values[2],
    cells: Array.from(rising, (count, i) => (count - (i > 0 ? rising[i - 1] : 0)) / seconds),
  };
  return after.step;
}

/** The columns of all snapshots, one array for each figure, worked out in slices. */
async function chartData(signal, snapshots) {
  const figures = ['from', 'rate', 'errors', 'errorRatio', 'p50', 'p95', 'p99', 'cells'];
  const data = { at: [], inFlight: [], bounds: signal.all.buckets.bounds };
  for (const figure of figures) data[figure] = [];
  let before = null;
  for (const snapshot of snapshots) {
    const column = columnOf(signal, snapshot);
    if (before !== null && column.at > before.at) {
      const step = column.gap ? NOTHING : stepOf(signal.all.buckets.bounds, before, column);
      if (column.gap) {
        data.at.push((before.at + column.at) / 2);
        data.inFlight.push(null);
        for (const figure of figures) data[figure].push(NOTHING[figure]);
      }
      data.at.push(column.at);
      data.inFlight.push(column.inFlight);
      for (const figure of figures) data[figure].push(step[figure]);
    }
    before = column;
    if (sliceIsOver()) await nextSlice();
  }
  return data;
}
