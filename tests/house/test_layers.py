"""The rules between rooms, read from the imports: arrows point down, and each tool has its place."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import nexus

ROOT = Path(nexus.__file__).parent

ARROWS = {
    # Every room, from the bottom, and the rooms below it that it may import from. A room is a folder or, at the top, a
    # module; a folder named here is a room of its own, apart from the one that it lies in. What is named nowhere fails.
    "errors": (),
    "domain": ("errors",),
    "store": ("domain", "errors"),
    "runtime": ("store", "domain", "errors"),
    "sheets": ("runtime", "errors"),
    "branding": ("store", "runtime", "domain", "errors"),
    "access": ("store", "runtime", "domain", "errors"),
    "bus": ("domain",),
    "bus.redis": ("bus", "runtime", "domain"),
    "settings": ("access", "bus.redis", "errors"),
    "voting": ("store", "bus", "runtime", "domain", "errors"),
    "rooms": ("voting", "store", "bus", "domain", "errors"),
    "http.framework": ("access", "runtime", "domain", "errors"),
    "http": ("http.framework", "branding", "voting", "store", "bus", "access", "settings", "runtime", "domain"),
    "http.api": (
        "http",
        "http.framework",
        "sheets",
        "branding",
        "voting",
        "store",
        "access",
        "runtime",
        "domain",
        "errors",
    ),
    "http.documents": ("http.api", "http", "http.framework", "store", "domain", "errors", "__init__"),
    "http.pages": ("http.framework", "branding", "voting", "access", "runtime", "domain", "errors"),
    "ws": ("rooms", "voting", "access", "domain", "errors", "__init__"),
    "embedded": ("runtime", "errors"),
    "app": (
        *("http.pages", "http.documents", "http.api", "http", "http.framework", "ws", "rooms", "voting", "store"),
        *("branding", "bus.redis", "bus", "access", "settings", "runtime", "domain"),
    ),
    "cli": (
        *("app", "http.framework", "ws", "voting", "store", "bus.redis", "access", "embedded", "settings", "runtime"),
        *("domain", "errors"),
    ),
    "__main__": ("cli",),
    "__init__": (),
    # The client and what uses it share nothing with the server.
    "client": (),
    "demo": ("client",),
}

PLACES = {
    "starlette": ("app", "cli.*", "http.*", "ws.*"),
    "uvicorn": ("cli.*", "http.framework.heads", "ws.protocol"),
    "websockets": ("client.*", "ws.parser"),
    "databases": ("store.*",),
    "sqlalchemy": ("store.*",),
    "asyncpg": ("store.*",),
    "redis": ("bus.redis.*",),
    "jwt": ("access.*",),
    "argon2": ("access.passwords",),
    "authlib": ("access.oidc.provider", "access.oidc.id_token"),
    "joserfc": ("access.oidc.id_token",),
    "httpx2": ("access.oidc.provider",),
    "prometheus_client": ("runtime.metrics",),
    "xlsxwriter": ("sheets.workbook",),
    "rjsmin": ("http.pages.minified",),
    "rcssmin": ("http.pages.minified",),
    "PIL": ("branding.picture",),
}
"""Which modules may import which tool."""

FORBIDDEN_NAMES = {"utils", "helpers", "common", "base", "services", "repositories", "managers", "middleware"}


SQL = re.compile(
    r"\bSELECT\b.+\bFROM\b|\bSELECT [\w.]+\(|\bINSERT INTO\b|\bUPDATE \w+ .*\bSET\b|\bDELETE FROM\b"
    r"|\b(CREATE|ALTER|DROP|TRUNCATE) (TABLE|INDEX|FUNCTION|TRIGGER)\b",
    re.DOTALL,
)

MUTATIONS = {
    *("add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem", "popleft", "remove"),
    *("reverse", "rotate", "setdefault", "sort", "update", "__setitem__", "move_to_end"),
}


def modules(root: Path) -> dict[str, ast.Module]:
    """Every module of the package by its name below it; the package itself is the empty name."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ast.parse(path.read_text("utf-8"))
    return found


def imports(tree: ast.Module, names: set[str]) -> Iterator[str]:
    """What a module imports, anywhere in it; of the package's own the module, else the dotted name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            source = str(node.module)
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                yield inner if inner.removeprefix("nexus.") in names else source


def within(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a module is one of `patterns`, of which a star takes every end."""
    return any(name == one or (one.endswith("*") and name.startswith(one[:-1])) for one in patterns)


def room(name: str) -> str:
    """The room of a module: the innermost that ARROWS names, else the outermost it could be."""
    parts = name.split(".")
    inner = ".".join(parts[:2])
    return inner if inner in ARROWS else parts[0] or "__init__"


TREES = modules(ROOT)
IMPORTS = {name: set(imports(tree, set(TREES))) for name, tree in TREES.items()}
OWN = {
    name: {one.removeprefix("nexus").removeprefix(".") for one in found if one.split(".")[0] == "nexus"}
    for name, found in IMPORTS.items()
}


def test_the_package_was_read() -> None:
    assert {"app", "cli.serving", "client.link", "http.api.polls", "rooms.hub", "store.voting", "ws.session"} <= set(
        TREES
    )
    assert OWN["voting.ballot_box"] >= {"errors", "domain.ballot"}


