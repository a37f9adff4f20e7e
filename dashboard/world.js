// Which market this is, what time it has, and that nobody takes a generated one for a real one.

import { find, put } from "./elements.js";
import { asDated, inUtc } from "./format.js";
import { t } from "./i18n/index.js";

export function showWorld({ world, marketTime }) {
  const place = find("world");
  const played = world !== "live";
  const label = ["live", "recorded", "synthetic"].includes(world) ? t(`world.${world}`) : world.toUpperCase();
  place.hidden = false;
  place.dataset.world = world;
  put(place, played ? `${label} · ${asDated(marketTime)}` : label);
  place.title = t("marketTime", { at: inUtc(marketTime) });
  find("ribbon").hidden = world !== "synthetic";
  put(find("clock"), `${t(played ? "clock.played" : "clock.live")}: ${inUtc(marketTime)}.`);
}

// What the strip says of a pause as `GET /api/strategies/{id}/pause` answers it; an empty list without one.
// One that ships off has no entry in its log: that is how it is, and nothing to warn of.
export function pauseIssues(name, { strategy, mine }) {
  if (strategy.paused && strategy.log.length > 0) return [{ level: "warn", text: t("status.paused", { name, why: strategy.reason }) }];
  if (mine.paused) return [{ level: "warn", text: t("status.pausedMine", { name, why: mine.reason }) }];
  return [];
}
