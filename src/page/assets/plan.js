// The catalogue as the page uses it: signals with their rows, promises, refusals, each with the numbers of its series.

function newPart(labels) {
  return { labels, calls: [], judged: [], bad: [], buckets: new Buckets(), inFlight: [], oldest: [] };
}

class Signal {
  constructor(told, watchers) {
    this.told = told;
    this.id = told.id;
    this.title = told.title;
    this.all = newPart([]);
    this.limit = [];
    /** By outcome and status: `{ outcome, status, ids }`. */
    this.endings = new Map();
    this.rows = new Map();
    this.columns = new WeakMap();
    for (const part of ['calls', 'judged', 'bad']) {
      watchers.watch(told[part], (id, series) => {
        counting(this.all[part])(id, series);
        counting(this.#row(series.labels)[part])(id, series);
      });
    }
    watchers.watch(told.calls, (id, series) => counting(this.#ending(series.labels))(id, series));
    watchers.watch(told.duration, (id, series) => {
      const bounds = this.all.buckets.bounds.length;
      this.all.buckets.add(id, series);
      // Bounds that were not there before: what was worked out for the charts has other rows.
      if (this.all.buckets.bounds.length !== bounds) this.columns = new WeakMap();
      if (told.rows.every((label) => label in series.labels)) this.#row(series.labels).buckets.add(id, series);
    });
    for (const [metric, part] of [[told.in_flight, 'inFlight'], [told.oldest_start, 'oldest']]) {
      watchers.watchMetric(metric, (id, series) => {
        this.all[part].push(id);
        if (told.rows.every((label) => label in series.labels)) this.#row(series.labels)[part].push(id);
      });
    }
    watchers.watchMetric(told.in_flight_limit, (id) => this.limit.push(id));
  }

  #ending(labels) {
    const [outcome, status] = [this.told.outcome, this.told.status].map((label) => (label ? labels[label] ?? '' : ''));
    const key = `${outcome}\u0000${status}`;
    if (!this.endings.has(key)) this.endings.set(key, { outcome, status, ids: [] });
    return this.endings.get(key).ids;
  }

  #row(labels) {
    const { rows, status, outcome } = this.told;
    const names = rows.length > 0 ? rows : Object.keys(labels).filter((l) => l !== status && l !== outcome && l !== 'le').sort();
    const values = names.map((name) => labels[name] ?? '');
    const key = values.join('\u0000');
    let row = this.rows.get(key);
    if (!row) {
      row = newPart(rows.length > 0 ? values : [values.join(' ') || this.title]);
      row.name = values.join(' ') || this.title;
      this.rows.set(key, row);
    }
    return row;
  }

  /** The titles of the labels that name a row. */
  get rowTitles() {
    return this.told.rows.length > 0 ? this.told.rows.map((l) => l.replace(/^grpc_/, '').replaceAll('_', ' ')) : ['operation'];
  }
}

class Plan {
  #watchers = new Watchers();
  #told = 0;
  refusals = new Map();

  constructor(catalog) {
    this.catalog = catalog;
    this.signals = catalog.signals.map((told) => new Signal(told, this.#watchers));
    this.promises = catalog.promises.map((told) => new Promised(told, this.#watchers));
    const refusals = catalog.refusals;
    if (!refusals) return;
    const limiter = (labels) => labels[refusals.limiter] ?? '';
    this.limiterCalls = new Map();
    this.#watchers.watchMetric(refusals.rejected, (id, { labels }) => {
      const reason = labels[refusals.reason] ?? '';
      const key = `${limiter(labels)}\u0000${reason}`;
      if (!this.refusals.has(key)) this.refusals.set(key, { limiter: limiter(labels), reason, ids: [] });
      this.refusals.get(key).ids.push(id);
    });
    this.#watchers.watchMetric(refusals.calls, (id, { labels }) => {
      const key = limiter(labels);
      if (!this.limiterCalls.has(key)) this.limiterCalls.set(key, []);
      this.limiterCalls.get(key).push(id);
    });
  }

  /** Takes in the series that came since the last time, in slices. */
  async adopt(series) {
    while (this.#told < series.length) {
      this.#watchers.tell(this.#told, series[this.#told]);
      if ((++this.#told & 31) === 0 && sliceIsOver()) await nextSlice();
    }
  }

  /** The promises of a signal as a whole. */
  promisesOf(signal, kind) {
    return this.promises.filter((p) => p.signal === signal.id && p.kind === kind && !p.row);
  }

  /** Those of a kind that judge a row: its own, else those of the signal that are about its calls. */
  judging(signal, row, kind) {
    const { rows } = signal.told;
    const all = this.promises.filter((p) => p.signal === signal.id && p.kind === kind);
    const own = all.filter((p) => p.row && rows.length > 0 && rows.every((l, i) => (p.row[l] ?? row.labels[i]) === row.labels[i]));
    return own.length > 0 ? own : all.filter((p) => !p.row && p.covers(row));
  }
}
