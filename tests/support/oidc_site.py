"""Nexus and an OpenID provider beside each other, and browsers that go from one to the other."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx

from nexus.app import Worker, application
from nexus.settings import Settings
from tests.support.oidc_provider import CLIENT_ID, CLIENT_SECRET, RealProvider

KEY = "a key of the tests, and of nothing else"
PUBLIC = "https://vote.test/nexus"


def settings(provider: RealProvider, **environ: str) -> Settings:
    """As an operator sets them for `provider`."""
    given = {
        "NEXUS_SECRET_KEY": KEY,
        "NEXUS_PUBLIC_URL": PUBLIC,
        "NEXUS_OIDC_ISSUER": provider.issuer,
        "NEXUS_OIDC_CLIENT_ID": CLIENT_ID,
        "NEXUS_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "NEXUS_OIDC_NAME": "Example University",
        "NEXUS_JWT_ROLES_CLAIM": "groups",
    }
    return Settings.load({**given, **environ})


@dataclass
class Browser:
    """A browser with its cookies; it follows redirects only when it is told to."""

    http: httpx.AsyncClient
    headers: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str) -> httpx.Response:
        """A page: a path of Nexus, or an address."""
        url = path if path.startswith("http") else PUBLIC + path
        return await self.http.get(url, headers=self.headers)

    async def to_provider(self, to: str = "/host") -> str:
        """Press the button: the address of the provider's form."""
        begun = await self.get(f"/auth/oidc/?to={to}")
        assert begun.status_code == 302, begun.text
        return str(begun.headers["location"])

    async def from_provider(self, form: str, name: str = "ada", act: str = "log in") -> str:
        """Fill in the provider's form: the address that it sends the browser to."""
        sent = await self.http.post(form, data={"name": name, "act": act})
        assert sent.status_code == 302, sent.text
        return str(sent.headers["location"])

    async def log_in(self, name: str = "ada", to: str = "/host") -> str:
        """The whole way: the code by which the page gets the login."""
        landed = await self.get(await self.from_provider(await self.to_provider(to), name))
        assert landed.status_code == 302, landed.text
        return code_in(landed.headers["location"])

    async def redeem(self, code: object) -> httpx.Response:
        """What the page does with its code."""
        return await self.http.post(f"{PUBLIC}/auth/oidc/token/", json={"code": code})

    async def call(self, method: str, path: str, token: str = "", json: object = None) -> httpx.Response:
        """A call of the interface."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.http.request(method, PUBLIC + path, headers=headers, json=json)


def code_in(address: str) -> str:
    """The code in the fragment of a page's address, which has nothing in its query."""
    parts = urlsplit(address)
    assert not parts.query
    return parse_qs(parts.fragment)["login"][0]


def why(answer: httpx.Response) -> str:
    """The sentence of a page on which a login has failed; it has ways on."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert len(re.findall(rf'<a href="{PUBLIC}/[^"]+" class="button', answer.text)) == 2
    (sentence,) = re.findall(r'<p id="why">(.*?)</p>', answer.text)
    return str(sentence)


@dataclass
class OidcSite:
    """A worker whose people may log in with `provider`."""

    provider: RealProvider
    worker: Worker
    transport: httpx.ASGITransport

    @asynccontextmanager
    async def browser(self, language: str = "en", cookies: httpx.Cookies | None = None) -> AsyncIterator[Browser]:
        """A browser without cookies, or with another one's."""
        mounts = {"https://vote.test": self.transport}
        async with httpx.AsyncClient(mounts=mounts, cookies=cookies, verify=False) as http:  # noqa: S501
            yield Browser(http, {"Accept-Language": language})


@asynccontextmanager
async def oidc_site(provider: RealProvider, database_url: str, **environ: str) -> AsyncIterator[OidcSite]:
    """A worker of its own on a database."""
    worker = Worker(settings(provider, **environ), database_url)
    assert worker.oidc is not None
    provider.redirect_uri = worker.oidc.client.redirect_uri
    app = application(worker)
    async with AsyncExitStack() as stack:
        await worker.open()
        stack.push_async_callback(worker.close)
        yield OidcSite(provider, worker, httpx.ASGITransport(app, client=("192.0.2.7", 4000)))
