// What the reader owns on paper, and what became of it day by day.

import { Asking } from "./asking.js";
import { make, put, tone } from "./elements.js";
import { EquityChart, curves } from "./equity_chart.js";
import { asChange, asGain, asMoney, asQuantity, asShare } from "./format.js";
import { t } from "./i18n/index.js";

const STATS = [[t("cash"), "cash", asMoney], [t("realised"), "realisedPnl", asGain], [t("unrealised"), "unrealisedPnl", asGain], [t("fees"), "fees", asMoney]];
const COLUMNS = ["holding", "quantity", "averageCost", "value", "gain"];

export class PortfolioPanel {
  // onStartOver(paperMoney) resolves when it is done and rejects with an error in words.
  constructor(place, onStartOver) {
    this.total = make("b", { class: "total", "data-testid": "portfolio-total", text: "–" });
    this.pnl = make("span", { class: "change", "data-testid": "portfolio-pnl" });
    this.stats = STATS.map(([name]) => ({ name, value: make("dd", { text: "–" }) }));
    this.split = make("div", { class: "split", role: "img" });
    this.holdings = make("tbody", {});
    this.table = make("table", { "data-testid": "holdings" },
      make("thead", {}, make("tr", {}, ...COLUMNS.map((name) => make("th", { scope: "col", text: t(name) })))),
      this.holdings);
    this.empty = make("p", { class: "empty" });
    this.equity = new EquityChart();
    this.startOver = new Asking({
      name: "start-over", label: t("startOver"), text: t("startOver.ask"), field: t("startOver.amount"), confirm: t("startOver"),
      act: async (amount) => t("startOver.done", { money: asMoney((await onStartOver(amount)) ?? amount) }),
    });
    this.startOver.element.hidden = true;
    place.append(
      make("p", { class: "sum" }, this.total, make("span", { class: "unit", text: "USDT" }), this.pnl),
      this.split,
      make("dl", { class: "facts" }, ...this.stats.map(({ name, value }) => make("div", {}, make("dt", { text: name }), value))),
      this.table, this.empty, this.equity.element, this.startOver.element);
  }

  show(portfolio, { flash = true } = {}) {
    const { totalValue, pnl, deposits, cash, holdings } = portfolio;
    this.deposits = deposits;
    put(this.total, asMoney(totalValue), { flash });
    const share = Number(deposits) ? Number(pnl) / deposits : 0;
    put(this.pnl, Number(deposits) ? `${asGain(pnl)} (${asChange(share)})` : "");
    tone(this.pnl, pnl);
    this.stats.forEach(({ value }, index) => put(value, STATS[index][2](portfolio[STATS[index][1]])));
    this.#showSplit([["cash", cash], ...holdings.map(({ asset, value }) => [asset, value])], totalValue);
    this.table.hidden = holdings.length === 0;
    this.empty.hidden = holdings.length > 0;
    put(this.empty, Number(deposits) ? t("allCash") : t("noAccount"));
    this.holdings.replaceChildren(...holdings.map(holdingRow));
  }

  // `days` as the API gives them, `closes` by asset and day, as numbers.
  showHistory(days, closes, fee) {
    this.equity.show(curves(days, closes, Number(fee), this.deposits), Object.keys(closes));
  }

  #showSplit(parts, total) {
    const name = (part) => (part === "cash" ? t("cash") : part);
    const shares = parts.map(([part, value]) => [part, Number(total) ? value / total : 0]).filter(([, share]) => share > 0);
    this.split.classList.toggle("none", shares.length === 0);
    this.split.setAttribute("aria-label", shares.map(([part, share]) => `${name(part)} ${asShare(share)}`).join(", ") || t("noAccount"));
    this.split.replaceChildren(...shares.map(([part, share]) => {
      const element = make("span", { "data-part": part, title: `${name(part)} ${asShare(share)}` });
      element.style.flexGrow = share;
      return element;
    }));
  }
}

function holdingRow({ asset, quantity, averageCost, value, unrealisedPnl }) {
  const gain = make("td", { "data-name": t("gain"), text: asGain(unrealisedPnl) });
  tone(gain, unrealisedPnl);
  return make("tr", {},
    make("th", { scope: "row", text: asset }),
    make("td", { "data-name": t("quantity"), text: asQuantity(quantity) }),
    make("td", { "data-name": t("averageCost"), text: asMoney(averageCost) }),
    make("td", { "data-name": t("value"), text: asMoney(value) }),
    gain);
}
