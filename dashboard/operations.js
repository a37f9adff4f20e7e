// For the hand on the brake and for those who run it: kill switch, usage and cost, backtests.

import { Asking } from "./asking.js";
import { find, make, put } from "./elements.js";
import { t } from "./i18n/index.js";
import { described } from "./words.js";

// Whether it is on for the caller, by whatever reached him: his own or everybody's.
export function killed(answer, scope) {
  const one = scope && typeof answer[scope] === "object" && answer[scope] !== null ? answer[scope] : null;
  if (one) return { on: Boolean(one.on), reason: one.reason ?? "" };
  const all = [answer, answer.mine, answer.everything].filter((part) => part && typeof part === "object");
  const on = all.find((part) => part.on);
  if (scope) return { on: Boolean(answer.on) && (answer.scope ?? "mine") === scope, reason: answer.reason ?? "" };
  return { on: Boolean(on), reason: on?.reason ?? "" };
}

export class KillSwitch {
  // onSet(on, reason, scope) gives the new state; `isOps` may stop everybody.
  constructor(place, { onSet, isOps }) {
    this.place = place;
    this.scopes = isOps ? ["mine", "everything"] : ["mine"];
    this.state = make("span", { class: "tag", "data-testid": "kill-state" });
    this.buttons = this.scopes.map((scope) => new Asking({
      name: `kill-${scope}`, label: t(scope === "mine" ? "kill.on" : "kill.everything"), text: t("kill.note"), field: t("reason"), value: t("reason.default"),
      act: async (reason) => {
        this.show(await onSet(!killed(this.now, scope).on, reason, scope));
      },
    }));
    place.append(make("div", { class: "line" }, make("h3", { class: "title", text: t("kill") }), this.state), make("p", { class: "note", text: t("kill.note") }),
      make("div", { class: "row wrap" }, ...this.buttons.map(({ element }) => element)));
  }

  show(answer) {
    this.now = answer;
    this.place.hidden = false;
    const { on, reason } = killed(answer);
    put(this.state, t(on ? "kill.isOn" : "kill.isOff"));
    this.state.className = `tag ${on ? "bad" : ""}`;
    this.scopes.forEach((scope, index) => {
      const isOn = killed(answer, scope).on;
      this.buttons[index].label(t({ mine: isOn ? "kill.off" : "kill.on", everything: isOn ? "kill.everythingOff" : "kill.everything" }[scope]));
    });
    this.onShown?.(on, reason);
  }
}

// A card that is filled when it is opened, from an answer of any shape.
function ondemand(element, get, empty) {
  element.hidden = false;
  const details = element.querySelector("details");
  details.addEventListener("toggle", async () => {
    if (!details.open) return;
    const place = details.querySelector(".body");
    try {
      place.replaceChildren(...described(await get(), empty));
    } catch (error) {
      place.replaceChildren(make("p", { class: "problem", text: error.message }));
    }
  });
}

// What an API may not have is shown only where it does.
export async function showOptional({ api, routes, session, portfolio, paperMoney, trades, kill }) {
  portfolio.startOver.element.hidden = !routes.has("/api/portfolio/start-over");
  portfolio.startOver.input.value = paperMoney;
  trades.download.hidden = !routes.has("/api/trades.csv");
  if (session.isOps && routes.has("/api/usage")) ondemand(find("usage"), () => api.get("/api/usage"), t("usage.empty"));
  if (routes.has("/api/backtests")) ondemand(find("backtests"), () => api.get("/api/backtests"), t("backtests.empty"));
  if (routes.has("/api/kill-switch")) kill.show(await api.get("/api/kill-switch"));
}
