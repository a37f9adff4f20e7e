// Readings as facts, each with its age and with what is odd about it.

import { make } from "./elements.js";
import { asAge, asFigure, inUtc } from "./format.js";
import { named, t } from "./i18n/index.js";

export const ONCHAIN = ["mvrv_z", "mvrv", "nvt", "exchange_netflow", "lth_supply_change", "active_addresses"];
export const ECONOMY = ["fed_funds", "us10y", "us2y", "cpi", "m2", "dollar_index", "fear_greed"];

// Elements for those of `names` that were found.
export function readings(found, names) {
  const rows = names.filter((series) => found?.[series]).map((series) => {
    const reading = found[series];
    const remarks = [
      reading.isStale ? t("staleReading") : null,
      reading.proxy ? t("standIn") : null,
      reading.filled ? t("filled", { how: reading.filled.replaceAll("_", " ") }) : null,
      reading.isAnomaly ? t("unusual") : null,
    ].filter(Boolean);
    return make("div", { title: t("reading", { source: reading.source, period: inUtc(reading.period) }) },
      make("dt", { text: named("series", series) }),
      make("dd", {}, make("span", { text: asFigure(reading.value) }),
        make("small", { class: remarks.length ? "odd" : "", text: [t("old", { age: asAge(reading.ageHours * 3600) }), ...remarks].join(" · ") })));
  });
  return rows.length ? rows : [make("div", { class: "empty" }, make("dt", { text: t("nothing") }), make("dd", {}))];
}
