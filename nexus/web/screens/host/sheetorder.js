/** The order of a run sheet while its host changes it: what was moved here, and what somebody else has done meanwhile. */

/** `wanted`, an order of ids, brought together with `there`, that of the server: what is gone there goes here too, and
 * what is new there stands behind what it follows there. */
export function merged(wanted, there) {
  const order = wanted.filter((id) => there.includes(id));
  there.forEach((id, place) => {
    if (!order.includes(id)) order.splice(place ? order.indexOf(there[place - 1]) + 1 : 0, 0, id);
  });
  return order;
}

const MOST_TRIES = 5; // against others who keep changing the questions

/** Saves the order of an event's questions: at once, one after the other, the newest always. */
export class SheetOrder {
  #put;
  #again;
  #wanted = null;
  #saving = null;

  /** `put(ids)` sends an order, and `again()` resolves to the one on the server; both reject as calls do. */
  constructor(put, again) {
    this.#put = put;
    this.#again = again;
  }

  /** Whether an order is not saved yet. */
  get open() {
    return this.#wanted !== null;
  }

  /** The order to show, where the server has `there`. */
  over(there) {
    if (this.#wanted) this.#wanted = merged(this.#wanted, there);
    return this.#wanted ?? there;
  }

  /** Want another order, which is not saved yet. */
  want(ids) {
    this.#wanted = ids;
  }

  /** Save what is wanted. Resolves to whether somebody else had changed the questions meanwhile; rejects as calls do, and
   * then the order is still wanted. */
  save() {
    this.#saving ??= this.#saveAll().finally(() => (this.#saving = null));
    return this.#saving;
  }

  async #saveAll() {
    let changed = 0;
    while (this.#wanted) {
      const sent = this.#wanted;
      try {
        await this.#put(sent);
        if (this.#wanted?.join() === sent.join()) this.#wanted = null;
      } catch (error) {
        changed += 1;
        if (error.code !== "event_changed" || changed === MOST_TRIES) throw error;
        this.#wanted = merged(this.#wanted, await this.#again());
      }
    }
    return changed > 0;
  }
}