def test_every_module_is_in_a_room() -> None:
    assert not {name for name in TREES if room(name) not in ARROWS}, "ARROWS says which rooms there are"


def test_imports_follow_the_arrows() -> None:
    for name, found in OWN.items():
        astray = sorted(one for one in found if room(one) not in (room(name), *ARROWS[room(name)]))
        assert not astray, f"{name} imports {astray}; ARROWS says what {room(name)} may import"


def test_every_arrow_is_needed() -> None:
    drawn = {(room(name), room(one)) for name, found in OWN.items() for one in found}
    assert {(source, target) for source, targets in ARROWS.items() for target in targets} <= drawn


def test_rooms_lie_above_what_they_import() -> None:
    order = list(ARROWS)
    for source, targets in ARROWS.items():
        if source not in ("__init__", "client", "demo"):
            assert all(order.index(target) < order.index(source) for target in targets if target != "__init__"), source


def test_few_modules_lie_at_the_top() -> None:
    assert len(list(ROOT.glob("*.py"))) <= 6


def test_there_are_no_cycles() -> None:
    list(TopologicalSorter(OWN).static_order())


@pytest.mark.parametrize("tool", PLACES)
def test_tools_stay_in_their_places(tool: str) -> None:
    for name, found in IMPORTS.items():
        if any(one == tool or one.startswith(f"{tool}.") for one in found):
            assert within(name, PLACES[tool]), f"{name} imports {tool}"


def test_only_the_command_line_imports_the_composition_root() -> None:
    assert {room(name) for name, found in OWN.items() if "app" in found} == {"cli"}


def test_settings_know_of_redis_its_address_alone() -> None:
    known = {one for name, found in OWN.items() if room(name) == "settings" for one in found}
    assert {one for one in known if one.startswith("bus")} == {"bus.redis.address"}
    assert not any(one.split(".")[0] == "redis" for one in IMPORTS["bus.redis.address"])


def test_the_doors_do_not_know_each_other() -> None:
    assert not any(target.startswith("ws") for name in ARROWS if name.startswith("http") for target in ARROWS[name])
    assert not any(target.startswith("http") for target in ARROWS["ws"])


def strings(tree: ast.Module) -> Iterator[str]:
    """The strings of a module that are no docstrings; an f-string's as one."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def test_sql_stands_in_the_store_alone() -> None:
    assert any(SQL.search(text) for text in strings(TREES["store.polls"]))
    for name, tree in TREES.items():
        if not within(name, ("store", "store.*")):
            assert [text for text in strings(tree) if SQL.search(text)] == [], name


def module_names(tree: ast.Module) -> dict[str, ast.expr | None]:
    """The names a module assigns at its top, and to what."""
    found: dict[str, ast.expr | None] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            found |= {target.id: node.value for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node.value
    return found


def changed_names(tree: ast.Module) -> Iterator[str]:
    """The names through which something is changed in place, and those declared global."""
    for node in ast.walk(tree):
        match node:
            case ast.Global(names=names):
                yield from names
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                yield name
            case ast.Attribute(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                yield name
            case ast.AugAssign(target=ast.Name(id=name)):
                yield name
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if method in MUTATIONS:
                yield name


def is_empty_container(value: ast.expr | None) -> bool:
    """Whether a value can only be there to be filled."""
    match value:
        case ast.List(elts=[]) | ast.Dict(keys=[]):
            return True
        case ast.Call(func=ast.Name(id="list" | "dict" | "set" | "deque" | "defaultdict" | "OrderedDict" | "Counter")):
            return not value.args or (isinstance(value.func, ast.Name) and value.func.id == "defaultdict")
    return False


def test_there_are_no_mutable_globals() -> None:
    for name, tree in TREES.items():
        top = module_names(tree)
        assert not {one for one, value in top.items() if is_empty_container(value)}, name
        assert not set(top) & set(changed_names(tree)), name


@pytest.mark.parametrize(
    "source",
    [
        "seen = {}",
        "seen: dict[int, str] = {}",
        "seen = deque()",
        "seen = defaultdict(list)",
        "seen = [1]\ndef f() -> None:\n    seen.append(2)",
        "seen = {1: 2}\ndef f() -> None:\n    seen[1] = 3",
        "seen = {1: 2}\ndef f() -> None:\n    del seen[1]",
        "seen = 0\ndef f() -> None:\n    global seen\n    seen = 1",
    ],
)
def test_mutable_globals_would_be_found(source: str) -> None:
    tree = ast.parse(source)
    top = module_names(tree)
    assert is_empty_container(top["seen"]) or set(top) & set(changed_names(tree))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('x = "SELECT id FROM polls"', True),
        ('x = f"UPDATE {table} SET a = 1"', True),
        ('x = "INSERT INTO votes VALUES (1)"', True),
        ('def f():\n    """SELECT id FROM polls"""', False),
        ('x = "Select an option from the list, or update it"', False),
    ],
)
def test_sql_would_be_found(source: str, found: bool) -> None:
    assert any(SQL.search(text) for text in strings(ast.parse(source))) is found


def test_files_are_named_for_what_they_are() -> None:
    for name in TREES:
        assert not FORBIDDEN_NAMES & set(re.split(r"[._]", name)), name
