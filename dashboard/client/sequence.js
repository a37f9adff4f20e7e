// Events, each exactly once and in order, out of pushes that come twice, late or never.
//
// `seq` counts a user's events from 1 without gaps.  What is not above the last one is a duplicate;
// what is not the next one shows that some are missing, and REST has them.

const PAGE = 200;

export class Sequence {
  /**
   * @param {object} options
   * @param {import("./api.js").Api} options.api
   * @param {(envelope: any) => void} options.onEvent each event, once, in order
   * @param {() => void} options.onReset the server's numbers have started over: what is known is void
   * @param {(gap: {from: number, to: number}) => void} options.onGap events that the server keeps no longer
   */
  constructor({ api, onEvent, onReset, onGap }) {
    this.api = api;
    this.onEvent = onEvent;
    this.onReset = onReset;
    this.onGap = onGap;
    this.seq = 0;
    /** @type {Map<number, any>} arrived before their turn */
    this.early = new Map();
    /** @type {Promise<void> | null} */
    this.catching = null;
  }

  /**
   * A pushed event.  False if some before it are missing: `catchUp` then has to be called.
   * @param {any} envelope
   */
  receive(envelope) {
    if (envelope.seq > this.seq) {
      this.early.set(envelope.seq, envelope);
      this.#applyEarly();
    }
    return this.early.size === 0;
  }

  /** Fetch everything after `seq`; the answer is the truth.  Raises as Api does. */
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
        if (envelope.seq <= this.seq) continue;
        if (envelope.seq > this.seq + 1) this.onGap({ from: this.seq + 1, to: envelope.seq - 1 });
        this.#apply(envelope);
      }
      this.#applyEarly();
      if (events.length === 0 || this.seq >= lastSeq) return;
    }
  }

  #applyEarly() {
    for (let next = this.early.get(this.seq + 1); next; next = this.early.get(this.seq + 1)) this.#apply(next);
    for (const seq of this.early.keys()) if (seq <= this.seq) this.early.delete(seq);
  }

  /** @param {any} envelope */
  #apply(envelope) {
    this.seq = envelope.seq;
    this.early.delete(envelope.seq);
    this.onEvent(envelope);
  }
}
