// A half circle from -100 to 100: the arc grows from the middle to either side.

import { draw } from "./elements.js";

const ARC = "M 10 58 A 50 50 0 0 1 110 58";

export class Gauge {
  constructor() {
    this.arc = draw("path", { class: "arc", d: ARC, pathLength: 200, "stroke-dasharray": "0 100 0 200" });
    this.needle = draw("line", { class: "needle", x1: 60, y1: 2, x2: 60, y2: 15 });
    this.element = draw(
      "svg",
      { class: "gauge", viewBox: "0 0 120 66", "aria-hidden": "true" },
      draw("path", { class: "track", d: ARC }),
      this.arc,
      draw("line", { class: "zero", x1: 60, y1: 3, x2: 60, y2: 13 }),
      this.needle,
    );
  }

  show(value) {
    const clipped = Math.max(-100, Math.min(100, value));
    const start = clipped < 0 ? 100 + clipped : 100;
    this.arc.setAttribute("stroke-dasharray", `0 ${start} ${Math.abs(clipped)} 200`);
    this.needle.setAttribute("transform", `rotate(${clipped * 0.9} 60 58)`);
    this.element.classList.toggle("up", value > 0);
    this.element.classList.toggle("down", value < 0);
  }
}
