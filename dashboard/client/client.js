// What a program or a page holds on to: events by name, the state of the connection, REST.

import { Api } from "./api.js";
import { Link } from "./link.js";
import { Sequence } from "./sequence.js";

const POLL = 15_000; // milliseconds between two looks while there is no socket (description 5.2)
const CHECK = 60_000; // a push may be lost with none after it to show the gap
const AGAIN = 3_000;

export class Client {
  /**
   * @param {object} options
   * @param {string} [options.base] where the API is, such as `http://127.0.0.1:8080`; "" for the page's own
   * @param {string | (() => string)} options.token the access token, or what gives it
   * @param {() => Promise<boolean>} [options.renew] gets another token after a 401
   * @param {import("./types.js").Subscription[]} [options.subscriptions] everything, unless told
   * @param {"ticket" | "bearer"} [options.auth] how a socket is opened: with a ticket (in a browser) or the token itself (in Node)
   * @param {string} [options.wsUrl] where a socket with the token itself is opened; a ticket says it by itself
   * @param {(url: string, headers: Record<string, string>) => any} [options.socket] makes a WebSocket
   * @param {typeof globalThis.fetch} [options.fetch]
   * @param {() => number} [options.random]
   * @param {number} [options.poll] milliseconds between two looks
   */
  constructor({ base = "", token, renew, subscriptions = [{}], auth = inBrowser() ? "ticket" : "bearer", wsUrl = "/ws", socket, fetch, random, poll = POLL }) {
    this.subscriptions = subscriptions;
    this.auth = auth;
    this.wsUrl = wsUrl;
    this.socket = socket ?? newSocket;
    this.poll = poll;
    /** @type {Map<string, Set<(value: any) => void>>} */
    this.listeners = new Map();
    /** @type {import("./types.js").State} */
    this.state = "connecting";
    this.reason = "";
    this.evicted = false;
    this.reachable = true;
    this.tokenNow = typeof token === "function" ? token : () => token;
    this.api = new Api({ base, token: this.tokenNow, renew, fetch, onReach: (reachable) => this.#reached(reachable) });
    this.sequence = new Sequence({
      api: this.api,
      onEvent: (envelope) => this.#told(envelope),
      onReset: () => this.#emit("reset", {}),
      onGap: (gap) => this.#emit("gap", gap),
    });
    this.link = new Link({
      dial: () => this.#dial(),
      wanted: () => this.subscriptions,
      onMessage: (message) => this.#heard(message),
      onChange: (up, reason, evicted) => this.#changed(up, reason, evicted),
      random,
    });
    this.wake = () => this.link.wake();
    this.seen = () => document.hidden || this.link.wake();
  }

  /** The number of the last event that was told. */
  get seq() {
    return this.sequence.seq;
  }

  /**
   * Call `listener` for each event of that name (with its envelope), for `event` (each of any name),
   * `state` ({state, reason, evicted}), `poll` (each look without a socket), `error` (an error of a look),
   * `reset` and `gap`.  Returns what takes it away again.
   * @param {string} name
   * @param {(value: any) => void} listener
   */
  on(name, listener) {
    if (!this.listeners.has(name)) this.listeners.set(name, new Set());
    this.listeners.get(name)?.add(listener);
    return () => this.listeners.get(name)?.delete(listener);
  }

  /**
   * Begin after the event `since`; from now on, if it is left out.  Raises as Api does.
   * @param {number} [since]
   */
  async start(since) {
    this.sequence.seq = since ?? (await this.api.get("/api/events?limit=0")).lastSeq;
    this.link.open();
    this.polling = setInterval(() => this.#poll(), this.poll);
    this.checking = setInterval(() => this.link.up && this.#catchUpLater(0), CHECK);
    if (inBrowser()) {
      addEventListener("online", this.wake);
      document.addEventListener("visibilitychange", this.seen);
    }
  }

  stop() {
    for (const timer of [this.polling, this.checking]) clearInterval(timer);
    clearTimeout(this.later);
    if (inBrowser()) {
      removeEventListener("online", this.wake);
      document.removeEventListener("visibilitychange", this.seen);
    }
    this.link.stop();
    this.state = "stopped";
  }

  /** @param {import("./types.js").Subscription} subscription */
  subscribe(subscription) {
    this.subscriptions = [...this.subscriptions, subscription];
    this.link.send({ action: "subscribe", ...subscription });
  }

  /** @param {import("./types.js").Subscription} subscription one that was subscribed to, as it was */
  unsubscribe(subscription) {
    this.subscriptions = this.subscriptions.filter((one) => !same(one, subscription));
    this.link.send({ action: "unsubscribe", ...subscription });
  }

  // ------------------------------------------------------------ what comes in

  /** @param {any} message */
  #heard(message) {
    if (!Number.isInteger(message.seq)) {
      if (message.event === "error") this.#emit("error", new Error(message.data?.reason ?? "the message was refused"));
    } else if (!this.sequence.receive(message)) this.#catchUpLater(0);
  }

  /** @param {any} envelope */
  #told(envelope) {
    // REST gives everything; what nobody subscribed to is only counted.
    if (!this.subscriptions.some((one) => fits(one, envelope))) return;
    this.#emit(envelope.event, envelope);
    this.#emit("event", envelope);
  }

  /** @param {number} wait */
  #catchUpLater(wait) {
    clearTimeout(this.later);
    this.later = setTimeout(async () => {
      try {
        await this.sequence.catchUp();
        if (this.sequence.early.size > 0) this.#catchUpLater(1000);
      } catch (error) {
        this.#emit("error", error);
        // Without a socket the next look is not far.
        if (this.link.up) this.#catchUpLater(Math.max(AGAIN, /** @type {any} */ (error).retryAfter ?? 0));
      }
    }, wait);
  }

  async #poll() {
    if (this.link.up || this.state === "stopped") return;
    try {
      await this.sequence.catchUp();
      this.#emit("poll", {});
    } catch (error) {
      this.#emit("error", error);
    }
  }

