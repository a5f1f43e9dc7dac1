// A promise as its series tell of it: which calls it is about, and how many of them were bad.

/** Histograms and how many of their calls kept a threshold, label set by label set. */
class Timed {
  #threshold;
  #pairs = new Map();
  /** The buckets at the threshold. */
  within = new Set();

  constructor(threshold) {
    this.#threshold = threshold;
  }

  add(id, { family, part, labels }) {
    const { le, ...own } = labels;
    if (part === 'bucket' ? readValue(le ?? '') !== this.#threshold : part !== 'count') return;
    const key = JSON.stringify([family.name, ...Object.entries(own).sort(([a], [b]) => (a < b ? -1 : 1))]);
    if (!this.#pairs.has(key)) this.#pairs.set(key, { count: null, within: null });
    const pair = this.#pairs.get(key);
    if (part === 'count') {
      pair.count = id;
    } else {
      pair.within = id;
      this.within.add(id);
    }
  }

  /** `{ count, within }` of the label sets that had the bucket all through the view, or null if none had. */
  sums(view) {
    let count = 0;
    let within = 0;
    let known = 0;
    for (const pair of this.#pairs.values()) {
      if (pair.count === null || pair.within === null || !hadBoth(pair, view)) continue;
      known++;
      count += delta([pair.count], view);
      within += delta([pair.within], view);
    }
    return known > 0 ? { count, within } : null;
  }

  get isEmpty() {
    return this.#pairs.size === 0;
  }
}

/** Whether the bucket of a histogram is there now, and was from the beginning of the view or of the histogram. */
function hadBoth({ count, within }, { base, here }) {
  return (here(within) || !here(count)) && (base === null || within < base.length || count >= base.length);
}

class Promised {
  #good;
  #ended;
  #all = [];
  #bad = [];
  #judged = new Set();

  constructor(told, watchers) {
    Object.assign(this, told);
    if (this.isTimed) {
      this.#good = new Timed(told.threshold_seconds);
      this.#ended = new Timed(told.threshold_seconds);
      watchers.watch(told.good, (id, series) => this.#good.add(id, series));
      watchers.watch(told.ended, (id, series) => this.#ended.add(id, series));
      this.#judged = this.#ended.within;
      return;
    }
    watchers.watch(told.all, (id, series) => {
      const before = this.#all.length;
      counting(this.#all)(id, series);
      if (this.#all.length > before) this.#judged.add(id);
    });
    watchers.watch(told.bad, counting(this.#bad));
  }

  /** Until the answer began or until it ended, it is told by the buckets of a histogram. */
  get isTimed() {
    return this.kind === 'latency' || this.kind === 'head_latency';
  }

  /** The series that tell which calls it is about. */
  #seriesOf(part) {
    if (!this.isTimed) return part.judged;
    return part.buckets.ids[part.buckets.bounds.indexOf(this.threshold_seconds)] ?? [];
  }

  /** Whether it is about some of the calls of a row or of a signal. */
  covers(part) {
    return this.#seriesOf(part).some((id) => this.#judged.has(id));
  }

  coversAll(part) {
    return this.#seriesOf(part).every((id) => this.#judged.has(id));
  }

  /** What is left of it in a view: `{ total, bad, share, burn, left }`, null where nothing tells it; `unknown`: its bound is not
   * exported. */
  kept(view) {
    let bad = delta(this.#bad, view);
    let total = delta(this.#all, view);
    let unknown = false;
    if (this.isTimed) {
      const ended = this.#ended.sums(view);
      unknown = ended === null && !this.#ended.isEmpty;
      bad = ended === null ? 0 : Math.max(ended.count - ended.within, 0);
      total = ended === null ? 0 : (this.#good.sums(view)?.within ?? 0) + bad;
    }
    if (!(total > 0)) return { total: 0, bad: 0, share: null, burn: null, left: null, unknown };
    const share = bad / total;
    const burn = share / (1 - this.objective);
    return { total, bad, share, burn, left: 1 - burn, unknown };
  }
}
