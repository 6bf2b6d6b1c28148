"""A provider and a worker that the tests of a module share, and of each test a browser of its own.

A module imports `browser` and `site`, with the fixtures they need: `provider`, `serving` and `shared`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.support.oidc_provider import RealProvider, openid_provider
from tests.support.oidc_site import Browser, OidcSite, oidc_site


@pytest.fixture(scope="module")
def serving() -> Iterator[RealProvider]:
    with openid_provider() as provider:
        yield provider


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(serving: RealProvider, module_database_url: str) -> AsyncIterator[OidcSite]:
    async with oidc_site(serving, module_database_url) as site:
        yield site


@pytest.fixture
def provider(serving: RealProvider) -> RealProvider:
    """The provider, behaving."""
    serving.reset()
    return serving


@pytest.fixture
def site(shared: OidcSite, provider: RealProvider) -> OidcSite:
    return shared


@pytest_asyncio.fixture(loop_scope="module")
async def browser(site: OidcSite) -> AsyncIterator[Browser]:
    async with site.browser() as browser:
        yield browser
