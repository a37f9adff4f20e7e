// One asset: its price, its chart, its indicators, and what the agents think of it.

import { Chart } from "./chart.js";
import { make, put, showTime, tone } from "./elements.js";
import { asAge, asChange, asDated, asFigure, asMoment, asMoney, asScore, asShare, inUtc, MISSING } from "./format.js";
import { Gauge } from "./gauge.js";

const NAMES = { BTC: "Bitcoin", ETH: "Ether" };
export const AGENTS = { macro: "Macro", onchain: "On-chain", technical: "Technical" };

// Weekly indicators: name, what it is, and how its values read.
const INDICATORS = [
  ["EMA 21", "Exponential mean of 21 weekly closes", ({ ema21 }) => asFigure(ema21)],
  ["EMA 55", "Exponential mean of 55 weekly closes", ({ ema55 }) => asFigure(ema55)],
  ["RSI 14", "Relative strength, 0 to 100: above 70 is hot, below 30 cold", ({ rsi14 }) => asFigure(rsi14)],
  ["MACD", "Difference of two means, and that less its signal", ({ macd, macdHist }) => pair(macd, macdHist, " / ")],
  ["Bollinger", "Two deviations below and above the mean of 20 weeks", ({ bbLower, bbUpper }) => pair(bbLower, bbUpper, " – ")],
  ["ATR 14", "Average range of a week", ({ atr14 }) => asFigure(atr14)],
];

const ONCHAIN = {
  mvrv_z: "MVRV Z-score",
  mvrv: "MVRV",
  nvt: "NVT ratio",
  exchange_netflow: "Exchange netflow",
  lth_supply_change: "Long-term supply",
  active_addresses: "Active addresses",
};

const pair = (first, second, between) =>
  (first ?? second ?? null) === null ? MISSING : `${asFigure(first)}${between}${asFigure(second)}`;

export class AssetCard {
  constructor(asset) {
    this.asset = asset;
    this.days = [];
    this.price = make("span", { class: "price", "data-testid": `price-${asset}`, text: MISSING });
    this.change = make("span", { class: "change", title: "Since the last daily close" });
    this.anomaly = make("span", { class: "tag warn", text: "jump over 20 %", hidden: true });
    this.quoted = make("p", { class: "quoted" });
    this.chart = new Chart(asset);
    this.indicators = INDICATORS.map(([name, title]) => fact(name, title));
    this.onchain = make("dl", { class: "facts compact" });
    this.opinions = Object.keys(AGENTS).map((agent) => new Opinion(asset, agent));
    this.conviction = new Conviction(asset);
    this.waiting = make("p", { class: "empty", text: "No run yet." });
    this.judged = make("time", {});
    this.views = make("div", { class: "views", hidden: true },
      this.conviction.element,
      make("div", { class: "opinions" }, ...this.opinions.map((opinion) => opinion.element)));
    this.element = make(
      "article",
      { class: "card asset", "data-testid": `asset-${asset}`, "aria-labelledby": `asset-${asset}` },
      make("header", {},
        make("h2", { id: `asset-${asset}` }, make("b", { text: asset }), make("span", { text: NAMES[asset] ?? "" })),
        make("p", { class: "quote" }, this.price, this.change, this.anomaly)),
      this.quoted,
      this.chart.element,
      make("h3", { text: "Weekly indicators" }),
      make("dl", { class: "facts indicators", "data-testid": `indicators-${asset}` }, ...this.indicators.map(({ element }) => element)),
      make("div", { class: "heading" }, make("h3", { text: "What the agents think" }), this.judged),
      this.waiting,
      this.views,
      make("h3", { text: "On chain" }),
      this.onchain,
    );
  }

  showMarket(market) {
    this.market = market;
    put(this.price, asMoney(market.price), { flash: true });
    this.anomaly.hidden = !market.isAnomaly;
    put(this.quoted, `USDT · ${market.source} · ${asAge(market.ageSeconds)} old`);
    this.quoted.title = inUtc(market.at);
    this.indicators.forEach(({ value }, index) => put(value, INDICATORS[index][2](market.indicators), { flash: true }));
    this.onchain.replaceChildren(...readings(market.onchain, ONCHAIN));
    this.#showChange();
    this.chart.show(this.days, market);
  }

  showMissing(reason) {
    put(this.quoted, reason);
    this.onchain.replaceChildren(...readings({}, ONCHAIN));
  }

  showDays(days) {
    this.days = days;
    this.#showChange();
    this.chart.show(days, this.market);
  }

  #showChange() {
    const last = this.days.at(-1);
    if (!last || !this.market) return;
    const change = this.market.price / last.close - 1;
    put(this.change, asChange(change));
    tone(this.change, change);
  }

  showWaiting(reason) {
    put(this.waiting, reason);
  }

  showView(view, slot, strategy) {
    this.waiting.hidden = true;
    this.views.hidden = false;
    showTime(this.judged, slot, asMoment, inUtc);
    this.conviction.show(view, strategy);
    for (const opinion of this.opinions) opinion.show(view.scores[opinion.agent], view.weights[opinion.agent]);
  }
}

