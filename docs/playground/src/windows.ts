/* Sweet spots: for each kind of text the strengths at which only the target rises, and where they all meet. */

import { scaleLinear } from "d3-scale";
import { Figure, element } from "./chart.ts";

export interface Window {
  name: string;
  low: number;
  high: number;
  hue: number;
}

const MARGIN = { top: 8, right: 14, bottom: 30, left: 14 };

export class Windows extends Figure {
  private reach = 1;
  private windows: Window[] = [];
  private handle: SVGGElement | null = null;
  private rows: SVGGElement[] = [];
  private alpha = 0;

  constructor(id: string, onAlpha: (alpha: number) => void) {
    super(id, onAlpha, (px) => Math.min(Math.max(this.x().invert(px), -this.reach), this.reach));
  }

  private x = () => scaleLinear([-this.reach, this.reach], [MARGIN.left, this.size.width - MARGIN.right]);

  draw(title: string, subtitle: string, windows: Window[], reach: number): void {
    this.reach = reach;
    const low = Math.max(...windows.map((each) => each.low));
    const high = Math.min(...windows.map((each) => each.high));
    this.windows = windows.length > 1 ? [...windows, { name: low < high ? "all at once" : "all at once: no α", low, high, hue: -1 }] : windows;
    const words = this.windows.map((each) => (each.low < each.high ? `${each.name}: from ${text(each.low)} to ${text(each.high)}` : `${each.name}`));
    this.show(title, subtitle, `Sweet spots. ${words.join("; ") || "there are none"}.`, () => this.paint());
  }

  move(alpha: number): void {
    this.alpha = alpha;
    if (!this.handle) return;
    this.handle.setAttribute("transform", `translate(${this.x()(alpha).toFixed(2)} 0)`);
    this.rows.forEach((row, i) => {
      const { low, high } = this.windows[i];
      row.classList.toggle("in", low < alpha && alpha < high);
    });
  }

  private paint(): void {
    const { svg } = this;
    const { width, height } = this.size;
    svg.replaceChildren();
    const x = this.x();
    const floor = height - MARGIN.bottom;
    const axes = element(svg, "g", { class: "axes" });
    for (const tick of x.ticks(Math.max(3, Math.min(9, width / 70)))) {
      element(axes, "line", { x1: x(tick), x2: x(tick), y1: MARGIN.top, y2: floor });
      element(axes, "text", { x: x(tick), y: floor + 19, "text-anchor": "middle" }).textContent = `${tick}`.replace("-", "−");
    }
    const step = (floor - MARGIN.top - 6) / Math.max(1, this.windows.length);
    const bar = Math.max(6, Math.min(34, step - 22));
    this.rows = this.windows.map((each, i) => {
      const row = element(svg, "g", { class: "window" });
      const y = MARGIN.top + i * step;
      const [low, high] = [Math.max(each.low, -this.reach), Math.min(each.high, this.reach)];
      const isEmpty = !(each.low < each.high);
      if (!isEmpty && low < high) element(row, "rect", { class: `hue${each.hue}`, x: x(low), y: y + step - bar - 2, width: Math.max(2, x(high) - x(low)), height: bar, rx: 4 });
      const words = isEmpty ? each.name : `${each.name}: ${text(each.low)} to ${text(each.high)}`;
      element(row, "text", { class: `label hue${each.hue}`, x: MARGIN.left + 2, y: y + step - bar - 7 }).textContent = words;
      return row;
    });
    if (!this.windows.length) element(svg, "text", { class: "label", x: MARGIN.left, y: height / 2, "font-size": 13 }).textContent = "none: the target does not peak last";
    this.handle = element(svg, "g", { class: "handle" });
    element(this.handle, "line", { x1: 0, x2: 0, y1: MARGIN.top, y2: floor });
    element(this.handle, "rect", { class: "grip", x: -13, y: floor - 9, width: 26, height: 18, rx: 9 });
    element(this.handle, "path", { class: "arrows", d: `M-4 ${floor - 4}l-4 4l4 4M4 ${floor - 4}l4 4l-4 4` });
    this.move(this.alpha);
  }
}

const text = (value: number) => (Number.isFinite(value) ? value.toFixed(2) : value > 0 ? "∞" : "−∞").replace("-", "−");
