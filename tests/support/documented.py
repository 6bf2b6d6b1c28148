"""The documents as judges: whether an answer, or a frame of a socket, is one that they tell of."""

from __future__ import annotations

import re
from functools import cache

import httpx
from jsonschema import Draft202012Validator

from nexus.http.api.routes import CALLS
from nexus.http.documents.openapi import openapi
from nexus.ws.asyncapi import asyncapi
from tests.support.values import Json


class Documented:
    """`document`, which `check` holds answers against."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self._paths = [(_pattern(path), path) for path in sorted(document["paths"], key=lambda path: path.count("{"))]
        schemas = document["components"]["schemas"]
        # Clients must pass over fields they do not know; here an undocumented one is a fault.
        self._strict = {"schemas": {name: _closed(schema) for name, schema in schemas.items()}}
        self._validators: dict[tuple[str, str, str, str], Draft202012Validator] = {}

    def template(self, path: str) -> str | None:
        """The path of the document that `path` (without its query) is one of."""
        return next((template for pattern, template in self._paths if pattern.fullmatch(path)), None)

    def check(self, method: str, path: str, answer: httpx.Response) -> None:
        """Fail where the answer to `method` on `path` is not documented: its status, its headers or its body."""
        template = self.template(path)
        if template is None:
            assert answer.status_code == 404, f"{path} is not documented, and answers {answer.status_code}"
            return
        item = self.document["paths"][template]
        operation = item.get("get" if method == "HEAD" else method.lower())
        if operation is None:
            assert answer.status_code == 405, f"{method} {template} is not documented, and answers {answer.status_code}"
            return
        key = method, template, str(answer.status_code)
        assert key[2] in operation["responses"], f"{' '.join(key)} is not documented: {answer.text[:300]}"
        self._check_headers(key, operation["responses"][key[2]], answer)
        if method != "HEAD":
            self._check_body(key, operation["responses"][key[2]], answer)

    def _check_headers(self, key: tuple[str, str, str], response: Json, answer: httpx.Response) -> None:
        missing = [name for name in response["headers"] if name not in answer.headers]
        assert not missing, f"{' '.join(key)} lacks {missing}"

    def _check_body(self, key: tuple[str, str, str], response: Json, answer: httpx.Response) -> None:
        content = response.get("content")
        if content is None:
            assert answer.content == b"", f"{' '.join(key)} has a body"
            return
        media = answer.headers["content-type"].partition(";")[0]
        assert media in content, f"{' '.join(key)} is {media}"
        if media.endswith("json"):
            errors = list(self._validator(key, media, content[media]["schema"]).iter_errors(answer.json()))
            assert not errors, f"{' '.join(key)}: {errors[0].message} in {answer.text[:500]}"

    def _validator(self, key: tuple[str, str, str], media: str, schema: Json) -> Draft202012Validator:
        whole = (*key, media)
        if whole not in self._validators:
            self._validators[whole] = self.validator(schema)
        return self._validators[whole]

    def validator(self, schema: Json) -> Draft202012Validator:
        """A validator of one of the document's schemas, to which no undocumented field is valid."""
        whole = {**schema, "components": self._strict}
        return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{\w+\}", template.rstrip("/"))
    return re.compile("[^/]+".join(map(re.escape, parts)) + "/*")


def _closed(schema: Json) -> Json:
    return schema if "properties" not in schema else {"additionalProperties": False, **schema}


@cache
def documented() -> Documented:
    """The judge of the real document; making its validators costs."""
    return Documented(openapi(CALLS))


@cache
def _frames() -> dict[str, Draft202012Validator]:
    """A validator for each message of the server, by its type."""
    document = asyncapi()
    schemas = {name: _closed(schema) for name, schema in document["components"]["schemas"].items()}
    messages = document["components"]["messages"]
    return {
        name: Draft202012Validator(
            {**messages[name]["payload"], "components": {"schemas": schemas}},
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )
        for name in messages
    }


def check_frame(frame: Json) -> None:
    """Fail where a message of the server is not documented."""
    errors = list(_frames()[frame["type"]].iter_errors(frame))
    assert not errors, f"not documented: {errors[0].message} in {frame}"
