// Prices with what the reader wants to see on them: exponential means, Bollinger's bands, his trades.

import { draw, make, put } from "./elements.js";
import { asDay, asDated, asMoney, asMonth, asQuantity, asShortDay, asTick } from "./format.js";
import { t } from "./i18n/index.js";
import { bollinger, ema } from "./indicators.js";
import { line, Plot, ticks } from "./plot.js";

const HEIGHT = 240;
const SPANS = [["1M", "1d", 30], ["3M", "1d", 90], ["1Y", "1d", 365], ["5Y", "1w", 260]];
const LINES = [["ema21", "EMA 21"], ["ema55", "EMA 55"], ["bands", t("chart.bollinger")], ["trades", t("chart.trades")]];
const CANDLES = 95; // so many bars or fewer are drawn as candles
const DAY = 86_400_000;
const LENGTH = { "1d": DAY, "1w": 7 * DAY };

export class PriceChart {
  // onWeeks() gives weekly candles, once the reader wants to see years.
  constructor(asset, onWeeks) {
    Object.assign(this, { asset, onWeeks });
    this.bars = { "1d": [], "1w": null };
    this.trades = [];
    this.span = SPANS[1];
    this.shownLines = new Set(["ema21", "ema55", "bands", "trades"]);
    this.plot = new Plot({ height: HEIGHT, onPaint: () => this.#paint(), onPoint: (index) => this.#point(index) });
    this.readout = make("p", { class: "readout" });
    this.spans = SPANS.map((span) => this.#button(span[0], () => span === this.span, () => this.#choose(span)));
    this.toggles = LINES.map(([name, text]) => this.#button(text, () => this.shownLines.has(name), () => this.#toggle(name), `key ${name}`));
    this.element = make("div", { class: "chart", "data-testid": `chart-${asset}` },
      make("div", { class: "bar" }, this.readout,
        make("div", { class: "spans", role: "group", "aria-label": t("chart.span", { asset }) }, ...this.spans)),
      this.plot.element,
      make("div", { class: "keys", role: "group", "aria-label": t("chart.lines", { asset }) }, ...this.toggles));
    put(this.readout, t("chart.empty"));
  }

  // `candles` are closed days, oldest first.
  showDays(candles) {
    this.bars["1d"] = candles.map(asBar);
    this.#prepare();
  }

  // The newest price, put behind the closed bars.
  showNow({ at, price }) {
    this.now = { at: Date.parse(at), close: Number(price) };
    this.#prepare();
  }

  showTrades(trades) {
    this.trades = trades.filter(({ asset }) => asset === this.asset)
      .map((trade) => ({ ...trade, when: Date.parse(trade.at) }));
    this.plot.paint();
  }

  #button(text, isOn, act, kind = "") {
    const button = make("button", { type: "button", class: kind, text, "aria-pressed": String(isOn()) });
    button.addEventListener("click", async () => {
      await act();
      for (const each of [...this.spans, ...this.toggles]) each.refresh();
    });
    button.refresh = () => button.setAttribute("aria-pressed", String(isOn()));
    return button;
  }

  async #choose(span) {
    if (span[1] === "1w" && !this.bars["1w"]) {
      try {
        this.bars["1w"] = (await this.onWeeks()).map(asBar);
      } catch (error) {
        put(this.readout, error.message);
        return;
      }
    }
    this.span = span;
    this.#prepare();
  }

  #toggle(name) {
    if (!this.shownLines.delete(name)) this.shownLines.add(name);
    this.plot.paint();
  }

  // The lines are reckoned over everything that there is, then cut to what is shown.
  #prepare() {
    const [, timeframe, most] = this.span;
    const bars = [...(this.bars[timeframe] ?? [])];
    if (this.now) bars.push(openBar(this.now, bars.at(-1)));
    const closes = bars.map(({ close }) => close);
    const { upper, lower } = bollinger(closes);
    const cut = (all) => all.slice(-most - 1);
    this.shown = { bars: cut(bars), ema21: cut(ema(closes, 21)), ema55: cut(ema(closes, 55)), upper: cut(upper), lower: cut(lower) };
    this.plot.count = this.shown.bars.length;
    this.plot.at = null;
    this.#describe();
    this.plot.paint();
  }

  #paint() {
    const { plot, shown } = this;
    if (!shown || shown.bars.length < 2) {
      plot.grid.replaceChildren();
      plot.layer.replaceChildren();
      return;
    }
    const { bars } = shown;
    const asCandles = bars.length <= CANDLES;
    const values = bars.flatMap(({ high, low, close }) => (asCandles ? [high, low] : [close]));
    for (const name of ["ema21", "ema55"]) if (this.shownLines.has(name)) values.push(...shown[name].filter((one) => one !== null));
    if (this.shownLines.has("bands")) values.push(...[...shown.upper, ...shown.lower].filter((one) => one !== null));
    const low = Math.min(...values);
    const high = Math.max(...values);
    const y = plot.scale(low, high);
    const stamp = bars.length > 130 ? asMonth : asShortDay;
    plot.axes(ticks(low, high).map((value) => [y(value), asTick(value)]), plot.stamps().map((index) => [index, stamp(bars[index].at)]));
    plot.layer.replaceChildren(
      ...(this.shownLines.has("bands") ? bands(shown, plot.x, y) : []),
      ...(asCandles ? candles(bars, plot, y) : closeLine(bars, plot, y)),
      ...["ema55", "ema21"].filter((name) => this.shownLines.has(name)).map((name) => draw("path", { class: `line ${name}`, d: line(shown[name], plot.x, y) })),
      ...(this.shownLines.has("trades") ? this.#marks(bars, plot, y) : []),
    );
  }

