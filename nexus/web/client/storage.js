/** Storages: the browser's, as far as it can be used, and the page's own memory; and turns between tabs that share one. */

/** A storage that lasts as long as the page: the interface of localStorage, in memory. */
export class MemoryStorage {
  #items = new Map();

  get length() {
    return this.#items.size;
  }

  key(index) {
    return [...this.#items.keys()][index] ?? null;
  }

  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#items.set(key, String(value));
  }

  removeItem(key) {
    this.#items.delete(key);
  }
}

const PROBE = "nexus:probe";
const NAMES = { tab: "sessionStorage", device: "localStorage" };

/** A storage that may be blocked or full: what it does not take is kept in memory, as long as the page. */
class SteadyStorage {
  #real;
  #memory = new MemoryStorage();

  /** `real()` returns the storage, or throws where the page may not have it. */
  constructor(real) {
    this.#real = attempt(real);
  }

  /** Whether tabs share it: only localStorage. */
  get shared() {
    return Boolean(this.#real) && this.#real === attempt(() => globalThis.localStorage);
  }

  /** Whether what is stored outlasts the page. */
  get lasting() {
    const kept = this.#put(PROBE, PROBE.repeat(200)); // as much as a login takes
    attempt(() => this.#real.removeItem(PROBE));
    return kept;
  }

  get length() {
    return this.#keys().length;
  }

  key(index) {
    return this.#keys()[index] ?? null;
  }

  getItem(key) {
    return this.#memory.getItem(key) ?? attempt(() => this.#real.getItem(key)) ?? null;
  }

  setItem(key, value) {
    this.#memory.removeItem(key);
    if (this.#put(key, value)) return;
    attempt(() => this.#real.removeItem(key)); // makes room, and an older value must not come back with the next page
    if (!this.#put(key, value)) this.#memory.setItem(key, value);
  }

  removeItem(key) {
    this.#memory.removeItem(key);
    attempt(() => this.#real.removeItem(key));
  }

  #put(key, value) {
    return attempt(() => (this.#real.setItem(key, value), true)) ?? false;
  }

  #keys() {
    const real = Array.from({ length: attempt(() => this.#real.length) ?? 0 }, (_, index) => this.#real.key(index));
    const own = Array.from({ length: this.#memory.length }, (_, index) => this.#memory.key(index));
    return [...new Set([...own, ...real])];
  }
}

/** What `work` returns, or null where the storage is blocked, full, or not there. */
function attempt(work) {
  try {
    return work() ?? null;
  } catch {
    return null;
  }
}

const named = new Map();
const wrapped = new WeakMap();

/** The storage that an option names: "device" (localStorage), "tab" (sessionStorage), or a storage itself; each is one
 * object as long as the page. Throws TypeError for another name. */
export function storageOf(storage) {
  const given = storage ?? "device";
  const known = typeof given === "string" ? named : wrapped;
  if (known === named && !NAMES[given]) throw new TypeError('a storage is "device", "tab", or an object');
  const real = known === named ? () => globalThis[NAMES[given]] : () => given;
  if (!known.has(given)) known.set(given, new SteadyStorage(real));
  return known.get(given);
}

/** Whether what a page keeps in this storage outlasts the page: false where the browser blocks it, or has no room. */
export function lasts(storage) {
  return storageOf(storage).lasting;
}

/** The JSON of a stored item, or null if there is none or it can't be read. */
export function readItem(storage, key) {
  try {
    return JSON.parse(storage.getItem(key));
  } catch {
    return null; // another program's, or half written
  }
}

/** The result of `work`, done while no other tab does work of this name, where the browser has locks: on secure pages
 * that may use storages. */
export async function alone(name, work) {
  let begun = false;
  const once = () => {
    begun = true;
    return work();
  };
  try {
    const locks = globalThis.navigator?.locks;
    return await (locks ? locks.request(name, once) : once());
  } catch (error) {
    if (begun) throw error;
    return once();
  }
}
