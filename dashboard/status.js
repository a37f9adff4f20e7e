// One strip that says whether all is well: always there, so nothing jumps when it is not.

import { make, put } from "./elements.js";
import { asAge } from "./format.js";
import { named, t } from "./i18n/index.js";

const LEVELS = ["good", "warn", "bad"];
const STALE = { collect_prices: 900, collect_onchain: 172_800, collect_macro: 172_800, collect_sentiment: 172_800 }; // seconds

export class Status {
  constructor(place) {
    this.issues = new Map(); // by where they come from: [{level, text}]
    this.facts = {};
    this.sign = make("span", { class: "sign", "aria-hidden": "true" });
    this.text = make("span", { class: "text", "data-testid": "status" });
    this.list = make("ul", { class: "issues", id: "issues" });
    this.more = make("button", { type: "button", class: "link", "aria-expanded": "false", "aria-controls": "issues", hidden: true });
    this.more.addEventListener("click", () => this.#open(this.list.hidden));
    this.list.hidden = true;
    this.place = place;
    place.append(this.sign, this.text, this.more, this.list);
    addEventListener("keydown", ({ key }) => key === "Escape" && this.#open(false));
  }

  // What is wrong according to `from`; an empty list when nothing is any more.
  set(from, issues) {
    this.issues.set(from, issues);
    this.#paint();
  }

  // What is said when nothing is wrong.
  tell(facts) {
    this.facts = facts;
    this.#paint();
  }

  health({ sources, database, cache }) {
    const found = [];
    if (database !== "ok") found.push({ level: "bad", text: t("status.database") });
    if (cache.status !== "ok") found.push({ level: "warn", text: t("status.cache") });
    for (const [collector, one] of Object.entries(sources)) {
      const age = one.okAgeSeconds ?? one.ageSeconds;
      if (one.outcome === "ok" && age <= (STALE[collector] ?? Infinity)) continue;
      found.push({ level: collector === "collect_prices" ? "bad" : "warn", text: t("status.source", { name: named("source", collector), age: asAge(age) }) });
    }
    this.set("health", found);
  }

  #open(open) {
    this.list.hidden = !open || this.more.hidden;
    this.more.setAttribute("aria-expanded", String(!this.list.hidden));
  }

  #paint() {
    const all = [...this.issues.values()].flat().sort((one, other) => LEVELS.indexOf(other.level) - LEVELS.indexOf(one.level));
    const level = all[0]?.level ?? "good";
    this.place.dataset.level = level;
    put(this.sign, { good: "✓", warn: "!", bad: "✕" }[level]);
    const { next, prices } = this.facts;
    const fine = [t("status.good"), prices && t("status.prices", { age: prices }), next && t("status.next", { at: next })].filter(Boolean).join(" · ");
    put(this.text, all[0]?.text ?? fine);
    this.text.title = this.text.textContent;
    this.more.hidden = all.length < 2;
    put(this.more, t("status.more", { count: all.length - 1 }));
    this.list.replaceChildren(...all.map(({ level: kind, text }) => make("li", { "data-level": kind, text })));
    if (all.length < 2) this.#open(false);
  }
}
