// All strategies: follow, guard, pause, run.  What the API has no route for is not shown.

import { doing } from "./asking.js";
import { make, put, showTime } from "./elements.js";
import { asDated, asMoney, asShare, inUtc } from "./format.js";
import { GuardsForm } from "./guards.js";
import { t } from "./i18n/index.js";
import { AGENTS, agentName } from "./opinion.js";
import { lines } from "./words.js";

export class StrategiesPanel {
  // `acts` is what App gives: follow(id, guards), unfollow(id), pause(id, scope, reason), resume(…), run(id),
  // whyNot(id, asset), pauses(id), has(route), isOps.
  constructor(place, acts) {
    Object.assign(this, { place, acts });
    this.rows = new Map();
  }

  show({ strategies, paperMoney }) {
    const followed = strategies.some(({ following }) => following);
    for (const strategy of strategies) {
      if (!this.rows.has(strategy.id)) {
        const row = new StrategyRow(strategy, this.acts);
        this.rows.set(strategy.id, row);
        this.place.append(row.element);
      }
      this.rows.get(strategy.id).show(strategy, paperMoney, followed);
    }
  }

  // As `GET /api/strategies/{id}/pause` answers.
  showPause(pause) {
    this.rows.get(pause.strategyId)?.showPause(pause);
  }
}

class StrategyRow {
  constructor({ id, name, assets }, acts) {
    Object.assign(this, { id, acts });
    const fail = (words) => put(this.problem, words);
    this.state = make("span", { class: "tag", "data-testid": `state-${id}` });
    this.next = make("time", { "data-testid": "next-run" });
    this.weights = make("dl", { class: "facts" });
    this.rules = make("p", { class: "note" });
    this.since = make("p", { class: "note", hidden: true, "data-testid": `pause-${id}` });
    this.problem = make("p", { class: "problem", role: "alert" });
    this.told = make("ul", { class: "told", role: "status" });
    this.guards = new GuardsForm({ id, name, assets }, (wish) => acts.follow(id, wish));
    this.mine = doing(t("pause"), () => this.#toggle("mine"), fail, { "data-testid": `pause-mine-${id}` });
    this.all = doing(t("pauseAll"), () => this.#toggle("strategy"), fail, { class: "danger", "data-testid": `pause-all-${id}` });
    this.leave = doing(t("unfollow"), () => acts.unfollow(id), fail, { "data-testid": `unfollow-${id}` });
    this.run = doing(t("runNow"), async () => {
      await acts.run(id);
      this.#tell([t("runNow.done")]);
    }, fail, { "data-testid": `run-${id}` });
    this.why = assets.map((asset) => doing(t("whyNot", { asset }), async () => this.#tell(lines(await acts.whyNot(id, asset))), fail, { class: "link" }));
    this.more = make("details", {},
      make("summary", { text: t("more") }),
      this.weights, this.rules);
    this.buttons = make("div", { class: "row wrap" }, this.mine, this.leave, this.run, this.all);
    this.whys = make("div", { class: "row wrap" }, ...this.why);
    this.element = make("section", { class: "strategy-row", "data-testid": `strategy-${id}`, "aria-label": name },
      make("div", { class: "line" }, make("h3", { class: "title", text: name }), this.state,
        make("p", { class: "next" }, make("span", { text: `${t("nextRun")} ` }), this.next)),
      this.since, this.guards.element, this.buttons, this.whys, this.problem, this.told, this.more);
  }

  show(strategy, paperMoney, anyFollowed) {
    this.strategy = strategy;
    const { following, paused } = strategy;
    showTime(this.next, strategy.nextRun, asDated, inUtc);
    this.next.parentElement.hidden = paused;
    this.weights.replaceChildren(...AGENTS.map((agent) =>
      make("div", { title: t("weightsWhile", { share: asShare(strategy.degradedWeights[agent]) }) },
        make("dt", { text: agentName(agent) }), make("dd", { text: asShare(strategy.weights[agent]) }))));
    put(this.rules, t("rules", { buy: strategy.buyAbove, sell: strategy.sellBelow.replace("-", "−"), band: asShare(strategy.rebalanceBand) }));
    this.guards.show(following, following ? t("change") : anyFollowed ? t("followPlain") : t("follow", { money: asMoney(paperMoney) }), strategy, !following && anyFollowed);
    this.#state();
    this.leave.hidden = !following || !this.acts.has("/api/strategies/{strategyId}/unfollow");
    this.run.hidden = !following || !this.acts.has("/api/strategies/{strategyId}/run");
    this.whys.hidden = !following || !this.acts.has("/api/strategies/{strategyId}/why");
    this.mine.hidden = !following;
    this.all.hidden = !this.acts.isOps;
  }

  showPause(pause) {
    this.pause = pause;
    const shown = pause.strategy.paused ? pause.strategy : pause.mine.paused ? pause.mine : null;
    this.since.hidden = !shown;
    // One that ships off was never paused by anybody: its log is empty.
    const isOff = shown && shown.log.length === 0;
    if (shown) put(this.since, isOff ? shown.reason : t("since", { at: asDated(shown.since), who: shown.author, why: shown.reason }));
    this.#state();
  }

  #state() {
    const { following, paused } = this.strategy;
    const mine = this.pause?.mine.paused ?? false;
    const all = this.pause?.strategy.paused ?? paused;
    const isOff = all && this.pause?.strategy.log.length === 0;
    const [text, kind] = isOff ? [t("off"), ""] : all ? [t("paused"), "warn"] : mine ? [t("pausedFor"), "warn"] : following ? [t("following"), "good"] : ["", ""];
    put(this.state, text);
    this.state.className = `tag ${kind}`;
    this.state.hidden = text === "";
    put(this.mine, t(mine ? "resume" : "pause"));
    put(this.all, t(all ? "resumeAll" : "pauseAll"));
  }

  async #toggle(scope) {
    const paused = scope === "mine" ? this.pause?.mine.paused : (this.pause?.strategy.paused ?? this.strategy.paused);
    await (paused ? this.acts.resume : this.acts.pause)(this.id, scope, t("reason.default"));
  }

  #tell(words) {
    this.told.replaceChildren(...words.map((text) => make("li", { text })));
  }
}
