// How the sources and the stores are, each with the age of its last answer.

import { make, put } from "./elements.js";
import { asAge, inUtc } from "./format.js";
import { named, t } from "./i18n/index.js";

const KNOWN = ["collect_prices", "collect_onchain", "collect_macro", "collect_sentiment"];

export class Sources {
  constructor(place) {
    this.place = place;
    this.rows = new Map();
    this.empty = make("li", { class: "empty", text: t("nothingYet") });
    place.append(this.empty);
  }

  show({ sources, database, cache }) {
    const known = KNOWN.filter((collector) => collector in sources);
    for (const collector of new Set([...known, ...Object.keys(sources)])) {
      const { source, outcome, at, ageSeconds } = sources[collector];
      const good = outcome === "ok";
      const age = asAge(ageSeconds);
      this.#row(collector, source, good, good ? t("ago", { age }) : t("failedAgo", { age }), inUtc(at));
    }
    this.#row("database", "", database === "ok", named("health", database));
    this.#row("cache", "", cache.status === "ok", named("health", cache.status));
  }

  #row(key, from, good, text, title) {
    this.empty.remove();
    if (!this.rows.has(key)) {
      const parts = { dot: make("span", { class: "dot", "aria-hidden": "true" }), from: make("span", { class: "from" }), state: make("span", { class: "state" }) };
      parts.element = make("li", { "data-source": key }, parts.dot, make("span", { text: named("source", key) }), parts.from, parts.state);
      this.rows.set(key, parts);
      this.place.append(parts.element);
    }
    const { element, dot, from: where, state } = this.rows.get(key);
    element.dataset.good = good;
    put(dot, good ? "✓" : "!");
    if (title) element.title = title;
    put(where, from);
    put(state, text);
  }
}