  // ------------------------------------------------------------ how it is connected

  async #dial() {
    const headers = { Authorization: `Bearer ${this.tokenNow()}` };
    if (this.auth === "bearer") return this.socket(this.#address(this.wsUrl).href, headers);
    const { ticket, url } = await this.api.post("/api/ws-tickets");
    const address = this.#address(url);
    address.searchParams.set("ticket", ticket);
    return this.socket(address.href, { Origin: new URL(this.#address("/").href.replace(/^ws/, "http")).origin });
  }

  /** @param {string} url as the API tells it, or a path */
  #address(url) {
    return new URL(url, (this.api.base || location.href).replace(/^http/, "ws"));
  }

  /** @param {boolean} up @param {string} reason @param {boolean} evicted */
  #changed(up, reason, evicted) {
    this.reason = reason;
    this.evicted = evicted;
    const before = this.state;
    this.#show();
    if (up) this.#catchUpLater(0);
    else if (before !== "polling" && before !== "offline") this.#poll();
  }

  /** @param {boolean} reachable */
  #reached(reachable) {
    this.reachable = reachable;
    if (this.state !== "connecting" || !reachable) this.#show();
  }

  #show() {
    if (this.state === "stopped") return;
    const state = !this.reachable ? "offline" : this.link.up ? "live" : "polling";
    if (state === this.state && this.shown === this.reason) return;
    this.state = state;
    this.shown = this.reason;
    this.#emit("state", { state, reason: this.reason, evicted: this.evicted });
  }

  /** @param {string} name @param {any} value */
  #emit(name, value) {
    for (const listener of this.listeners.get(name) ?? []) listener(value);
  }
}

const inBrowser = () => typeof document !== "undefined";

/** @param {import("./types.js").Subscription} one @param {any} envelope */
const fits = (one, { event, data }) =>
  (one.event ?? event) === event && (one.strategyId ?? data?.strategyId) === data?.strategyId;

/** @param {import("./types.js").Subscription} one @param {import("./types.js").Subscription} other */
const same = (one, other) =>
  (one.event ?? null) === (other.event ?? null) && (one.strategyId ?? null) === (other.strategyId ?? null);

/** @param {string} url @param {Record<string, string>} headers */
async function newSocket(url, headers) {
  if (inBrowser()) return new WebSocket(url);
  const { NodeSocket } = await import("./node_socket.js");
  return new NodeSocket(url, headers);
}
