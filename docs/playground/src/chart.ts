/* Curves against α, drawn as SVG: drawn anew when the data change, and a handle that moves when α does. */

import { scaleLinear, type ScaleLinear } from "d3-scale";
import { line } from "d3-shape";

export interface Curve {
  label: string;
  hue: number; // which of the palette's colours; -1 is ink
  dash: number;
  values: number[]; // at the drawing's strengths
  isThin?: boolean;
  isBound?: boolean; // drawn faint and without a dot
  peak?: { alpha: number; value: number };
  limits?: [number, number]; // as α → -∞ and ∞
}

export interface Drawing {
  title: string;
  subtitle: string;
  describe: string; // for a screen reader
  alphas: number[];
  top: number; // the vertical axis runs from `bottom` or 0 to this
  bottom?: number;
  percent: boolean;
  curves: Curve[];
  marks?: { alpha: number; value: number; label: string }[];
  level?: { value: number; label: string };
}

export interface Size {
  width: number;
  height: number;
}

const SVG = "http://www.w3.org/2000/svg";
const DASHES = ["", "8 4", "2 4", "10 3 2 3", "5 2", "1 3"];
const MARGIN = { top: 14, right: 14, bottom: 30, left: 46 };

const pen = document.createElement("canvas").getContext("2d")!;
const widths = new Map<string, number>();
/** How wide words are on the screen, in pixels. */
export function measured(words: string, font = "600 14px"): number {
  const key = `${font} ${words}`;
  let width = widths.get(key);
  if (width === undefined) {
    pen.font = `${font} ${getComputedStyle(document.body).fontFamily}`;
    width = pen.measureText(words).width;
    widths.set(key, width);
  }
  return width;
}

export function element<K extends keyof SVGElementTagNameMap>(
  parent: Element,
  name: K,
  attributes: { [key: string]: string | number } = {},
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  parent.append(made);
  return made;
}

/** A figure with its title, and an SVG in it that follows the figure's size and the pointer. */
export class Figure {
  readonly root: HTMLElement;
  readonly svg: SVGSVGElement;
  private readonly heading: HTMLElement;
  private readonly subheading: HTMLElement;
  protected size: Size = { width: 0, height: 0 };
  private redraw = () => {};

