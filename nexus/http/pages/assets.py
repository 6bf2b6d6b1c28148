"""What the screens load: client.js, the screens' modules, styles and pictures (docs/contract.md, "Pages").

Each has two addresses: `/assets/client.js`, as it was written, for other front ends, which caches ask about each time;
and the same below `/assets/v-<digest>/`, minified, which the pages use and caches keep permanently: a change in any
file makes another digest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from posixpath import dirname, join, normpath

from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from nexus.http.framework.static import StaticResponse
from nexus.http.pages.minified import minified

FOLDERS = ("client", "screens")
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ts": "text/plain; charset=utf-8",
}
PERMANENT = {"cache-control": "max-age=31536000, immutable"}

_VERSIONED = re.compile(r"v-[0-9a-f]{12}/(.+)")
_STATIC = re.compile(r"""(?:^|\n)(?:import|export)\b[^;"'()]*["'](\.[^"']+)["'];""")
_SHEET = re.compile(rb"""@import url\("([\w./-]+)"\);""")
_DYNAMIC = re.compile(r"""\bimport\(["'](\.[^"']+)["']\)""")


class Assets:
    """The files of `web`, read once, as an ASGI application below a route `/assets/{path:path}`."""

    def __init__(self, web: Path, made: Mapping[str, bytes] | None = None) -> None:
        """`made` are more files by their names, such as `words/en/users.json`."""
        files = [path for folder in FOLDERS for path in (web / folder).rglob("*") if path.suffix in TYPES]
        files += [web / "client.js", web / "client.d.ts"]
        self._bytes = {path.relative_to(web).as_posix(): _read(path) for path in sorted(files)} | dict(made or {})
        self._imported: dict[tuple[str, re.Pattern[str]], list[str]] = {}
        loaded = {name: minified(name, body) for name, body in self._bytes.items()}
        digest = sha256()
        for name, body in loaded.items():
            digest.update(f"{name} {len(body)}\n".encode() + body)
        self._versioned = f"v-{digest.hexdigest()[:12]}"
        self._revalidated = {name: StaticResponse(body, TYPES[Path(name).suffix]) for name, body in self._bytes.items()}
        # A page loads dozens of them: their types go without the charset. Modules and the sheets of a page in UTF-8 are
        # UTF-8 anyway (HTML Standard, "fetch a single module script"; CSS Syntax, "The input byte stream").
        plain = {suffix: kind.partition(";")[0] for suffix, kind in TYPES.items()}
        self._permanent = {
            name: StaticResponse(body, plain[Path(name).suffix], PERMANENT) for name, body in loaded.items()
        }

    def route(self) -> Route:
        """Where they are served."""
        return Route("/assets/{path:path}", self, methods=["GET"])

    def address(self, name: str) -> str:
        """The permanent address of `name`, such as `screens/vote.js`, from the root of the service. Raises KeyError if
        there is no such file."""
        if name not in self._bytes:
            raise KeyError(name)
        return f"assets/{self._versioned}/{name}"

    def modules(self, entry: str) -> list[str]:
        """Every module that `entry` needs, itself first: what it imports, directly or not; last the modules that are
        imported only while it runs. In this order a browser first loads what paints the page."""
        first = list(self._closure([entry], _STATIC))
        later = [name for one in first for name in self._imports(one, _DYNAMIC)]
        return list(dict.fromkeys([*first, *self._closure(later, _STATIC)]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD. Raises a 404 where there is no such file."""
        name: str = scope["path_params"]["path"]
        versioned = _VERSIONED.fullmatch(name)
        table = self._permanent if name.startswith(f"{self._versioned}/") else self._revalidated
        # While servers are upgraded one by one, another version's page gets this version's file, and does not keep it.
        asset = table.get(versioned[1] if versioned else name)
        if asset is None:
            raise HTTPException(404)
        await asset(scope, receive, send)

    def _closure(self, names: list[str], pattern: re.Pattern[str]) -> Iterator[str]:
        waiting, seen = list(names), set[str]()
        while waiting:
            name = waiting.pop(0)
            if name not in seen:
                seen.add(name)
                yield name
                waiting += self._imports(name, pattern)

    def _imports(self, name: str, pattern: re.Pattern[str]) -> list[str]:
        # Pages share most of their modules: each file is searched once.
        if (name, pattern) not in self._imported:
            found = pattern.findall(self._bytes[name].decode())
            self._imported[name, pattern] = [normpath(join(dirname(name), one)) for one in found]
        return self._imported[name, pattern]


def _read(path: Path) -> bytes:
    """A file. The import of another style sheet is replaced by its content: each request costs a phone a round trip."""
    body = path.read_bytes()
    return _SHEET.sub(lambda found: _read(path.parent / found[1].decode()), body) if path.suffix == ".css" else body
