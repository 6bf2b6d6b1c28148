"""The pages without a poll: the field for a code, and errors."""

from __future__ import annotations

from playwright.async_api import Route

from nexus.domain.brand import NO_LOOK, Look
from nexus.domain.problem import problem_document
from nexus.http.framework.edge import REQUEST_ID
from nexus.http.framework.static import WEB
from nexus.http.framework.words import Words
from nexus.http.pages.assets import Assets
from nexus.http.pages.refusals import RefusalPages
from tests.shots.stand import Visit, state


@state("enter", "enter")
async def enter(visit: Visit) -> None:
    await visit.go("/", "input")


@state("enter", "code typed wrongly")
async def typed_wrongly(visit: Visit) -> None:
    await visit.go("/vote/ZZZZZZ", "input")


@state("enter", "code for the stage")
async def for_the_stage(visit: Visit) -> None:
    await visit.go("/live", "input")


@state("enter", "page that is not there")
async def not_there(visit: Visit) -> None:
    await visit.go("/no/such/page", "h1")


async def refused(visit: Visit, status: int) -> None:
    """The page of a refusal that no visit brings about, from what writes it."""

    async def plain() -> Look:
        return NO_LOOK

    async def answer(route: Route) -> None:
        wanted = [(b"accept-language", visit.language.encode()), (b"host", b"nexus.test")]
        path = {"type": "http", "path": "/refused", "raw_path": b"/refused", "query_string": b""}
        scope = {**path, "headers": wanted, REQUEST_ID: "5f0c2a7e91"}
        page = await RefusalPages(Assets(WEB), Words(WEB / "words"), plain)(scope, problem_document(status, "", ""))
        await route.fulfill(status=status, headers=dict(page.headers), body=bytes(page.body))

    await visit.page.route("**/refused", answer)
    await visit.go("/refused", "form")


@state("enter", "too many requests")
async def too_many(visit: Visit) -> None:
    await refused(visit, 429)


@state("enter", "a fault of the service")
async def fault(visit: Visit) -> None:
    await refused(visit, 500)
