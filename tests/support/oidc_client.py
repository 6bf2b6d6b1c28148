"""Nexus as the client of a real OpenID provider, without its server: fixtures for modules, and a person who logs in.

A module imports `known` or `fresh`, with the fixtures they need: `client`, `serving` and `site`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
import pytest_asyncio

from nexus.access.oidc.client import OidcClient
from nexus.access.oidc.failures import LoginFailed, Reason
from nexus.access.oidc.provider import Provider
from nexus.access.oidc.returning import HOME, Begun, Returning, new_browser
from tests.support import oidc_provider
from tests.support.oidc_provider import CLIENT_ID, CLIENT_SECRET, openid_provider

Site = oidc_provider.RealProvider


@pytest.fixture(scope="module")
def serving() -> Iterator[Site]:
    with openid_provider() as site:
        yield site


@pytest.fixture
def site(serving: Site) -> Site:
    """The provider, behaving."""
    serving.reset()
    return serving


@pytest.fixture(scope="module")
def client(serving: Site) -> OidcClient:
    found = OidcClient(
        serving.issuer, CLIENT_ID, CLIENT_SECRET, "openid", "Example", "groups", 3600, "https://vote.example/nexus"
    )
    serving.redirect_uri = found.redirect_uri
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def known(client: OidcClient) -> AsyncIterator[Provider]:
    """The provider as a worker knows it for long."""
    async with opened(client) as provider:
        yield provider


@pytest_asyncio.fixture(loop_scope="module")
async def fresh(client: OidcClient, site: Site) -> AsyncIterator[Provider]:
    """The provider as a worker that has just started knows it: not at all."""
    async with opened(client) as provider:
        yield provider


@asynccontextmanager
async def opened(client: OidcClient, timeout_s: float = 0.5) -> AsyncIterator[Provider]:
    provider = Provider(client, timeout_s=timeout_s, exchange_s=timeout_s)
    try:
        yield provider
    finally:
        await provider.close()


def begun() -> Begun:
    return Returning(b"k" * 32).begin(new_browser(), HOME)


async def answer(provider: Provider, login: Begun, name: str = "ada", act: str = "log in") -> dict[str, str]:
    """Log in at the provider as a browser would: what its answer says."""
    async with httpx.AsyncClient(verify=False) as browser:  # noqa: S501 - nothing here is encrypted
        sent = await browser.post(await provider.authorization_url(login), data={"name": name, "act": act})
    return dict(httpx.URL(sent.headers["location"]).params)


async def logged_in(provider: Provider, name: str = "ada") -> tuple[str, set[str]]:
    login = begun()
    told = await answer(provider, login, name)
    assert told["state"] == login.state
    await provider.check_issuer(told["iss"])
    found = await provider.identity(told["code"], login)
    return found.voter, set(found.roles)


async def failure(provider: Provider) -> tuple[Reason, str]:
    with pytest.raises(LoginFailed) as failed:
        await logged_in(provider)
    why = failed.value.why
    assert "\n" not in why and len(why) < 600 and CLIENT_SECRET not in why
    return failed.value.reason, why
