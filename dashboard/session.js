// Who is looking.  The local runtime hands out a token; elsewhere, or to be somebody else, the reader brings one.

const KEPT = "automoney-token";

export class Session {
  constructor() {
    this.token = "";
    this.user = "";
    this.roles = [];
    this.local = false;
  }

  // True with a token in hand; false if the reader has to bring one.
  async open() {
    const brought = sessionStorage.getItem(KEPT);
    if (brought) {
      this.#take(brought);
      return true;
    }
    return this.#askRuntime();
  }

  get isOps() {
    return this.roles.includes("ops");
  }

  // The token was refused: get a new one where that is possible.
  async renew() {
    if (this.local) return this.#askRuntime();
    this.forget();
    return false;
  }

  bring(token) {
    this.#take(token.trim().replace(/^Bearer\s+/i, ""));
    sessionStorage.setItem(KEPT, this.token);
  }

  forget() {
    this.token = "";
    sessionStorage.removeItem(KEPT);
  }

  #take(token) {
    const { sub, roles } = claimsIn(token);
    Object.assign(this, { token, user: sub ?? "", roles: Array.isArray(roles) ? roles : [], local: false });
  }

  async #askRuntime() {
    const wanted = new URLSearchParams(location.search).get("user");
    const query = wanted ? `?user=${encodeURIComponent(wanted)}` : "";
    try {
      const response = await fetch(`/local/session${query}`);
      if (!response.ok) return false;
      const { token, user } = await response.json();
      if (!token) return false;
      this.#take(token);
      Object.assign(this, { user, local: true });
      return true;
    } catch {
      return false; // a host that answers with a page instead of JSON, or not at all
    }
  }
}

// What a token says of its holder, only to show it: the API alone checks it.
function claimsIn(token) {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0))));
  } catch {
    return {};
  }
}