  // A triangle below the bar for what was bought, above it for what was sold.
  #marks(bars, plot, y) {
    const length = LENGTH[this.span[1]];
    return this.trades.map(({ when, at, action, quantity, price }) => {
      const index = bars.findIndex((bar) => when >= bar.at && when < bar.at + length);
      if (index < 0) return null;
      const bought = action === "BUY";
      const x = plot.x(index);
      const edge = y(bars.length <= CANDLES ? (bought ? bars[index].low : bars[index].high) : bars[index].close) + (bought ? 5 : -5);
      const tip = bought ? 9 : -9;
      const words = t(bought ? "bought" : "sold", { quantity: `${asQuantity(quantity)} ${this.asset}`, price: asMoney(price), at: asDated(at) });
      return draw("path", { class: `trade ${bought ? "buy" : "sell"}`, "data-trade": action, d: `M${x} ${edge}l6 ${tip}h-12Z` }, draw("title", { text: words }));
    }).filter(Boolean);
  }

  #describe() {
    const { bars } = this.shown;
    if (bars.length < 2) {
      put(this.readout, t("chart.empty"));
      return;
    }
    const closes = bars.map(({ close }) => close);
    this.plot.svg.setAttribute("aria-label", t("chart.label", {
      asset: this.asset, kind: t(`chart.kind.${this.span[1]}`), from: asDay(bars[0].at), to: asDay(bars.at(-1).at),
      low: asMoney(Math.min(...closes)), high: asMoney(Math.max(...closes)), last: asMoney(closes.at(-1)),
    }));
    this.#point(null);
  }

  #point(index) {
    const { bars, ema21, ema55 } = this.shown ?? { bars: [] };
    if (bars.length < 2) return;
    if (index === null) {
      put(this.readout, t(this.span[1] === "1d" ? "chart.days" : "chart.weeks", { from: asDay(bars[0].at) }));
      return;
    }
    const bar = bars[index];
    const means = [["EMA 21", ema21[index]], ["EMA 55", ema55[index]]].filter(([, value]) => value !== null).map(([name, value]) => `${name} ${asTick(value)}`);
    put(this.readout, [asDay(bar.at), asMoney(bar.close) + (bar.isOpen ? ` ${t("now")}` : ""), ...means].join(" · "));
  }
}

const asBar = ({ openTime, open, high, low, close }) =>
  ({ at: Date.parse(openTime), open: Number(open), high: Number(high), low: Number(low), close: Number(close), isOpen: false });

// The bar that has not closed, as far as it is known: it opened where the last one closed.
function openBar({ at, close }, last) {
  const open = last?.close ?? close;
  return { at, open, high: Math.max(open, close), low: Math.min(open, close), close, isOpen: true };
}

function bands({ upper, lower }, x, y) {
  const first = upper.findIndex((value) => value !== null);
  if (first < 0) return [];
  const back = lower.map((value, index) => [value, index]).slice(first).reverse()
    .map(([value, index]) => `L${x(index).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  return [draw("path", { class: "band", d: `${line(upper, x, y)}${back}Z` })];
}

// Two paths, whatever the number of bars: hollow where it rose, full where it fell, so colour is not all.
function candles(bars, plot, y) {
  const half = Math.max(1, Math.min(5, (plot.right / bars.length) * 0.32));
  const paths = { up: "", down: "" };
  bars.forEach(({ open, high, low, close }, index) => {
    const x = plot.x(index);
    const [top, bottom] = [y(Math.max(open, close)), y(Math.min(open, close))].map((one) => Number(one.toFixed(1)));
    const body = `M${(x - half).toFixed(1)} ${top}H${(x + half).toFixed(1)}V${Math.max(bottom, top + 1)}H${(x - half).toFixed(1)}Z`;
    paths[close >= open ? "up" : "down"] += `M${x.toFixed(1)} ${y(high).toFixed(1)}V${top}M${x.toFixed(1)} ${bottom}V${y(low).toFixed(1)}${body}`;
  });
  return ["up", "down"].map((name) => draw("path", { class: `candles ${name}`, d: paths[name] }));
}

function closeLine(bars, plot, y) {
  const path = line(bars.map(({ close }) => close), plot.x, y);
  const tone = bars.at(-1).close >= bars[0].close ? "up" : "down";
  return [
    draw("path", { class: `area ${tone}`, d: `${path}V${plot.bottom}H${plot.x(0).toFixed(1)}Z` }),
    draw("path", { class: `line price ${tone}`, d: path }),
  ];
}