// The weighed view, on a scale with the marks above and below which the strategy acts.
class Conviction {
  constructor(asset) {
    this.value = make("b", { "data-testid": `conviction-${asset}`, text: MISSING });
    this.degraded = make("span", { class: "tag warn", text: "degraded", hidden: true, title: "Made with less than was asked for; the weights were shifted" });
    this.fill = make("span", { class: "fill" });
    this.sell = make("span", { class: "mark", title: "Sells below" });
    this.buy = make("span", { class: "mark", title: "Buys above" });
    this.formula = make("p", { class: "formula" });
    this.element = make(
      "div", { class: "conviction" },
      make("p", { class: "line" }, make("span", { text: "Conviction" }), this.degraded, this.value),
      make("div", { class: "scale", "aria-hidden": "true" }, this.fill, this.sell, this.buy),
      this.formula,
    );
  }

  show(view, strategy) {
    const value = Number(view.conviction);
    put(this.value, asScore(value), { flash: true });
    tone(this.element, value);
    this.degraded.hidden = !view.degraded;
    this.fill.style.left = `${50 + Math.min(0, value) / 2}%`;
    this.fill.style.width = `${Math.abs(value) / 2}%`;
    this.sell.style.left = `${50 + strategy.sellBelow / 2}%`;
    this.buy.style.left = `${50 + strategy.buyAbove / 2}%`;
    const parts = Object.keys(AGENTS).filter((agent) => view.scores[agent] && view.weights[agent]);
    put(this.formula, parts.map((agent) => `${asShare(view.weights[agent])} ${AGENTS[agent].toLowerCase()}`).join(" + "));
  }
}

// One agent's score, with its reasons to be opened.
class Opinion {
  constructor(asset, agent) {
    this.agent = agent;
    this.gauge = new Gauge();
    this.value = make("b", { class: "value", "data-testid": `score-${asset}-${agent}`, text: MISSING });
    this.sure = make("meter", { min: 0, max: 1, low: 0.4, high: 0.7, optimum: 1, "aria-label": `${AGENTS[agent]} confidence` });
    this.sureText = make("span", { class: "sure" });
    this.degraded = make("span", { class: "tag warn", text: "degraded", hidden: true });
    this.reasoning = make("p", { class: "reasoning" });
    this.factors = make("ul", { class: "factors" });
    this.origin = make("p", { class: "origin" });
    this.element = make(
      "section",
      { class: "opinion", "aria-label": `${AGENTS[agent]} view of ${asset}` },
      make("h4", {}, make("span", { text: AGENTS[agent] }), this.degraded),
      make("div", { class: "dial" }, this.gauge.element, this.value),
      make("p", { class: "confidence" }, this.sure, this.sureText),
      make("details", { "data-testid": `why-${asset}-${agent}` },
        make("summary", { text: "Why" }), this.reasoning, this.factors, this.origin),
    );
  }

  show(score, weight) {
    this.element.hidden = !score;
    if (!score) return;
    if (put(this.value, asScore(score.score), { flash: true })) this.gauge.show(score.score);
    this.sure.value = score.confidence;
    put(this.sureText, `${asShare(score.confidence)} sure`);
    this.degraded.hidden = !score.degraded;
    this.degraded.title = `An earlier or a partial score, judged at ${inUtc(score.judgedAt)}`;
    put(this.reasoning, score.reasoning);
    this.factors.replaceChildren(...score.factors.map(factor));
    const from = score.sources.length ? score.sources.join(", ") : "no source";
    put(this.origin, `From ${from} · judged ${asDated(score.judgedAt)} · weight ${weight ? asShare(weight) : "none"}`);
  }
}

function factor({ name, value, contribution, note, ageHours }) {
  const points = make("b", { text: asScore(contribution) });
  tone(points, contribution);
  const age = ageHours === null ? null : `${asAge(ageHours * 3600)} old`;
  return make("li", {},
    make("p", { class: "line" }, make("span", { text: `${name.replaceAll("_", " ")} ${asFigure(value)}` }), points),
    make("p", { class: "note", text: [note, age].filter(Boolean).join(" · ") }));
}

function fact(name, title) {
  const value = make("dd", { text: MISSING });
  return { value, element: make("div", { title }, make("dt", { text: name }), value) };
}

// Facts of the readings that there are, each with its age and with what is odd about it.
export function readings(found, names) {
  const rows = Object.entries(names).filter(([series]) => found?.[series]).map(([series, name]) => {
    const reading = found[series];
    const remarks = [
      reading.proxy ? "stand-in" : null,
      reading.filled ? `filled: ${reading.filled.replaceAll("_", " ")}` : null,
      reading.isAnomaly ? "unusual" : null,
    ].filter(Boolean);
    return make("div", { title: `${reading.source}, for ${inUtc(reading.period)}` },
      make("dt", { text: name }),
      make("dd", {}, make("span", { text: asFigure(reading.value) }),
        make("small", { text: [`${asAge(reading.ageHours * 3600)} old`, ...remarks].join(" · ") })));
  });
  return rows.length ? rows : [make("div", { class: "empty", text: "Nothing collected yet." })];
}

