// Who is looking.  The local runtime hands out a token; elsewhere the reader brings one.

const KEPT = "automoney-token";

export class Session {
  constructor() {
    this.token = "";
    this.user = "";
    this.local = false;
  }

  // True with a token in hand; false if the reader has to bring one.
  async open() {
    if (await this.#askRuntime()) return true;
    this.token = sessionStorage.getItem(KEPT) ?? "";
    this.user = nameIn(this.token);
    return this.token !== "";
  }

  // The token was refused: get a new one where that is possible.
  async renew() {
    if (this.local) return this.#askRuntime();
    this.forget();
    return false;
  }

  bring(token) {
    this.token = token.trim().replace(/^Bearer\s+/i, "");
    this.user = nameIn(this.token);
    sessionStorage.setItem(KEPT, this.token);
  }

  forget() {
    this.token = "";
    sessionStorage.removeItem(KEPT);
  }

  async #askRuntime() {
    const wanted = new URLSearchParams(location.search).get("user");
    const query = wanted ? `?user=${encodeURIComponent(wanted)}` : "";
    try {
      const response = await fetch(`/local/session${query}`);
      if (!response.ok) return false;
      const { token, user } = await response.json();
      if (!token) return false;
      Object.assign(this, { token, user, local: true });
      return true;
    } catch {
      return false; // a host that answers with a page instead of JSON, or not at all
    }
  }
}

// The name in a token, only to show it: the API alone checks it.
function nameIn(token) {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(part)).sub ?? "";
  } catch {
    return "";
  }
}
