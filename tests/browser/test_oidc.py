"""Login with an OpenID provider in a real browser: by keyboard there and back, and where it does not go on."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.support.browser import PHONE, Chromium, axe, picture
from tests.support.oidc_provider import CLIENT_ID, CLIENT_SECRET, RealProvider, openid_provider
from tests.support.redis_server import free_port
from tests.support.served import Server, ending
from tests.support.thorough import SLOW

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAME = "Example University"
BUTTON = f"Log in with {NAME}"


@dataclass
class Site:
    """A server and the provider with whose accounts people log in there."""

    server: Server
    provider: RealProvider

    @property
    def elsewhere(self) -> tuple[str, str]:
        """What the browser asks of the provider, and what it says of refusals."""
        return (rf"another origin: {self.provider.issuer}/", r"Failed to load resource.* 4\d\d")


@pytest.fixture(scope="module")
def provider() -> Iterator[RealProvider]:
    with openid_provider() as provider:
        yield provider


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(
    provider: RealProvider, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    provider.redirect_uri = f"{public}/auth/oidc/callback/"
    server = Server(
        tmp_path_factory.mktemp("oidc"),
        module_database_url,
        NEXUS_PUBLIC_URL=public,
        NEXUS_OIDC_ISSUER=provider.issuer,
        NEXUS_OIDC_CLIENT_ID=CLIENT_ID,
        NEXUS_OIDC_CLIENT_SECRET=CLIENT_SECRET,
        NEXUS_OIDC_NAME=NAME,
        NEXUS_JWT_ROLES_CLAIM="groups",
    )
    server.port = port
    async with ending(server):
        await server.start()
        yield Site(server, provider)


async def at_provider(page: Page, name: str, act: str = "Log in") -> None:
    """Fill in the provider's form, by keyboard."""
    await expect(page.get_by_role("heading", name="Log in at the provider")).to_be_visible()
    await page.get_by_label("Name").fill(name)
    await page.get_by_role("button", name=act).press("Enter")


@SLOW
async def test_a_host_logs_in_by_keyboard_and_out(chromium: Chromium, site: Site) -> None:
    site.provider.reset()
    site.provider.claims["groups"] = ["host"]
    async with chromium.visit(site.server.url, allowed=site.elsewhere) as visitor:
        page = await visitor.open("/host#/new")
        link = page.get_by_role("link", name=BUTTON)
        await expect(link).to_be_visible()
        await axe(page)
        await picture(page, "oidc-login")
        await page.get_by_label("Username").focus()
        for _ in range(10):
            await page.keyboard.press("Tab")
            if await link.evaluate("(node) => node === document.activeElement"):
                break
        await page.keyboard.press("Enter")
        await at_provider(page, "ada")
        await expect(page.get_by_role("heading", level=1, name="New poll")).to_be_visible()
        assert page.url == f"{site.server.url}/host#/new"
        account = page.get_by_role("button", name="Account: ada")
        await account.click()
        await page.get_by_role("link", name="Account", exact=True).click()
        await expect(page.get_by_text(f"This account belongs to {NAME}.")).to_be_visible()
        await expect(page.get_by_text("Current password")).to_have_count(0)
        await axe(page)
        await page.reload()
        await expect(account).to_be_visible()  # the login is that of this tab
        await page.get_by_role("main").get_by_role("button", name="Log out").click()
        await expect(link).to_be_visible()
        assert "login=" not in await page.evaluate("JSON.stringify([location.href, document.referrer])")


@SLOW
async def test_an_account_without_a_role_hears_that_it_may_vote(chromium: Chromium, site: Site) -> None:
    site.provider.reset()
    site.provider.claims["groups"] = ["students"]
    async with chromium.visit(site.server.url, viewport=PHONE, locale="de-DE", allowed=site.elsewhere) as visitor:
        page = await visitor.open("/host")
        await page.get_by_role("link", name=f"Mit {NAME} anmelden").click()
        await at_provider(page, "grace")
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            "Mit diesem Konto können Sie keine Umfragen erstellen"
        )
        await axe(page)
        await picture(page, "oidc-voter")
        await page.get_by_role("button", name="Abmelden").click()
        await expect(page.get_by_role("link", name=f"Mit {NAME} anmelden")).to_be_visible()


@SLOW
async def test_a_cancelled_login_leads_on_and_a_voter_comes_back_to_the_poll(chromium: Chromium, site: Site) -> None:
    site.provider.reset()
    token = site.server.token("user:1", "user")
    async with chromium.visit(site.server.url, allowed=site.elsewhere) as visitor:
        made = await visitor.context.request.post(
            f"{site.server.url}/polls/",
            data={
                "question": "Tea?",
                "options": [{"option_text": "Yes"}, {"option_text": "No"}],
                "allow_guests": False,
            },
            headers={"Authorization": f"Bearer {token}"},
        )
        code = (await made.json())["code"]
        page = await visitor.open(f"/vote/{code}")
        await page.get_by_role("link", name=BUTTON).click()
        await at_provider(page, "grace", "Cancel")
        await expect(page.get_by_role("heading", level=1)).to_have_text("The login was cancelled")
        await axe(page)
        await picture(page, "oidc-cancelled")
        await page.get_by_role("link", name="Try again").press("Enter")
        await at_provider(page, "grace")
        await page.get_by_role("button", name="Yes").click()
        await expect(page.locator("[data-option][data-state=standing]")).to_contain_text("Yes")
        assert page.url == f"{site.server.url}/vote/{code}"


async def test_a_code_of_somebody_else_logs_nobody_in(chromium: Chromium, site: Site) -> None:
    site.provider.reset()
    async with chromium.visit(site.server.url, allowed=site.elsewhere) as visitor:
        page = await visitor.open(f"/host#login={'x' * 43}")
        await expect(page.get_by_role("status")).to_have_text("You could not be logged in here. Please log in again.")
        assert re.fullmatch(rf"{site.server.url}/host(#/?)?", page.url)
        await axe(page)
