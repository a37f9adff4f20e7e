// The reader's own: the portfolio, and the strategy that trades it.

import { make, put, showTime, tone } from "./elements.js";
import { asChange, asDated, asGain, asMoney, asQuantity, asShare, inUtc } from "./format.js";
import { AGENTS } from "./asset_card.js";

const STATS = [["Cash", "cash", asMoney], ["Realised", "realisedPnl", asGain], ["Unrealised", "unrealisedPnl", asGain], ["Fees paid", "fees", asMoney]];

export class PortfolioPanel {
  constructor(place) {
    this.total = make("b", { class: "total", "data-testid": "portfolio-total", text: "–" });
    this.pnl = make("span", { class: "change", "data-testid": "portfolio-pnl" });
    this.stats = STATS.map(([name]) => ({ name, value: make("dd", { text: "–" }) }));
    this.split = make("div", { class: "split", role: "img" });
    this.holdings = make("tbody", {});
    this.table = make("table", { "data-testid": "holdings" },
      make("thead", {}, make("tr", {}, ...["Holding", "Quantity", "Average cost", "Value", "Gain"].map((text) => make("th", { scope: "col", text })))),
      this.holdings);
    this.empty = make("p", { class: "empty" });
    place.append(
      make("p", { class: "sum" }, this.total, make("span", { class: "unit", text: "USDT" }), this.pnl),
      this.split,
      make("dl", { class: "facts" }, ...this.stats.map(({ name, value }) => make("div", {}, make("dt", { text: name }), value))),
      this.table,
      this.empty,
    );
  }

  show(portfolio, { flash = true } = {}) {
    const { totalValue, pnl, deposits, cash, holdings } = portfolio;
    put(this.total, asMoney(totalValue), { flash });
    const share = Number(deposits) ? Number(pnl) / deposits : 0;
    put(this.pnl, Number(deposits) ? `${asGain(pnl)} (${asChange(share)})` : "");
    tone(this.pnl, pnl);
    this.stats.forEach(({ value }, index) => put(value, STATS[index][2](portfolio[STATS[index][1]])));
    this.#showSplit([["cash", cash], ...holdings.map(({ asset, value }) => [asset, value])], totalValue);
    this.table.hidden = holdings.length === 0;
    this.empty.hidden = holdings.length > 0;
    put(this.empty, Number(deposits) ? "All in cash: nothing has been bought yet." : "Follow a strategy to open an account with paper money.");
    this.holdings.replaceChildren(...holdings.map(holdingRow));
  }

  #showSplit(parts, total) {
    const shares = parts.map(([name, value]) => [name, Number(total) ? value / total : 0]).filter(([, share]) => share > 0);
    this.split.hidden = shares.length === 0;
    this.split.setAttribute("aria-label", shares.map(([name, share]) => `${name} ${asShare(share)}`).join(", "));
    this.split.replaceChildren(...shares.map(([name, share]) => {
      const part = make("span", { "data-part": name, title: `${name} ${asShare(share)}` });
      part.style.flexGrow = share;
      return part;
    }));
  }
}

function holdingRow({ asset, quantity, averageCost, value, unrealisedPnl }) {
  const gain = make("td", { "data-name": "Gain", text: asGain(unrealisedPnl) });
  tone(gain, unrealisedPnl);
  return make("tr", {},
    make("th", { scope: "row", text: asset }),
    make("td", { "data-name": "Quantity", text: asQuantity(quantity) }),
    make("td", { "data-name": "Average cost", text: asMoney(averageCost) }),
    make("td", { "data-name": "Value", text: asMoney(value) }),
    gain);
}

export class StrategyPanel {
  // onFollow(maxPosition) resolves when it is done and rejects with an error in words.
  constructor(place, onFollow) {
    this.name = make("b", {});
    this.next = make("time", { "data-testid": "next-run" });
    this.weights = make("dl", { class: "facts" });
    this.rules = make("p", { class: "note" });
    this.state = make("span", { class: "tag good", text: "following", hidden: true });
    this.share = make("select", { id: "share" }, ...["0.1", "0.25", "0.5", "0.75", "1"].map((value) => make("option", { value, text: asShare(value), selected: value === "0.5" })));
    this.button = make("button", { type: "submit", text: "Follow" });
    this.problem = make("p", { class: "problem", role: "alert" });
    this.form = make("form", { "data-testid": "follow-form" },
      make("label", { for: "share", text: "Most of the money in one asset" }), this.share, this.button, this.problem);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#follow(onFollow);
    });
    place.append(
      make("p", { class: "line" }, this.name, this.state),
      make("p", { class: "next" }, make("span", { text: "Next run " }), this.next),
      this.weights, this.rules, this.form);
  }

  async #follow(onFollow) {
    this.button.disabled = true;
    put(this.problem, "");
    try {
      await onFollow(this.share.value);
    } catch (error) {
      put(this.problem, error.message);
    } finally {
      this.button.disabled = false;
    }
  }

  show(strategy, paperMoney) {
    put(this.name, strategy.name);
    showTime(this.next, strategy.nextRun, asDated, inUtc);
    this.weights.replaceChildren(...Object.entries(AGENTS).map(([agent, name]) =>
      make("div", { title: `${asShare(strategy.degradedWeights[agent])} while the on-chain view is degraded` },
        make("dt", { text: name }), make("dd", { text: asShare(strategy.weights[agent]) }))));
    put(this.rules, `Buys above ${strategy.buyAbove}, sells below ${strategy.sellBelow.replace("-", "−")}; `
      + `changes under ${asShare(strategy.rebalanceBand)} of the portfolio are left alone.`);
    const followed = strategy.following;
    this.state.hidden = !followed;
    if (followed) this.state.title = `At most ${asShare(followed.maxPosition)} in one asset`;
    if (followed && !this.form.contains(document.activeElement)) this.share.value = followed.maxPosition;
    put(this.button, followed ? "Change" : `Follow with ${asMoney(paperMoney)} USDT of paper money`);
  }
}
