/** Reads that overtake each other, as somebody types or turns pages: only the newest counts. */

import { element, write } from "../dom.js";
import { told } from "./faults.js";

/** The reads of one view. */
export class Newest {
  #asked = 0;
  /** Where it is said that the newest read failed. */
  fault = element("p", { class: "note bad", role: "alert", hidden: true });

  /** What `read` answers; null once another has been asked for. Rejects as it does. */
  async of(read) {
    const asked = (this.#asked += 1);
    const answer = await read;
    return asked === this.#asked ? answer : null;
  }

  /** Call `show`, which reads by `of`; where the newest read fails, say so, and what is shown stays. */
  async attempt(show) {
    const asked = this.#asked + 1;
    let text = "";
    try {
      await show();
    } catch (error) {
      text = told(error);
    }
    if (asked !== this.#asked) return; // a newer read says how it is now
    write(this.fault, text);
    this.fault.hidden = !text;
  }
}
