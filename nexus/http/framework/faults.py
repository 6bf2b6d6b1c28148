"""What is wrong with the shape of a body or a query: every field that does not fit, in words for people."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from nexus.domain.text import Problem

T = TypeVar("T")

LONGEST_FIELD = 100
"""Characters of a field's name that are echoed."""

_MISSING = re.compile(r"Object missing required field `(?P<name>.*)`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
_TYPES = re.compile(r"Expected `(?P<wanted>[a-z |]+)`, got `(?P<got>[a-z]+)`")
_BOUND = re.compile(r"Expected `\w+` (?P<sign>[<>]=) (?P<bound>-?\d+)")

_NAMES = {
    "array": "a list",
    "bool": "true or false",
    "datetime": "a time",
    "float": "a number",
    "int": "a whole number",
    "null": "null",
    "object": "an object",
    "str": "a string",
}
_WORDS = {
    "Invalid RFC3339 encoded datetime": "must be a time such as 2026-11-22T19:00:00Z",
    "Expected `datetime` with a timezone component": "must have a time zone, as 2026-11-22T19:00:00Z has",
    "Expected `datetime` with no timezone component": "must have no time zone",
    "Integer value out of range": "is a number out of range",
}


def body_faults(raw: bytes, kind: type[object], first: str) -> tuple[Problem, ...]:
    """Everything about `raw` that keeps it from being a `kind`; `first` is the first fault that the decoder found."""
    try:
        parts = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except msgspec.MsgspecError:
        return (fault(first, kind),)  # not an object, or one whose names are not valid text
    return tuple(_of_fields(parts, kind, lambda part, type_: msgspec.json.decode(part, type=type_))) or (
        fault(first, kind),
    )


def query_faults(values: Mapping[str, str], kind: type[object], first: str) -> tuple[Problem, ...]:
    """Everything about a query that keeps it from being a `kind`; unknown parameters are ignored."""
    known = _fields(kind)
    parts = {name: value for name, value in values.items() if value and name in known}
    return tuple(_of_fields(parts, kind, lambda part, type_: msgspec.convert(part, type_, strict=False))) or (
        fault(first, kind),
    )


def _fields(kind: type[object]) -> dict[str, FieldInfo]:
    """The fields of a body's or query's type, by their names in JSON; every such type is a struct."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)} if issubclass(kind, Struct) else {}


def _of_fields(parts: Mapping[str, T], kind: type[object], read: Callable[[T, object], object]) -> Iterator[Problem]:
    fields = _fields(kind)
    for name, field in fields.items():
        if name not in parts and field.required:
            yield name, "is required"
    for name, part in parts.items():
        if name not in fields:
            yield _echo(name), "is not known"
            continue
        try:
            read(part, fields[name].type)
        except msgspec.ValidationError as error:
            yield fault(str(error), fields[name].type, name)


def fault(message: str, type_: object, under: str = "") -> Problem:
    """The decoder's message as a field, below the field `under`, and what is wrong with it."""
    text, _, path = message.partition(" - at `$")
    path = under + path.removesuffix("`")
    for pattern, says in ((_MISSING, "is required"), (_UNKNOWN, "is not known")):
        if found := pattern.fullmatch(text):
            path, text = f"{path}.{found['name']}", says
    return _echo(path.lstrip(".")) or "body", _words(text, type_)


def _words(text: str, type_: object) -> str:
    if text.startswith("Invalid enum value") and (choices := sorted(_choices(type_))):
        return f"must be {', '.join(choices[:-1])} or {choices[-1]}" if choices[1:] else f"must be {choices[0]}"
    if found := _TYPES.fullmatch(text):
        wanted = [_NAMES.get(name, name) for name in found["wanted"].split(" | ")]
        return f"must be {' or '.join(wanted)}, not {_NAMES.get(found['got'], found['got'])}"
    if found := _BOUND.fullmatch(text):
        return f"must be {'at least' if found['sign'] == '>=' else 'at most'} {found['bound']}"
    return _WORDS.get(text, text[: LONGEST_FIELD * 2].replace("`", ""))


def _choices(type_: object) -> set[str]:
    """The words that a type lists one by one."""
    if get_origin(type_) is Literal:
        return {str(word) for word in get_args(type_)}
    if isinstance(type_, type) and issubclass(type_, Enum):
        return {str(one.value) for one in type_}
    return set[str]().union(*(_choices(part) for part in get_args(type_)))


def _echo(name: str) -> str:
    """A name may come from the client: it is echoed as text that can be encoded, and not at any length."""
    return name[:LONGEST_FIELD].encode("utf-8", "replace").decode()
