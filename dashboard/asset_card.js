// One asset: its price, its chart, its indicators, and what the agents think of it.

import { make, put, showTime, tone } from "./elements.js";
import { asAge, asChange, asFigure, asMoment, asMoney, inUtc, MISSING } from "./format.js";
import { named, t } from "./i18n/index.js";
import { AGENTS, Conviction, Opinion } from "./opinion.js";
import { PriceChart } from "./price_chart.js";
import { ONCHAIN, readings } from "./readings.js";

// Weekly indicators: name, what it is, and how its values read.
const INDICATORS = [
  ["EMA 21", t("ind.ema21"), ({ ema21 }) => asFigure(ema21)],
  ["EMA 55", t("ind.ema55"), ({ ema55 }) => asFigure(ema55)],
  ["RSI 14", t("ind.rsi14"), ({ rsi14 }) => asFigure(rsi14)],
  ["MACD", t("ind.macd"), ({ macd, macdHist }) => pair(macd, macdHist, " / ")],
  ["Bollinger", t("ind.bollinger"), ({ bbLower, bbUpper }) => pair(bbLower, bbUpper, " – ")],
  ["ATR 14", t("ind.atr14"), ({ atr14 }) => asFigure(atr14)],
];

const pair = (first, second, between) =>
  (first ?? second ?? null) === null ? MISSING : `${asFigure(first)}${between}${asFigure(second)}`;

export class AssetCard {
  // onWeeks(asset) gives weekly candles.
  constructor(asset, onWeeks) {
    this.asset = asset;
    this.price = make("span", { class: "price", "data-testid": `price-${asset}`, text: MISSING });
    this.change = make("span", { class: "change", title: t("sinceClose") });
    this.anomaly = make("span", { class: "tag warn", text: t("jump"), hidden: true });
    this.quoted = make("p", { class: "quoted", text: "\u00a0" });
    this.chart = new PriceChart(asset, () => onWeeks(asset));
    this.indicators = INDICATORS.map(([name, title]) => fact(name, title));
    this.onchain = make("dl", { class: "facts compact" });
    this.opinions = AGENTS.map((agent) => new Opinion(asset, agent));
    this.conviction = new Conviction(asset);
    this.waiting = make("p", { class: "empty", text: t("noRun") });
    this.judged = make("time", {});
    this.views = make("div", { class: "views", hidden: true },
      this.conviction.element,
      make("div", { class: "opinions" }, ...this.opinions.map((opinion) => opinion.element)));
    const name = named("name", asset);
    this.element = make("article", { class: "card asset", "data-testid": `asset-${asset}`, "aria-labelledby": `asset-${asset}` },
      make("header", {},
        make("h2", { id: `asset-${asset}` }, make("b", { text: asset }), make("span", { text: name === asset ? "" : name })),
        make("p", { class: "quote" }, this.price, this.change, this.anomaly)),
      this.quoted,
      this.chart.element,
      make("div", { class: "heading" }, make("h3", { text: t("thinks") }), this.judged),
      this.waiting,
      this.views,
      make("h3", { text: t("weekly") }),
      make("dl", { class: "facts indicators", "data-testid": `indicators-${asset}` }, ...this.indicators.map(({ element }) => element)),
      make("h3", { text: t("onchain") }),
      this.onchain);
  }

  showMarket(market) {
    this.market = market;
    put(this.price, asMoney(market.price), { flash: true });
    this.anomaly.hidden = !market.isAnomaly;
    put(this.quoted, t("quoted", { source: market.source, age: asAge(market.ageSeconds) }));
    this.quoted.title = inUtc(market.at);
    this.indicators.forEach(({ value }, index) => put(value, INDICATORS[index][2](market.indicators), { flash: true }));
    this.onchain.replaceChildren(...readings(market.onchain, ONCHAIN));
    this.#showChange();
    this.chart.showNow(market);
  }

  showMissing(reason) {
    put(this.quoted, reason);
    this.onchain.replaceChildren(...readings({}, ONCHAIN));
  }

  showDays(days) {
    this.last = days.at(-1);
    this.#showChange();
    this.chart.showDays(days);
  }

  #showChange() {
    if (!this.last || !this.market) return;
    const change = this.market.price / this.last.close - 1;
    put(this.change, asChange(change));
    tone(this.change, change);
  }

  showWaiting(reason) {
    put(this.waiting, reason);
    this.waiting.hidden = false;
    this.views.hidden = true;
  }

  showView(view, slot, strategy, stale) {
    this.waiting.hidden = true;
    this.views.hidden = false;
    showTime(this.judged, slot, asMoment, inUtc);
    this.conviction.show(view, strategy, stale);
    for (const opinion of this.opinions) opinion.show(view.scores[opinion.agent], view.weights[opinion.agent]);
  }
}

function fact(name, title) {
  const value = make("dd", { text: MISSING });
  return { value, element: make("div", { title }, make("dt", { text: name }), value) };
}
