/** The look of the operator, or of the poll's host: their colours on the page, a stage in light or dark.
 * A page that has a look loads this before anything that paints. */

import { root } from "./dom.js";
import { look } from "./words.js";

const PROPERTIES = ["accent", "on_accent", "accent_ground", "bar"];
const dark = matchMedia("(prefers-color-scheme: dark)");

/** Put the colours of `worn` on `node`, for its `theme`: light or dark. */
export function wear(node, worn, theme) {
  for (const name of PROPERTIES) {
    const property = `--${name.replace("_", "-")}`;
    if (worn?.[theme]) node.style.setProperty(property, worn[theme][name]);
    else node.style.removeProperty(property);
  }
}

const SAMPLE_PX = 48; // a logo is judged by so small a copy
const LOST = 2; // less contrast than 2:1 is as good as none
const TOO_MUCH = 0.3; // of the logo
const GROUNDLESS = 0.03; // less of it transparent: it has a ground of its own
const GROUNDS = { light: 0.91, dark: 0.005 }; // how bright --paper is

/** How much of `logo`, an image, would be lost on light and on dark ground, as parts of it; null where it has its own. */
function lostOn(logo) {
  const canvas = Object.assign(document.createElement("canvas"), { width: SAMPLE_PX, height: SAMPLE_PX });
  const drawing = canvas.getContext("2d");
  drawing.drawImage(logo, 0, 0, SAMPLE_PX, SAMPLE_PX);
  const { data } = drawing.getImageData(0, 0, SAMPLE_PX, SAMPLE_PX);
  const dots = Array.from({ length: data.length / 4 }, (_, n) => data.subarray(4 * n, 4 * n + 4));
  const seen = dots.filter(([, , , alpha]) => alpha > 127).map(brightness);
  if (!seen.length || seen.length > dots.length * (1 - GROUNDLESS)) return null;
  const lost = (ground) => seen.filter((one) => contrast(one, ground) < LOST).length / seen.length;
  return { light: lost(GROUNDS.light), dark: lost(GROUNDS.dark) };
}

/** Relative luminance (WCAG 2.2). */
function brightness([red, green, blue]) {
  const linear = (part) => (part <= 10 ? part / 3294 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function contrast(one, other) {
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

/** Put the logo on a plate of the other brightness where too much of it would be lost. */
function plate(page, lost, theme) {
  const other = theme === "dark" ? "light" : "dark";
  page.toggleAttribute("data-plate", lost !== null && lost[theme] > TOO_MUCH && lost[other] < lost[theme]);
}

/** On a stage the look decides on light or dark, elsewhere the system alone. */
function dress() {
  const page = document.documentElement;
  if (document.body.classList.contains("live") && look.stage !== "auto") page.dataset.theme = look.stage;
  let lost = null;
  const put = () => {
    const theme = page.dataset.theme ?? (dark.matches ? "dark" : "light");
    wear(page, look, theme);
    plate(page, lost, theme);
  };
  if (look.logo) {
    const logo = Object.assign(new Image(), { src: new URL(look.logo.url, root) });
    logo.decode().then(() => [(lost = lostOn(logo)), put()], () => null); // where there is no picture its name is shown
  }
  dark.addEventListener("change", put);
  new MutationObserver(put).observe(page, { attributeFilter: ["data-theme"] }); // an overlay may choose another
  put();
  if (page.dataset.theme) onPaper(page);
}

/** Paper is light, whatever the stage is. */
function onPaper(page) {
  const { theme } = page.dataset;
  addEventListener("beforeprint", () => (page.dataset.theme = "light"));
  addEventListener("afterprint", () => (page.dataset.theme = theme));
}

if (look) dress();
