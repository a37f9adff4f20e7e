// The REST API: a token with every request, every failure as an error in words.

const PATIENCE = 10_000; // milliseconds

// The API answered with a problem; `status` and `members` as in its problem detail, and after how
// many milliseconds it wants to be asked again.
export class Problem extends Error {
  constructor(status, members, retryAfter = 0) {
    super(members.detail ?? `The API answered ${status}.`);
    this.status = status;
    this.members = members;
    this.retryAfter = retryAfter;
  }
}

// The API did not answer at all.
export class Unreachable extends Error {
  constructor(cause) {
    super("The API does not answer.", { cause });
  }
}

export class Api {
  // `session.token` is sent; `session.renew()` gets another when it is refused, or says false.
  constructor(base, session, onReach) {
    this.base = base;
    this.session = session;
    this.onReach = onReach;
    this.kept = new Map();
  }

  async get(path) {
    return (await this.#send("GET", path)).json();
  }

  async post(path, body) {
    return (await this.#send("POST", path, body === undefined ? {} : { body: JSON.stringify(body) })).json();
  }

  // The answer, or null while it is the one that this gave last time.
  async getIfChanged(path) {
    const headers = this.kept.has(path) ? { "If-None-Match": this.kept.get(path) } : {};
    const response = await this.#send("GET", path, { headers });
    if (response.status === 304) return null;
    const etag = response.headers.get("ETag");
    if (etag) this.kept.set(path, etag);
    return response.json();
  }

  async #send(method, path, options = {}, again = true) {
    const headers = { ...options.headers, Authorization: `Bearer ${this.session.token}` };
    if (options.body) headers["Content-Type"] = "application/json";
    let response;
    try {
      response = await fetch(this.base + path, { ...options, method, headers, signal: AbortSignal.timeout(PATIENCE) });
    } catch (error) {
      this.onReach(false);
      throw new Unreachable(error);
    }
    if (response.status === 502 || response.status === 503 || response.status === 504) this.onReach(false);
    else this.onReach(true);
    if (response.status === 401 && again && (await this.session.renew())) {
      return this.#send(method, path, options, false);
    }
    if (!response.ok && response.status !== 304) throw await asProblem(response);
    return response;
  }
}

async function asProblem(response) {
  const retryAfter = 1000 * (Number(response.headers.get("Retry-After")) || 0);
  try {
    return new Problem(response.status, await response.json(), retryAfter);
  } catch {
    return new Problem(response.status, {}, retryAfter); // a proxy's page, not our API's words
  }
}
