/* Sweet spots: for each kind of text the strengths at which only the target rises, and where they all meet. */

import { scaleLinear } from "d3-scale";
import { Figure, element, measured } from "./chart.ts";

export interface Window {
  name: string;
  low: number;
  high: number;
  hue: number;
}

const MARGIN = { top: 8, right: 16, bottom: 30, left: 14 };
const TWO_LINES = 34; // pixels that a row needs to have its strengths under its name
const WIDE = 120; // pixels that the bars need for the strengths to be beside the names; else they are left out
const GAP = 14;
const SMALL = "400 13px";

export class Windows extends Figure {
  private reach = 1;
  private windows: Window[] = [];
  private left = MARGIN.left; // of the strengths; names are to the left of it
  private handle: SVGGElement | null = null;
  private rows: SVGGElement[] = [];
  private alpha = 0;

  constructor(id: string, onAlpha: (alpha: number) => void) {
    super(id, onAlpha, (px) => Math.min(Math.max(this.x().invert(px), -this.reach), this.reach));
  }

  private x = () => scaleLinear([-this.reach, this.reach], [this.left, this.size.width - MARGIN.right]);

  draw(title: string, subtitle: string, windows: Window[], reach: number): void {
    this.reach = reach;
    const low = Math.max(...windows.map((each) => each.low));
    const high = Math.min(...windows.map((each) => each.high));
    this.windows = windows.length > 1 ? [...windows, { name: "all at once", low, high, hue: -1 }] : windows;
    const words = this.windows.map((each) => `${each.name}: ${each.low < each.high ? "from " : ""}${range(each)}`);
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
    const floor = height - MARGIN.bottom;
    const step = (floor - MARGIN.top) / Math.max(1, this.windows.length);
    const isTall = step >= TWO_LINES;
    const names = this.windows.map(({ name }) => (isTall ? name : name.replace(/ text$| at once$/, "")));
    const [forNames, forNumbers] = [Math.max(0, ...names.map((name) => measured(name))), Math.max(0, ...this.windows.map((each) => measured(range(each), SMALL)))];
    const both = MARGIN.left + GAP + (isTall ? Math.max(forNames, forNumbers) : forNames + GAP + forNumbers);
    const hasNumbers = isTall || width - both - MARGIN.right >= WIDE;
    this.left = !names.length ? MARGIN.left : hasNumbers ? both : MARGIN.left + GAP + forNames;
    const x = this.x();
    const axes = element(svg, "g", { class: "axes" });
    for (const tick of x.ticks(Math.max(3, Math.min(9, (width - this.left) / 70)))) {
      element(axes, "line", { x1: x(tick), x2: x(tick), y1: MARGIN.top, y2: floor });
      element(axes, "text", { x: x(tick), y: floor + 19, "text-anchor": "middle" }).textContent = `${tick}`.replace("-", "−");
    }
    const bar = Math.max(6, Math.min(34, step - 14));
    const middle = (i: number) => MARGIN.top + (i + 0.5) * step;
    const ends = ({ low, high }: Window) => [Math.max(low, -this.reach), Math.min(high, this.reach)].map(x);
    this.rows = this.windows.map((each, i) => {
      const row = element(svg, "g", { class: `window hue${each.hue}` });
      const [low, high] = ends(each);
      if (low < high) element(row, "rect", { x: low, y: middle(i) - bar / 2, width: Math.max(3, high - low), height: bar, rx: 4 });
      return row;
    });
    this.handle = element(svg, "g", { class: "handle" });
    element(this.handle, "line", { x1: 0, x2: 0, y1: MARGIN.top, y2: floor });
    element(this.handle, "rect", { class: "grip", x: -13, y: floor - 9, width: 26, height: 18, rx: 9 });
    element(this.handle, "path", { class: "arrows", d: `M-4 ${floor - 4}l-4 4l4 4M4 ${floor - 4}l4 4l-4 4` });
    // last, so that nothing is drawn over a name
    this.windows.forEach((each, i) => {
      const row = element(svg, "g", { class: `window hue${each.hue}` });
      element(row, "text", { class: "label", x: MARGIN.left, y: middle(i) + (isTall ? -3 : 5) }).textContent = names[i];
      if (!hasNumbers) return;
      const [px, py, anchor] = isTall ? [MARGIN.left, middle(i) + 14, "start"] : [this.left - GAP, middle(i) + 5, "end"];
      element(row, "text", { class: "label from", x: px, y: py, "text-anchor": anchor }).textContent = range(each);
    });
    this.move(this.alpha);
  }
}

const range = ({ low, high }: Window) => (low < high ? `${text(low)} to ${text(high)}` : "no α");
const text = (value: number) => (Number.isFinite(value) ? value.toFixed(2) : value > 0 ? "∞" : "−∞").replace("-", "−");
