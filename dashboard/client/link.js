// One WebSocket after the other: opened with a ticket or a token, kept awake, opened again when it
// ends, each time a little later.

const FIRST_WAIT = 500; // milliseconds before the first new try
const LONGEST_WAIT = 30_000;
const STEADY = 5_000; // a socket that lived this long makes the next wait the first again
const PING = 30_000;
const SILENCE = 75_000; // two pings and no answer: the socket is dead though nobody said so
const SUBSCRIBE = 15_000;

export class Link {
  /**
   * @param {object} options
   * @param {() => Promise<any>} options.dial opens a new WebSocket; raises if that cannot be tried
   * @param {() => import("./types.js").Subscription[]} options.wanted what to subscribe to
   * @param {(message: any) => void} options.onMessage everything but answers to subscribe and ping
   * @param {(up: boolean, reason: string, evicted: boolean) => void} options.onChange
   * @param {() => number} [options.random] from 0 to below 1, for the jitter
   */
  constructor({ dial, wanted, onMessage, onChange, random = Math.random }) {
    this.dial = dial;
    this.wanted = wanted;
    this.onMessage = onMessage;
    this.onChange = onChange;
    this.random = random;
    this.tries = 0;
    this.up = false;
    this.opening = false;
    this.evicted = "";
    this.stopped = false;
    /** @type {any} */
    this.socket = null;
    this.heard = 0;
  }

  async open() {
    if (this.up || this.opening || this.stopped) return;
    clearTimeout(this.retry);
    this.opening = true;
    try {
      const socket = await this.dial();
      if (this.stopped) socket.close();
      else this.#listen(socket);
    } catch (error) {
      this.#down(error instanceof Error ? error.message : String(error), /** @type {any} */ (error)?.retryAfter ?? 0);
    }
  }

  /** Try at once: the network is back, or the reader is. */
  wake() {
    if (this.up || this.opening) return;
    this.evicted = "";
    this.tries = 0;
    this.open();
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.retry);
    clearInterval(this.pinging);
    this.socket?.close();
    this.up = false;
  }

  /** @param {unknown} message */
  send(message) {
    if (this.up) this.socket.send(JSON.stringify(message));
  }

  /** @param {any} socket */
  #listen(socket) {
    this.socket = socket;
    const born = Date.now();
    let unanswered = 0;
    const deadline = setTimeout(() => this.#drop(socket, "The live connection was not answered."), SUBSCRIBE);
    socket.addEventListener("open", () => {
      for (const one of this.wanted()) {
        unanswered += 1;
        socket.send(JSON.stringify({ action: "subscribe", ...one }));
      }
    });
    socket.addEventListener("message", (/** @type {{data: string}} */ { data }) => {
      this.heard = Date.now();
      const message = JSON.parse(data);
      if (message.event === "subscribed" && !this.up) {
        unanswered -= 1;
        if (unanswered > 0) return;
        clearTimeout(deadline);
        this.#live();
      } else if (message.event === "connection:closed") this.evicted = message.data?.reason || "closed";
      else this.onMessage(message);
    });
    // A failed opening is told by `close` as well.
    socket.addEventListener("error", () => {});
    socket.addEventListener("close", () => {
      clearTimeout(deadline);
      if (this.socket !== socket) return;
      if (Date.now() - born > STEADY) this.tries = 0;
      this.#down("The live connection was closed.");
    });
  }

  #live() {
    this.opening = false;
    this.up = true;
    this.evicted = "";
    clearInterval(this.pinging);
    this.pinging = setInterval(() => this.#ping(), PING);
    this.onChange(true, "", false);
  }

  /** @param {any} socket @param {string} reason */
  #drop(socket, reason) {
    if (this.socket !== socket) return;
    this.#down(reason); // now, and not when a dead peer has answered the farewell
    socket.close();
  }

  /** @param {string} reason @param {number} [atLeast] milliseconds that the server wants to be left alone */
  #down(reason, atLeast = 0) {
    this.socket = null;
    this.opening = false;
    this.up = false;
    clearInterval(this.pinging);
    if (this.stopped) return;
    if (this.evicted) {
      // Newer connections took the places; to push one of them out again would never end.
      this.onChange(false, this.evicted, true);
      return;
    }
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.tries) * (0.5 + this.random() / 2);
    this.tries += 1;
    this.retry = setTimeout(() => this.open(), Math.max(wait, atLeast));
    this.onChange(false, reason, false);
  }

  #ping() {
    if (Date.now() - this.heard > SILENCE) this.#drop(this.socket, "The live connection fell silent.");
    else this.send({ action: "ping" });
  }
}