  constructor(id: string, onAlpha: (alpha: number) => void, alphaAt: (x: number) => number | null) {
    this.root = document.createElement("figure");
    this.root.className = "picture";
    this.root.dataset.picture = id;
    this.root.innerHTML = "<figcaption><h2></h2><p></p></figcaption><div class='plot'></div>";
    [this.heading, this.subheading] = [this.root.querySelector("h2")!, this.root.querySelector("p")!];
    const plot = this.root.querySelector(".plot")!;
    this.svg = element(plot, "svg", { role: "img" });
    new ResizeObserver(() => this.fit()).observe(plot);
    let held = false;
    const move = (event: PointerEvent) => {
      const alpha = alphaAt(event.clientX - this.svg.getBoundingClientRect().left);
      if (alpha !== null) onAlpha(alpha);
    };
    this.svg.addEventListener("pointerdown", (event) => {
      held = true;
      this.svg.setPointerCapture(event.pointerId);
      move(event);
      event.preventDefault();
    });
    this.svg.addEventListener("pointermove", (event) => held && move(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"] as const)
      this.svg.addEventListener(end, () => (held = false));
  }

  fit(): void {
    const plot = this.svg.parentElement!;
    const { clientWidth: width, clientHeight: height } = plot;
    if (width === this.size.width && height === this.size.height) return;
    this.size = { width, height };
    if (width && height) {
      this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      this.redraw();
    }
  }

  protected show(title: string, subtitle: string, describe: string, draw: () => void): void {
    this.heading.textContent = title;
    this.subheading.textContent = subtitle;
    this.svg.setAttribute("aria-label", describe);
    this.redraw = draw;
    if (this.size.width) draw();
    else this.fit();
  }
}

export class Chart extends Figure {
  private x: ScaleLinear<number, number> = scaleLinear();
  private y: ScaleLinear<number, number> = scaleLinear();
  private drawing: Drawing | null = null;
  private handle: SVGGElement | null = null;
  private dots: SVGCircleElement[] = [];
  private at: { alpha: number; values: ArrayLike<number> } = { alpha: 0, values: [] };

  constructor(id: string, onAlpha: (alpha: number) => void) {
    super(id, onAlpha, (px) => {
      if (!this.drawing) return null;
      const [low, high] = this.x.domain();
      return Math.min(Math.max(this.x.invert(px), low), high);
    });
  }

  draw(drawing: Drawing): void {
    this.drawing = drawing;
    this.show(drawing.title, drawing.subtitle, drawing.describe, () => this.paint(drawing));
  }

  /** Move the handle to α and each dot to its curve's value there: nothing else changes. */
  move(alpha: number, values: ArrayLike<number>): void {
    this.at = { alpha, values };
    if (!this.handle) return;
    const x = this.x(alpha);
    this.handle.setAttribute("transform", `translate(${x.toFixed(2)} 0)`);
    this.dots.forEach((dot, i) => dot.setAttribute("cy", this.y(values[i] ?? 0).toFixed(2)));
  }

  private paint(drawing: Drawing): void {
    const { svg } = this;
    const { width, height } = this.size;
    const { alphas, curves, percent } = drawing;
    svg.replaceChildren();
    const [right, floor] = [width - MARGIN.right, height - MARGIN.bottom];
    this.x = scaleLinear([alphas[0], alphas[alphas.length - 1]], [MARGIN.left, right]);
    this.y = scaleLinear([drawing.bottom ?? 0, drawing.top], [floor, MARGIN.top]);
    const { x, y } = this;

    const axes = element(svg, "g", { class: "axes" });
    for (const tick of y.ticks(height < 180 ? 3 : 5)) {
      element(axes, "line", { x1: MARGIN.left, x2: right, y1: y(tick), y2: y(tick) });
      const words = percent ? `${Math.round(100 * tick * 10) / 10}%` : `${tick}`;
      element(axes, "text", { x: MARGIN.left - 7, y: y(tick) + 4, "text-anchor": "end" }).textContent = words.replace("-", "−");
    }
    for (const tick of ticksApart(x, Math.max(3, Math.min(9, width / 70)))) {
      element(axes, "text", { x: x(tick), y: floor + 19, "text-anchor": "middle" }).textContent = `${tick}`.replace("-", "−");
    }
    if (x.domain()[0] < 0 && x.domain()[1] > 0) element(axes, "line", { class: "zero", x1: x(0), x2: x(0), y1: MARGIN.top, y2: floor });

    const clip = `clip-${this.root.dataset.picture}`;
    const area = { x: MARGIN.left, y: MARGIN.top - 6, width: Math.max(0, right - MARGIN.left), height: Math.max(0, floor - MARGIN.top + 12) };
    element(element(svg, "clipPath", { id: clip }), "rect", area);
    const inside = element(svg, "g", { "clip-path": `url(#${clip})` });
    if (drawing.level) {
      const at = y(drawing.level.value);
      element(inside, "line", { class: "level", x1: MARGIN.left, x2: right, y1: at, y2: at });
    }
    const path = line<number>((value, i) => x(alphas[i]), (value) => Math.max(-1e4, Math.min(1e4, y(value))));
    for (const curve of curves) {
      element(inside, "path", {
        class: `curve hue${curve.hue}${curve.isBound ? " bound" : ""}${curve.isThin ? " thin" : ""}`,
        d: path(curve.values) ?? "",
        "stroke-dasharray": curve.isBound ? "2 3" : DASHES[curve.dash % DASHES.length],
      });
    }
    for (const curve of curves) {
      for (const [i, value] of (curve.limits ?? []).entries())
        element(inside, "line", { class: `limit hue${curve.hue}`, x1: i ? right - 16 : MARGIN.left, x2: i ? right : MARGIN.left + 16, y1: y(value), y2: y(value) });
      if (curve.peak) element(inside, "circle", { class: `peak hue${curve.hue}`, cx: x(curve.peak.alpha), cy: y(curve.peak.value), r: 3.5 });
    }
    this.handle = element(svg, "g", { class: "handle" });
    element(this.handle, "line", { x1: 0, x2: 0, y1: MARGIN.top, y2: floor });
    this.dots = curves.map((curve) => element(this.handle!, "circle", { class: `dot hue${curve.hue}${curve.isBound ? " none" : ""}`, r: curve.isThin ? 3 : 5 }));
    element(this.handle, "rect", { class: "grip", x: -13, y: floor - 9, width: 26, height: 18, rx: 9 });
    element(this.handle, "path", { class: "arrows", d: `M-4 ${floor - 4}l-4 4l4 4M4 ${floor - 4}l4 4l-4 4` });

    // last, so that nothing is drawn over a name
    const drawn = curves.map((curve) => curve.values.map((value) => Math.max(-1e4, Math.min(1e4, y(value)))));
    const labels = new Labels(element(svg, "g", { class: "labels" }), alphas.map(x), drawn, curves.map((curve) => !!curve.isBound), right, floor);
    for (const mark of drawing.marks ?? []) {
      element(inside, "path", { class: "mark", d: `M${x(mark.alpha)} ${y(mark.value)}V${floor}` });
      element(inside, "circle", { class: "mark", cx: x(mark.alpha), cy: y(mark.value), r: 5 });
      if (width < ROOM_FOR_MARK) continue;
      const [px, py] = [x(mark.alpha), y(mark.value)];
      labels.lead(mark.label, "mark", px, py);
    }
    if (drawing.level) {
      const py = y(drawing.level.value) - 5;
      const wide = measured(drawing.level.label, SMALL);
      labels.place(drawing.level.label, "mark", [0, 0.25, 0.75, 1].map((share) => [MARGIN.left + 6 + share * (right - MARGIN.left - 12 - wide), py]), 1);
    }
    const order = curves.filter((curve) => curve.label).sort((a, b) => Math.max(...b.values) - Math.max(...a.values));
    for (const curve of order.filter((each) => !each.isBound)) labels.name(curve, curves.indexOf(curve), this, drawing);
    labels.keepPeaks();
    labels.nameFromAfar(order.filter((each) => !each.isBound && !each.isThin).reverse(), drawing);
    for (const curve of order.filter((each) => each.isBound)) labels.name(curve, curves.indexOf(curve), this, drawing);
    this.move(this.at.alpha, this.at.values);
  }

  position(alpha: number, value: number): [number, number] {
    return [this.x(alpha), this.y(value)];
  }
}

type Box = [number, number, number, number]; // left, top, right, bottom
type Line = [number, number, number, number]; // from x, y to x, y
const SMALL = "500 13px"; // the font of marks and bounds, as in style.css
const ROOM_FOR_MARK = 250; // pixels of width under which a mark goes without its words
const NEAR = 28; // pixels from a word's highest point to its name, at most
const FAR = 110; // and to a name that a line leads to
const HIGH = 0.2; // of the picture's height: a curve that reaches it has a name, from afar if need be
const GRIP = 14; // pixels over the floor that the handle's grip takes

/** Ticks of an axis, about as many as asked for, so far apart that their numbers do not meet. */
function ticksApart(x: ScaleLinear<number, number>, count: number): number[] {
  for (; count > 1; count--) {
    const ticks = x.ticks(count);
    if (ticks.length < 2 || x(ticks[1]) - x(ticks[0]) > 38) return ticks;
  }
  return x.ticks(1);
}

/** Names in a chart: none over another, a word's over no curve but its own, and off that wherever there is room. */
class Labels {
  private taken: Box[] = [];
  private readonly named = new Set<string>();
  private readonly peaks: [number, number][]; // the highest point of each curve; none of a bound

  /** `drawn` are the heights of each curve at the places `across`. */
  constructor(private parent: Element, private across: number[], private drawn: number[][], isBound: boolean[], private right: number, private floor: number) {
    this.peaks = drawn.map((heights, i) => {
      const y = Math.min(...heights);
      return isBound[i] ? [NaN, NaN] : [across[heights.indexOf(y)], y];
    });
  }

  /** Write words at the first free place that no curve crosses, else where the fewest do; nowhere if `most` would. Only the curve `own` may cross, if it is given. */
  place(words: string, kind: string, places: [number, number][], most = 3, own = -1): void {
    const wide = measured(words, /mark|bound/.test(kind) ? SMALL : undefined);
    let best: { box: Box; x: number; y: number; crossed: number } | null = null;
    for (const [px, y] of places) {
      const x = Math.min(Math.max(px, MARGIN.left + 4), this.right - wide);
      const box: Box = [x - 3, y - 13, x + wide + 3, y + 4];
      if (y < MARGIN.top + 4 || y > this.floor - 3 || this.taken.some((other) => overlap(box, other))) continue;
      if (own >= 0 && !this.isPlainly(own, box)) continue;
      const crossed = this.crossings(box, best?.crossed ?? most);
      if (crossed < (best?.crossed ?? most)) best = { box, x, y, crossed };
      if (!crossed) break;
    }
    if (best) this.write(words, kind, best.x, best.y, best.box);
  }

  private write(words: string, kind: string, x: number, y: number, box: Box): void {
    this.taken.push(box);
    this.named.add(words);
    element(this.parent, "text", { class: `label ${kind}`, x, y }).textContent = words;
  }

  /** Write words at the nearest free place over a point, off every curve and off the handle's grip, with a line from one to the other; nowhere if there is none. Lines to `later` points are left room. */
  lead(words: string, kind: string, px: number, py: number, own = -1, later: number[] = []): void {
    const wide = measured(words, kind === "mark" ? SMALL : undefined);
    const places: { box: Box; x: number; y: number; far: number }[] = [];
    for (let y = Math.min(py - 12, this.floor - GRIP - 4); y > py - FAR && y >= MARGIN.top + 4; y -= 4)
      for (let x = px - FAR; x <= px + FAR - wide; x += 4) {
        const box: Box = [x - 3, y - 13, x + wide + 3, y + 4];
        if (x < MARGIN.left + 4 || x + wide > this.right || later.some((other) => box[0] - 3 < other && other < box[2] + 3)) continue;
        places.push({ box, x, y, far: Math.hypot(within(px, box) - px, y + 4 - py) });
      }
    places.sort((a, b) => a.far - b.far || Math.abs(a.x + wide / 2 - px) - Math.abs(b.x + wide / 2 - px));
    for (const { box, x, y } of places) {
      if (this.taken.some((other) => overlap(box, other)) || this.crossings(box, 1)) continue;
      const line: Line = [px, py - 4, within(px, box), box[3]];
      if (this.isCrossed(line, own)) continue;
      element(this.parent, "line", { class: `leader ${kind}`, x1: line[0], y1: line[1], x2: line[2], y2: line[3] });
      return this.write(words, kind, x, y, box);
    }
  }

  /** Whether a line meets what is written, or a curve but for `own` (of a mark, on whichever curve it is, none is). */
  private isCrossed([x1, y1, x2, y2]: Line, own: number): boolean {
    for (let step = 1; step <= 20; step++) {
      const [x, y] = [x1 + ((x2 - x1) * step) / 20, y1 + ((y2 - y1) * step) / 20];
      const box: Box = [x - 2, y - 3, x + 2, y + 3];
      if (step < 20 && step > 2 && this.taken.some(([left, top, right, bottom]) => x > left + 2 && x < right - 2 && y > top && y < bottom)) return true;
      if (step > 4 && this.drawn.some((heights, i) => i !== own && this.crosses(heights, box))) return true;
    }
    return false;
  }

  /** Whether words in this box are over no curve but their own, and nearer to its highest point than to any other's. */
  private isPlainly(own: number, box: Box): boolean {
    const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
    const far = this.peaks.map((peak) => Math.hypot(peak[0] - x, peak[1] - y));
    return this.drawn.every((heights, i) => i === own || (!(far[own] > far[i]) && !this.crosses(heights, box)));
  }

  /** Keep the highest points of all curves but bounds free of all that is written from now on. */
  keepPeaks(): void {
    for (const [x, y] of this.peaks) this.taken.push([x - 5, y - 5, x + 5, y + 5]);
  }

  /** How many curves cross a box; counted up to `most`. */
  private crossings(box: Box, most: number): number {
    let count = 0;
    for (let i = 0; i < this.drawn.length && count < most; i++) count += +this.crosses(this.drawn[i], box);
    return count;
  }

  private crosses(heights: number[], [left, top, right, bottom]: Box): boolean {
    for (let i = Math.max(1, this.firstFrom(left)); i < heights.length && this.across[i - 1] <= right; i++) {
      const [a, b] = [heights[i - 1], heights[i]];
      if (Math.max(a, b) > top && Math.min(a, b) < bottom) return true;
    }
    return false;
  }

  /** The first of the places that is not left of `left`, by halving: a picture asks for it thousands of times. */
  private firstFrom(left: number): number {
    let [low, high] = [0, this.across.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.across[middle] < left) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The names of high curves, lowest first, for which there was no room at their highest points: each with a line that leads to it. */
  nameFromAfar(curves: Curve[], drawing: Drawing): void {
    const base = drawing.bottom ?? 0;
    const isHigh = ({ values }: Curve) => Math.max(...values) - base >= HIGH * (drawing.top - base);
    const missing = curves.filter((curve) => !this.named.has(curve.label) && isHigh(curve));
    const peaks = missing.map((curve) => drawing.curves.indexOf(curve));
    missing.forEach((curve, i) => {
      const [x, y] = this.peaks[peaks[i]];
      this.lead(curve.label, `hue${curve.hue}`, x, y, peaks[i], peaks.slice(i + 1).map((each) => this.peaks[each][0]));
    });
  }

  /** A curve's name: at its highest point, else as near to that as there is room; none where it is too low to see, or would seem another's. */
  name(curve: Curve, own: number, chart: Chart, drawing: Drawing): void {
    const { alphas, top } = drawing;
    const { values } = curve;
    const base = drawing.bottom ?? 0;
    const inside = values.map((value) => (value <= top ? value : -Infinity));
    const highest = inside.reduce((best, value, i) => (value > inside[best] ? i : best), 0);
    const least = drawing.curves.length > (curve.isBound ? 6 : 1) ? 0.035 * (top - base) : 0;
    if (inside[highest] - base < least) return;
    const half = curve.isBound ? least : Math.max(least, (inside[highest] - base) / 2); // lower down, a name would seem another curve's
    const wide = measured(curve.label, curve.isBound ? SMALL : undefined);
    const places: [number, number][] = [];
    const away = (i: number) => Math.abs(this.across[i] - this.across[highest]);
    const every = Math.ceil(values.length / (curve.isBound || curve.isThin ? 30 : 120));
    const along = [...values.keys()].filter((i) => i % every === 0 && (curve.isBound || away(i) <= NEAR));
    along.sort((i, j) => away(i) - away(j));
    for (const i of [highest, ...along]) {
      if (inside[i] - base < half) continue;
      const [x, y] = chart.position(alphas[i], values[i]);
      places.push([x - wide / 2, y - 7], [x - wide / 2, y + 16], [x + 8, y + 4], [x - wide - 8, y + 4], [x + 14, y - 6], [x - wide - 14, y - 6], [x + 14, y + 14], [x - wide - 14, y + 14]);
    }
    if (curve.isBound) this.place(curve.label, `hue${curve.hue} bound`, places);
    else this.place(curve.label, `hue${curve.hue}`, places, 2, own);
  }
}

/** The place of a box that is nearest to `x` from under it, a little off its corners. */
function within(x: number, [left, , right]: Box): number {
  return Math.min(Math.max(x, left + 8), right - 8);
}

function overlap(a: Box, b: Box): boolean {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}
