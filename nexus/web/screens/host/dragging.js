/** Rows that are dragged to another place by a handle. */

const SLACK = 5; // pixels within which a press is no drag
const EDGE = 48; // pixels from the edge of the window where it scrolls
const SCROLL = 12;

/** Let `node` be dragged by `handle` among its siblings: `move(step)` is called to move it one place up (-1) or down
 * (1), and must not take it out of the document meanwhile. A press that was a drag is no click. */
export function draggable(handle, node, move) {
  let from = null;
  let dragged = false;
  handle.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    from = event.clientY;
    dragged = false;
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", ({ clientY }) => {
    if (from === null || (!dragged && Math.abs(clientY - from) < SLACK)) return;
    dragged = true;
    node.dataset.dragged = "";
    follow(node, clientY, move);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    handle.addEventListener(end, () => {
      from = null;
      delete node.dataset.dragged;
      setTimeout(() => (dragged = false)); // once the click that may follow is over
    });
  }
  handle.addEventListener("click", (event) => dragged && event.stopImmediatePropagation(), true);
}

function follow(node, y, move) {
  if (y < EDGE) scrollBy(0, -SCROLL);
  if (y > innerHeight - EDGE) scrollBy(0, SCROLL);
  const [before, after] = [node.previousElementSibling, node.nextElementSibling];
  if (before && y < middle(before)) move(-1);
  else if (after && y > middle(after)) move(1);
}

function middle(node) {
  const { top, bottom } = node.getBoundingClientRect();
  return (top + bottom) / 2;
}
