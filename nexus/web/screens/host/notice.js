/** What is said on the page that follows: that something was done on the one before. */

let left = "";

/** Leave a text for the next page. */
export function leave(text) {
  left = text;
}

/** The text that was left, once; empty if there is none. */
export function take() {
  const text = left;
  left = "";
  return text;
}
