/** The look of the operator, or of the poll's host: their colours on the page, their name and logo where it has room.
 * A page that has a look loads this before anything that paints. */

import { element, root } from "./dom.js";
import { block, brandName } from "./words.js";

const PROPERTIES = ["accent", "on_accent", "accent_ground", "bar"];
const dark = matchMedia("(prefers-color-scheme: dark)");

/** What the server says of it: `{name, accent, stage, logo, light, dark}`; null where nothing is set. */
export const look = block("brand");

/** Put the colours of `worn` on `node`, for its `theme`: light or dark. */
export function wear(node, worn, theme) {
  for (const name of PROPERTIES) {
    const property = `--${name.replace("_", "-")}`;
    if (worn?.[theme]) node.style.setProperty(property, worn[theme][name]);
    else node.style.removeProperty(property);
  }
}

/** The logo, or the name where there is none. */
export function brandMark(worn = look, name = brandName) {
  if (!worn?.logo) return element("bdi", {}, worn?.name || name);
  const { url, width, height } = worn.logo;
  return element("img", { class: "logo", src: new URL(url, root), width, height, alt: worn.name || name });
}

/** On a stage the look decides on light or dark, elsewhere the system alone. */
function dress() {
  const page = document.documentElement;
  if (document.body.classList.contains("live") && look.stage !== "auto") page.dataset.theme = look.stage;
  const put = () => wear(page, look, page.dataset.theme ?? (dark.matches ? "dark" : "light"));
  dark.addEventListener("change", put);
  put();
}

if (look) dress();
