/** Questions to answer before anything is done. */

import { element } from "../dom.js";
import { say } from "../words.js";

let asked = 0;

/** Ask: `title`, `text` that names the consequences, `act`, the label of the button that confirms, and `content`, a node
 * with more to decide. Resolves to whether it was confirmed; Escape means no. The focus goes back to where it was. */
export async function ask({ title, text, act, danger = true, content }) {
  const acts = [{ name: act, label: act, kind: danger ? "danger" : "main" }];
  return (await choose({ title, text, acts, content })) !== null;
}

/** The same with several `acts`, each with its `name`, the `label` of its button and the `kind` of that. Resolves to the
 * name of the one that was chosen, or null. */
export function choose({ title, text, acts, content }) {
  const id = `asked-${(asked += 1)}`;
  const cancel = element("button", { type: "button" }, say("shared.cancel"));
  let chosen = null;
  const take = (name) => {
    chosen = name;
    dialog.close();
  };
  const made = acts.map(({ name, label, kind }) =>
    element("button", { type: "button", class: kind, on: { click: () => take(name) } }, label),
  );
  const paragraphs = [text].flat().map((one) => element("p", {}, one));
  const said = element("div", { class: "stack", id: `${id}-text` }, paragraphs);
  const buttons = element("div", { class: "buttons end asked" }, cancel, made);
  const named = { "aria-labelledby": id, "aria-describedby": `${id}-text` };
  const dialog = element("dialog", named, element("h2", { id, dir: "auto" }, title), said, content ?? "", buttons);
  return new Promise((resolve) => {
    cancel.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(chosen);
    });
    document.body.append(dialog);
    dialog.showModal();
    cancel.focus(); // so that Enter alone does nothing that can't be undone
  });
}
