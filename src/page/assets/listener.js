// What the page asks its listener: the exposition and the catalogue, with the token if it wants one.

const METRICS_MILLISECONDS = 10000;
const CATALOG_MILLISECONDS = 15000;
const CATALOG_SECONDS = 30;
const RETRY_SECONDS = 4;

class Listener {
  #token = null;
  #catalogText = '';
  #catalogAt = -Infinity;
  #asked = new Set();
  #asking = false;
  catalog = null;
  /** What it says, ready for the series to be told to. */
  plan = null;
  /** Why there is no catalogue, in words. */
  problem = '';

  /** Whether a header can have the token in it; with any other every request would fail before it is sent. */
  unlock(text) {
    const token = text.trim();
    if (!/^[ -~]+$/.test(token)) return false;
    this.#token = token;
    return true;
  }

  async #get(path, accept, milliseconds) {
    const headers = { Accept: accept };
    if (this.#token !== null) headers.Authorization = `Bearer ${this.#token}`;
    const signal = AbortSignal.timeout(milliseconds);
    const answer = await fetch(path, { headers, cache: 'no-store', signal }).catch(broken);
    if (answer.status === 401) throw new Locked(this.#token !== null);
    return answer;
  }

  /** `{ text, at, serverTime }`: times in seconds since 1970, by this clock and by the service's. */
  async metrics() {
    const answer = await this.#get('metrics', 'text/plain;version=0.0.4;q=1,*/*;q=0.1', METRICS_MILLISECONDS);
    const at = Date.now() / 1000;
    if (!answer.ok) throw new OtherAnswer(`metrics beside this page answered ${answer.status}`);
    const date = Date.parse(answer.headers.get('date') ?? '') / 1000;
    // The header has whole seconds: only a clock that is really off is corrected.
    const serverTime = Math.abs(date - at) > 2 ? date : at;
    const text = await answer.text().catch(broken);
    if (/^\s*[<{]/.test(text)) {
      throw new OtherAnswer('metrics beside this page is not Prometheus text: is the page mounted with a slash at its end?');
    }
    return { text, at, serverTime };
  }

  /** Another process answers: what it promises may be other. */
  expireCatalog() {
    this.#catalogAt = -Infinity;
  }

  /** Asks for the catalogue if it is old or does not know one of the families, and is not being asked for. Whether the signals are
   * others now; a failure is a `problem` and no error. Null if there is nothing to ask. */
  refreshCatalog(families, at) {
    const unknown = [...families.keys()].filter((name) => !this.#asked.has(name));
    const wait = this.problem ? RETRY_SECONDS : unknown.length > 0 ? 0 : CATALOG_SECONDS;
    if (this.#asking || Math.abs(at - this.#catalogAt) < wait) return null;
    this.#catalogAt = at;
    this.#asking = true;
    return this.#readCatalog(unknown).finally(() => {
      this.#asking = false;
    });
  }

  async #readCatalog(unknown) {
    try {
      const answer = await this.#get('catalog.json', 'application/json', CATALOG_MILLISECONDS);
      if (!answer.ok) throw new NoAnswer(`the listener answered ${answer.status}`, { cause: answer.status });
      const catalog = await answer.json();
      const { signals, promises, refusals } = catalog;
      const plan = new Plan(catalog);
      for (const name of unknown) this.#asked.add(name);
      this.problem = '';
      this.catalog = catalog;
      const text = JSON.stringify([signals, promises, refusals]);
      if (text === this.#catalogText) return false;
      this.#catalogText = text;
      this.plan = plan;
      return true;
    } catch (error) {
      const why = error instanceof Locked ? 'the listener asks for another token' : error.message;
      this.problem =
        error.cause === 404
          ? 'This page needs catalog.json, which has to be served beside it, as /metrics is.'
          : `catalog.json, which tells what the figures mean, was not read: ${why}. It is asked for again.`;
      return false;
    }
  }
}

/** No answer, or one that broke off. */
function broken(error) {
  throw new NoAnswer(error.message);
}

/** The listener did not answer. */
class NoAnswer extends Error {}

/** Something answered, but not with the exposition. */
class OtherAnswer extends NoAnswer {}

/** The listener wants a token, or another one. */
class Locked extends Error {
  constructor(wrong) {
    super('locked');
    this.wrong = wrong;
  }
}
