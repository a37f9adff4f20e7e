// What was decided, each decision opening into why.

import { make, showTime, tone } from "./elements.js";
import { asMoment, asScore, asShare, inUtc } from "./format.js";
import { named, t } from "./i18n/index.js";
import { Rows } from "./rows.js";
import { fillWhy } from "./why.js";
import { loading } from "./words.js";

export const when = (at) => {
  const element = make("time", {});
  showTime(element, at, asMoment, inUtc);
  return element;
};

const SIGNS = { BUY: "▲", SELL: "▼", HOLD: "●" };

// A sign, a word and a colour: none of them alone has to be seen.
export const side = (word) => make("span", { class: `side ${word.toLowerCase()}` },
  make("span", { class: "sign", "aria-hidden": "true", text: SIGNS[word] ?? "" }), make("span", { text: named("signal", word) }));

export class Decisions {
  // onExplain(executionId) gives the run, onOlder(cursor) older decisions.
  constructor(place, { onExplain, onOlder }) {
    this.rows = new Rows(place, {
      empty: t("noDecision"),
      key: ({ executionId, asset }) => `${executionId} ${asset}`,
      element: (decision) => decisionRow(decision, onExplain),
      onOlder,
    });
  }
}

function decisionRow(decision, onExplain) {
  const conviction = make("b", { text: asScore(decision.conviction) });
  tone(conviction, decision.conviction);
  const moved = decision.weight === decision.targetWeight
    ? t("staysAt", { share: asShare(decision.weight) })
    : `${asShare(decision.weight)} → ${asShare(decision.targetWeight)}`;
  const more = make("div", { class: "explained" });
  const details = make("details", { "data-testid": `decision-${decision.executionId}-${decision.asset}` },
    make("summary", {}, make("span", { text: `${t("conviction")} ` }), conviction),
    make("p", { class: "note", lang: "en", text: decision.reasoning }), more);
  details.addEventListener("toggle", () => details.open && explain(more, decision, onExplain));
  const refused = decision.order?.status === "refused";
  return make("li", {},
    make("p", { class: "line" }, side(decision.signal), make("b", { text: decision.asset }), make("span", { text: moved }), when(decision.slot ?? decision.at)),
    refused ? make("p", { class: "note refused", text: t("refused", { why: decision.order.detail ?? decision.order.reason }) }) : null,
    details);
}

// Fetched when it is first opened; a failure can be tried again by opening it again.
async function explain(place, { executionId, asset }, onExplain) {
  if (place.dataset.done) return;
  place.dataset.done = "true";
  place.replaceChildren(loading());
  try {
    fillWhy(place, await onExplain(executionId), asset);
  } catch (error) {
    delete place.dataset.done;
    place.replaceChildren(make("p", { class: "problem", text: error.message }));
  }
}
