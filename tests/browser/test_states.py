"""Every screen in its main states (tests/shots): accessible, whole by keyboard, with large text, less motion and forced
colours. Without NEXUS_CI=1 a few of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.shots.checks import coloured_only, moving, narrow, unreachable
from tests.shots.stand import SETTINGS, Stand, State, stand_at, visiting
from tests.shots.states import STATES
from tests.support.browser import Chromium, axe
from tests.support.served import serving
from tests.support.thorough import THOROUGH

CHOSEN = [state for state in STATES if THOROUGH or state.sample]
WIDTHS = (320, 360)
LARGE_PX = 32
"""Twice the usual size of text."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stand(
    chromium: Chromium, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stand]:
    async with (
        serving(tmp_path_factory.mktemp("stand"), module_database_url, **SETTINGS) as server,
        stand_at(server, module_database_url, chromium) as made,
    ):
        yield made


def test_no_two_states_have_one_name() -> None:
    names = [(state.screen, state.name) for state in STATES]
    assert len(names) == len(set(names)) > 50


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("state", CHOSEN, ids=lambda state: f"{state.screen}: {state.name}")
async def test_a_state_is_for_everybody(stand: Stand, state: State) -> None:
    async with visiting(stand) as visit:
        await state.arrange(visit)
        await visit.settled()
        faults = await moving(visit.page)
        for scheme in ("light", "dark"):
            await visit.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await axe(visit.page)
        faults += await unreachable(visit.page)
        faults += await coloured_only(visit.page, color_scheme="light", reduced_motion="reduce")
        for width in WIDTHS:
            faults += await narrow(visit.page, width, LARGE_PX)
        assert not faults, "\n".join(faults)
