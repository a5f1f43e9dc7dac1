// What the counters did: sums that survive a restart, and ten minutes of them, so that any window can be asked for.

const HISTORY_SECONDS = 600;
// 64 MiB of snapshots: of a page with very many series the charts are shorter.
const HISTORY_CELLS = 8 << 20;

// What a series that is gone costs, in cells: its name, its labels, and its place in every sum.
const GONE_CELLS = 100;
const GONE_KEPT = 2000;

const WINDOWS = {
  '10': { seconds: 10, words: 'in the last' },
  '60': { seconds: 60, words: 'in the last' },
  '300': { seconds: 300, words: 'in the last' },
  opened: { seconds: Infinity, words: 'in the' },
  start: { seconds: null, words: 'since start' },
};

class History {
  #ids = new Map();
  #looks = 0;
  #cells = 0;
  #missed = false;
  #forget = false;
  families = new Map();
  /** What each number is: `{ name, labels, family, part, cumulative }`. */
  series = [];
  /** The values of the last look; of what was not there 0 for what only rises, NaN for the rest. */
  raw = new Float64Array(1024);
  /** The same, but what rises goes on rising when the service begins anew. */
  sums = new Float64Array(1024);
  #seen = new Uint32Array(1024);
  /** `{ at, gap, values }`, the oldest first; `at` in seconds since 1970, `gap` if nothing was heard for a while before. */
  snapshots = [];
  opening = null;
  /** When counters fell. */
  restarts = [];
  started = null;
  present = 0;
  /** How often series were let go, after which those that are left have other numbers. */
  generation = 0;

