"""Categories: everybody reads them, admins write them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from nexus.domain.definition import CATEGORY_MAX, DESCRIPTION_MAX, Description, text, text_problems
from nexus.domain.identity import Identity
from nexus.errors import CategoryInUse, CategoryNotFound, CategoryTaken, Forbidden, Invalid
from nexus.http.api.lists import Paged
from nexus.http.framework.call import Asked, Call, Nothing, Reply, call
from nexus.store import categories
from nexus.store.categories import Category

Name = Annotated[str, text(CATEGORY_MAX)]


class NewCategory(msgspec.Struct, forbid_unknown_fields=True):
    """A category as it is created."""

    name: Name
    description: Description = ""


class CategoryPatch(msgspec.Struct, forbid_unknown_fields=True):
    """A change of a category: only what is named changes."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET


class CategoryPage(msgspec.Struct, frozen=True):
    """A page of categories, by name."""

    count: int
    next: str | None
    previous: str | None
    results: list[Category]


async def list_categories(asked: Asked[Nothing, Paged]) -> Reply[CategoryPage]:
    """Every category, by name."""
    query = asked.query
    count, found = await categories.page(asked.parts.database, limit=query.limit, offset=query.offset)
    following, previous = query.links(asked.request, count)
    return Reply(CategoryPage(count, following, previous, found))


async def create_category(asked: Asked[NewCategory, Nothing]) -> Reply[Category]:
    """Make a category."""
    _require_admin(asked.by)
    name, description = asked.body.name.strip(), asked.body.description.strip()
    _refuse_bad({"name": name, "description": description})
    return Reply(await categories.add(asked.parts.database, name, description, asked.by), 201)


async def read_category(asked: Asked[Nothing, Nothing]) -> Reply[Category]:
    """A category."""
    return Reply(await categories.by_id(asked.parts.database, asked.id("category", CategoryNotFound())))


async def patch_category(asked: Asked[CategoryPatch, Nothing]) -> Reply[Category]:
    """Change what is named of a category."""
    category = asked.id("category", CategoryNotFound())
    _require_admin(asked.by)
    named = (("name", asked.body.name), ("description", asked.body.description))
    values = {name: value.strip() for name, value in named if value is not UNSET}
    _refuse_bad(values)
    return Reply(await categories.patch(asked.parts.database, category, values, asked.by))


async def delete_category(asked: Asked[Nothing, Nothing]) -> Reply[Nothing]:
    """Delete a category that no poll is sorted under."""
    category = asked.id("category", CategoryNotFound())
    _require_admin(asked.by)
    await categories.delete(asked.parts.database, category, asked.by)
    return Reply(None, 204)


def _require_admin(by: Identity) -> None:
    if not by.is_admin or by.polls is not None:
        raise Forbidden("Only an admin may do this.")


def _refuse_bad(values: dict[str, str]) -> None:
    problems = []
    if "name" in values:
        problems += text_problems("name", values["name"], CATEGORY_MAX)
    if "description" in values:
        problems += text_problems("description", values["description"], DESCRIPTION_MAX, shortest=0)
    if problems:
        raise Invalid(errors=tuple(problems))


CALLS: tuple[Call, ...] = (
    call("GET", "/categories", list_categories, body=Nothing, query=Paged, answer=CategoryPage),
    call(
        "POST",
        "/categories",
        create_category,
        body=NewCategory,
        query=Nothing,
        answer=Category,
        statuses=(201,),
        raises=(Forbidden, CategoryTaken),
    ),
    call(
        "GET",
        "/categories/{category}",
        read_category,
        body=Nothing,
        query=Nothing,
        answer=Category,
        raises=(CategoryNotFound,),
    ),
    call(
        "PATCH",
        "/categories/{category}",
        patch_category,
        body=CategoryPatch,
        query=Nothing,
        answer=Category,
        raises=(Forbidden, CategoryNotFound, CategoryTaken),
    ),
    call(
        "DELETE",
        "/categories/{category}",
        delete_category,
        body=Nothing,
        query=Nothing,
        answer=Nothing,
        statuses=(204,),
        raises=(Forbidden, CategoryNotFound, CategoryInUse),
    ),
)
"""The calls of this file."""
