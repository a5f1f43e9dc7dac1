// Which series a figure is made of: the catalogue's sets, compiled, and told of each series once.

function compileMatch([label, op, value]) {
  switch (op) {
    case '=':
      return (labels) => (labels[label] ?? '') === value;
    case '!=':
      return (labels) => (labels[label] ?? '') !== value;
    case '=~':
    case '!~': {
      const regex = new RegExp(`^(?:${value})$`, 's');
      const wanted = op === '=~';
      return (labels) => regex.test(labels[label] ?? '') === wanted;
    }
    default:
      throw new TypeError(`catalog.json: no such operator: ${op}`);
  }
}

function compileSelector({ metric, match }) {
  const tests = match.map(compileMatch);
  return (series) =>
    (series.name === metric || series.family.name === metric) && tests.every((test) => test(series.labels));
}

/** Tells takers of the series that belong to their sets. */
class Watchers {
  #byMetric = new Map();

  /** `take(id, series)` for every series of `set`: of a histogram by its base name, every sample of it. */
  watch(set, take) {
    if (!set) return;
    const any = set.any.map(compileSelector);
    const without = (set.without ?? []).map(compileSelector);
    const told = (id, series) => {
      if (any.some((holds) => holds(series)) && !without.some((holds) => holds(series))) take(id, series);
    };
    for (const metric of new Set(set.any.map((selector) => selector.metric))) {
      if (!this.#byMetric.has(metric)) this.#byMetric.set(metric, new Set());
      this.#byMetric.get(metric).add(told);
    }
  }

  /** The same for all series of one metric, if there is one. */
  watchMetric(metric, take) {
    if (metric) this.watch({ any: [{ metric, match: [] }], without: [] }, take);
  }

  tell(id, series) {
    const own = this.#byMetric.get(series.name);
    own?.forEach((told) => told(id, series));
    if (series.family.name === series.name) return;
    this.#byMetric.get(series.family.name)?.forEach((told) => {
      if (!own?.has(told)) told(id, series);
    });
  }
}

/** Collects series that count: of a histogram, its count. */
function counting(ids) {
  return (id, series) => {
    if (series.part === '' || series.part === 'count') ids.push(id);
  };
}

/** The buckets of a histogram, or of several together: cumulative, by their upper bounds. */
class Buckets {
  bounds = [];
  ids = [];

  add(id, series) {
    if (series.part !== 'bucket') return;
    const bound = readValue(series.labels.le ?? '');
    if (bound === undefined || Number.isNaN(bound)) return;
    let at = this.bounds.length;
    while (at > 0 && this.bounds[at - 1] > bound) at--;
    if (at > 0 && this.bounds[at - 1] === bound) {
      this.ids[at - 1].push(id);
    } else {
      this.bounds.splice(at, 0, bound);
      this.ids.splice(at, 0, [id]);
    }
  }
}
