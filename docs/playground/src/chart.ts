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
    for (const tick of x.ticks(Math.max(3, Math.min(9, width / 70)))) {
      element(axes, "text", { x: x(tick), y: floor + 19, "text-anchor": "middle" }).textContent = `${tick}`.replace("-", "−");
    }
    if (x.domain()[0] < 0 && x.domain()[1] > 0) element(axes, "line", { class: "zero", x1: x(0), x2: x(0), y1: MARGIN.top, y2: floor });

    const clip = `clip-${this.root.dataset.picture}`;
    const area = element(element(svg, "clipPath", { id: clip }), "rect", { x: MARGIN.left, y: MARGIN.top - 6, height: floor - MARGIN.top + 12 });
    area.setAttribute("width", String(right - MARGIN.left));
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
    const texts = element(svg, "g", { class: "labels" });
    const taken: Box[] = [];
    for (const mark of drawing.marks ?? []) {
      element(inside, "path", { class: "mark", d: `M${x(mark.alpha)} ${y(mark.value)}V${floor}` });
      element(inside, "circle", { class: "mark", cx: x(mark.alpha), cy: y(mark.value), r: 5 });
      place(texts, mark.label, "mark", [[x(mark.alpha) + 10, y(mark.value) + (floor - y(mark.value) > 30 ? 18 : -8)], [x(mark.alpha) + 10, y(mark.value) - 24]], taken, right);
    }
    if (drawing.level) place(texts, drawing.level.label, "mark", [[MARGIN.left + 6, y(drawing.level.value) - 5]], taken, right);
    const order = curves.filter((curve) => curve.label).sort((a, b) => +!!a.isBound - +!!b.isBound || Math.max(...b.values) - Math.max(...a.values));
    for (const curve of order) label(texts, curve, this, drawing, taken, right, floor);

    this.handle = element(svg, "g", { class: "handle" });
    element(this.handle, "line", { x1: 0, x2: 0, y1: MARGIN.top, y2: floor });
    this.dots = curves.map((curve) => element(this.handle!, "circle", { class: `dot hue${curve.hue}${curve.isBound ? " none" : ""}`, r: curve.isThin ? 3 : 5 }));
    element(this.handle, "rect", { class: "grip", x: -13, y: floor - 9, width: 26, height: 18, rx: 9 });
    element(this.handle, "path", { class: "arrows", d: `M-4 ${floor - 4}l-4 4l4 4M4 ${floor - 4}l4 4l-4 4` });
    this.move(this.at.alpha, this.at.values);
  }

  position(alpha: number, value: number): [number, number] {
    return [this.x(alpha), this.y(value)];
  }
}

type Box = [number, number, number, number];
const GLYPH = 7.2; // a usual width of a letter, in pixels

/** Put a label at the first place where it overlaps no other; false if there is none. */
function place(parent: Element, words: string, kind: string, places: [number, number][], taken: Box[], right: number): boolean {
  const wide = GLYPH * words.length;
  for (const [x, y] of places) {
    const left = Math.min(Math.max(x, MARGIN.left + 2), right - wide);
    const box: Box = [left - 3, y - 13, left + wide + 3, y + 4];
    if (y < MARGIN.top + 4 || taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue;
    taken.push(box);
    element(parent, "text", { class: `label ${kind}`, x: left, y }).textContent = words;
    return true;
  }
  return false;
}

/** A curve's name: over its highest point, else beside its ends or along it; none where it is too low to see. */
function label(parent: Element, curve: Curve, chart: Chart, drawing: Drawing, taken: Box[], right: number, floor: number): void {
  const { alphas, top } = drawing;
  const { values } = curve;
  const span = top - (drawing.bottom ?? 0);
  const inside = values.map((value) => (value <= top ? value : -Infinity));
  const highest = inside.reduce((best, value, i) => (value > inside[best] ? i : best), 0);
  const least = drawing.curves.length > 6 ? 0.035 * span : 0;
  if (inside[highest] - (drawing.bottom ?? 0) < least) return;
  const wide = GLYPH * curve.label.length;
  const end = values.length - 1;
  const at = (i: number): [number, number] => chart.position(alphas[i], Math.min(values[i], top));
  const places: [number, number][] = [];
  const [px, py] = at(highest);
  places.push([px - wide / 2, py - 7], [px - wide / 2, py + 16], [px + 8, py + 4], [px - wide - 8, py + 4]);
  for (const share of [0.97, 0.85, 0.03, 0.15, 0.7, 0.3, 0.6, 0.4]) {
    const i = Math.round(share * end);
    if (inside[i] === -Infinity || inside[i] - (drawing.bottom ?? 0) < least) continue;
    const [x, y] = at(i);
    places.push([x - wide / 2, y - 7], [x - wide / 2, y + 16]);
  }
  place(parent, curve.label, `hue${curve.hue}${curve.isBound ? " bound" : ""}`, places.filter(([, y]) => y < floor - 2), taken, right);
}
