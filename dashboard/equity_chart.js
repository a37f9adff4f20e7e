// What the account was worth by day, beside the same money left alone, and how far it was below its best.

import { draw, make, put } from "./elements.js";
import { asDay, asMoney, asMonth, asShare, asShortDay, asTick } from "./format.js";
import { t } from "./i18n/index.js";
import { drawdowns } from "./indicators.js";
import { line, Plot, ticks } from "./plot.js";

const HEIGHT = 230;
const DEPTH = 56; // pixels of the lower part, for the drawdown

// Days of both: `days` newest first as the API gives them, `closes` by asset and UTC day.
export function curves(days, closes, fee, deposits) {
  const own = [...days].reverse().map(({ day, equity }) => ({ day, equity: Number(equity) }));
  const assets = Object.keys(closes).filter((asset) => own.some(({ day }) => closes[asset].has(day)));
  if (own.length === 0 || assets.length === 0) return own.map((one) => ({ ...one, hold: null }));
  const first = own[0];
  const money = (Number(deposits) || first.equity) * (1 - fee);
  const start = assets.map((asset) => closes[asset].get(first.day));
  if (start.some((price) => price === undefined)) return own.map((one) => ({ ...one, hold: null }));
  const amounts = start.map((price) => money / assets.length / price);
  const last = [...start];
  return own.map((one) => {
    assets.forEach((asset, index) => {
      last[index] = closes[asset].get(one.day) ?? last[index]; // a day not closed yet, or missing
    });
    return { ...one, hold: amounts.reduce((sum, amount, index) => sum + amount * last[index], 0) };
  });
}

export class EquityChart {
  constructor() {
    this.points = [];
    this.plot = new Plot({ height: HEIGHT, onPaint: () => this.#paint(), onPoint: (index) => this.#point(index) });
    this.readout = make("p", { class: "readout" });
    this.hold = make("span", { class: "key hold", text: t("holdOn") });
    this.element = make("div", { class: "chart equity", "data-testid": "equity" },
      make("div", { class: "bar" }, make("h3", { text: t("equity.title") }), this.readout),
      this.plot.element,
      make("div", { class: "keys" }, make("span", { class: "key own", text: t("equity") }), this.hold, make("span", { class: "key depth", text: t("drawdown") })));
    put(this.readout, t("equity.empty"));
  }

  // `points` as `curves` makes them.
  show(points, assets) {
    this.points = points;
    this.hold.title = t("holdOn.title", { assets: assets.join(", ") });
    this.depths = drawdowns(points.map(({ equity }) => equity));
    this.plot.count = points.length;
    this.#point(null);
    if (points.length > 1) {
      this.plot.svg.setAttribute("aria-label", t("equity.label", {
        from: asDay(points[0].day), to: asDay(points.at(-1).day), last: asMoney(points.at(-1).equity),
        hold: asMoney(points.at(-1).hold), drawdown: asShare(Math.max(...this.depths)),
      }));
    }
    this.plot.paint();
  }

  #paint() {
    const { plot, points } = this;
    if (points.length < 2) {
      plot.svg.setAttribute("aria-label", t("equity.empty"));
      plot.grid.replaceChildren();
      plot.layer.replaceChildren();
      return;
    }
    const own = points.map(({ equity }) => equity);
    const held = points.map(({ hold }) => hold);
    const values = [...own, ...held.filter((value) => value !== null)];
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const upper = plot.bottom - DEPTH;
    const y = plot.scale(low, high, 8, upper - 6);
    const deepest = Math.max(0.01, ...this.depths);
    const deep = (share) => upper + 6 + (share / deepest) * (DEPTH - 8);
    const stamp = points.length > 130 ? asMonth : asShortDay;
    plot.axes(
      [...ticks(low, high, 3).map((value) => [y(value), asTick(value)]), [deep(deepest), asShare(-deepest)]],
      plot.stamps().map((index) => [index, stamp(points[index].day)]),
    );
    const depth = line(this.depths, plot.x, deep);
    plot.layer.replaceChildren(
      draw("path", { class: "depth", d: `${depth}V${upper + 6}H${plot.x(0).toFixed(1)}Z` }),
      draw("path", { class: "line hold", d: line(held, plot.x, y) }),
      draw("path", { class: "line own", d: line(own, plot.x, y) }),
    );
  }

  #point(index) {
    if (this.points.length < 2) {
      put(this.readout, t("equity.empty"));
      return;
    }
    const at = index ?? this.points.length - 1;
    const { day, equity, hold } = this.points[at];
    put(this.readout, `${asDay(day)} · ${asMoney(equity)} · ${t("holdOn")} ${asMoney(hold)} · ${t("drawdown")} ${asShare(this.depths[at])}`);
  }
}
