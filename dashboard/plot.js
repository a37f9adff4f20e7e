// What every chart is drawn on: an SVG as wide as its place, axes, and a pointer for mouse and keys.

import { draw, make } from "./elements.js";

const RIGHT = 56; // room for the figures of the axis
const BOTTOM = 20;
const TOP = 8;

// Two to five round figures within low..high.
export function ticks(low, high, most = 4) {
  const rough = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) found.push(Number(value.toPrecision(12)));
  return found;
}

// An SVG path through the points that there are; a null makes a hole.
export function line(values, x, y) {
  let pen = "M";
  return values.map((value, index) => {
    if (value === null) {
      pen = "M";
      return "";
    }
    const step = `${pen}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
    return step;
  }).join("");
}

export class Plot {
  // onPaint({width, height, right, bottom}) draws into `layer`; onPoint(index | null) says what is pointed at.
  constructor({ height, onPaint, onPoint }) {
    Object.assign(this, { height, onPaint, onPoint });
    this.width = 0;
    this.count = 0;
    this.grid = draw("g", { class: "grid" });
    this.layer = draw("g", {});
    this.cross = draw("line", { class: "cross", visibility: "hidden" });
    this.svg = draw("svg", { role: "img", tabindex: 0, height }, this.grid, this.layer, this.cross);
    this.element = make("div", { class: "plot" }, this.svg);
    new ResizeObserver(([{ contentRect }]) => {
      if (Math.round(contentRect.width) === this.width) return;
      this.width = Math.round(contentRect.width);
      this.paint();
    }).observe(this.element);
    this.svg.addEventListener("pointermove", (event) => this.#pointed(event));
    this.svg.addEventListener("pointerleave", () => this.point(null));
    this.svg.addEventListener("blur", () => this.point(null));
    this.svg.addEventListener("keydown", (event) => this.#keyed(event));
  }

  paint() {
    if (this.width < 60) return;
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.right = this.width - RIGHT;
    this.bottom = this.height - BOTTOM;
    this.onPaint(this);
    this.#mark();
  }

  // Where the value of an index is, if `count` of them share the width.
  x = (index) => (this.count > 1 ? (index / (this.count - 1)) * (this.right - 6) + 3 : this.right / 2);

  // y for values of low..high, in the part of the height from `top` to `bottom`.
  scale(low, high, top = TOP, bottom = this.bottom - TOP) {
    const room = high - low || Math.abs(high) || 1;
    return (value) => bottom - ((value - low) / room) * (bottom - top);
  }

  // Lines and figures: `levels` as [y, text], `stamps` as [index, text].
  axes(levels, stamps) {
    this.grid.replaceChildren(
      ...levels.flatMap(([y, text]) => [
        draw("line", { x1: 0, x2: this.right, y1: y.toFixed(1), y2: y.toFixed(1) }),
        draw("text", { x: this.right + 6, y: (y + 4).toFixed(1), text }),
      ]),
      ...stamps.map(([index, text]) => {
        const at = this.x(index);
        const anchor = at < 24 ? "start" : at > this.right - 24 ? "end" : "middle";
        return draw("text", { x: at.toFixed(1), y: this.height - 5, "text-anchor": anchor, text });
      }),
    );
  }

  // Indices for the stamps of the time axis.
  stamps() {
    const most = Math.max(2, Math.min(6, Math.floor(this.right / 90)));
    const last = this.count - 1;
    return [...new Set(Array.from({ length: most }, (_, one) => Math.round(((one + 0.5) / most) * last)))];
  }

  point(index) {
    if (index === this.at) return;
    this.at = index;
    this.#mark();
    this.onPoint(index);
  }

  #mark() {
    const shown = this.at !== null && this.at !== undefined && this.at < this.count;
    this.cross.setAttribute("visibility", shown ? "visible" : "hidden");
    if (!shown) return;
    const x = this.x(this.at).toFixed(1);
    for (const [name, value] of [["x1", x], ["x2", x], ["y1", 0], ["y2", this.bottom]]) this.cross.setAttribute(name, value);
  }

  #pointed(event) {
    if (this.count < 2) return;
    const { left } = this.svg.getBoundingClientRect();
    const share = (event.clientX - left - 3) / (this.right - 6);
    this.point(Math.max(0, Math.min(this.count - 1, Math.round(share * (this.count - 1)))));
  }

  #keyed(event) {
    const last = this.count - 1;
    const now = this.at ?? last + 1;
    const next = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last, PageUp: now - 10, PageDown: now + 10 }[event.key];
    if (event.key === "Escape") this.point(null);
    if (next === undefined || this.count < 2) return;
    event.preventDefault();
    this.point(Math.max(0, Math.min(last, next)));
  }
}
