"""Categories: everybody can read them, admins manage them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from nexus.domain.definition import CATEGORY_MAX, DESCRIPTION_MAX, Description
from nexus.domain.text import shown_problems, shown_rule, text_problems
from nexus.errors import CategoryInUse, CategoryNotFound, CategoryTaken, Forbidden, Invalid
from nexus.http.api.lists import Paged
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.store import categories
from nexus.store.categories import Category

CategoryName = Annotated[str, shown_rule(CATEGORY_MAX)]


class NewCategory(msgspec.Struct, forbid_unknown_fields=True):
    """A category to be created."""

    name: CategoryName
    description: Description = ""


class CategoryPatch(msgspec.Struct, forbid_unknown_fields=True):
    """A change to a category: only the fields that are named change."""

    name: CategoryName | UnsetType = UNSET
    description: Description | UnsetType = UNSET


class CategoryPage(msgspec.Struct, frozen=True):
    """A page of categories, by name."""

    count: int
    next: str | None
    previous: str | None
    results: list[Category]


async def list_categories(request: TypedRequest[Nothing, Paged], services: RestServices) -> Reply[CategoryPage]:
    """List the categories, by name."""
    query = request.query
    count, found = await categories.page(services.database, limit=query.limit, offset=query.offset)
    following, previous = query.links(request.raw, count)
    return Reply(CategoryPage(count, following, previous, found))


async def create_category(request: TypedRequest[NewCategory, Nothing], services: RestServices) -> Reply[Category]:
    """Create a category."""
    request.by.require_admin()
    name, description = request.body.name.strip(), request.body.description.strip()
    _refuse_bad({"name": name, "description": description})
    return Reply(await categories.add(services.database, name, description, request.by), 201)


async def read_category(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[Category]:
    """Read a category."""
    return Reply(await categories.by_id(services.database, request.path_id("category", CategoryNotFound())))


async def patch_category(request: TypedRequest[CategoryPatch, Nothing], services: RestServices) -> Reply[Category]:
    """Change a category."""
    category = request.path_id("category", CategoryNotFound())
    request.by.require_admin()
    named = (("name", request.body.name), ("description", request.body.description))
    values = {name: value.strip() for name, value in named if value is not UNSET}
    _refuse_bad(values)
    return Reply(await categories.patch(services.database, category, values, request.by))


async def delete_category(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[Nothing]:
    """Delete a category that no poll uses."""
    category = request.path_id("category", CategoryNotFound())
    request.by.require_admin()
    await categories.delete(services.database, category, request.by)
    return Reply(None, 204)


def _refuse_bad(values: dict[str, str]) -> None:
    problems = []
    if "name" in values:
        problems += shown_problems("name", values["name"], CATEGORY_MAX)
    if "description" in values:
        problems += text_problems("description", values["description"], DESCRIPTION_MAX, shortest=0)
    if problems:
        raise Invalid(errors=tuple(problems))


CALLS: tuple[RestCall, ...] = (
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
