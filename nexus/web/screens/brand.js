/** The look of the operator, or of the poll's host: their colours on the page, a stage in light or dark.
 * A page that has a look loads this before anything that paints. */

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

/** On a stage the look decides on light or dark, elsewhere the system alone. */
function dress() {
  const page = document.documentElement;
  if (document.body.classList.contains("live") && look.stage !== "auto") page.dataset.theme = look.stage;
  const put = () => wear(page, look, page.dataset.theme ?? (dark.matches ? "dark" : "light"));
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
