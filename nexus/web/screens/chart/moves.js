/** Rows that change places: they glide there, so that eyes can follow. */

const CALM_MS = 600;
const EASE = "cubic-bezier(0.2, 0.8, 0.2, 1)";

/** Whether people have asked for less movement. */
export const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Let `change` rearrange the children of `list`, and move each from its old place to its new one. */
export function glide(list, change) {
  const rows = [...list.children].filter((row) => !row.hidden);
  const before = calm.matches ? null : new Map(rows.map((row) => [row, place(row)]));
  change();
  if (!before) return;
  const after = [...list.children].filter((row) => !row.hidden && before.has(row)).map((row) => [row, place(row)]);
  for (const [row, [left, top]] of after) {
    const [x, y] = [before.get(row)[0] - left, before.get(row)[1] - top];
    if (x || y) row.animate({ transform: [`translate(${x}px, ${y}px)`, "none"] }, { duration: CALM_MS, easing: EASE });
  }
}

function place(row) {
  return [row.offsetLeft, row.offsetTop];
}
