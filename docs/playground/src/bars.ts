/* The next word's probabilities as bars, with a tick where each was before steering. */

export interface Word {
  name: string;
  hue: number;
  line: number | null; // how its curve is drawn beside: 0 whole, 1 dashed, 2 dotted
}

export class Bars {
  readonly root: HTMLElement;
  private readonly list: HTMLElement;
  private rows: { bar: HTMLElement; number: HTMLElement; row: HTMLElement }[] = [];
  private top = 1;
  private named = "";

  constructor(id: string) {
    this.root = document.createElement("figure");
    this.root.className = "picture bars";
    this.root.dataset.picture = id;
    this.root.innerHTML = "<figcaption><h2>The next word</h2><p></p></figcaption><div class='plot'><ul tabindex='0' aria-label='Probability of each next word'></ul></div>";
    this.list = this.root.querySelector("ul")!;
  }

  draw(subtitle: string, words: Word[], before: ArrayLike<number>, top: number): void {
    this.root.querySelector("p")!.textContent = subtitle;
    this.top = top;
    this.name(words);
    this.rows.forEach(({ row }, z) => (row.querySelector<HTMLElement>(".before")!.style.left = `${(100 * before[z]) / top}%`));
  }

  /** A row for each word, made anew only where the words are others. */
  private name(words: Word[]): void {
    const key = words.map(({ name, hue, line }) => `${hue} ${line} ${name}`).join("\n");
    if (key === this.named) return;
    this.named = key;
    this.list.className = words.length > 36 ? "many three" : words.length > 15 ? "many" : "";
    this.list.replaceChildren(
      ...words.map(({ name, hue, line }) => {
        const row = document.createElement("li");
        row.className = `hue${hue}`;
        row.innerHTML = "<span class='word'></span><span class='track'><span class='bar'></span><span class='before'></span></span><span class='number'></span>";
        row.querySelector(".word")!.textContent = name;
        if (line !== null) row.querySelector(".word")!.insertAdjacentHTML("beforeend", `<i class="line${line}"></i>`);
        return row;
      }),
    );
    this.rows = [...this.list.children].map((row) => ({
      row: row as HTMLElement,
      bar: row.querySelector<HTMLElement>(".bar")!,
      number: row.querySelector<HTMLElement>(".number")!,
    }));
  }

  move(p: ArrayLike<number>): void {
    for (let z = 0; z < this.rows.length; z++) {
      const { bar, number } = this.rows[z];
      bar.style.transform = `scaleX(${Math.min(1, p[z] / this.top).toFixed(4)})`;
      const text = percent(p[z]);
      if (number.textContent !== text) number.textContent = text;
    }
  }
}

export function percent(share: number): string {
  if (share < 0.0005) return "0%";
  return share < 0.0995 ? `${(100 * share).toFixed(1)}%` : `${Math.round(100 * share)}%`;
}
