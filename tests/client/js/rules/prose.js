/** What becomes a link in a description, and what a reader sees of it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { pieces } from "../../../../nexus/web/screens/prose.js";

const A = "https://example.org/a";
const LINKS = [
  ["https://example.org", "https://example.org/", "https://example.org"],
  [A, A],
  ["HTTP://Example.ORG/Path?q=1#top", "http://example.org/Path?q=1#top", "http://example.org/Path?q=1#top"],
  ["https://example.org:8443/a", "https://example.org:8443/a"],
  ["http://[2001:db8::1]:80/", "http://[2001:db8::1]/", "http://[2001:db8::1]/"],
  ["https://en.example.org/wiki/Poll_(vote)", "https://en.example.org/wiki/Poll_(vote)"],
  ["https://example.org/a,b;c", "https://example.org/a,b;c"],
  ["https://example.org/größe", "https://example.org/gr%C3%B6%C3%9Fe", "https://example.org/größe"],
  ["https://exämple.org/a", "https://xn--exmple-cua.org/a", "https://xn--exmple-cua.org/a"],
  ["https://\u0430pple.com/", "https://xn--pple-43d.com/", "https://xn--pple-43d.com/"],
  ["https://g\u03bf\u03bfgle.com", "https://xn--ggle-0nda.com/", "https://xn--ggle-0nda.com"],
  ["https://example\u3002org/", "https://example.org/", "https://example.org/"],
  ["https://ｅｘａｍｐｌｅ.org/", "https://example.org/", "https://example.org/"],
  ["http://0x7f.1/a", "http://127.0.0.1/a", "http://127.0.0.1/a"],
  ["http://2130706433", "http://127.0.0.1/", "http://127.0.0.1"],
  ["https://example.org\\@evil.example/", "https://example.org/@evil.example/", "https://example.org\\@evil.example/"],
  [`https://example.org/${"x".repeat(3000)}`, `https://example.org/${"x".repeat(3000)}`],
];

test("addresses become links that show where they lead", () => {
  for (const [typed, href, shown = typed] of LINKS) assert.deepEqual(pieces(typed), [[shown, href]], typed);
});

test("what is around an address stays text", () => {
  const around = [
    ["See ", "."], ["(", ")"], ["[", "],"], ["“", "”."], ["<", ">"], ["at ", "…"], ["'", "'!"], ["見 ", "。"], ["（", "）"],
    ["*", "*"], ["a\n", "\nb"], ["\u202e", "\u202c"], ["\u2066", "\u2069"], ["", "\u200b."], ["", "\u202egro.live"],
  ];
  for (const [before, after] of around) {
    const expected = [before && [before], [A, A], after && [after]].filter(Boolean);
    assert.deepEqual(pieces(`${before}${A}${after}`), expected, JSON.stringify([before, after]));
  }
  assert.deepEqual(pieces(`${A} ${A}`), [[A, A], [" "], [A, A]]);
  assert.deepEqual(pieces(`(https://example.org/a_(b))`), [["("], ["https://example.org/a_(b)", "https://example.org/a_(b)"], [")"]]);
});

test("nothing else becomes a link", () => {
  const texts = [
    "javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "ftp://example.org", "mailto:a@example.org",
    "blob:https", "www.example.org", "example.org/a", "//example.org", "http:example.org", "https://", "https:///example.org",
    "https://?", "https://#a", "https://bank.example@evil.example/", "https://bank.example:443@evil.example/", "https://a b",
    "https://exa\u200bmple.org".replace("https", "shttps"), "https://[::1", "https://example.org:99999/", "https://%00/", "",
    "hxhttps://example.org".replace("hx", "x_"), "<b>https</b>",
  ];
  for (const text of texts) {
    const links = pieces(text).filter(([, href]) => href);
    assert.deepEqual(links.filter(([, href]) => !/^https:\/\/(a|exa)\/$/.test(href)), [], text);
  }
});

test("lines stay, but no flood of empty ones", () => {
  assert.deepEqual(pieces("a\r\nb\rc\u2028d\u0085e"), [["a\nb\nc\nd\ne"]]);
  assert.deepEqual(pieces(`a${"\n".repeat(9000)}b`), [["a\n\nb"]]);
});

test("a long text takes no long time", () => {
  for (const text of ["https://a".repeat(1200), `${A} `.repeat(450), `https://a/${")".repeat(9900)}`, "http".repeat(2500)]) {
    const began = performance.now();
    pieces(text);
    assert.ok(performance.now() - began < 1000);
  }
});
