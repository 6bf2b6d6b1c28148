"""The OpenAPI document (3.1), made from the table of calls and the types that validate: there is no second list."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from nexus import __version__
from nexus.http.documents.operations import BEARER, HEADERS, REF, operation, public_path
from nexus.http.framework.call import Call, Nothing
from nexus.http.framework.problem import Problem

Json = dict[str, Any]

_CITED = re.compile(r" \(contract, [^)]*\)")
"""What the sources cite and readers of the document do not have."""

_ABOUT = """\
Polls, votes and live totals. A vote that was acknowledged is committed, and counted once however often it is sent.

Every path works with and without its trailing slash. Errors are problem documents (RFC 9457) with a stable `code`;
422 names every broken rule at once. Text is trimmed before it is kept, and lengths count after that. Fields may be
added to answers; unknown fields of a body are invalid. An empty parameter of a query counts as absent. A wrong method
is 405 `method_not_allowed`, an unknown path 404 `not_found`. What is pushed live goes over a WebSocket, which
`/api/ws/` describes.
"""


def openapi(calls: Sequence[Call]) -> Json:
    """The document of `calls`."""
    schemas = components(calls)
    paths: Json = {}
    for call in calls:
        paths.setdefault(public_path(call), {})[call.method.lower()] = operation(call, calls, schemas)
    queries = {call.query.__name__ for call in calls}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Nexus",
            "version": __version__,
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "This server"}],
        "externalDocs": {"description": "The WebSocket interface", "url": "/api/ws/"},
        "tags": _tags(calls),
        "security": [{BEARER: []}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in schemas.items() if name not in queries},
            "headers": HEADERS,
            "securitySchemes": {BEARER: _security()},
        },
    }


def components(calls: Sequence[Call]) -> Json:
    """The schemas of every type that goes in or out of `calls`, and of what they hold, by name."""
    kinds = {kind: None for call in calls for kind in (call.body, call.query, call.answer) if kind is not Nothing}
    _, found = msgspec.json.schema_components((*kinds, Problem), ref_template=REF)
    return dict(sorted(found.items()))


def _tags(calls: Sequence[Call]) -> list[Json]:
    """One for each file of calls, in the words it begins with."""
    modules = dict.fromkeys(call.module for call in calls)
    texts = {name: (inspect.getdoc(sys.modules[name]) or "").partition("\n\n")[0] for name in modules}
    texts = {name: _CITED.sub("", " ".join(text.split())) for name, text in texts.items()}
    return [{"name": name.rpartition(".")[2], "description": text} for name, text in texts.items()]


def _security() -> Json:
    about = "An access token: from a login, a guest's entry, a screen's link, or a configured issuer."
    return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": about}
