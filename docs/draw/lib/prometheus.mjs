// A client of Prometheus's HTTP API: what a dashboard asks for, and no more.

export class Prometheus {
  constructor(url) {
    this.url = url.replace(/\/+$/, '');
  }

  async get(path, parameters = {}) {
    // POST, because a dashboard's queries can be longer than a URL may be; label values can only be had by GET.
    const form = new URLSearchParams(parameters);
    const url = `${this.url}/api/v1/${path}`;
    const asked = path.startsWith('query') ? fetch(url, { method: 'POST', body: form }) : fetch(`${url}?${form}`);
    const answer = await asked.catch((error) => {
      throw new Error(`Prometheus at ${this.url} cannot be reached: ${error.cause?.message ?? error.message}`);
    });
    const { status, data, error } = await answer.json().catch(() => ({}));
    if (status !== 'success') throw new Error(error ?? `${url} answered ${answer.status}`);
    return data;
  }

  async queryRange(query, start, end, step) {
    return (await this.get('query_range', { query, start, end, step })).result;
  }

  async queryInstant(query, time) {
    const { resultType, result } = await this.get('query', { query, time });
    if (resultType !== 'vector') throw new Error(`a table wants a vector, and this yields a ${resultType}`);
    return result;
  }

  /** The time between two scrapes: Grafana has it from its data source's settings, which a dashboard does not hold. */
  async scrapeInterval() {
    const { yaml } = await this.get('status/config');
    return /^ {2}scrape_interval: (\S+)/m.exec(yaml)?.[1] ?? '15s';
  }
}
