// The REST API: a token with every request, every failure as an error in words.

const PATIENCE = 10_000; // milliseconds

/** The API answered with a problem (RFC 9457). */
export class Problem extends Error {
  /**
   * @param {number} status of the answer
   * @param {Record<string, any>} members of the problem detail; empty if a proxy answered
   * @param {number} retryAfter milliseconds after which it wants to be asked again; 0 if it does not say
   */
  constructor(status, members, retryAfter = 0) {
    super(members.detail ?? `The API answered ${status}.`);
    this.name = "Problem";
    this.status = status;
    this.members = members;
    this.retryAfter = retryAfter;
  }
}

/** The API did not answer at all. */
export class Unreachable extends Error {
  /** @param {unknown} cause */
  constructor(cause) {
    super("The API does not answer.", { cause });
    this.name = "Unreachable";
    this.retryAfter = 0;
  }
}

export class Api {
  /**
   * @param {object} options
   * @param {string} options.base such as `https://api.example.com`, or "" for where the page is from
   * @param {() => string} options.token the access token to send now
   * @param {() => Promise<boolean>} [options.renew] gets another after a 401; false if it cannot
   * @param {(reachable: boolean) => void} [options.onReach] told after each request
   * @param {typeof globalThis.fetch} [options.fetch]
   */
  constructor({ base, token, renew = async () => false, onReach = () => {}, fetch = (...all) => globalThis.fetch(...all) }) {
    this.base = base.replace(/\/$/, "");
    this.token = token;
    this.renew = renew;
    this.onReach = onReach;
    this.fetch = fetch;
    /** @type {Map<string, string>} the ETag of the last answer, by path */
    this.kept = new Map();
  }

  /** @param {string} path @returns {Promise<any>} */
  async get(path) {
    return (await this.send("GET", path)).json();
  }

  /**
   * @param {string} path
   * @param {unknown} [body]
   * @param {string} [key] makes it happen once, however often this is sent with the same key
   * @returns {Promise<any>}
   */
  async post(path, body, key) {
    /** @type {Record<string, string>} */
    const headers = key ? { "Idempotency-Key": key } : {};
    return (await this.send("POST", path, { headers, body: body === undefined ? undefined : JSON.stringify(body) })).json();
  }

  /**
   * The answer, or null while it is the one that this gave last time.
   * @param {string} path @returns {Promise<any>}
   */
  async getIfChanged(path) {
    const known = this.kept.get(path);
    const response = await this.send("GET", path, { headers: known ? { "If-None-Match": known } : {} });
    if (response.status === 304) return null;
    const etag = response.headers.get("ETag");
    if (etag) this.kept.set(path, etag);
    return response.json();
  }

  /**
   * The response as it came, if it is a good one or 304.  Raises Problem and Unreachable.
   * @param {string} method
   * @param {string} path
   * @param {{headers?: Record<string, string>, body?: string}} [options]
   * @param {boolean} [again] whether a refused token may be renewed
   * @returns {Promise<Response>}
   */
  async send(method, path, { headers = {}, body } = {}, again = true) {
    /** @type {Record<string, string>} */
    const sent = { ...headers, Authorization: `Bearer ${this.token()}` };
    if (body !== undefined) sent["Content-Type"] = "application/json";
    let response;
    try {
      response = await this.fetch(this.base + path, { method, body, headers: sent, signal: AbortSignal.timeout(PATIENCE) });
    } catch (error) {
      this.onReach(false);
      throw new Unreachable(error);
    }
    this.onReach(![502, 503, 504].includes(response.status));
    if (response.status === 401 && again && (await this.renew())) return this.send(method, path, { headers, body }, false);
    if (!response.ok && response.status !== 304) throw await asProblem(response);
    return response;
  }
}

/** @param {Response} response */
async function asProblem(response) {
  const retryAfter = 1000 * (Number(response.headers.get("Retry-After")) || 0);
  try {
    return new Problem(response.status, await response.json(), retryAfter);
  } catch {
    return new Problem(response.status, {}, retryAfter); // a proxy's page, not our API's words
  }
}
