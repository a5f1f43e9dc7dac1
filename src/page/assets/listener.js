// What the page asks its listener: the exposition and the catalogue, with the token if it wants one.

const TIMEOUT_MILLISECONDS = 10000;
const CATALOG_SECONDS = 30;
const RETRY_SECONDS = 8;

class Listener {
  #token = null;
  #catalogText = '';
  #catalogAt = -Infinity;
  #asked = new Set();
  catalog = null;
  /** Why there is no catalogue, in words. */
  problem = '';

  unlock(token) {
    this.#token = token;
  }

  async #get(path, accept) {
    const headers = { Accept: accept };
    if (this.#token !== null) headers.Authorization = `Bearer ${this.#token}`;
    const signal = AbortSignal.timeout(TIMEOUT_MILLISECONDS);
    const answer = await fetch(path, { headers, cache: 'no-store', signal }).catch(broken);
    if (answer.status === 401) throw new Locked(this.#token !== null);
    return answer;
  }

  /** `{ text, at, serverTime }`: times in seconds since 1970, by this clock and by the service's. */
  async metrics() {
    const answer = await this.#get('metrics', 'text/plain;version=0.0.4;q=1,*/*;q=0.1');
    const at = Date.now() / 1000;
    if (!answer.ok) throw new NoAnswer(`the listener answered ${answer.status}`);
    const date = Date.parse(answer.headers.get('date') ?? '') / 1000;
    // The header has whole seconds: only a clock that is really off is corrected.
    const serverTime = Math.abs(date - at) > 2 ? date : at;
    return { text: await answer.text().catch(broken), at, serverTime };
  }

  /** Another process answers: what it promises may be other. */
  expireCatalog() {
    this.#catalogAt = -Infinity;
  }

  /** Asks for the catalogue if it is old or does not know one of the families. Whether the signals are others now. */
  async refreshCatalog(families, at) {
    const unknown = [...families.keys()].filter((name) => !this.#asked.has(name));
    const wait = this.problem ? RETRY_SECONDS : unknown.length > 0 ? 0 : CATALOG_SECONDS;
    if (at - this.#catalogAt < wait) return false;
    this.#catalogAt = at;
    const answer = await this.#get('catalog.json', 'application/json');
    if (!answer.ok) {
      this.problem =
        answer.status === 404
          ? 'This page needs catalog.json, which has to be served beside it, as /metrics is.'
          : `catalog.json: the listener answered ${answer.status}.`;
      return false;
    }
    this.problem = '';
    for (const name of unknown) this.#asked.add(name);
    this.catalog = await answer.json();
    const { signals, promises, refusals } = this.catalog;
    const text = JSON.stringify([signals, promises, refusals]);
    const changed = text !== this.#catalogText;
    this.#catalogText = text;
    return changed;
  }
}

/** No answer, or one that broke off. */
function broken(error) {
  throw new NoAnswer(error.message);
}

/** The listener did not answer, or not with the exposition. */
class NoAnswer extends Error {}

/** The listener wants a token, or another one. */
class Locked extends Error {
  constructor(wrong) {
    super('locked');
    this.wrong = wrong;
  }
}
