// Whether what is shown keeps what was promised.

const OLD_SECONDS = 300;
// A window that is shorter may just have seen no end.
const HANG_SECONDS = 9.5;
const QUANTILES = { p50: 0.5, p95: 0.95, p99: 0.99 };

/** The share of calls that these promises let be bad, or null. */
function allowedBy(promises) {
  return promises.length > 0 ? 1 - Math.max(...promises.map((p) => p.objective)) : null;
}

/** The threshold that a quantile has to keep: the least of those promised for at least as many calls. */
function thresholdOf(promises, q) {
  const held = promises.filter((p) => p.objective >= q).map((p) => p.threshold_seconds);
  return held.length > 0 ? Math.min(...held) : null;
}

/** How promises stand in a view, by their own calls: `{ over, promise, unknown }`, `over` null where nothing tells it. Of each
 * only so many calls have to be good as `wanted` says. The strictest that is broken is named, else the strictest. */
function standing(promises, view, wanted) {
  const strictest = [...promises].sort((a, b) => b.objective - a.objective || a.threshold_seconds - b.threshold_seconds);
  const found = strictest.map((promise) => ({ promise, ...promise.kept(view) }));
  const told = found.filter(({ share }) => share !== null);
  const broken = told.find(({ promise, share }) => share > 1 - wanted(promise));
  const { promise } = broken ?? told[0] ?? found[0];
  return { over: told.length > 0 ? broken !== undefined : null, promise, unknown: found.some(({ unknown }) => unknown) };
}

/** The verdict on a figure, `{ over, words }`; `seems`: whether the figure itself, which may be of more calls, is over a bound. */
function verdictOf({ over, promise, unknown }, bound, seems) {
  if (over === null) return { over, words: unknown ? 'the bound is not exported' : 'promised calls: none' };
  const words = `${over ? 'over' : 'within'} ${bound(promise)}`;
  return { over, words: seems(promise) === over ? words : `promised calls ${words}` };
}

function errorVerdict(plan, signal, figures, view) {
  const promises = plan.promisesOf(signal, 'availability');
  if (figures.errorRatio === null) return { over: null, words: 'of no calls' };
  if (promises.length === 0) return { over: null, words: '' };
  const found = standing(promises, view, ({ objective }) => objective);
  return verdictOf(found, (p) => formatExact(1 - p.objective), (p) => figures.errorRatio > 1 - p.objective);
}

function quantileVerdict(plan, signal, name, found, view) {
  if (found === null) return { over: null, words: 'no calls' };
  const q = QUANTILES[name];
  const promises = plan.promisesOf(signal, 'latency').filter(({ objective }) => objective >= q);
  if (promises.length === 0) return { over: null, words: 'nothing promised' };
  // The highest quantile that a promise reaches tells whether it is kept; those below only whether they are.
  const reached = ({ objective }) => Math.max(...Object.values(QUANTILES).filter((other) => other <= objective));
  const held = standing(promises, view, (p) => (reached(p) === q ? p.objective : q));
  return verdictOf(held, (p) => formatBound(p.threshold_seconds), (p) => found.beyond || found.value > p.threshold_seconds);
}

/** Whether calls are in flight of which none ended all through the view. */
function hangs({ calls, inFlight }, view) {
  return inFlight > 0 && calls === 0 && view.seconds !== null && view.seconds >= HANG_SECONDS;
}

/** After how many seconds a call in flight is too old. */
function oldAfter(plan, signal) {
  return Math.max(OLD_SECONDS, ...plan.promisesOf(signal, 'latency').map((p) => p.threshold_seconds));
}

/** The row that the oldest call in flight belongs to, or null. */
function oldestRow(signal, latest) {
  let oldest = null;
  let began = Infinity;
  for (const row of signal.rows.values()) {
    const start = earliest(row.oldest, latest);
    if (start > 0 && start < began) [oldest, began] = [row, start];
  }
  return oldest;
}
