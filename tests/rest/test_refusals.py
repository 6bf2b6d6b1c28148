"""Bad input of every kind: each gets exactly the contract's status and code, and changes nothing."""

import json
import re
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass

import jwt
import pytest

from nexus.errors import Invalid, Malformed
from nexus.http.api.routes import CALLS
from nexus.http.framework.body import Upload, decode
from tests.support.events import event_of
from tests.support.rest import KEY, Person, Rest, refused
from tests.support.values import Json

JSON = {"Content-Type": "application/json"}
UNAUTHENTICATED = (401, "unauthenticated")
MALFORMED = (400, "malformed_json")
INVALID = (422, "invalid")
UNSUPPORTED = (415, "unsupported_media_type")


@dataclass(frozen=True)
class HostCalls:
    """An admin's open poll, and the calls with a body that its host may make."""

    host: Person
    poll: Json
    calls: list[tuple[str, str]]
    lenient: list[tuple[str, str]]
    """Those of them whose body may be empty."""


@pytest.fixture
async def scene(rest: Rest) -> HostCalls:
    ann = await rest.user(admin=True)
    poll = await rest.poll(ann)
    names = {"poll": poll["id"], "option": poll["options"][0]["id"], "category": 1, "user": 1, "event": 1}
    with_body = [one for one in CALLS if one.body is not Upload and one.body.__struct_fields__]  # type: ignore[attr-defined]
    assert len(with_body) > 8
    await event_of(rest, ann)
    calls = {(one.method, f"{one.path.format(**names)}/"): one.optional for one in with_body}
    return HostCalls(ann, poll, list(calls), [one for one, optional in calls.items() if optional])


BAD_BODIES = [
    (b"", MALFORMED),
    (b" \n", MALFORMED),
    (b"{", MALFORMED),
    (b"{]", MALFORMED),
    (b"{'a': 1}", MALFORMED),
    (b'{"a": 1,}', MALFORMED),
    (b'{"a": 1} x', MALFORMED),
    (b'{"a": NaN}', MALFORMED),
    (b'{"a": "\n"}', MALFORMED),
    (b'{"a": "\\x"}', MALFORMED),
    (b'{"a": 1', MALFORMED),
    (b'{"a": "\xff"}', MALFORMED),
    (b'{"a": "\xed\xa0\x80"}', MALFORMED),
    *(
        (b'{"%s": "\xff"}' % name, MALFORMED)
        for name in (b"question", b"username", b"code", b"option_text", b"refresh")
    ),
    (b"\xff\xfe{\x00}\x00", MALFORMED),
    (b"\xef\xbb\xbf{}", MALFORMED),
    (b"[" * 30_000, MALFORMED),
    (b'{"a":' * 10_000, MALFORMED),
    (b"[]", INVALID),
    (b"1", INVALID),
    (b"null", INVALID),
    (b'"text"', INVALID),
    (b"true", INVALID),
    (b'{"unheard_of": 1}', INVALID),
    (b'{"unheard_of": "\\ud800"}', INVALID),
    (b'{"\\ud800": 1}', INVALID),
    (b'{"a": ["\\udc00x"]}', INVALID),
    (b'{"question": 1%s}' % (b"0" * 5000), INVALID),
]


async def test_bad_body_is_refused_by_every_call(rest: Rest, scene: HostCalls) -> None:
    before = await rest.dump()
    for content, expected in BAD_BODIES:
        for method, path in scene.calls:
            answer = await rest(method, path, scene.host, content=content, headers=JSON)
            if not content.strip() and (method, path) in scene.lenient:
                assert answer.status_code == 200, (method, path)
                continue
            assert refused(answer) == expected, (method, path, content[:30])
            assert ("errors" in answer.json()) == (expected == INVALID)
    assert await rest.dump() == before


MEDIA_TYPES = [
    ("application/json", True),
    ("Application/JSON; charset=UTF-8", True),
    ('application/json;charset="utf-8"', True),
    ("application/merge-patch+json", True),
    ("application/problem+json; q=1", True),
    ("text/plain", False),
    ("text/json", False),
    ("application/jsonp", False),
    ("application/x-www-form-urlencoded", False),
    ("multipart/form-data; boundary=x", False),
    ("application/json; charset=latin-1", False),
    ("application/json, text/plain", False),
    ("", False),
]


async def test_body_must_say_that_it_is_json(rest: Rest, scene: HostCalls) -> None:
    for media_type, fits in MEDIA_TYPES:
        for method, path in scene.calls:
            answer = await rest(method, path, scene.host, content=b"[]", headers={"Content-Type": media_type})
            assert refused(answer) == (INVALID if fits else UNSUPPORTED), (method, path, media_type)


async def test_body_without_a_type_is_refused(rest: Rest, scene: HostCalls) -> None:
    for method, path in scene.calls:
        assert refused(await rest(method, path, scene.host, content=b"{}")) == UNSUPPORTED
        answer = await rest(method, path, scene.host)
        if (method, path) in scene.lenient:
            assert answer.status_code == 200, (method, path)
        else:
            assert refused(answer) == MALFORMED


