import assert from "node:assert/strict";
import { test } from "node:test";

import { MemoryStorage, enter, lasts, login, redeem, register, session } from "../../../nexus/web/client.js";
import { makePoll, soon, until, url } from "./harness.js";

/** A login of its own account, in a storage of its own; what it asks the server passes `wire(path, ask)`. */
async function loggedIn(name, { storage = new MemoryStorage(), wire } = {}) {
  const wired = wire && ((address, options) => wire(new URL(address).pathname, () => fetch(address, options)));
  const who = { url, username: name, password: "correct horse battery", storage, fetch: wired };
  await register(who).catch((error) => assert.equal(error.code, "username_taken"));
  return { storage, made: await login(who), who };
}

/** The same tab again, or its copy: what a browser copies when a tab is doubled. */
function copyOf(storage) {
  const copy = new MemoryStorage();
  for (let n = 0; n < storage.length; n += 1) copy.setItem(storage.key(n), storage.getItem(storage.key(n)));
  return copy;
}

const stored = (storage) => JSON.parse(storage.getItem(storage.key(0)));

async function renew(one, times = 1) {
  for (let n = 0; n < times; n += 1) await one.token(await one.token());
  const answer = await fetch(`${url}/auth/me/`, { headers: { Authorization: `Bearer ${await one.token()}` } });
  assert.equal(answer.status, 200);
}

test("the code of an OpenID provider's login is sent with the cookie of its browser, and nothing else is", async () => {
  const asked = [];
  const answer = { access: "a.b.c", refresh: "r", token_type: "Bearer", expires_in: 900 };
  const wire = async (address, { credentials, body }) => {
    asked.push([new URL(address).pathname, credentials, body]);
    return new Response(JSON.stringify(answer));
  };
  const storage = new MemoryStorage();
  const made = await redeem({ url, code: "x", storage, fetch: wire });
  assert.equal(await made.token(), "a.b.c");
  await made.token("a.b.c");
  assert.equal(stored(storage).refresh, "r");
  assert.deepEqual(asked, [
    ["/auth/oidc/token/", "same-origin", '{"code":"x"}'],
    ["/auth/token/refresh/", "omit", '{"refresh":"r"}'],
  ]);
  await assert.rejects(redeem({ url, code: "x", storage }), { code: "not_found", status: 404 }); // none is set here
});

test("answers to a refresh that are lost do not end a login", async () => {
  let lost = 0;
  const wire = async (path, ask) => {
    const answer = await ask();
    if (!path.endsWith("/refresh/") || lost >= 3) return answer;
    lost += 1;
    throw new TypeError("network error"); // the server has spent the token
  };
  const { storage, made, who } = await loggedIn("lost", { wire });
  const first = await made.token();
  for (let n = 0; n < 3; n += 1) await assert.rejects(made.token(first), { name: "Unreachable" });
  await renew(session(who), 2); // the page is loaded again
  assert.equal(lost, 3);
  assert.notEqual(stored(storage).access, first);
});

test("a doubled tab and the first one both stay in, however long one of them sleeps", async () => {
  const { storage, made } = await loggedIn("doubled");
  const { refresh } = stored(storage);
  const copy = copyOf(storage);
  const twin = session({ url, storage: copy });
  await until(() => stored(storage).refresh !== refresh && stored(copy).refresh !== refresh, "a pair for each tab");
  assert.notEqual(stored(storage).refresh, stored(copy).refresh);
  await renew(twin, 3); // the first one sleeps
  await renew(made, 2);
  const before = stored(copy).refresh;
  const again = copyOf(copy);
  const third = session({ url, storage: again }); // doubled again
  await until(() => stored(copy).refresh !== before && stored(again).refresh !== before, "a pair for each tab");
  await renew(made, 2);
  await renew(third, 2);
  await renew(twin, 2);
});

test("a page that is loaded again renews nothing, and neither do tabs of other logins", async () => {
  const paths = [];
  const wire = (path, ask) => (paths.push(path), ask());
  const { storage, who } = await loggedIn("reloading", { wire });
  const { refresh } = stored(storage);
  const other = await loggedIn("reloading", { wire });
  for (let n = 0; n < 3; n += 1) assert.ok(await session(who).token());
  await renew(other.made);
  assert.equal(stored(storage).refresh, refresh);
  assert.deepEqual(paths.filter((path) => path.includes("refresh")), ["/auth/token/refresh/"]); // of the other
});

