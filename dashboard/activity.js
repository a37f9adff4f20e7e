// The log of what was pushed, newest first.

import { when } from "./decisions.js";
import { light, make } from "./elements.js";
import { asMoney, asQuantity, asScore } from "./format.js";
import { named, t } from "./i18n/index.js";

const KEPT = 36;

const reasonOf = (data) => data.reason ?? data.detail ?? data.what ?? data.source ?? data.collector ?? "";
const nameOf = (data) => data.name ?? data.strategyId ?? "";

const TOLD = {
  "agent:scores": ({ assets }) => t("told.scores", { all: Object.values(assets).map((view) => `${view.asset} ${asScore(view.conviction)}`).join(", ") }),
  "decision:made": ({ signal, asset, conviction }) => t("told.decision", { signal: named("signal", signal), asset, conviction: asScore(conviction) }),
  "trade:executed": ({ action, quantity, asset, price }) => t("told.trade", { action: named("signal", action), quantity: asQuantity(quantity), asset, price: asMoney(price) }),
  "portfolio:update": ({ totalValue }) => t("told.portfolio", { total: asMoney(totalValue) }),
  "data:degraded": (data) => t("told.degraded", { what: reasonOf(data) }),
  "strategy:paused": (data) => t("told.paused", { name: nameOf(data), why: reasonOf(data) }),
  "strategy:resumed": (data) => t("told.resumed", { name: nameOf(data) }),
};

export const inWords = ({ event, data }) => TOLD[event]?.(data) ?? event;

export class Log {
  constructor(place) {
    this.place = place;
    this.empty = make("li", { class: "empty", text: t("noActivity") });
    place.append(this.empty);
  }

  add(envelope, { flash = true } = {}) {
    this.empty.remove();
    const row = make("li", { "data-seq": envelope.seq },
      make("span", { class: "seq", text: `#${envelope.seq}` }),
      make("span", { text: inWords(envelope) }), when(envelope.at));
    this.place.prepend(row);
    if (flash) light(row);
    while (this.place.children.length > KEPT) this.place.lastElementChild.remove();
  }
}
