// Daily closes as a line, with the value under the pointer.

import { draw, make, put } from "./elements.js";
import { asDay, asMoney } from "./format.js";

const WIDTH = 600;
const HEIGHT = 150;
const MARGIN = 8;
const SPANS = [["1M", 30], ["3M", 90], ["1Y", 365]];

export class Chart {
  constructor(asset) {
    this.asset = asset;
    this.points = [];
    this.span = 90;
    this.area = draw("path", { class: "area" });
    this.line = draw("path", { class: "line" });
    this.cross = draw("line", { class: "cross", y1: 0, y2: HEIGHT, visibility: "hidden" });
    this.svg = draw(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" },
      this.area, this.line, this.cross,
    );
    this.high = make("span", { class: "high" });
    this.low = make("span", { class: "low" });
    this.readout = make("span", { class: "readout" });
    this.buttons = SPANS.map(([label, days]) => {
      const button = make("button", { type: "button", text: label, "aria-pressed": String(days === this.span) });
      button.addEventListener("click", () => this.#choose(days));
      return button;
    });
    this.plot = make("div", { class: "plot" }, this.svg, this.high, this.low);
    this.element = make(
      "div",
      { class: "chart", "data-testid": `chart-${asset}` },
      make("div", { class: "bar" }, this.readout,
        make("div", { class: "spans", role: "group", "aria-label": `${asset} chart span` }, ...this.buttons)),
      this.plot,
    );
    this.plot.addEventListener("pointermove", (event) => this.#point(event));
    this.plot.addEventListener("pointerleave", () => this.#rest());
  }

  // `candles` are closed days, oldest first; `now` is the newest price, put behind them.
  show(candles, now) {
    this.points = candles.map((bar) => ({ at: bar.openTime, value: Number(bar.close) }));
    if (now) this.points.push({ at: now.at, value: Number(now.price), open: true });
    this.#paint();
  }

  #choose(days) {
    this.span = days;
    SPANS.forEach(([, each], index) => this.buttons[index].setAttribute("aria-pressed", String(each === days)));
    this.#paint();
  }

  #paint() {
    const shown = this.points.slice(-this.span - 1);
    this.shown = shown;
    this.element.classList.toggle("bare", shown.length < 2);
    if (shown.length < 2) {
      put(this.readout, "No closed days yet");
      return;
    }
    const values = shown.map((point) => point.value);
    const low = Math.min(...values);
    const high = Math.max(...values);
    const x = (index) => (index / (shown.length - 1)) * WIDTH;
    const y = (value) => HEIGHT - MARGIN - ((value - low) / (high - low || 1)) * (HEIGHT - 2 * MARGIN);
    const path = values.map((value, index) => `${index ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`).join("");
    this.line.setAttribute("d", path);
    this.area.setAttribute("d", `${path}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`);
    const rising = values.at(-1) >= values[0];
    this.element.classList.toggle("up", rising);
    this.element.classList.toggle("down", !rising);
    put(this.high, asMoney(high));
    put(this.low, asMoney(low));
    this.svg.setAttribute(
      "aria-label",
      `${this.asset} daily closes from ${asDay(shown[0].at)} to ${asDay(shown.at(-1).at)}: `
        + `lowest ${asMoney(low)}, highest ${asMoney(high)}, last ${asMoney(values.at(-1))}`,
    );
    this.#rest();
  }

  #point(event) {
    if (!this.shown || this.shown.length < 2) return;
    const box = this.plot.getBoundingClientRect();
    const share = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
    const index = Math.round(share * (this.shown.length - 1));
    const at = (index / (this.shown.length - 1)) * WIDTH;
    this.cross.setAttribute("x1", at);
    this.cross.setAttribute("x2", at);
    this.cross.setAttribute("visibility", "visible");
    const point = this.shown[index];
    put(this.readout, `${asDay(point.at)} · ${asMoney(point.value)}${point.open ? " now" : ""}`);
  }

  #rest() {
    this.cross.setAttribute("visibility", "hidden");
    if (this.shown?.length > 1) put(this.readout, `Daily closes · since ${asDay(this.shown[0].at)}`);
  }
}
