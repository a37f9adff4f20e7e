// What was thought of an asset: each agent's score with its reasons, and the weighed view.

import { make, put, tone } from "./elements.js";
import { asAge, asDated, asFigure, asScore, asShare, inUtc, MISSING } from "./format.js";
import { Gauge } from "./gauge.js";
import { named, t } from "./i18n/index.js";

export const AGENTS = ["macro", "onchain", "technical"];
export const agentName = (agent) => named("agent", agent);

// The weighed view, on a scale with the marks above and below which the strategy acts.
export class Conviction {
  constructor(asset) {
    this.value = make("b", { "data-testid": `conviction-${asset}`, text: MISSING });
    this.degraded = make("span", { class: "tag warn", text: t("degraded"), hidden: true, title: t("degraded.why") });
    this.stale = make("span", { class: "tag warn", text: t("stale"), hidden: true });
    this.fill = make("span", { class: "fill" });
    this.sell = make("span", { class: "mark", title: t("sellsBelow") });
    this.buy = make("span", { class: "mark", title: t("buysAbove") });
    this.formula = make("p", { class: "formula" });
    this.element = make("div", { class: "conviction" },
      make("p", { class: "line" }, make("span", { text: t("conviction") }), this.degraded, this.stale, this.value),
      make("div", { class: "scale", "aria-hidden": "true" }, this.fill, this.sell, this.buy),
      this.formula);
  }

  show(view, strategy, stale) {
    const value = Number(view.conviction);
    put(this.value, asScore(value), { flash: true });
    tone(this.element, value);
    this.degraded.hidden = !view.degraded;
    this.stale.hidden = !stale;
    this.fill.style.left = `${50 + Math.min(0, value) / 2}%`;
    this.fill.style.width = `${Math.abs(value) / 2}%`;
    this.sell.style.left = `${50 + strategy.sellBelow / 2}%`;
    this.buy.style.left = `${50 + strategy.buyAbove / 2}%`;
    const parts = AGENTS.filter((agent) => view.scores[agent] && view.weights[agent]);
    put(this.formula, parts.map((agent) => `${asShare(view.weights[agent])} ${agentName(agent).toLowerCase()}`).join(" + "));
  }
}

// One agent's score, with its reasons to be opened.
export class Opinion {
  constructor(asset, agent) {
    const name = agentName(agent);
    this.agent = agent;
    this.gauge = new Gauge();
    this.value = make("b", { class: "value", "data-testid": `score-${asset}-${agent}`, text: MISSING });
    this.sure = make("meter", { min: 0, max: 1, low: 0.4, high: 0.7, optimum: 1, "aria-label": t("confidence", { agent: name }) });
    this.sureText = make("span", { class: "sure" });
    this.age = make("p", { class: "age", title: t("oldest") });
    this.degraded = make("span", { class: "tag warn", text: t("degraded"), hidden: true });
    this.reasoning = make("p", { class: "reasoning", lang: "en" });
    this.factors = make("ul", { class: "factors" });
    this.origin = make("p", { class: "origin" });
    this.element = make("section", { class: "opinion", "aria-label": t("viewOf", { agent: name, asset }) },
      make("h4", {}, make("span", { text: name }), this.degraded),
      make("div", { class: "dial" }, this.gauge.element, this.value),
      make("p", { class: "confidence" }, this.sure, this.sureText),
      this.age,
      make("details", { "data-testid": `why-${asset}-${agent}` },
        make("summary", { text: t("why"), "aria-label": `${t("why")}: ${t("viewOf", { agent: name, asset })}` }), this.reasoning, this.factors, this.origin));
  }

  show(score, weight) {
    this.element.hidden = !score;
    if (!score) return;
    if (put(this.value, asScore(score.score), { flash: true })) this.gauge.show(score.score);
    this.sure.value = score.confidence;
    put(this.sureText, t("sure", { share: asShare(score.confidence) }));
    const ages = score.factors.map(({ ageHours }) => ageHours).filter((age) => age !== null);
    put(this.age, ages.length ? t("dataOld", { age: asAge(Math.max(...ages) * 3600) }) : "");
    this.degraded.hidden = !score.degraded;
    this.degraded.title = t("degraded.score", { at: inUtc(score.judgedAt) });
    put(this.reasoning, score.reasoning);
    this.factors.replaceChildren(...score.factors.map(factor));
    const words = t("from", {
      from: score.sources.length ? score.sources.join(", ") : t("noSource"),
      at: asDated(score.judgedAt), weight: weight ? asShare(weight) : t("none"),
    });
    const judge = score.fellBack ? t("fellBack") : score.model ? t("byModel", { model: score.model }) : null;
    put(this.origin, [words, judge].filter(Boolean).join(" · "));
    this.origin.title = inUtc(score.judgedAt);
  }
}

function factor({ name, value, contribution, note, ageHours }) {
  const points = make("b", { text: asScore(contribution) });
  tone(points, contribution);
  const age = ageHours === null ? null : t("old", { age: asAge(ageHours * 3600) });
  return make("li", {},
    make("p", { class: "line" }, make("span", { text: `${name.replaceAll("_", " ")} ${asFigure(value)}` }), points),
    make("p", { class: "note", text: [note, age].filter(Boolean).join(" · ") }));
}
