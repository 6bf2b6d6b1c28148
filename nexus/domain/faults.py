"""What is wrong with the shape of a body, a query or a message: every field that does not fit, in words for people."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from itertools import chain, islice
from typing import Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from nexus.domain.text import Problem, has_lone_surrogate

T = TypeVar("T")

LONGEST_FIELD = 100
"""Characters of a field's name that are echoed."""

MOST_FAULTS = 100
"""Faults that are named."""

_MISSING = re.compile(r"Object missing required field `(?P<name>.*)`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
_TYPES = re.compile(r"Expected `(?P<wanted>[a-z |]+)`(, got `(?P<got>[a-z]+)`)?")
_BOUND = re.compile(r"Expected `\w+` (?P<sign>[<>]=) (?P<bound>-?\d+)")
# A value of a query is always a string, and never null.
_NOT_OF_A_QUERY = re.compile(r"( or null)?, not a string$")

_NAMES = {
    "array": "a list",
    "bool": "true or false",
    "datetime": "a time",
    "float": "a decimal number",
    "int": "a whole number",
    "null": "null",
    "object": "an object",
    "str": "a string",
    "uuid": "a UUID",
}
_WORDS = {
    "Invalid RFC3339 encoded datetime": "must be a time such as 2026-11-22T19:00:00Z",
    "Expected `datetime` with a timezone component": "must have a time zone, as 2026-11-22T19:00:00Z has",
    "Expected `datetime` with no timezone component": "must have no time zone",
    "Integer value out of range": "must not be a number beyond the supported range",
    "Invalid UUID": "must be a UUID",
    "Number out of range": "must not be a number beyond the supported range",
}


def body_faults(raw: bytes, kind: type[object], first: str) -> tuple[Problem, ...]:
    """Everything about `raw` that keeps it from being a `kind`, at most `MOST_FAULTS` faults; `first` is the one that
    the decoder found."""
    return tuple(islice(_of_object(raw, kind, first, "", "body"), MOST_FAULTS))


def _of_object(raw: bytes | msgspec.Raw, kind: type[object], first: str, under: str, whole: str) -> Iterator[Problem]:
    """The faults of an object that is the field `under`, or of a whole body."""
    try:
        parts = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except msgspec.MsgspecError:
        yield fault(first, kind, under, whole=whole)  # not an object, or one whose names are not valid text
        return
    found = False
    for field, text in _of_fields(parts, kind, _decoded, _of_items):
        found = True
        yield f"{under}.{field}".lstrip("."), text
    if not found:
        yield fault(first, kind, under, whole=whole)


def _decoded(part: msgspec.Raw, type_: object) -> object:
    return msgspec.json.decode(part, type=type_)


def _of_items(part: msgspec.Raw, type_: object, under: str) -> Iterator[Problem]:
    """The faults of each item of a list of objects; none where it is no such list."""
    item = _item_of(type_)
    if item is None:
        return
    try:
        items = msgspec.json.decode(part, type=list[msgspec.Raw])
    except msgspec.MsgspecError:
        return
    for n, one in enumerate(items):
        try:
            msgspec.json.decode(one, type=item)
        except msgspec.ValidationError as error:
            yield from _of_object(one, item, str(error), f"{under}[{n}]", under)


def _item_of(type_: object) -> type[Struct] | None:
    """The type of the objects in a list, None for any other type."""
    found = get_args(type_)
    if get_origin(type_) is list:
        return found[0] if isinstance(found[0], type) and issubclass(found[0], Struct) else None
    return next((item for item in map(_item_of, found) if item is not None), None)


def query_faults(values: Mapping[str, str], kind: type[object], first: str) -> tuple[Problem, ...]:
    """Everything about a query that keeps it from being a `kind`; unknown parameters are ignored."""
    known = _fields(kind)
    parts = {name: value for name, value in values.items() if value and name in known}
    found = tuple(_of_fields(parts, kind, _converted, lambda part, type_, name: iter(())))
    return tuple((name, _NOT_OF_A_QUERY.sub("", text)) for name, text in found or (fault(first, kind),))


def _converted(part: str, type_: object) -> object:
    return msgspec.convert(part, type_, strict=False)


def surrogate_faults(value: object, *, whole: str = "body") -> tuple[Problem, ...]:
    """The texts in a JSON value that have a lone surrogate, names of fields included; at most `MOST_FAULTS`.

    `whole` is the field where the value itself is such a text, or has one as a name.
    """
    bad = (_echo(field) or whole for field in _fields_of_bad_texts(value))
    return tuple((field, "must not contain lone surrogates") for field in islice(bad, MOST_FAULTS))


def _fields_of_bad_texts(value: object) -> Iterator[str]:
    """The field of every text with a lone surrogate in a JSON value; without recursion, since a value may be deep."""
    todo = [_parts("", [value], root=True)]
    while todo:
        for field, one in todo[-1]:
            if isinstance(one, list | dict):
                todo.append(_parts(field, one))
                break
            yield field
        else:
            todo.pop()


def _parts(field: str, value: list[object] | dict[str, object], *, root: bool = False) -> Iterator[tuple[str, object]]:
    """The bad texts of a list or an object, and what may have some: nothing else is given a name, which costs more than
    all else where there are thousands."""
    if isinstance(value, list):
        for n, item in enumerate(value):
            if _may_be_bad(item):
                yield "" if root else f"{field}[{n}]"[:LONGEST_FIELD], item
    else:
        for name, item in value.items():
            if has_lone_surrogate(name):
                yield field, name
            if _may_be_bad(item):
                yield f"{field}.{name}".lstrip(".")[:LONGEST_FIELD], item


def _may_be_bad(value: object) -> bool:
    return has_lone_surrogate(value) if isinstance(value, str) else isinstance(value, list | dict)


def _fields(kind: type[object]) -> dict[str, FieldInfo]:
    """The fields of a body's or query's type, by their names in JSON; every such type is a struct."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)} if issubclass(kind, Struct) else {}


def _of_fields(
    parts: Mapping[str, T],
    kind: type[object],
    read: Callable[[T, object], object],
    of_items: Callable[[T, object, str], Iterator[Problem]],
) -> Iterator[Problem]:
    fields = _fields(kind)
    for name, field in fields.items():
        if name not in parts and field.required:
            yield name, "is required"
    for name, part in parts.items():
        if name not in fields:
            yield _echo(name), "is not a known field"
            continue
        try:
            read(part, fields[name].type)
        except msgspec.ValidationError as error:
            inner = of_items(part, fields[name].type, name)
            yield from chain([next(inner, None) or fault(str(error), fields[name].type, name)], inner)


def fault(message: str, type_: object, under: str = "", *, whole: str = "body") -> Problem:
    """The decoder's message as a field, below the field `under`, and what is wrong with it; `whole` is the field where
    the message names none."""
    text, _, path = message.partition(" - at `$")
    path = under + path.removesuffix("`")
    for pattern, says in ((_MISSING, "is required"), (_UNKNOWN, "is not a known field")):
        if found := pattern.fullmatch(text):
            return _echo(f"{path}.{found['name']}".lstrip(".")) or whole, says
    return _echo(path.lstrip(".")) or whole, _words(text, type_)


def _words(text: str, type_: object) -> str:
    if text.startswith("Invalid enum value") and (choices := list(_choices(type_))):
        return f"must be {_either(choices)}"
    if found := _TYPES.fullmatch(text):
        wanted = _either([_NAMES.get(name, name) for name in found["wanted"].split(" | ")])
        return (
            f"must be {wanted}, not {_NAMES.get(found['got'], found['got'])}" if found["got"] else f"must be {wanted}"
        )
    if found := _BOUND.fullmatch(text):
        return f"must be {'at least' if found['sign'] == '>=' else 'at most'} {found['bound']}"
    if text.startswith("maximum recursion depth exceeded"):
        return "is nested too deeply"
    return _WORDS.get(text, "is not valid")


def _either(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if words[1:] else words[0]


def _choices(type_: object) -> dict[str, None]:
    """The words that a type lists one by one, in its order."""
    if get_origin(type_) is Literal:
        return {str(word): None for word in get_args(type_)}
    if isinstance(type_, type) and issubclass(type_, Enum):
        return {str(one.value): None for one in type_}
    return {word: None for part in get_args(type_) for word in _choices(part)}


def _echo(name: str) -> str:
    """A name may come from the client: it is echoed as text that can be encoded, and not at any length."""
    return name[:LONGEST_FIELD].encode("utf-8", "replace").decode()
