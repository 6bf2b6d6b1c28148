"""A real OpenID provider: its codes and answers, and how it can fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nexus.access.oidc import provider as provider_module
from nexus.access.oidc.client import OidcClient
from nexus.access.oidc.failures import LoginFailed, Reason
from nexus.access.oidc.provider import Provider
from nexus.access.oidc.returning import Begun
from tests.support.oidc_client import (
    Site,
    answer,
    begun,
    client,
    failure,
    fresh,
    known,
    logged_in,
    opened,
    serving,
    site,
)
from tests.support.oidc_provider import Key, openid_provider
from tests.support.waiting import soon

__all__ = ["client", "fresh", "known", "serving", "site"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_client_without_a_secret_logs_in_too(client: OidcClient, site: Site) -> None:
    site.secret = ""
    async with opened(replace(client, secret="")) as public:
        assert await logged_in(public) == ("ext:ada", set())


async def test_a_secret_is_sent_as_the_provider_takes_it(fresh: Provider, site: Site) -> None:
    site.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    assert await logged_in(fresh) == ("ext:ada", set())


async def used(known: Provider, code: str, login: Begun) -> None:
    with pytest.raises(LoginFailed) as failed:
        await known.identity(code, login)
    assert failed.value.reason is Reason.USED


async def test_a_code_serves_once(known: Provider) -> None:
    login = begun()
    code = (await answer(known, login))["code"]
    assert (await known.identity(code, login)).voter == "ext:ada"
    await used(known, code, login)
    await used(known, "made-up", login)


async def test_a_code_serves_with_its_verifier_alone(known: Provider) -> None:
    login = begun()
    await used(known, (await answer(known, login))["code"], replace(login, verifier="x" * 43))


async def test_an_answer_of_another_issuer_is_refused(fresh: Provider, client: OidcClient, site: Site) -> None:
    for claimed in ("https://other.example", "", None):
        with pytest.raises(LoginFailed) as failed:
            await fresh.check_issuer(claimed)
        assert failed.value.reason is Reason.UNPROVED
    site.metadata["authorization_response_iss_parameter_supported"] = None
    plain = Provider(fresh._client)
    await plain.check_issuer(None)
    await plain.check_issuer(site.issuer)
    with pytest.raises(LoginFailed):
        await plain.check_issuer("https://other.example")
    await plain.close()


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/.well-known/openid-configuration", 500, Reason.UNREACHABLE),
        ("/.well-known/openid-configuration", 404, Reason.UNREACHABLE),
        ("/.well-known/openid-configuration", 200, Reason.SETUP),
        ("/token", 502, Reason.UNREACHABLE),
        ("/token", 200, Reason.SETUP),
        ("/keys", 503, Reason.UNREACHABLE),
        ("/keys", 200, Reason.UNREACHABLE),
    ],
)
async def test_a_provider_that_fails_is_told_from_one_that_does_not_fit(
    fresh: Provider, site: Site, path: str, status: int, reason: Reason
) -> None:
    site.status[path] = status
    assert (await failure(fresh))[0] is reason
    assert site.asked.count(path) <= 2


@pytest.mark.parametrize(
    ("answered", "reason"),
    [
        ({"id_token": None}, Reason.SETUP),
        ({"id_token": 7}, Reason.SETUP),
        ({"access_token": None}, Reason.SETUP),
        ({"error": "unauthorized_client"}, Reason.SETUP),
        ({"error": "temporarily_unavailable"}, Reason.UNREACHABLE),
        ({"padding": "x" * 300_000}, Reason.SETUP),
    ],
)
async def test_an_answer_without_tokens_is_refused(
    known: Provider, site: Site, answered: dict[str, object], reason: Reason
) -> None:
    site.answer.update(answered)
    assert (await failure(known))[0] is reason


async def test_a_wrong_secret_is_for_the_operator(client: OidcClient, site: Site) -> None:
    async with opened(replace(client, secret="another secret")) as wrong:
        assert (await failure(wrong))[0] is Reason.SETUP


async def test_a_configuration_of_another_issuer_is_for_the_operator(fresh: Provider, site: Site) -> None:
    site.metadata["issuer"] = "https://other.example"
    reason, why = await failure(fresh)
    assert reason is Reason.SETUP
    assert site.issuer in why


async def test_a_slow_provider_is_given_up(fresh: Provider, client: OidcClient, site: Site) -> None:
    login = begun()
    told = await answer(fresh, login)
    site.let_go.clear()
    with pytest.raises(LoginFailed) as failed:
        await soon(fresh.identity(told["code"], login))
    assert failed.value.reason is Reason.UNREACHABLE
    fresh = Provider(fresh._client, timeout_s=0.2)
    assert (await soon(failure(fresh)))[0] is Reason.UNREACHABLE
    await fresh.close()


async def test_a_provider_that_is_back_serves_again(client: OidcClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_module, "CONFIGURATION_COOLDOWN_S", 0.0)
    with openid_provider() as gone:
        port = int(gone.issuer.rpartition(":")[2])
    async with opened(replace(client, issuer=gone.issuer)) as provider:
        assert (await failure(provider))[0] is Reason.UNREACHABLE
        with openid_provider(port) as back:
            back.redirect_uri = client.redirect_uri
            assert await logged_in(provider) == ("ext:ada", set())


async def test_a_key_that_is_new_is_found(fresh: Provider, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_module, "KEYS_COOLDOWN_S", 0.0)
    assert await logged_in(fresh) == ("ext:ada", set())
    before = site.keys[:]
    site.keys[:] = [Key("next")]
    assert await logged_in(fresh) == ("ext:ada", set())
    site.keys[:] = before
