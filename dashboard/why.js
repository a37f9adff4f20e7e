// One run as `GET /api/executions/{id}` explains it: in words, weighed, and from which data.

import { make } from "./elements.js";
import { asAge, asFigure, asScore, asShare, inUtc, MISSING } from "./format.js";
import { named, t } from "./i18n/index.js";
import { agentName } from "./opinion.js";
import { table } from "./words.js";

export function fillWhy(place, run, asset) {
  const weighed = run.weighing?.[asset];
  const data = (run.data ?? []).filter((one) => one.asset === null || one.asset === asset);
  place.replaceChildren(...[
    make("ul", { class: "told", lang: "en" }, ...(run.summary ?? [run.reason]).filter(Boolean).map((text) => make("li", { text }))),
    ...(weighed ? weighing(weighed) : []),
    ...(data.length ? [make("h4", { text: t("why.data") }), known(data)] : []),
    Number(run.cost) > 0 ? make("p", { class: "note", text: t("why.cost", { cost: run.cost }) }) : null,
    run.receipts?.run ? make("p", { class: "note receipt", text: `${t("why.receipt")} ${run.receipts.run.chain} ${run.receipts.run.number} · ${run.receipts.run.sha256.slice(0, 16)}…` }) : null,
  ].filter(Boolean));
}

function weighing({ terms, why, conviction }) {
  const label = (name) => t(`why.${name}`);
  const rows = terms.map(({ agent, score, weight, points }) => ({ agent: agentName(agent), score: asScore(score), weight: asShare(weight), points: asScore(points) }));
  return [
    make("h4", { text: t("why.weighing") }),
    table([...rows, { agent: t("conviction"), score: "", weight: "", points: asScore(conviction) }], ["agent", "score", "weight", "points"], { label }),
    make("p", { class: "note", lang: "en", text: why }),
  ];
}

function known(data) {
  return make("ul", { class: "known" }, ...data.map((one) =>
    make("li", { title: one.availableAt ? inUtc(one.availableAt) : null },
      make("span", { text: named("series", one.name) }),
      make("b", { text: Number.isNaN(Number(one.value)) || one.value === null ? (one.value ?? MISSING) : asFigure(one.value) }),
      make("span", { class: one.stale ? "tag warn" : "note", text: `${one.ageHours === null ? "" : asAge(one.ageHours * 3600)}${one.stale ? ` · ${t("why.stale")}` : ""}` }))));
}
