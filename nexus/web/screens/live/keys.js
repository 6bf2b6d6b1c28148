/** The keys of the stage, those of presenters' clickers among them. */

const ACTS = {
  o: "open",
  c: "close",
  r: "reveal",
  t: "timer",
  j: "join",
  a: "all",
  d: "theme",
  b: "blank",
  ".": "blank",
  l: "login",
  f: "full",
  "?": "help",
  pagedown: "next",
  arrowright: "next",
  " ": "next",
  pageup: "previous",
  arrowleft: "previous",
  escape: "uncover",
};

/** Calls `act(name)` at each key of the list, until `signal`; `on()` tells whether keys are enabled: `?` always is. */
export function listen(act, { on, signal }) {
  document.addEventListener(
    "keydown",
    (event) => {
      const name = ACTS[event.key.toLowerCase()];
      const modified = event.ctrlKey || event.metaKey || event.altKey;
      if (!name || modified || event.repeat || isMeant(event.target, event.key)) return;
      if (!on() && name !== "help") return;
      if (act(name) !== false) event.preventDefault();
    },
    { signal },
  );
}

/** Whether a key is meant for a field, a button or an open dialog. A field in a dialog that has just closed keeps the
 * focus, and gets the keys, until the page is next painted. */
function isMeant(target, key) {
  const dialog = target.closest?.("dialog");
  if (dialog) return dialog.open;
  if (key === " " && target.closest?.("button, a, summary")) return true;
  return Boolean(target.closest?.("input, textarea, select"));
}
