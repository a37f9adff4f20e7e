// What happened, newest first: decisions, trades, the log of pushes; and how the sources are.

import { light, make, put, showTime, tone } from "./elements.js";
import { asAge, asMoment, asMoney, asQuantity, asScore, asShare, inUtc } from "./format.js";

const KEPT = 12;

const when = (at) => {
  const element = make("time", {});
  showTime(element, at, asMoment, inUtc);
  return element;
};
const side = (word) => make("span", { class: `side ${word.toLowerCase()}`, text: word });

// A list of rows, each there once: by execution and asset.
class Rows {
  constructor(place, empty, row) {
    this.place = place;
    this.row = row;
    this.keys = new Set();
    this.empty = make("li", { class: "empty", text: empty });
    place.append(this.empty);
  }

  // `rows` newest first, as the API gives them.
  fill(rows) {
    for (const row of [...rows].reverse()) this.add(row, { flash: false });
  }

  add(row, { flash = true } = {}) {
    const key = `${row.executionId} ${row.asset}`;
    if (this.keys.has(key)) return;
    this.keys.add(key);
    this.empty.remove();
    const element = this.row(row);
    this.place.prepend(element);
    if (flash) light(element);
    while (this.place.children.length > KEPT) this.place.lastElementChild.remove();
  }

  clear() {
    this.keys.clear();
    this.place.replaceChildren(this.empty);
  }
}

export const decisionRows = (place) =>
  new Rows(place, "No decision yet: each run makes one per asset.", (decision) => {
    const conviction = make("b", { text: asScore(decision.conviction) });
    tone(conviction, decision.conviction);
    const moved = decision.weight === decision.targetWeight
      ? `stays at ${asShare(decision.weight)}`
      : `${asShare(decision.weight)} → ${asShare(decision.targetWeight)}`;
    return make("li", {},
      make("p", { class: "line" }, side(decision.signal), make("b", { text: decision.asset }), make("span", { text: moved }), when(decision.slot ?? decision.at)),
      make("details", {},
        make("summary", {}, make("span", { text: "Conviction " }), conviction),
        make("p", { class: "note", text: decision.reasoning })));
  });

export const tradeRows = (place) =>
  new Rows(place, "No trade yet: one follows when a decision moves money.", (trade) =>
    make("li", {},
      make("p", { class: "line" }, side(trade.action), make("b", { text: `${asQuantity(trade.quantity)} ${trade.asset}` }), when(trade.at)),
      make("p", { class: "note", text: `${asMoney(trade.notional)} USDT at ${asMoney(trade.price)} · fee ${asMoney(trade.fee)}` })));

const TOLD = {
  "agent:scores": ({ assets }) => `Scores: ${Object.values(assets).map((view) => `${view.asset} ${asScore(view.conviction)}`).join(", ")}`,
  "decision:made": ({ signal, asset, conviction }) => `Decision: ${signal} ${asset} at ${asScore(conviction)}`,
  "trade:executed": ({ action, quantity, asset, price }) => `Trade: ${action} ${asQuantity(quantity)} ${asset} at ${asMoney(price)}`,
  "portfolio:update": ({ totalValue }) => `Portfolio: ${asMoney(totalValue)} USDT`,
};

export const inWords = ({ event, data }) => TOLD[event]?.(data) ?? event;

export class Log {
  constructor(place) {
    this.place = place;
    this.empty = make("li", { class: "empty", text: "Nothing has been pushed yet." });
    place.append(this.empty);
  }

  add(envelope, { flash = true } = {}) {
    this.empty.remove();
    const row = make("li", { "data-seq": envelope.seq },
      make("span", { class: "seq", text: `#${envelope.seq}` }),
      make("span", { text: inWords(envelope) }), when(envelope.at));
    this.place.prepend(row);
    if (flash) light(row);
    while (this.place.children.length > 3 * KEPT) this.place.lastElementChild.remove();
  }
}

const COLLECTORS = { collect_prices: "Prices", collect_onchain: "On-chain", collect_macro: "Economy", collect_sentiment: "Mood" };

export class Sources {
  constructor(place) {
    this.place = place;
    this.rows = new Map();
    this.empty = make("li", { class: "empty", text: "Nothing has been collected yet." });
    place.append(this.empty);
  }

  show({ sources, database, cache }) {
    const known = Object.keys(COLLECTORS).filter((collector) => collector in sources);
    for (const collector of new Set([...known, ...Object.keys(sources)])) {
      const { source, outcome, at, ageSeconds } = sources[collector];
      const good = outcome === "ok";
      this.#row(collector, COLLECTORS[collector] ?? collector, source, good, good ? `${asAge(ageSeconds)} ago` : `failed ${asAge(ageSeconds)} ago`, inUtc(at));
    }
    this.#row("database", "Database", "", database === "ok", database);
    this.#row("cache", "Cache", "", cache.status === "ok", cache.status);
  }

  #row(key, name, from, good, text, title) {
    this.empty.remove();
    if (!this.rows.has(key)) {
      const parts = { from: make("span", { class: "from" }), state: make("span", { class: "state" }) };
      parts.element = make("li", { "data-source": key }, make("span", { class: "dot", "aria-hidden": "true" }), make("span", { text: name }), parts.from, parts.state);
      this.rows.set(key, parts);
      this.place.append(parts.element);
    }
    const { element, from: where, state } = this.rows.get(key);
    element.dataset.good = good;
    if (title) element.title = title;
    put(where, from);
    put(state, text);
  }
}
