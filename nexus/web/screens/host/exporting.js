/** The ballots as a file: of this round or an earlier one, with its progress. */

import { element } from "../dom.js";
import { say } from "../words.js";
import { Download } from "./downloading.js";
import { button, once } from "./parts.js";

const FORMATS = { xlsx: "Excel", csv: "CSV", json: "JSON" };

// What a spreadsheet of this reader expects between the cells of CSV: not a comma where that is the decimal sign.
const comma = new Intl.NumberFormat(navigator.language).formatToParts(1.5).some(({ value }) => value === ",");
const delimiter = comma ? "semicolon" : "comma";

/** A card with a button for each format. */
export class ExportCard {
  #path;
  #download;
  #rounds = element("select", { id: "round" });
  #choice = element("div", { class: "field", hidden: true });
  #epoch = 0;

  constructor(server, id) {
    this.#download = new Download(server);
    this.#path = `/polls/${id}/export/`;
    this.#choice.append(element("label", { for: "round" }, say("host.round")), this.#rounds);
    const formats = Object.entries(FORMATS).map(([format, label]) => {
      const name = say("host.export_as", { format: label });
      const made = button(name, () => once(made, () => this.#save(format)));
      return made;
    });
    const title = element("h2", { id: "export" }, say("host.export"));
    const hint = say("host.export_hint", { delimiter: say(`host.export_${delimiter}`) });
    const buttons = element("div", { class: "buttons" }, formats);
    const parts = [title, element("p", { class: "hint" }, hint), this.#choice, buttons, this.#download.node];
    /** The card. */
    this.node = element("section", { class: "card", "aria-labelledby": "export" }, parts);
  }

  /** Offer the rounds up to `epoch`, newest first. */
  show(epoch) {
    if (epoch === this.#epoch) return;
    const chosen = this.#rounds.value;
    const latest = Number(chosen) === this.#epoch;
    this.#epoch = epoch;
    const word = (round) => say(round === epoch ? "host.round_now" : "host.round_earlier", { round });
    const all = Array.from({ length: epoch }, (_, n) => epoch - n);
    this.#rounds.replaceChildren(...all.map((round) => element("option", { value: round }, word(round))));
    if (chosen && !latest) this.#rounds.value = chosen;
    this.#choice.hidden = epoch < 2;
  }

  /** Cancel a download under way. */
  close() {
    this.#download.close();
  }

  async #save(format) {
    const epoch = this.#rounds.value || this.#epoch;
    await this.#download.save(`${this.#path}?${new URLSearchParams({ format, epoch, delimiter })}`, `poll.${format}`);
  }
}