def encoded(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def claims_of(subject: str) -> Json:
    now = int(time.time())
    times = {"iat": now, "exp": now + 600}
    return {"iss": "nexus", "aud": "nexus", "sub": subject, "roles": ["user", "admin"], "jti": "1", **times}


def bad_tokens(subject: str) -> dict[str, str]:
    claims = claims_of(subject)
    good = jwt.encode(claims, KEY, "HS256")

    def changed(**change: object) -> str:
        return jwt.encode({name: v for name, v in (claims | change).items() if v is not None}, KEY, "HS256")

    head, body, signature = good.split(".")
    return {
        "expired": changed(exp=claims["iat"] - 1),
        "another issuer": changed(iss="other"),
        "another audience": changed(aud="other"),
        "no audience": changed(aud=None),
        "no issuer": changed(iss=None),
        "no expiry": changed(exp=None),
        "no subject": changed(sub=None),
        "no user": changed(sub="user:0"),
        "a number as subject": jwt.encode(claims | {"sub": "user:1 OR 1"}, KEY, "HS256"),
        "another key": jwt.encode(claims, b"x" * 32, "HS256"),
        "another algorithm": jwt.encode(claims, KEY, "HS512"),
        "no algorithm": f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{encoded(claims)}.",
        "no algorithm, signed": f"{encoded({'alg': 'none'})}.{body}.{signature}",
        "another body": f"{head}.{encoded(claims | {'sub': 'user:2'})}.{signature}",
        "no signature": f"{head}.{body}.",
        "half a token": good[: len(good) // 2],
        "too long": "x" * 20_000,
        "no token at all": "x",
    }


async def test_bad_token_opens_no_call(rest: Rest, scene: HostCalls) -> None:
    before = await rest.dump()
    names = {"poll": scene.poll["id"], "option": scene.poll["options"][0]["id"], "category": 1, "user": 1, "event": 1}
    for kind, token in bad_tokens(scene.host.voter).items():
        for one in CALLS:
            if not one.public:
                answer = await rest(one.method, one.path.format(**names), Person(token=token), json={})
                assert refused(answer) == UNAUTHENTICATED, (kind, one.method, one.path)
    assert await rest.dump() == before


async def test_token_comes_as_a_bearer(rest: Rest, scene: HostCalls) -> None:
    for header in ["", "Bearer", "Bearer ", "Basic {}", "{}", "Bearer {} x", "Bearer, {}", "Token {}"]:
        headers = {"Authorization": header.format(scene.host.token)}
        assert refused(await rest("GET", "/auth/me/", headers=headers)) == UNAUTHENTICATED, header


async def test_bearer_is_said_in_any_case(rest: Rest, scene: HostCalls) -> None:
    for word in ("bearer", "BEARER"):
        answer = await rest("GET", "/auth/me/", headers={"Authorization": f"{word} {scene.host.token}"})
        assert answer.status_code == 200


async def test_token_in_a_query_counts_for_nothing(rest: Rest, scene: HostCalls) -> None:
    for name in ("token", "access_token"):
        assert refused(await rest("GET", f"/polls/?{name}={scene.host.token}")) == UNAUTHENTICATED


async def test_disabled_account_is_out(rest: Rest, scene: HostCalls) -> None:
    async with rest.services.database.transaction() as connection:
        await connection.run("UPDATE users SET disabled_at = clock_timestamp()")
    await rest.services.gate.refresh()
    assert refused(await rest("GET", "/polls/", scene.host)) == UNAUTHENTICATED


async def test_ids_that_cannot_be_are_not_found(rest: Rest, scene: HostCalls) -> None:
    before = await rest.dump()
    bodies: dict[str, Json] = {"/vote": {"option": 1}, "/pairing": {"role": "screen"}, "/options": {"option_text": "x"}}
    bodies |= {"/order": {"polls": []}, "/show": {"poll": None}}
    bodies |= {"/hosts": {"username": "x"}, "/owner": {"username": "x"}}
    for id_ in ("0", "-1", "x", "1.0", "1e3", str(2**63 - 1), str(2**63), "9" * 400, "%20", "%00", "٣", "1%0a"):
        for one in CALLS:
            if "{" not in one.path:
                continue
            things = re.findall(r"{(\w+)}", one.path)
            path = one.path.format(**dict.fromkeys(things, id_))
            body = next((body for end, body in bodies.items() if path.endswith(end)), {})
            query = "?sub=x" if one.method == "DELETE" and path.endswith("/hosts") else ""
            answer = await rest(one.method, path + query, scene.host, json=body)
            assert refused(answer) == (404, f"{things[0]}_not_found"), (id_, one.method, one.path)
    assert await rest.dump() == before


def test_bottomless_json_is_malformed() -> None:
    with pytest.raises(Malformed):
        decode(b"[" * 30_000 + b"]" * 30_000, object)


def test_lone_surrogates_are_reported_by_their_path() -> None:
    with pytest.raises(Invalid) as caught:
        decode(b'{"a": [{"b": "\\ud800"}, "\\ud83d\\ude00"], "c": "\\udfff"}', dict[str, object])
    assert [field for field, _ in caught.value.errors] == ["a[0].b", "c"]
