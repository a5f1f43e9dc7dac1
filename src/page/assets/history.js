// What the counters did: sums that survive a restart, and ten minutes of them, so that any window can be asked for.

const HISTORY_SECONDS = 600;
// 64 MiB of snapshots: of a page with very many series the charts are shorter.
const HISTORY_CELLS = 8 << 20;

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
  families = new Map();
  /** What each number is: `{ name, labels, family, part, cumulative }`. */
  series = [];
  /** The values of the last look; of what was not there 0 for what only rises, NaN for the rest. */
  raw = new Float64Array(1024);
  /** The same, but what rises goes on rising when the service begins anew. */
  sums = new Float64Array(1024);
  #seen = new Uint32Array(1024);
  /** `{ at, values }`, the oldest first; `at` in seconds since 1970. */
  snapshots = [];
  opening = null;
  /** When counters fell. */
  restarts = [];
  started = null;
  present = 0;

  /** Takes in a whole exposition, read at the time `at`, in slices. Whether counters fell since the last. */
  async take(text, at) {
    const ids = [];
    const values = [];
    await readExposition(text, this.families, (key, value) => {
      ids.push(this.#ids.get(key) ?? this.#add(key));
      values.push(value);
    });
    const restarted = this.#apply(ids, values);
    if (restarted) this.restarts.push(at);
    await nextSlice();
    this.#keep(at);
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

  #apply(ids, values) {
    const look = ++this.#looks;
    const { raw, sums, series } = this;
    const started = this.#startOf(ids, values);
    // By its own word a new process: every counter of it begins at 0, also one that is higher already.
    const anew = started !== null && this.started !== null && Math.abs(started - this.started) > 1.5;
    this.started = started;
    let restarted = anew;
    for (const family of this.families.values()) family.series = 0;
    for (let i = 0; i < ids.length; i++) {
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
        if (value < before && part !== 'sum') restarted = true;
        sums[id] += value < before ? value : value - before;
        raw[id] = value;
      }
      this.#seen[id] = look;
    }
    for (let id = 0; id < series.length; id++) {
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

  #keep(at) {
    const snapshot = { at, values: this.sums.slice(0, this.series.length) };
    this.opening ??= snapshot;
    this.snapshots.push(snapshot);
    this.#cells += snapshot.values.length;
    while (this.snapshots.length > 2 && (at - this.snapshots[0].at > HISTORY_SECONDS || this.#cells > HISTORY_CELLS)) {
      this.#cells -= this.snapshots.shift().values.length;
    }
    while (this.restarts.length > 0 && this.restarts[0] < this.snapshots[0].at) this.restarts.shift();
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
    return { now: last.values, base: base.values, here, seconds: length, words: `${words} ${spell(length)}${since}` };
  }
}
