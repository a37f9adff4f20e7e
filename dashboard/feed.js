// Events, each exactly once and in order: pushed by the socket, and asked for where one is missing.
//
// `seq` counts a user's events from 1 without gaps.  What is not above the last one is a
// duplicate; what is not the next one shows that some are missing, and REST has them.

const FIRST_WAIT = 500; // milliseconds before the first new try
const LONGEST_WAIT = 30_000;
const PING = 30_000;
const SILENCE = 75_000; // two pings and no answer: the socket is dead though nobody said so
const SUBSCRIBE = 15_000;
const CHECK = 60_000; // a push may be lost with none after it to show the gap
const PAGE = 200;

export class Feed {
  // onEvent(envelope) for each new event; onState("live" | "down", reason); onReset() when the
  // server's numbers start over.
  constructor({ api, onEvent, onState, onReset }) {
    Object.assign(this, { api, onEvent, onState, onReset });
    this.seq = 0;
    this.early = new Map(); // arrived before their turn
    this.tries = 0;
    this.live = false;
    this.evicted = false;
    this.socket = null;
  }

  start(seq) {
    this.seq = seq;
    this.#open();
    setInterval(() => this.#ping(), PING);
    setInterval(() => this.live && this.#catchUpLater(0), CHECK);
    addEventListener("online", () => this.wake());
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
  }

  // Try at once: the network is back, or the reader is.
  wake() {
    if (this.live || this.opening) return;
    clearTimeout(this.retry);
    this.evicted = false;
    this.tries = 0;
    this.#open();
  }

  // Fetch everything after `seq`; the answer is the truth.
  catchUp() {
    this.catching ??= this.#fetchMissing().finally(() => {
      this.catching = null;
    });
    return this.catching;
  }

  async #fetchMissing() {
    for (;;) {
      const asked = this.seq; // pushes may carry it on while the answer is under way
      const { events, lastSeq } = await this.api.get(`/api/events?since=${asked}&limit=${PAGE}`);
      if (lastSeq < asked) {
        this.seq = lastSeq;
        this.early.clear();
        this.onReset();
        return;
      }
      for (const envelope of events) {
        if (envelope.seq > this.seq) this.#apply(envelope);
      }
      this.#applyEarly();
      if (events.length === 0 || this.seq >= lastSeq) break;
    }
    if (this.early.size > 0) this.#catchUpLater(1000);
  }

  #catchUpLater(wait) {
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      // The API says by itself that it cannot be reached; the next try is not far.
      this.catchUp().catch(() => this.live && this.#catchUpLater(3000));
    }, wait);
  }

  #receive(envelope) {
    if (envelope.seq <= this.seq) return;
    this.early.set(envelope.seq, envelope);
    this.#applyEarly();
    if (this.early.size > 0) this.#catchUpLater(0);
  }

  #applyEarly() {
    for (let next = this.early.get(this.seq + 1); next; next = this.early.get(this.seq + 1)) this.#apply(next);
    for (const seq of this.early.keys()) if (seq <= this.seq) this.early.delete(seq);
  }

  #apply(envelope) {
    this.seq = envelope.seq;
    this.early.delete(envelope.seq);
    this.onEvent(envelope);
  }

  // ------------------------------------------------------------ the socket

  async #open() {
    this.opening = true;
    try {
      const { ticket, url } = await this.api.post("/api/ws-tickets");
      const address = new URL(url, location.href.replace(/^http/, "ws"));
      address.searchParams.set("ticket", ticket);
      this.#listen(new WebSocket(address));
    } catch (error) {
      this.#down(error.message);
    }
  }

  #listen(socket) {
    this.socket = socket;
    const deadline = setTimeout(() => socket.close(), SUBSCRIBE);
    socket.addEventListener("open", () => socket.send(JSON.stringify({ action: "subscribe" })));
    socket.addEventListener("message", ({ data }) => {
      this.heard = Date.now();
      const message = JSON.parse(data);
      if (Number.isInteger(message.seq)) this.#receive(message);
      else if (message.event === "subscribed") {
        clearTimeout(deadline);
        this.#subscribed();
      } else if (message.event === "connection:closed") this.evicted = true;
    });
    socket.addEventListener("close", () => {
      clearTimeout(deadline);
      if (this.socket === socket) this.#down("The live connection was closed.");
    });
  }

  #subscribed() {
    this.opening = false;
    this.live = true;
    this.tries = 0;
    this.onState("live");
    this.#catchUpLater(0);
  }

  #down(reason) {
    this.socket = null;
    this.opening = false;
    this.live = false;
    if (this.evicted) {
      // Three newer pages took the places; to push one of them out again would never end.
      this.onState("down", "This page was replaced by a newer one.");
      return;
    }
    this.onState("down", reason);
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.tries) * (0.5 + Math.random() / 2);
    this.tries += 1;
    this.retry = setTimeout(() => this.#open(), wait);
  }

  #ping() {
    if (!this.live) return;
    if (Date.now() - this.heard > SILENCE) this.socket.close();
    else this.socket.send(JSON.stringify({ action: "ping" }));
  }
}
