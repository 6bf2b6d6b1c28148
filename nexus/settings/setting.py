"""What a setting is: a field of a frozen dataclass that knows its variable, how to read it, its default and help."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from nexus.errors import SettingsError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
GroupT = TypeVar("GroupT", bound="DataclassInstance")


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """How the text of a setting is read, and the `values` it takes, in words.

    `read` is also given the default. It raises ValueError for any other text, saying what the setting must be, without
    the setting's name.
    """

    read: Callable[[str], T]
    values: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it is documented and read; `default` is its text, "" where it is unset.

    `values` says which ones it takes ("" where `help` does), `flag` is its option of `nexus serve`, "" without one.
    """

    name: str
    default: str
    values: str
    help: str
    flag: str
    read: Callable[[str], object]

    def value(self, environ: Mapping[str, str]) -> object:
        """The value in `environ`; a variable that is empty counts as unset. Raises SettingsError, one line."""
        try:
            return self.read(environ.get(self.name, "").strip() or self.default)
        except ValueError as error:
            raise SettingsError(f"{self.name} {error}") from None


def setting(name: str, kind: Kind[T], default: str, help_text: str, *, flag: str = "", secret: bool = False) -> T:
    """The field of a dataclass that holds a setting, with its default as the field's; a `secret` is not in the repr."""
    described = Setting(name, default, kind.values, help_text, flag, kind.read)
    value: T = field(default=kind.read(default), repr=not secret, metadata={Setting: described})
    return value


def described(group: DataclassInstance) -> Iterator[Setting]:
    """Every setting of a dataclass and of the dataclasses in it, in the order of their fields."""
    for one in fields(group):
        found, value = one.metadata.get(Setting), getattr(group, one.name)
        if isinstance(found, Setting):
            yield found
        elif is_dataclass(value) and not isinstance(value, type):
            yield from described(value)


def loaded(group: GroupT, environ: Mapping[str, str]) -> GroupT:
    """`group` with every setting in it read from `environ`. Raises SettingsError at the first that is wrong."""
    values: dict[str, object] = {}
    for one in fields(group):
        found, value = one.metadata.get(Setting), getattr(group, one.name)
        if isinstance(found, Setting):
            values[one.name] = found.value(environ)
        elif is_dataclass(value) and not isinstance(value, type):
            values[one.name] = loaded(value, environ)
    return replace(group, **values)
