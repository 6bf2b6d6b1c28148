"""One call of the table as an operation of the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from uuid import UUID

import msgspec

from nexus.domain.example_poll import OP
from nexus.errors import Invalid, NexusError, WeakPassword
from nexus.http.dependencies import RestCall
from nexus.http.documents import Json
from nexus.http.documents.examples import REQUEST_ID, TEXTS, example
from nexus.http.documents.links import links, operation_id
from nexus.http.documents.refusals import refusals
from nexus.http.framework.body import Upload
from nexus.http.framework.call import Nothing
from nexus.http.framework.problem import BodyTooLarge, document, size

BEARER = "bearer"
REF = "#/components/schemas/{name}"
HEADERS: Json = {
    "X-Request-ID": {
        "description": "The client's own id of the request where it is a plain word, else a new one.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
        "example": REQUEST_ID,
    },
    "ETag": {
        "description": "A weak tag of everything that the answer shows, for `If-None-Match`.",
        "required": True,
        "schema": {"type": "string", "pattern": '^W/".+"$'},
    },
    "Retry-After": {
        "description": "Seconds after which it is worth trying again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {
        "description": "The scheme of the token that is needed.",
        "required": True,
        "schema": {"const": "Bearer"},
    },
}
"""Headers of answers, as components of the document."""

_OF_STATUS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
_TEXTS = {304: "What the client has is still current.", 204: "Done."}


def public_path(call: RestCall) -> str:
    """The path as the contract writes it: with a trailing slash, except for the health checks."""
    return call.path if call.path.startswith("/health/") else f"{call.path}/"


def operation(call: RestCall, calls: Sequence[RestCall], schemas: Json) -> Json:
    """The operation object of `call`; `schemas` are the components made of the types."""
    summary, _, rest = call.about.partition("\n\n")
    done: Json = {
        "operationId": operation_id(call),
        "tags": [call.module.rpartition(".")[2]],
        "summary": " ".join(summary.split()).removesuffix("."),
        "description": rest or " ".join(call.about.split()),
        "parameters": _parameters(call, schemas),
        "responses": _responses(call, calls),
    }
    if call.public:
        done["security"] = []
    if call.body is not Nothing:
        content = {media: _binary() if call.body is Upload else _content(call.body) for media in call.takes}
        most = f"At most {size(call.body_bytes)}."
        done["requestBody"] = {"description": most, "required": not call.optional, "content": content}
    return {name: value for name, value in done.items() if value or name == "security"}


def _parameters(call: RestCall, schemas: Json) -> list[Json]:
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer", "format": "int64", "minimum": 1}}
        for name in re.findall(r"\{(\w+)\}", call.path)
    ]
    if call.query is not Nothing:
        whole = schemas[call.query.__name__]
        for name, schema in whole["properties"].items():
            # An empty one counts as absent (`body.read_query`).
            absent = {"required": True} if name in whole.get("required", ()) else {"allowEmptyValue": True}
            found.append({"name": name, "in": "query", **absent, "schema": _plain(schema)})
    if call.votes:
        about = "The op of this act, made by the client: the same act sent again with it is answered, and not repeated."
        schema = {"type": "string", "format": "uuid"}
        found.append({"name": "Idempotency-Key", "in": "header", "description": about, "schema": schema, "example": OP})
    if 304 in call.statuses:
        about = "The `ETag` of what the client has."
        found.append({"name": "If-None-Match", "in": "header", "description": about, "schema": {"type": "string"}})
    return found


def _plain(schema: Json) -> Json:
    """A query parameter without a value is absent, never null."""
    kept = {name: value for name, value in schema.items() if (name, value) != ("default", None)}
    kinds = [kind for kind in kept.pop("anyOf", ()) if kind != {"type": "null"}]
    return kept | kinds[0] if kinds else kept


def _content(kind: type[object]) -> Json:
    shown = example(kind)
    return {"schema": schema_of(kind), **({} if shown is None else {"example": shown})}


def schema_of(kind: type[object]) -> Json:
    """The reference to a type's schema, with the rules of the type as a whole (`schema_rules`)."""
    rules: Json = getattr(kind, "schema_rules", {})
    return {"$ref": REF.format(name=kind.__name__), **rules}


def _responses(call: RestCall, calls: Sequence[RestCall]) -> Json:
    found: Json = {str(status): _success(call, status, links(call, calls)) for status in call.statuses}
    found |= {str(status): _refusal(call, status, kinds) for status, kinds in refusals(call).items()}
    return dict(sorted(found.items()))


def _success(call: RestCall, status: int, leads_to: Json) -> Json:
    names = ("X-Request-ID", "ETag") if 304 in call.statuses else ("X-Request-ID",)
    answer: Json = {"description": _TEXTS.get(status, HTTPStatus(status).phrase), "headers": _headers(*names)}
    if status not in (204, 304):
        others = [media for media in call.media if media != "application/json"]
        kinds: Json = {media: _other(media) for media in others}
        if call.answer is not Nothing:
            kinds["application/json"] = _content(call.answer)
        answer["content"] = kinds
        if leads_to:
            answer["links"] = leads_to
    return answer


def _other(media: str) -> Json:
    """An answer that is not JSON: a text with its example, else a file."""
    if media in TEXTS:
        return {"schema": {"type": "string"}, "example": TEXTS[media]}
    return _binary()


def _binary() -> Json:
    return {"schema": {"type": "string", "format": "binary"}}


def _refusal(call: RestCall, status: int, kinds: list[type[NexusError]]) -> Json:
    codes = {"status": {"const": status}, "code": {"enum": [kind.code for kind in kinds]}}
    shown = {kind.code: {"value": _problem_example(call, kind)} for kind in kinds}
    schema = {"allOf": [{"$ref": REF.format(name="ProblemDocument")}], "properties": codes}
    return {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(f'`{code}`' for code in shown)}",
        "headers": _headers("X-Request-ID", *_OF_STATUS.get(status, ())),
        "content": {"application/problem+json": {"schema": schema, "examples": shown}},
    }


def _problem_example(call: RestCall, kind: type[NexusError]) -> object:
    """A refusal as it is sent; that of an act of voting has its op."""
    error = BodyTooLarge(call.body_bytes) if kind is BodyTooLarge else kind()
    if kind is Invalid:
        error = Invalid(errors=(_broken_rule(call),))
    elif kind is WeakPassword:
        error = WeakPassword(errors=(("password", "is too common"),))
    told: object = msgspec.to_builtins(document(error, UUID(OP) if call.votes else None))
    return told


def _broken_rule(call: RestCall) -> tuple[str, str]:
    """One that the call's own input may break."""
    names = [field.encode_name for kind in (call.body, call.query) for field in msgspec.structs.fields(kind)]  # type: ignore[arg-type]
    return names[0] if names else "Idempotency-Key", "is required" if call.body is not Nothing else "is not valid"


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
