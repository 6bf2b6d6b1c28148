/** A file that the server streams, with its progress. */

import { Refused } from "../../client.js";
import { element } from "../dom.js";
import { locale, say } from "../words.js";
import { told } from "./faults.js";
import { hand } from "./handing.js";
import { announce, statusLine } from "./parts.js";

const SHOW_EVERY_MS = 250;

/** Saves exports, one at a time; `node` says how far it is. */
export class Download {
  #server;
  #line = statusLine();
  #progress = element("progress", { hidden: true, "aria-label": say("host.export") });
  #stop = new AbortController();

  constructor(server) {
    this.#server = server;
    /** The progress and the outcome. */
    this.node = element("div", { class: "stack tight" }, this.#progress, this.#line);
  }

  /** Save what the server answers at `path`, under the name that it gives it, or else `name`. */
  async save(path, name) {
    announce(this.#line, say("host.export_begins"));
    this.#progress.hidden = false;
    try {
      const answer = await this.#server.stream(path);
      if (!answer.ok) throw await refusal(answer);
      const count = Number(answer.headers.get("X-Total-Count"));
      const blob = await this.#read(answer, count);
      hand(blob, nameOf(answer) ?? name);
      announce(this.#line, say("host.export_done", { n: count, size: size(blob.size) }));
    } catch (error) {
      const lost = error instanceof TypeError || error.name === "AbortError"; // fetch's errors for a lost connection
      announce(this.#line, lost ? say("host.export_lost") : told(error), true);
    } finally {
      this.#progress.hidden = true;
    }
  }

  /** Cancel what is under way. */
  close() {
    this.#stop.abort();
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
