/* Builds the playground into one HTML file: node build.mjs [OUT]. The same sources give the same bytes. */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import katex from "katex";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const text = (name) => readFileSync(path(name), "utf8");
const out = process.argv[2] ?? path("../../ufm/app/playground/index.html");

// formulas are set now: the page holds what KaTeX made of them, and no KaTeX
const formulas = {
  name: "formulas",
  setup(builder) {
    builder.onLoad({ filter: /formulas\.json$/ }, ({ path: file }) => {
      const sources = JSON.parse(readFileSync(file, "utf8"));
      const set = Object.entries(sources).map(([key, tex]) => [
        key,
        katex.renderToString(tex, { displayMode: true, output: "htmlAndMathml", throwOnError: true }),
      ]);
      return { contents: JSON.stringify(Object.fromEntries(set)), loader: "json" };
    });
  },
};

const FONTS = { KaTeX_Main: ["Main-Regular"], KaTeX_Math: ["Math-Italic"], KaTeX_Size1: ["Size1-Regular"], KaTeX_Size2: ["Size2-Regular"], KaTeX_AMS: ["AMS-Regular"] };
const faces = Object.entries(FONTS).flatMap(([family, files]) =>
  files.map((file) => {
    const font = readFileSync(path(`node_modules/katex/dist/fonts/KaTeX_${file}.woff2`)).toString("base64");
    const style = file.endsWith("Italic") ? "italic" : "normal";
    return `@font-face{font-family:${family};font-style:${style};src:url(data:font/woff2;base64,${font}) format("woff2")}`;
  }),
);
const katexStyle = text("node_modules/katex/dist/katex.min.css").replace(/@font-face\{[^}]*\}/g, "");

const options = { bundle: true, minify: true, write: false, legalComments: "none", charset: "utf8", target: "es2022" };
const script = await build({ ...options, entryPoints: [path("src/main.ts")], format: "iife", plugins: [formulas] });
const style = await build({ ...options, stdin: { contents: text("src/style.css"), loader: "css" } });
const page = text("src/index.html")
  .replace("/*STYLE*/", () => faces.join("") + katexStyle + style.outputFiles[0].text.trim())
  .replace("/*SCRIPT*/", () => script.outputFiles[0].text.trim().replace(/<\/script/gi, "<\\/script"));
writeFileSync(out, page);
