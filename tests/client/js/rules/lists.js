/** What the host's list shows, in its address. */

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document ??= { documentElement: { lang: "en" }, getElementById: () => null, querySelector: () => null };
const { hashOf, lookOf } = await import("../../../../nexus/web/screens/host/looking.js");
const { Router, route } = await import("../../../../nexus/web/screens/host/router.js");

const FIRST = { search: "", category: "", status: "", ordering: "-created_at", page: 1, all: false };
const look = (hash) => lookOf(route(hash).query);

test("a list's address says what it shows, and no more", () => {
  assert.equal(hashOf(FIRST), "#/");
  const shown = { search: "wi fi & 50 % ?#", category: 3, status: "open", ordering: "-question", page: 3, all: true };
  assert.deepEqual(look(hashOf(shown)), shown);
  assert.equal(hashOf({ ...FIRST, search: "Ä" }), "#/?search=%C3%84");
});

test("an address that says nonsense shows the list as at first", () => {
  for (const query of ["", "?", "?status=gone&ordering=id&page=0&all=1", "?page=-1", "?page=1e3", "?other=1"]) {
    assert.deepEqual(look(`#/${query}`), FIRST, query);
  }
  assert.equal(look(`#/?search=${"x".repeat(500)}`).search.length, 200);
});

test("a view that loads late leaves an address alone that has changed meanwhile", async () => {
  globalThis.location = { hash: "#/accounts" };
  globalThis.addEventListener = () => {};
  globalThis.history = { replaceState: (state, title, hash) => (location.hash = hash) };
  const shown = [];
  const router = new Router((to) => shown.push(to.name), async () => true);
  await router.follow();
  router.stay("#/?page=2");
  assert.equal(location.hash, "#/?page=2");
  location.hash = "#/poll/7"; // its event is on its way
  router.stay("#/?page=3");
  assert.equal(location.hash, "#/poll/7");
  await router.follow();
  assert.deepEqual(shown, ["users", "poll"]);
});

test("other views are named by their path alone", () => {
  assert.equal(route("#/poll/7?search=x").name, "poll");
  assert.equal(route("#/nowhere?search=x"), null);
});
