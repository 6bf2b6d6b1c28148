"""The pages without a poll: the field for a code, and errors."""

from __future__ import annotations

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
