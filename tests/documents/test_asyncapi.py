"""The AsyncAPI document: whole, sound in itself, and true of the messages that it was made from."""

from typing import Any, get_args

import msgspec
import pytest
from jsonschema import Draft202012Validator

from nexus.ws import messages
from nexus.ws.asyncapi import ANSWERS, UNASKED, asyncapi, name_of
from nexus.ws.example_messages import CLIENT, SERVER
from nexus.ws.messages import ClientMessage, ServerMessage
from nexus.ws.unreadable import Unreadable
from tests.support.values import Json

DOCUMENT: Json = asyncapi()
KINDS = [*get_args(ClientMessage), *get_args(ServerMessage)]


def resolve(reference: str) -> Any:
    """What a reference of the document leads to; fails where that is nothing."""
    found: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [one for part in value.values() for one in references(part)]
    return [one for part in value for one in references(part)] if isinstance(value, list) else []


def valid(schema: Json, value: object) -> bool:
    whole = {**schema, "components": DOCUMENT["components"]}
    return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).is_valid(value)


def test_every_message_is_in_it() -> None:
    names = {name_of(kind) for kind in KINDS}
    assert set(DOCUMENT["components"]["messages"]) == set(DOCUMENT["channels"]["socket"]["messages"]) == names
    assert len(names) == len(KINDS) == 24


def test_document_has_the_shape_of_asyncapi_3() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"asyncapi", "info", "channels", "operations", "components"} <= DOCUMENT.keys()
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    for channel in DOCUMENT["channels"].values():
        assert channel["address"] == "/ws"
        assert channel["bindings"]["ws"]["headers"]["properties"]["Sec-WebSocket-Protocol"]["const"] == "nexus.v1"
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in ("send", "receive")
        known = resolve(operation["channel"]["$ref"])["messages"]
        reply = operation.get("reply", {"messages": []})
        for message in (*operation["messages"], *reply["messages"]):
            assert message["$ref"].removeprefix("#/channels/socket/messages/") in known
    for reference in references(DOCUMENT):
        resolve(reference)
    for name, message in DOCUMENT["components"]["messages"].items():
        assert (message["name"], message["contentType"]) == (name, "application/json")
        assert message["summary"]
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_message_of_the_client_is_answered_and_every_other_sent() -> None:
    assert [kind for kind, _ in ANSWERS] == list(get_args(ClientMessage))
    sent = {answer for _, answers in ANSWERS for answer in answers} | set(UNASKED)
    assert sent == set(get_args(ServerMessage))
    for kind, answers in ANSWERS:
        operation = DOCUMENT["operations"][f"receive_{name_of(kind)}"]
        names = [resolve(one["$ref"])["$ref"].rpartition("/")[2] for one in operation["reply"]["messages"]]
        assert names == [name_of(answer) for answer in answers]
    for kind in UNASKED:
        assert DOCUMENT["operations"][f"send_{name_of(kind)}"]["action"] == "send"


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_message_has_valid_examples(kind: type[msgspec.Struct]) -> None:
    message = DOCUMENT["components"]["messages"][name_of(kind)]
    assert message["examples"]
    for shown in message["examples"]:
        assert shown["payload"]["type"] == name_of(kind)
        assert valid(message["payload"], shown["payload"])
        assert not valid(message["payload"], shown["payload"] | {"type": "nothing"})


@pytest.mark.parametrize("message", CLIENT, ids=repr)
def test_examples_of_the_client_are_read(message: ClientMessage) -> None:
    assert messages.decode(msgspec.json.encode(message).decode()) == message


@pytest.mark.parametrize("message", SERVER, ids=repr)
def test_examples_of_the_server_are_written(message: ServerMessage) -> None:
    raw = messages.encode(message).text
    decoded: ServerMessage = msgspec.json.decode(raw, type=type(message))
    assert messages.encode(decoded).text == raw


@pytest.mark.parametrize("message", CLIENT, ids=repr)
def test_document_and_server_refuse_unknown_fields(message: ClientMessage) -> None:
    schema = DOCUMENT["components"]["messages"][name_of(type(message))]["payload"]
    sent = msgspec.json.decode(msgspec.json.encode(message)) | {"unheard_of": 1}
    assert not valid(schema, sent)
    with pytest.raises(Unreadable):
        messages.decode(msgspec.json.encode(sent).decode())


def test_close_codes_are_those_of_the_contract() -> None:
    told = {one["code"]: one["come_back"] for one in DOCUMENT["channels"]["socket"]["x-close-codes"]}
    assert set(told) == {1001, 1009, 1012, 4408, 4409, 4429, 4500, 4501, 4503}
    assert all(("back-off" in back) == (4400 <= code < 4500) for code, back in told.items())
