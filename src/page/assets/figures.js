// Sums, ratios, quantiles: how a figure comes out of series.

/** How much the counters `ids` rose together in a view. */
function delta(ids, { now, base }) {
  let sum = 0;
  for (const id of ids) {
    if (id >= now.length) continue;
    sum += now[id] - (base !== null && id < base.length ? base[id] : 0);
  }
  return sum;
}

/** The gauges `ids` together, or null if none of them is there. */
function gauge(ids, values, join = (a, b) => a + b) {
  let joined = null;
  for (const id of ids) {
    if (id < values.length && !Number.isNaN(values[id])) joined = joined === null ? values[id] : join(joined, values[id]);
  }
  return joined;
}

/** When the oldest call in flight began: the least of the gauges that are not 0. */
function earliest(ids, latest) {
  return gauge(ids, latest, (a, b) => (a > 0 && (b <= 0 || a < b) ? a : b));
}

function ratio(part, of) {
  return of > 0 ? part / of : null;
}

function perSecond(count, seconds) {
  return seconds !== null && seconds > 0 ? count / seconds : null;
}

/** Cumulative counts of `buckets` in a view, never falling from one bound to the next. */
function bucketDeltas(buckets, view) {
  const counts = new Float64Array(buckets.bounds.length);
  for (let i = 0; i < counts.length; i++) {
    counts[i] = Math.max(delta(buckets.ids[i], view), i > 0 ? counts[i - 1] : 0);
  }
  return counts;
}

/** Prometheus's `histogram_quantile`: linear within a bucket, from 0 in the first; `beyond` the highest finite bound. */
function quantile(q, bounds, counts) {
  const last = bounds.length - 1;
  if (last < 1 || bounds[last] !== Infinity || !(counts[last] > 0)) return null;
  const rank = q * counts[last];
  let at = 0;
  while (at < last && counts[at] < rank) at++;
  if (at === last) return { value: bounds[last - 1], beyond: true };
  if (at === 0 && bounds[0] <= 0) return { value: bounds[0], beyond: false };
  const from = at > 0 ? bounds[at - 1] : 0;
  const below = at > 0 ? counts[at - 1] : 0;
  return { value: from + (bounds[at] - from) * ((rank - below) / (counts[at] - below)), beyond: false };
}

/** The figures of a signal or of one of its rows in a view. */
function figuresOf(part, view, latest, serverTime) {
  const calls = delta(part.calls, view);
  const judged = delta(part.judged, view);
  const errors = delta(part.bad, view);
  const counts = bucketDeltas(part.buckets, view);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => quantile(q, part.buckets.bounds, counts));
  const inFlight = gauge(part.inFlight, latest);
  const oldest = earliest(part.oldest, latest);
  return {
    calls,
    judged,
    errors,
    rate: perSecond(calls, view.seconds),
    errorRatio: ratio(errors, judged),
    p50,
    p95,
    p99,
    inFlight,
    oldest: oldest !== null && oldest > 0 ? Math.max(serverTime - oldest, 0) : null,
  };
}
