/** The ballots as a file: of this round or an earlier one, with its progress. */

import { Refused } from "../../client.js";
import { element } from "../dom.js";
import { locale, say } from "../words.js";
import { told } from "./faults.js";
import { hand } from "./handing.js";
import { announce, button, once, statusLine } from "./parts.js";

const SHOW_EVERY_MS = 250;

const FORMATS = { xlsx: "Excel", csv: "CSV", json: "JSON" };

// What a spreadsheet of this reader expects between the cells of CSV: not a comma where that is the decimal sign.
const comma = new Intl.NumberFormat(navigator.language).formatToParts(1.5).some(({ value }) => value === ",");
const delimiter = comma ? "semicolon" : "comma";

/** A card with a button for each format. */
export class ExportCard {
  #server;
  #path;
  #line = statusLine();
  #progress = element("progress", { hidden: true, "aria-label": say("host.export") });
  #rounds = element("select", { id: "round" });
  #choice = element("div", { class: "field", hidden: true });
  #epoch = 0;
  #stop = new AbortController();

  constructor(server, id) {
    this.#server = server;
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
    const parts = [title, element("p", { class: "hint" }, hint), this.#choice, buttons, this.#progress, this.#line];
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
    this.#stop.abort();
  }

  async #save(format) {
    const epoch = this.#rounds.value || this.#epoch;
    announce(this.#line, say("host.export_begins"));
    this.#progress.hidden = false;
    try {
      const answer = await this.#server.stream(`${this.#path}?${new URLSearchParams({ format, epoch, delimiter })}`);
      if (!answer.ok) throw await refusal(answer);
      const count = Number(answer.headers.get("X-Total-Count"));
      const blob = await this.#read(answer, count);
      hand(blob, nameOf(answer) ?? `poll.${format}`);
      announce(this.#line, say("host.export_done", { n: count, size: size(blob.size) }));
    } catch (error) {
      const lost = error instanceof TypeError || error.name === "AbortError"; // fetch's errors for a lost connection
      announce(this.#line, lost ? say("host.export_lost") : told(error), true);
    } finally {
      this.#progress.hidden = true;
    }
  }

  async #read(answer, count) {
    const pieces = [];
    let bytes = 0;
    let shown = 0;
    const reader = answer.body.getReader();
    const stop = () => reader.cancel();
    this.#stop.signal.addEventListener("abort", stop);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      pieces.push(value);
      bytes += value.length;
      if (Date.now() - shown < SHOW_EVERY_MS) continue;
      shown = Date.now();
      announce(this.#line, say("host.export_on", { n: count, size: size(bytes) }));
    }
    this.#stop.signal.removeEventListener("abort", stop);
    return new Blob(pieces, { type: answer.headers.get("Content-Type") });
  }
}

async function refusal(answer) {
  const { code = "", detail = "" } = await answer.json().catch(() => ({}));
  return new Refused(code, detail || String(answer.status), { status: answer.status });
}

/** The file's name (RFC 6266), in full where it has other letters than ASCII. */
function nameOf(answer) {
  const header = answer.headers.get("Content-Disposition") ?? "";
  const [, whole] = /filename\*=UTF-8''([^;]+)/.exec(header) ?? [];
  return whole ? decodeURIComponent(whole) : /filename="([^"]+)"/.exec(header)?.[1];
}

function size(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const style = { style: "unit", unit: units[step], unitDisplay: step ? "short" : "long", maximumFractionDigits: 1 };
  return new Intl.NumberFormat(locale, style).format(bytes / 1000 ** step);
}