test("one tab renews for all that share a storage", async () => {
  let refreshed = 0;
  const wire = (path, ask) => ((refreshed += path.includes("refresh") ? 1 : 0), ask());
  const { made, who } = await loggedIn("shared", { wire });
  const tabs = [made, session(who), session(who)];
  const first = await made.token();
  const second = await made.token(first);
  assert.deepEqual(await Promise.all(tabs.map((tab) => tab.token(first))), [second, second, second]);
  assert.equal(refreshed, 1);
});

test("tabs that renew at once without locks all stay in", async () => {
  const locks = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
  try {
    const { made, who } = await loggedIn("lockless");
    const tabs = [made, session(who), session(who)];
    for (let n = 0; n < 3; n += 1) {
      const token = await made.token();
      const renewed = await Promise.all(tabs.map((tab) => tab.token(token)));
      assert.ok(!renewed.includes(token));
    }
    for (const tab of tabs) await renew(tab);
    const token = await made.token();
    const broken = async () => {
      await made.token(token);
      throw new TypeError("network error");
    };
    assert.equal(await session({ ...who, fetch: broken }).token(token), await made.token()); // another was faster
  } finally {
    if (locks) Object.defineProperty(globalThis, "navigator", locks);
    else delete globalThis.navigator;
  }
});

test("logging out ends a login in all its tabs at once, and no other login", async () => {
  const { storage, made, who } = await loggedIn("leaving");
  const shared = session(who);
  const twin = session({ url, storage: copyOf(storage) });
  const other = await loggedIn("leaving");
  await made.logout();
  await soon(Promise.all([made.ended, shared.ended, twin.ended]));
  for (const tab of [made, shared, twin]) await assert.rejects(tab.token(), { code: "unauthenticated" });
  assert.equal(session(who), null);
  await renew(other.made);
  await other.made.logout();
  await soon(other.made.ended);
});

test("a login that was ended while it was renewed does not come back", async () => {
  let during = async () => {};
  const wire = async (path, ask) => {
    const answer = await ask();
    if (path.includes("refresh")) await during();
    return answer;
  };
  const { storage, made } = await loggedIn("overtaken", { wire });
  during = async () => storage.removeItem(storage.key(0)); // by a tab without locks
  await assert.rejects(made.token(await made.token()), { code: "unauthenticated" });
  assert.equal(storage.length, 0);
  await soon(made.ended);
});

test("another login in the same storage is not taken for this one", async () => {
  const { storage, made } = await loggedIn("first");
  await loggedIn("second", { storage });
  await assert.rejects(made.token(), { code: "unauthenticated" });
  await soon(made.ended);
  await renew(session({ url, storage })); // the second stays
});

/** A storage that throws as browsers do: `blocked`, or with room for `room` items. */
function troubled({ blocked = false, room = 0 }) {
  const inner = new MemoryStorage();
  const fail = () => {
    throw new DOMException("no", blocked ? "SecurityError" : "QuotaExceededError");
  };
  const guarded = (act) => (...given) => (blocked ? fail() : act(...given));
  return {
    get length() {
      return blocked ? fail() : inner.length;
    },
    key: guarded((index) => inner.key(index)),
    getItem: guarded((key) => inner.getItem(key)),
    removeItem: guarded((key) => inner.removeItem(key)),
    setItem: guarded((key, value) => (inner.getItem(key) === null && inner.length >= room ? fail() : inner.setItem(key, value))),
    inner,
  };
}

test("a storage that is blocked or full does not keep a login or a guest from working", async () => {
  const poll = await makePoll();
  for (const storage of [troubled({ blocked: true }), troubled({ room: 0 })]) {
    assert.equal(lasts(storage), false);
    const { made, who } = await loggedIn("blocked", { storage });
    await renew(made, 2);
    await renew(session(who), 1);
    const guest = await enter({ url, code: poll.code, storage });
    assert.equal((await enter({ url, code: poll.code, storage })).voter, guest.voter);
    await made.logout();
    assert.equal(session(who), null);
  }
  assert.equal(lasts(new MemoryStorage()), true);
  assert.deepEqual([lasts(), lasts(null)], [lasts("device"), lasts("device")]);
  assert.throws(() => lasts("somewhere"), TypeError);
});

test("a storage that fills up forgets a login rather than keep a spent token", async () => {
  const storage = troubled({ room: 1 });
  const { made } = await loggedIn("filling", { storage });
  assert.equal(storage.inner.length, 1);
  const setItem = storage.setItem;
  storage.setItem = () => setItem("another", "") ?? setItem("and another", "");
  await renew(made, 2);
  assert.equal(storage.inner.getItem(`nexus:login:${url}`), null);
});
