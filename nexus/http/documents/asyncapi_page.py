"""The readable page of the WebSocket interface, made only from its AsyncAPI document."""

from __future__ import annotations

import json
from collections.abc import Sequence

from nexus.http.documents import Json
from nexus.http.framework.html import Html, element, paragraphs, prose, together


class SocketPage:
    """Writes the page of one AsyncAPI document (3.0) with one channel."""

    def __init__(self, document: Json) -> None:
        self._document = document
        (self._channel,) = document["channels"].values()

    def body(self) -> Html:
        """The content of the page."""
        operations = self._document["operations"].values()
        return together(
            element("h1", self._document["info"]["title"]),
            paragraphs(self._document["info"]["description"]),
            self._connecting(),
            element("h2", "What a client sends", id="client"),
            *(self._message(one, one.get("reply")) for one in operations if one["action"] == "receive"),
            element("h2", "What the server sends", id="server"),
            *(self._message({"messages": [{"$ref": ref}]}, None) for ref in self._sent()),
            element("h2", "Why a socket is closed", id="closed"),
            self._closes(),
            element("h2", "What the messages contain", id="types"),
            *(self._type(name) for name in self._inner()),
        )

    def _connecting(self) -> Html:
        headers = self._channel["bindings"]["ws"]["headers"]["properties"]
        rows: list[tuple[str, Html]] = [("address", element("code", self._channel["address"]))]
        rows += [(name, self._about(schema)) for name, schema in headers.items()]
        return together(element("h2", "Connecting", id="connecting"), _table(("", ""), rows))

    def _sent(self) -> list[str]:
        """Every message of the server: answers first, then those that no client asked for."""
        operations = self._document["operations"].values()
        answers = [one["$ref"] for op in operations for one in op.get("reply", {}).get("messages", ())]
        unasked = [one["$ref"] for op in operations if op["action"] == "send" for one in op["messages"]]
        return list(dict.fromkeys(answers + unasked))

    def _message(self, operation: Json, reply: Json | None) -> Html:
        message = self._resolve(self._resolve(operation["messages"][0]["$ref"])["$ref"])
        name = message["name"]
        examples = [json.dumps(one["payload"], ensure_ascii=False) for one in message["examples"]]
        return together(
            element("h3", element("code", name), id=f"message-{name}"),
            element("p", prose(message["summary"])),
            self._fields(self._resolve(message["payload"]["$ref"])),
            *(element("pre", element("code", text)) for text in examples),
            self._answers(reply) if reply else "",
        )

    def _answers(self, reply: Json) -> Html:
        names = [one["$ref"].rpartition("/")[2] for one in reply["messages"]]
        links = [element("a", element("code", name), href=f"#message-{name}") for name in names]
        return element("p", "Answered by ", *_joined(links, " or "), ".")

    def _type(self, name: str) -> Html:
        schema = self._document["components"]["schemas"][name]
        about = element("p", prose(schema.get("description", "")))
        fields = self._fields(schema) if "properties" in schema else element("p", self._kind(schema))
        return together(element("h3", name, id=f"type-{name}"), about, fields)

    def _inner(self) -> list[str]:
        """The types that are not messages themselves."""
        payloads = {one["payload"]["$ref"] for one in self._document["components"]["messages"].values()}
        whole = {ref.rpartition("/")[2] for ref in payloads}
        held = (
            f'#/components/schemas/{name}"' in json.dumps(self._document["components"]["schemas"]) for name in whole
        )
        inner = {name for name, is_held in zip(whole, held, strict=True) if is_held}
        return [name for name in self._document["components"]["schemas"] if name not in whole or name in inner]

    def _fields(self, schema: Json) -> Html:
        required = set(schema.get("required", ()))
        rows = []
        for name, field in schema["properties"].items():
            must = "" if name in required else element("span", " (optional)", class_="faint")
            rows.append((together(element("code", name), must), self._about(field)))
        return _table(("field", "value"), rows)

    def _about(self, field: Json) -> Html:
        text = field.get("description", "")
        return together(self._kind(field), ". " if text else "", prose(text))

    def _kind(self, field: Json) -> Html:
        if "$ref" in field:
            name = field["$ref"].rpartition("/")[2]
            return element("a", name, href=f"#type-{name}")
        if "anyOf" in field:
            return together(*_joined([self._kind(one) for one in field["anyOf"]], " or "))
        if "enum" in field or "const" in field:
            values = field.get("enum", [field.get("const")])
            return together(*_joined([element("code", json.dumps(value)) for value in values], ", "))
        if field.get("type") == "array":
            return together("list of ", self._kind(field["items"]))
        limits = [f"{word} {field[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in field]
        kind = str(field.get("format", field.get("type", "anything")))
        return together(" ".join([kind, *limits]))

    def _closes(self) -> Html:
        rows = [
            (element("code", str(one["code"])), together(prose(one["meaning"]), "; reconnect: ", one["come_back"]))
            for one in self._channel["x-close-codes"]
        ]
        return _table(("code", "meaning"), rows)

    def _resolve(self, reference: str) -> Json:
        found = self._document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        return found


def _joined(parts: list[Html], between: str) -> list[str]:
    return [one for part in parts for one in (between, part)][1:]


def _table(names: tuple[str, str], rows: Sequence[tuple[str, Html]]) -> Html:
    head = [element("tr", *(element("th", name) for name in names))] if any(names) else []
    lines = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    return element("div", element("table", *head, *lines), class_="table")