  /** Takes in a whole exposition, read at the time `at`, in slices; the next is to come after `every` seconds. Whether the
   * service began anew since the last. */
  async take(text, at, every) {
    const ids = [];
    const values = [];
    await readExposition(text, this.families, (key, value) => {
      ids.push(this.#ids.get(key) ?? this.#add(key));
      values.push(value);
    });
    const restarted = await this.#apply(ids, values);
    if (restarted) this.restarts.push(at);
    await nextSlice();
    this.#keep(at, every);
    await this.#letGo();
    return restarted;
  }

  #add(key) {
    // A copy, for a part of the text would hold all of it in memory.
    const own = ` ${key}`.slice(1);
    const { name, labels } = readSeries(own);
    const { family, part } = familyOf(name, this.families);
    const cumulative = family.kind === 'counter' || part !== '' || (family.kind === 'untyped' && name.endsWith('_total'));
    const id = this.series.length;
    this.series.push({ name, labels, family, part, cumulative });
    this.#ids.set(own, id);
    if (id === this.raw.length) {
      for (const field of ['raw', 'sums']) {
        const wider = new Float64Array(id * 2);
        wider.set(this[field]);
        this[field] = wider;
      }
      const wider = new Uint32Array(id * 2);
      wider.set(this.#seen);
      this.#seen = wider;
    }
    return id;
  }

  async #apply(ids, values) {
    const look = ++this.#looks;
    const { raw, sums, series } = this;
    const started = this.#startOf(ids, values);
    // By its own word a new process: every counter of it begins at 0, also one that is higher already.
    const anew = started !== null && this.started !== null && Math.abs(started - this.started) > 1.5;
    this.started = started;
    let restarted = anew;
    for (const family of this.families.values()) family.series = 0;
    for (let i = 0; i < ids.length; i++) {
      if ((i & 255) === 255 && sliceIsOver()) await nextSlice();
      const id = ids[i];
      const value = values[i];
      const { family, part, cumulative } = series[id];
      // A page that says a series twice is wrong; the first one counts.
      if (this.#seen[id] === look) continue;
      family.series++;
      if (!cumulative) {
        raw[id] = sums[id] = value;
      } else if (!Number.isNaN(value)) {
        const before = !anew && this.#seen[id] === look - 1 ? raw[id] : 0;
        // Where the service says when it began, a counter that fell alone is no restart.
        if (value < before && part !== 'sum' && started === null) restarted = true;
        sums[id] += value < before ? value : value - before;
        raw[id] = value;
      }
      this.#seen[id] = look;
    }
    for (let id = 0; id < series.length; id++) {
      if ((id & 1023) === 1023 && sliceIsOver()) await nextSlice();
      if (this.#seen[id] === look) continue;
      raw[id] = series[id].cumulative ? 0 : NaN;
      if (!series[id].cumulative) sums[id] = NaN;
    }
    this.present = ids.length;
    return restarted;
  }

  #startOf(ids, values) {
    for (let i = 0; i < ids.length; i++) {
      if (this.series[ids[i]].name === 'process_start_time_seconds') return values[i];
    }
    return null;
  }

  /** Nothing was heard at the last time that something was to be. */
  miss() {
    this.#missed = true;
  }

  /** Another time was set, or the machine slept: the next look is the first of a new history. */
  forgetTime() {
    this.#forget = true;
  }

  #keep(at, every) {
    if (this.#forget) {
      this.snapshots = [];
      this.restarts = this.restarts.filter((restart) => restart === at);
      this.#cells = 0;
      this.#forget = false;
    }
    const last = this.snapshots.at(-1);
    const gap = last !== undefined && (this.#missed || at - last.at > 3 * every + 2);
    this.#missed = false;
    const snapshot = { at, look: this.#looks, gap, values: this.sums.slice(0, this.series.length) };
    if (this.opening !== null && this.opening.at > at) this.opening.at = at;
    this.opening ??= snapshot;
    this.snapshots.push(snapshot);
    this.#cells += snapshot.values.length;
    while (this.snapshots.length > 2 && (at - this.snapshots[0].at > HISTORY_SECONDS || this.#isFull())) {
      this.#cells -= this.snapshots.shift().values.length;
    }
    while (this.restarts.length > 0 && this.restarts[0] < this.snapshots[0].at) this.restarts.shift();
  }

  #isFull() {
    return this.#cells + GONE_CELLS * (this.series.length - this.present) > HISTORY_CELLS;
  }

  /** Forgets the series that were gone before the history begins, once they are many. No difference within it is another then. */
  async #letGo() {
    const [{ look: first }] = this.snapshots;
    const kept = [];
    for (let id = 0; id < this.series.length; id++) if (this.#seen[id] >= first) kept.push(id);
    const gone = this.series.length - kept.length;
    if (gone <= GONE_KEPT || (gone <= kept.length && !this.#isFull())) return;
    await nextSlice();
    const pick = async (values) => {
      // Numbers rise with time: those that a snapshot has not yet are the last ones.
      const known = kept.findIndex((id) => id >= values.length);
      const picked = new Float64Array(known < 0 ? kept.length : known);
      for (let i = 0; i < picked.length; i++) picked[i] = values[kept[i]];
      if (sliceIsOver()) await nextSlice();
      return picked;
    };
    this.#cells = 0;
    for (const snapshot of this.snapshots) {
      snapshot.values = await pick(snapshot.values);
      this.#cells += snapshot.values.length;
    }
    if (!this.snapshots.includes(this.opening)) this.opening.values = await pick(this.opening.values);
    const places = new Map(kept.map((id, place) => [id, place]));
    const ids = new Map();
    for (const [key, id] of this.#ids) {
      if (places.has(id)) ids.set(key, places.get(id));
      if (sliceIsOver()) await nextSlice();
    }
    this.#ids = ids;
    this.series = kept.map((id) => this.series[id]);
    const room = Math.max(1024, kept.length * 2);
    for (const field of ['raw', 'sums']) {
      const values = new Float64Array(room);
      kept.forEach((id, place) => (values[place] = this[field][id]));
      this[field] = values;
    }
    const seen = new Uint32Array(room);
    kept.forEach((id, place) => (seen[place] = this.#seen[id]));
    this.#seen = seen;
    this.generation++;
  }

  /** Now and then: what `delta` needs, and which series are `here` now. `serverTime` is the service's clock in seconds since 1970. */
  view(name, serverTime) {
    const { seconds, words } = WINDOWS[name];
    const here = (id) => this.#seen[id] === this.#looks;
    if (seconds === null) {
      const uptime = this.started === null ? null : Math.max(serverTime - this.started, 0.001);
      return { now: this.raw, base: null, here, seconds: uptime, words };
    }
    const last = this.snapshots.at(-1);
    let base = seconds === Infinity ? this.opening : this.snapshots[0];
    if (seconds !== Infinity) {
      for (let i = this.snapshots.length - 2; i >= 0; i--) {
        base = this.snapshots[i];
        if (last.at - base.at >= seconds - 0.5) break;
      }
    }
    const length = last.at - base.at;
    const since = seconds === Infinity ? ' since this page was opened' : '';
    const rest = since && this.generation > 0 ? ', of what is still exported' : '';
    return { now: last.values, base: base.values, here, seconds: length, words: `${words} ${spell(length)}${since}${rest}` };
  }
}
