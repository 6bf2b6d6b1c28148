"""The OpenAPI document (3.1), made from the table of calls and the types that validate: there is no second list."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Sequence

import msgspec

from nexus import __version__
from nexus.domain.problem import ProblemDocument
from nexus.http.dependencies import RestCall
from nexus.http.documents import Json
from nexus.http.documents.operations import BEARER, HEADERS, REF, operation, public_path
from nexus.http.framework.body import Upload
from nexus.http.framework.call import Nothing

# A pointer for readers of the source, which the document leaves out.
_CITED = re.compile(r" \((docs/)?contract[^)]*\)")

_ABOUT = """\
Polls, votes and live totals. An acknowledged vote is committed, and counted once however often it is sent.

Every path works with and without its trailing slash. Errors are problem documents (RFC 9457) with a stable `code`;
422 names every broken rule at once. Text is trimmed before it is stored, and lengths count after that. Fields may be
added to answers; unknown fields of a body are invalid. An empty parameter of a query counts as absent. A wrong method
is 405 `method_not_allowed`, an unknown path 404 `not_found`. Live updates are sent over a WebSocket, which `/api/ws/`
describes.
"""


def openapi(calls: Sequence[RestCall]) -> Json:
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
        "servers": [{"url": "..", "description": "This server, from the address of this document"}],
        "externalDocs": {"description": "The WebSocket interface", "url": "ws/"},
        "tags": _tags(calls),
        "security": [{BEARER: []}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in schemas.items() if name not in queries},
            "headers": HEADERS,
            "securitySchemes": {BEARER: _security()},
        },
    }


def components(calls: Sequence[RestCall]) -> Json:
    """The schemas of every type that goes in or out of `calls`, and of the types in them, by name."""
    kinds = {kind: None for call in calls for kind in (call.body, call.query, call.answer)}
    told = [kind for kind in kinds if kind not in (Nothing, Upload)]
    _, found = msgspec.json.schema_components((*told, ProblemDocument), ref_template=REF)
    return {name: _uncited(schema) for name, schema in sorted(found.items())}


def _uncited(schema: Json) -> Json:
    about = _CITED.sub("", " ".join(schema.get("description", "").split()))
    return {**schema, "description": about} if about else schema


def _tags(calls: Sequence[RestCall]) -> list[Json]:
    """A tag for each file of calls, described by the first paragraph of its docstring."""
    modules = dict.fromkeys(call.module for call in calls)
    texts = {name: (inspect.getdoc(sys.modules[name]) or "").partition("\n\n")[0] for name in modules}
    texts = {name: _CITED.sub("", " ".join(text.split())) for name, text in texts.items()}
    return [{"name": name.rpartition(".")[2], "description": text} for name, text in texts.items()]


def _security() -> Json:
    about = "An access token: from a login, from a guest's entry, from a screen link, or from a configured issuer."
    return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": about}
