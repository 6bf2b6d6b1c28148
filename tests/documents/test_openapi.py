"""The OpenAPI document: valid, whole, and true of the types that it was made from."""

import re
from collections.abc import Iterator

import msgspec
import pytest
from openapi_spec_validator import validate

from nexus.http.api.routes import CALLS, routes
from nexus.http.dependencies import RestCall
from nexus.http.documents.examples import EXAMPLES
from nexus.http.documents.links import operation_id
from nexus.http.documents.operations import public_path, schema_of
from nexus.http.documents.refusals import refusals
from nexus.http.framework.body import Upload
from nexus.http.framework.call import Nothing
from tests.support.documented import documented
from tests.support.rest import Rest, refused
from tests.support.values import Json

DOCUMENT: Json = documented().document


def operations() -> Iterator[tuple[str, str, Json]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def contents() -> Iterator[tuple[str, Json]]:
    """Every content of the document: of bodies and of answers, with its media type."""
    for _, _, operation in operations():
        for where in (operation.get("requestBody", {}), *operation["responses"].values()):
            yield from where.get("content", {}).items()


def test_document_is_valid() -> None:
    validate(DOCUMENT)


def test_every_call_is_in_it_once() -> None:
    assert [(public_path(call), call.method.lower()) for call in CALLS] == [(p, m) for p, m, _ in operations()]
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert ids == [operation_id(call) for call in CALLS]
    assert len(set(ids)) == len(ids)


async def test_every_route_of_the_table_is_in_it(rest: Rest) -> None:
    assert [route.path for route in routes(rest.services)] == [path.rstrip("/") for path in DOCUMENT["paths"]]


async def test_paths_answer_no_other_method(rest: Rest) -> None:
    ann = await rest.user()
    for path, item in DOCUMENT["paths"].items():
        known = {method.upper() for method in item} | ({"HEAD"} if "get" in item else set())
        for method in {"GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"} - known:
            answer = await rest(method, re.sub(r"{\w+}", "1", path), ann, json={})
            assert refused(answer) == (405, "method_not_allowed"), (method, path)
            assert set(answer.headers["allow"].split(", ")) == known


def test_every_operation_says_what_it_does() -> None:
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for path, method, operation in operations():
        assert operation["summary"], (method, path)
        assert set(operation["tags"]) <= tags


def test_every_body_and_answer_has_an_example() -> None:
    used = {kind for call in CALLS for kind in (call.body, call.answer)} - {Nothing, Upload}
    assert {kind.__name__ for kind in used - EXAMPLES.keys()} == set()


@pytest.mark.parametrize("kind", EXAMPLES, ids=lambda kind: kind.__name__)
def test_example_is_what_the_types_read_and_write(kind: type[object]) -> None:
    raw = msgspec.json.encode(EXAMPLES[kind])
    decoded = msgspec.json.decode(raw, type=kind)
    assert msgspec.json.encode(decoded) == raw
    errors = list(documented().validator(schema_of(kind)).iter_errors(msgspec.json.decode(raw)))
    assert errors == []


def test_every_example_is_valid() -> None:
    count = 0
    for media, content in contents():
        if content["schema"].get("format") == "binary":
            continue
        shown = (
            [content["example"]]
            if "example" in content
            else [one["value"] for one in content.get("examples", {}).values()]
        )
        assert shown, media
        for value in shown:
            assert list(documented().validator(content["schema"]).iter_errors(value)) == []
            count += 1
    assert count > 200


def test_every_reference_and_link_leads_somewhere() -> None:
    ids = {operation["operationId"] for _, _, operation in operations()}
    links = [
        link
        for _, _, o in operations()
        for answer in o["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert {link["operationId"] for link in links} <= ids
    create = DOCUMENT["paths"]["/polls/"]["post"]["responses"]["201"]["links"]
    assert {
        "polls_read",
        "polls_patch",
        "polls_delete",
        "polls_open_poll",
        "votes_cast",
        "results_read",
    } <= create.keys()
    schemas = DOCUMENT["components"]["schemas"]
    text = msgspec.json.encode(DOCUMENT).decode()
    assert [name for name in schemas if f'"#/components/schemas/{name}"' not in text] == []


def test_every_refusal_tells_its_codes() -> None:
    for call in CALLS:
        answers = DOCUMENT["paths"][public_path(call)][call.method.lower()]["responses"]
        for status, kinds in refusals(call).items():
            schema = answers[str(status)]["content"]["application/problem+json"]["schema"]
            assert schema["properties"]["code"]["enum"] == [kind.code for kind in kinds]
            assert schema["properties"]["status"] == {"const": status}


@pytest.mark.parametrize("call", [call for call in CALLS if call.public], ids=operation_id)
def test_public_calls_need_no_token(call: RestCall) -> None:
    operation = DOCUMENT["paths"][public_path(call)][call.method.lower()]
    assert operation["security"] == []


BAD_POLLS: list[Json] = [
    {"question": ""},
    {"question": " \u0085\u001c\n"},
    {"question": "x" * 501},
    {"question": "a\u0000"},
    {"options": [{"option_text": "Yes"}]},
    {"options": [{"option_text": str(n)} for n in range(101)]},
    {"options": [{"option_text": "Yes"}, {"option_text": "Yes"}]},
    {"options": [{"option_text": "Yes", "position": 0}, {"option_text": "No"}]},
    {"options": [{"option_text": "Yes"}, {"option_text": "x" * 256}]},
    {"description": "x" * 10_001},
    {"max_choices": 0},
    {"max_choices": 101},
    {"votes_per_user": 0},
    {"votes_per_user": 101},
    {"category": 0},
    {"status": "open"},
    {"results": "never"},
    {"chart": "pie"},
    {"option_order": "random"},
    {"language": "de_AT"},
    {"opens_at": "tomorrow"},
    {"unheard_of": 1},
]


async def test_document_and_server_refuse_the_same_polls(rest: Rest) -> None:
    ann = await rest.user()
    validator = documented().validator({"$ref": "#/components/schemas/NewPoll"})
    good: Json = {"question": "Well?", "options": [{"option_text": "Yes"}, {"option_text": "No"}]}
    assert list(validator.iter_errors(good)) == []
    for change in BAD_POLLS:
        body = good | change
        assert list(validator.iter_errors(body)), change
        assert (await rest("POST", "/polls/", ann, json=body)).status_code == 422, change


BAD_VOTES: list[Json] = [{}, {"options": []}, {"options": [1, 1]}, {"options": [1], "option": 1}, {"option": 0}]


async def test_document_and_server_refuse_the_same_votes(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    content = DOCUMENT["paths"]["/polls/{poll}/vote/"]["post"]["requestBody"]["content"]
    validator = documented().validator(content["application/json"]["schema"])
    assert list(validator.iter_errors({"option": 1})) == []
    for body in BAD_VOTES:
        assert list(validator.iter_errors(body)), body
        assert (await rest("POST", f"/polls/{poll['id']}/vote/", ann, json=body)).status_code == 422, body
