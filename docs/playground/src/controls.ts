/* Controls of the panel: each changes one entry of the state, and shows it. */

import type { State } from "./state.ts";

export type Change = (change: Partial<State>) => void;
export type Sync = (state: State) => void;

export interface Control {
  root: HTMLElement;
  sync: Sync;
}

let count = 0;

export function slider(key: keyof State, name: string, [min, max, step]: number[], show: (value: number) => string, change: Change): Control {
  const id = `control-${count++}`;
  const root = made("div", "control");
  root.innerHTML = `<label for="${id}">${name}</label><output for="${id}"></output><input type="range" id="${id}" name="${key}" min="${min}" max="${max}" step="${step}">`;
  const [input, output] = [root.querySelector("input")!, root.querySelector("output")!];
  input.addEventListener("input", () => change({ [key]: Number(input.value) }));
  return {
    root,
    sync: (state) => {
      const value = state[key] as number;
      if (Number(input.value) !== value) input.value = String(value);
      output.textContent = show(value);
      input.setAttribute("aria-valuetext", show(value));
    },
  };
}

export function choice(key: keyof State, name: string, options: { [value: string]: string }, change: Change, read: (value: string) => unknown = String): Control {
  const id = `control-${count++}`;
  const root = made("div", "control");
  root.innerHTML = `<label for="${id}">${name}</label><select id="${id}" name="${key}"></select>`;
  const select = root.querySelector("select")!;
  const fill = (entries: { [value: string]: string }) =>
    select.replaceChildren(...Object.entries(entries).map(([value, words]) => new Option(words, value)));
  fill(options);
  select.addEventListener("change", () => change({ [key]: read(select.value) }));
  return { root, sync: (state) => void (select.value = String(state[key])) };
}

/** A choice whose options change with the data. */
export function listed(key: "kind" | "prompt", name: string, options: () => string[], change: Change): Control {
  const control = choice(key, name, {}, change, Number);
  const select = control.root.querySelector("select")!;
  return {
    root: control.root,
    sync: (state) => {
      const words = options();
      if (words.join("\n") !== [...select.options].map((option) => option.text).join("\n"))
        select.replaceChildren(...words.map((text, i) => new Option(text, String(i))));
      select.value = String(Math.min(state[key], words.length - 1));
    },
  };
}

export function toggle(key: keyof State, name: string, change: Change): Control {
  const root = made("label", "toggle");
  root.innerHTML = `<input type="checkbox" name="${key}"><span>${name}</span>`;
  const input = root.querySelector("input")!;
  input.addEventListener("change", () => change({ [key]: input.checked }));
  return { root, sync: (state) => void (input.checked = Boolean(state[key])) };
}

/** One of a few, all in sight. */
export function radios(key: keyof State, name: string, options: { [value: string]: string }, change: Change): Control {
  const root = made("fieldset", "radios");
  const group = `group-${count++}`;
  root.innerHTML = `<legend>${name}</legend>`;
  const inputs = Object.entries(options).map(([value, words]) => {
    const label = made("label", "toggle");
    label.innerHTML = `<input type="radio" name="${group}"><span></span>`;
    label.querySelector("span")!.textContent = words;
    root.append(label);
    const input = label.querySelector("input")!;
    input.value = value;
    input.addEventListener("change", () => change({ [key]: value }));
    return input;
  });
  return { root, sync: (state) => inputs.forEach((input) => (input.checked = input.value === String(state[key]))) };
}

/** For each text: in P, in N, or in neither. */
export function texts(names: () => string[], change: Change): Control {
  const root = made("fieldset", "texts");
  let shown = "";
  return {
    root,
    sync: (state) => {
      root.hidden = state.sets !== "picked" || state.own !== "" || state.broken === "vector" || state.broken === "constant";
      const key = names().join("\n");
      if (key !== shown) {
        shown = key;
        root.innerHTML = "<legend>For joy (P), against it (N), or neither</legend>";
        names().forEach((name, j) => {
          const row = made("div", "text");
          row.innerHTML = `<span></span>${["P", "–", "N"].map((side) => `<label><input type="radio" name="text-${j}" value="${side}" aria-label="text ${j}, ${name}: ${side === "–" ? "neither" : side}"><span>${side}</span></label>`).join("")}`;
          row.querySelector("span")!.textContent = `${j}: ${name}`;
          row.addEventListener("change", () => {
            const side = (i: number) => root.querySelector<HTMLInputElement>(`input[name="text-${i}"]:checked`)?.value;
            const every = names().map((_, i) => i);
            change({ positive: every.filter((i) => side(i) === "P"), negative: every.filter((i) => side(i) === "N") });
          });
          root.append(row);
        });
      }
      names().forEach((_, j) => {
        const side = state.positive.includes(j) ? "P" : state.negative.includes(j) ? "N" : "–";
        const input = root.querySelector<HTMLInputElement>(`input[name="text-${j}"][value="${side}"]`);
        if (input) input.checked = true;
      });
    },
  };
}

export function made(tag: string, className = "", html = ""): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.innerHTML = html;
  return element;
}

/** A line in small print. */
export function note(html: string): HTMLElement {
  return made("p", "note", html);
}

export function button(words: string, press: () => void, className = ""): HTMLButtonElement {
  const element = made("button", className) as HTMLButtonElement;
  element.type = "button";
  element.textContent = words;
  element.addEventListener("click", press);
  return element;
}
