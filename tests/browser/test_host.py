"""The host's page in a real browser: everything a host does, by mouse and by keyboard, and what may go wrong."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import AsyncIterator
from typing import Literal

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Download, Page, expect

from tests.support.browser import THOROUGH, Chromium, axe, transferred
from tests.support.host_page import PASSWORD, guest_votes, hosting, log_in, new_account
from tests.support.served import Server, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

REFUSED = r"Failed to load resource: the server responded with a status of 4\d\d"
LOST = r"ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|WebSocket connection"
EVIL = "<img src=x onerror=alert(1)><script>alert(1)</script>"
LONGEST = "W" * 255
BUDGET = 60 * 1024
BEYOND = """[document.documentElement, ...document.querySelectorAll("main *, header *")].filter((one) =>
  one.getBoundingClientRect().right > innerWidth + 1
  || (!one.matches(".unseen, .me, .track") && one.clientWidth && one.scrollWidth > one.clientWidth + 1)
).map((one) => `${one.outerHTML.slice(0, 100)} ${one.scrollWidth} > ${one.clientWidth}`)"""
"""The elements that extend beyond the right edge of the page, or whose content is wider than they are."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with serving(tmp_path_factory.mktemp("host"), module_database_url) as started:
        yield started


@pytest.fixture
def home(server: Server) -> str:
    return server.url


async def poll_id(page: Page) -> int:
    """The poll that the page shows."""
    await page.wait_for_url(re.compile(r"#/poll/\d+$"))
    return int(page.url.rsplit("/", 1)[1])


def views(poll: int, question: str) -> dict[str, str]:
    """Every view by its route, and its heading."""
    of_poll = {f"#/poll/{poll}/history": "History", f"#/poll/{poll}/edit": "Edit poll", f"#/poll/{poll}": question}
    return {"#/account": "Account", "#/new": "New poll", **of_poll, "#/": "Your polls"}


async def text_of(download: Download) -> str:
    """The content of a download."""
    path = await download.path()
    return await asyncio.to_thread(path.read_text, "utf-8")


async def test_a_poll_is_made_by_pasting_lines(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        await page.get_by_role("main").get_by_role("link", name="New poll").click()
        await expect(host.heading("New poll")).to_be_focused()
        await page.get_by_label("Question").fill("Where to?")
        await host.button("Paste a list").click()
        await page.get_by_label("One option per line").fill("Sea\n\n  Hills \nsea\n")
        await expect(page.get_by_text("Duplicates: “sea”.")).to_be_visible()
        await page.get_by_label("One option per line").fill("Sea\n\n  Hills \nTown\n")
        await host.button("Save as draft").click()
        await expect(host.heading("Where to?")).to_be_focused()
        assert await page.title() == "Where to? – Nexus"
        poll = await host.poll(await poll_id(page))
        assert [one["option_text"] for one in poll["options"]] == ["Sea", "Hills", "Town"]
        assert poll["status"] == "draft"


async def test_a_poll_is_opened_watched_closed_reset_and_deleted(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        poll = await host.make("Where to?", "Sea", "Hills", status="draft")
        await host.goto(f"#/poll/{poll['id']}", "Where to?")
        await host.button("Open voting").click()
        await expect(host.status("Voting is open.")).to_be_visible()
        await expect(host.button("Close voting")).to_be_focused()
        await guest_votes(home, poll["code"], poll["options"][1]["id"])
        await expect(host.row("Hills")).to_have_text(re.compile(r"Hills1100%"))
        await expect(page.get_by_role("definition").first).to_have_text("1")

        await host.button("Close voting").click()
        await expect(page.get_by_role("main").get_by_text("Closed", exact=True)).to_be_visible()
        await host.button("Reset…").click()
        await expect(page.get_by_role("dialog", name="Start a new round?")).to_be_visible()
        await expect(host.button("Cancel")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(host.button("Reset…")).to_be_focused()
        assert (await host.poll(poll["id"]))["epoch"] == 1
        await host.button("Reset…").click()
        await host.button("Reset votes").click()
        await expect(host.row("Hills")).to_have_text("Hills00%")
        assert (await host.poll(poll["id"]))["epoch"] == 2

        await host.button("Delete…").click()
        await host.button("Delete permanently").click()
        await expect(host.heading("Your polls")).to_be_focused()
        await expect(host.status("There are no polls yet.")).to_be_visible()


async def test_results_are_exported_by_round(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        poll = await host.make("Tea?", "Yes", "=No", anonymous=False)
        await guest_votes(home, poll["code"], poll["options"][0]["id"])
        await host.http.post(f"/polls/{poll['id']}/reset/")
        await host.goto(f"#/poll/{poll['id']}", "Tea?")
        await page.get_by_label("Round").select_option("1")
        async with page.expect_download() as download:
            await host.button("Download JSON").click()
        assert (await download.value).suggested_filename == f"poll-{poll['id']}-round-1.json"
        exported = json.loads(await text_of(await download.value))
        assert [one["options"] for one in exported["ballots"]] == [[poll["options"][0]["id"]]]
        await expect(host.status("Saved: 1 vote")).to_be_visible()
        await page.get_by_label("Round").select_option("2")
        async with page.expect_download() as download:
            await host.button("Download CSV").click()
        assert (await text_of(await download.value)).split() == ["voter,option_ids,options,op,cast_at"]


async def test_a_screen_link_and_the_policy_are_set(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        poll = await host.make()
        await host.goto(f"#/poll/{poll['id']}", "Tea?")
        for kind in ("vote", "live"):
            address = f"{home}/{kind}/{poll['code']}"
            await expect(page.locator(f"a[href='{address}']")).to_be_visible()
        await host.button("Create a screen link").click()
        link = page.locator(f"a[href^='{home}/live/{poll['code']}#token=']")
        await expect(link).to_have_count(2)
        await expect(page.get_by_text("This link gives access to the results")).to_be_visible()
        await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
        await host.button("Copy: Screen link").click()
        await expect(page.get_by_role("status").filter(has_text=re.compile("Copied|selected"))).to_be_visible()

        await page.get_by_label("Only me").check()
        assert (await host.poll(poll["id"]))["results"] == "live"
        await host.button("Apply").click()
        await expect(host.status("Saved. This applies now.")).to_be_visible()
        assert (await host.poll(poll["id"]))["results"] == "host"


async def test_the_history_reads(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        poll = await host.make("Tea?", "Yes", "No", anonymous=False)
        await guest_votes(home, poll["code"], poll["options"][0]["id"])
        await host.http.patch(f"/polls/{poll['id']}/", json={"results": "host", "allow_change": False})
        await host.http.post(f"/polls/{poll['id']}/options/", json={"option_text": "Later"})
        await host.goto(f"#/poll/{poll['id']}/history", "History")
        entries = page.locator("ol.history > li")
        await expect(entries).to_have_count(4)
        await expect(entries.nth(0)).to_contain_text("The option “Later” was added.")
        await expect(entries.nth(1)).to_contain_text("Who can see the results: Everyone, live → Only me")
        await expect(entries.nth(1)).to_contain_text("Votes can be changed: yes → no")
        await expect(entries.nth(2)).to_contain_text("A vote was cast.")
        await expect(entries.nth(3)).to_contain_text("The poll was created (Open).")
        await page.get_by_label("Show").select_option("vote")
        await expect(entries).to_have_count(1)
        await expect(entries).to_contain_text("Guest")


async def test_options_with_votes_are_changed_after_a_question(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        host.visitor.allow(REFUSED)
        poll = await host.make("Tea?", "Green", "Black", "Mint")
        await guest_votes(home, poll["code"], poll["options"][0]["id"])
        await host.goto(f"#/poll/{poll['id']}/edit", "Edit poll")
        await expect(page.get_by_label("Question")).not_to_be_editable()
        await page.get_by_label("Option 3", exact=True).fill("Peppermint")
        await host.button("Move option 3 up").click()
        await expect(host.button("Move option 2 up")).to_be_focused()
        await host.button("Add an option").click()
        await page.keyboard.type("Fruit")
        await page.get_by_label("Option 1", exact=True).fill("Sencha")
        await host.button("Save changes").click()
        await host.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        await expect(host.status("No votes were discarded.")).to_be_visible()
        assert (await host.poll(poll["id"]))["options"][0]["votes_count"] == 1
        await host.button("Save changes").click()
        await host.button("Discard votes").click()
        await expect(host.heading("Tea?")).to_be_focused()
        options = (await host.poll(poll["id"]))["options"]
        assert [one["option_text"] for one in options] == ["Sencha", "Peppermint", "Black", "Fruit"]
        assert [one["id"] for one in options[:3]] == [poll["options"][n]["id"] for n in (0, 2, 1)]
        assert options[0]["votes_count"] == 0


async def test_a_poll_is_made_by_keyboard_alone(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        keys = host.page.keyboard

        async def to(name: str) -> None:
            """Tab to the element with this name."""
            held = "document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent"
            for _ in range(60):
                await keys.press("Tab")
                label = await host.page.evaluate(f"document.activeElement.ariaLabel || ({held})")
                if label == name:
                    return
            raise AssertionError(f"no way to {name}")

        await to("New poll")
        await keys.press("Enter")
        await expect(host.heading("New poll")).to_be_focused()
        await to("Question")
        await keys.type("Lunch?")
        await to("Option 1")
        for text in ("Soup", "Rice", "Bread"):
            await keys.type(text)
            await keys.press("Enter")
        await keys.press("Shift+Tab")
        await keys.press("Shift+Tab")
        await keys.press("Shift+Tab")
        await keys.press("Shift+Tab")  # over the buttons of option 3
        await keys.press("Alt+ArrowUp")
        await to("Create and open")
        await keys.press("Enter")
        await expect(host.heading("Lunch?")).to_be_focused()
        poll = await host.poll(await poll_id(host.page))
        assert [one["option_text"] for one in poll["options"]] == ["Soup", "Bread", "Rice"]
        assert poll["status"] == "open"
        await host.page.go_back()
        await expect(host.heading("New poll")).to_be_focused()


async def test_text_stays_text_in_every_field(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        await host.goto("#/new", "New poll")
        await page.get_by_label("Question").fill(EVIL)
        await page.get_by_label("Description (optional)").fill(EVIL)
        await page.get_by_label("Option 1", exact=True).fill(EVIL)
        await page.get_by_label("Option 2", exact=True).fill("'\"&amp;</textarea>")
        await host.button("Create and open").click()
        await expect(host.heading(EVIL)).to_be_focused()
        await expect(page.locator("p.description")).to_have_text(EVIL)
        await expect(host.row(EVIL)).to_be_visible()
        poll = await poll_id(page)
        await host.goto(f"#/poll/{poll}/edit", "Edit poll")
        await expect(page.get_by_label("Option 2", exact=True)).to_have_value("'\"&amp;</textarea>")
        await page.get_by_label("Option 1", exact=True).fill(f"{EVIL}!")
        await host.button("Save changes").click()
        await expect(host.row(f"{EVIL}!")).to_be_visible()
        await host.goto(f"#/poll/{poll}/history", "History")
        await expect(page.get_by_text(f"Text: “{EVIL}” → “{EVIL}!”")).to_be_visible()
        await host.goto("#/", "Your polls")
        await page.get_by_label("Search").fill("onerror")
        await expect(page.get_by_role("link", name=EVIL)).to_be_visible()
        assert await page.locator("main img, main script").count() == 0


async def test_the_list_searches_filters_and_keeps_itself_up_to_date(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        for n in range(21):
            await host.make(f"Poll number {n:02}", status="draft")
        await host.make("Quite another")
        await page.clock.install()
        await page.reload()
        await expect(host.status("22 polls")).to_be_visible()
        await expect(page.locator("li.poll")).to_have_count(20)
        await host.button("Next").click()
        await expect(page.locator("li.poll")).to_have_count(2)
        await page.get_by_label("Search").fill("another")
        await expect(host.status("1 poll")).to_be_visible()
        await page.get_by_label("Search").fill("nothing like it")
        await page.keyboard.press("Enter")
        await expect(host.status("No polls match your search.")).to_be_visible()
        await page.get_by_label("Search").fill("")
        await page.get_by_label("Status").select_option("open")
        await expect(host.status("1 poll")).to_be_visible()
        await page.get_by_role("link", name="Quite another").focus()
        made = await host.make("Made elsewhere")
        await page.clock.fast_forward(10_000)  # the list is read again; the focus stays where it is
        await expect(page.get_by_role("link", name="Made elsewhere")).to_be_visible()
        await expect(page.get_by_role("link", name="Quite another")).to_be_focused()
        await page.get_by_role("link", name="Made elsewhere").click()
        await expect(host.heading("Made elsewhere")).to_be_focused()
        assert await poll_id(page) == made["id"]
        await page.go_back()
        await expect(page.get_by_label("Status")).to_have_value("open")


async def test_a_changed_form_is_not_left_unasked(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        await host.goto("#/new", "New poll")
        await page.get_by_label("Question").fill("Half a")
        await page.go_back()
        await host.button("Cancel").click()
        await expect(page.get_by_label("Question")).to_have_value("Half a")
        await expect(page).to_have_url(re.compile("#/new$"))  # restored once the dialog has closed
        await page.get_by_role("link", name="Account").click()
        await host.button("Leave").click()
        await expect(host.heading("Account")).to_be_focused()


async def test_faults_are_shown_at_their_fields(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        host.visitor.allow(REFUSED)
        await host.goto("#/new", "New poll")
        await host.button("Create and open").click()
        await expect(page.get_by_label("Question")).to_be_focused()
        await expect(page.get_by_label("Question")).to_have_accessible_description("Enter a question.")
        await page.get_by_label("Question").fill("When?")
        await page.get_by_label("Option 1", exact=True).fill("a")
        await page.get_by_label("Option 2", exact=True).fill(" A")
        await host.button("Create and open").click()
        await expect(page.get_by_label("Option 2", exact=True)).to_be_focused()
        await page.get_by_label("Option 2", exact=True).fill("b")
        await page.get_by_label("Choices per vote").fill("101")
        await page.get_by_label("Closes").fill("2020-01-01T10:00")
        await host.button("Create and open").click()
        await expect(page.get_by_text("Must be in the future.")).to_be_visible()
        await expect(page.get_by_text("Must be between 1 and 100.")).to_be_visible()
        await expect(page.get_by_label("Choices per vote")).to_be_focused()
        await host.visitor.context.set_offline(True)
        host.visitor.allow(LOST)
        await page.get_by_label("Choices per vote").fill("2")
        await host.button("After 5 min").click()
        await host.button("Create and open").click()
        await expect(host.status("What you typed is still here.")).to_be_visible()
        await host.visitor.context.set_offline(False)
        await host.button("Create and open").click()
        await expect(host.heading("When?")).to_be_focused()
        await expect(page.get_by_text(re.compile(r"^[45]:\d\d left$"))).to_be_visible()


async def test_an_ended_login_keeps_what_was_typed(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        host.visitor.allow(REFUSED)
        await host.goto("#/new", "New poll")
        await page.get_by_label("Question").fill("Still here?")
        # Another login of the account sets a password, which ends this one.
        other = await host.http.post("/auth/token/", json={"username": host.name, "password": PASSWORD})
        change = {"old": PASSWORD, "new": f"{PASSWORD}!"}
        headers = {"Authorization": f"Bearer {other.json()['access']}"}
        assert (await host.http.post("/auth/password/", json=change, headers=headers)).status_code == 204
        await expect(page.get_by_text("Your session has expired.")).to_be_visible()
        await log_in(page, host.name, f"{PASSWORD}!")
        await expect(page.get_by_label("Question")).to_have_value("Still here?")
        await page.get_by_label("Option 1", exact=True).fill("Yes")
        await page.get_by_label("Option 2", exact=True).fill("No")
        await host.button("Create and open").click()
        await expect(host.heading("Still here?")).to_be_focused()


async def test_an_account_is_made(chromium: Chromium, home: str) -> None:
    async with httpx.AsyncClient(base_url=home) as http:
        name = await new_account(http)
    async with chromium.visit(home, allowed=[REFUSED]) as visitor:
        page = await visitor.open("/host#/account")
        await page.get_by_role("button", name="Create an account").click()
        form = page.locator("form.login")
        await form.locator("[name=username]").fill(name)
        await form.locator("[name=password]").fill("12345678")
        await form.locator("[name=email]").fill("nobody")
        await form.get_by_role("button").click()
        await expect(page.get_by_text("Enter a valid email address.")).to_be_visible()
        await expect(page.get_by_text("This password is too common.")).to_be_visible()
        await form.locator("[name=email]").fill("")
        await form.locator("[name=password]").fill(PASSWORD)
        await form.get_by_role("button").click()
        await expect(page.get_by_text("This username is taken.")).to_be_visible()
        await form.locator("[name=username]").fill(f"{name}-2")
        await form.get_by_role("button").click()
        await expect(page.get_by_role("heading", name="Account")).to_be_focused()
        assert await page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 1]


async def test_a_password_is_changed_and_a_login_left(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, allowed=[REFUSED]) as host:
        page = host.page
        await host.goto("#/account", "Account")
        await page.get_by_label("Current password").fill("wrong")
        await page.get_by_label("New password").fill("another good one")
        await page.get_by_role("button", name="Change password").click()
        await expect(page.get_by_text("That is not your current password.")).to_be_visible()
        await page.get_by_label("Current password").fill(PASSWORD)
        await page.get_by_role("button", name="Change password").click()
        await expect(page.get_by_text("Your password has been changed.")).to_be_visible()
        await page.get_by_role("button", name="Log out").click()
        await expect(page.get_by_text("You have logged out.")).to_be_visible()
        assert await page.evaluate("sessionStorage.length") == 0
        await log_in(page, host.name, "another good one")
        await expect(page.get_by_role("heading", name="Your polls")).to_be_focused()


async def test_no_view_breaks_a_rule_of_accessibility(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, viewport=(360, 800), color_scheme="dark", reduced_motion="reduce") as host:
        poll = await host.make("Tea?", "Green", LONGEST, "Black", description="Which?", max_choices=2)
        await guest_votes(home, poll["code"], poll["options"][1]["id"])
        for route, heading in views(poll["id"], "Tea?").items():
            await host.goto(route, heading)
            await axe(host.page)
            if THOROUGH:
                await host.page.emulate_media(color_scheme="light")
                await axe(host.page)
                await host.page.emulate_media(color_scheme="dark")
        await host.goto(f"#/poll/{poll['id']}", "Tea?")
        await host.button("Delete…").click()
        await expect(host.page.get_by_role("dialog")).to_be_visible()
        await axe(host.page)


async def test_nothing_is_cut_off_of_the_largest_poll(chromium: Chromium, home: str) -> None:
    question = "Q" * 250 + " words" * 41
    texts = ["a", LONGEST, *(f"option {n} {'word ' * n}".strip()[:255] for n in range(98))]
    async with hosting(chromium, home, viewport=(360, 800)) as host:
        poll = await host.make(question, *texts, max_choices=3)
        for route, heading in views(poll["id"], question).items():
            await host.goto(route, heading)
            for width in (360, 1280, 3840):
                await host.page.set_viewport_size({"width": width, "height": 800})
                assert await host.page.evaluate(BEYOND) == [], (route, width)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_what_comes_before_a_login_breaks_no_rule_of_accessibility(
    chromium: Chromium, home: str, scheme: Literal["light", "dark"]
) -> None:
    async with chromium.visit(home, color_scheme=scheme) as visitor:
        page = await visitor.open("/host")
        await axe(page)
        await page.get_by_role("button", name="Create an account").click()
        await axe(page)


async def test_it_speaks_german(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, locale="de-DE") as host:
        page = host.page
        await expect(host.heading("Ihre Umfragen")).to_be_visible()
        assert await page.title() == "Ihre Umfragen – Nexus"
        poll = await host.make("Tee?", "Ja", "Nein")
        await guest_votes(home, poll["code"], poll["options"][0]["id"])
        await host.goto(f"#/poll/{poll['id']}", "Tee?")
        await expect(host.button("Umfrage beenden")).to_be_visible()
        await expect(page.get_by_role("columnheader", name="Prozent")).to_be_visible()
        await host.goto(f"#/poll/{poll['id']}/history", "Verlauf")
        await expect(page.get_by_text("Eine Stimme wurde abgegeben.")).to_be_visible()
        await host.goto("#/new", "Neue Umfrage")
        await host.button("Erstellen und öffnen").click()
        await expect(page.get_by_text("Geben Sie eine Frage ein.")).to_be_visible()


async def test_an_admin_may_see_the_polls_of_everybody(chromium: Chromium, server: Server) -> None:
    made = await server.command("user", "add", "root", "--admin")
    found = re.search(r"password (\S+) \(shown", made.stdout)
    assert found, made.stderr
    async with hosting(chromium, server.url) as host:
        await host.make("Whose is this?")
        await expect(host.page.get_by_label("Everyone’s polls")).to_have_count(0)
    async with chromium.visit(server.url) as visitor:
        page = await visitor.open("/host")
        await log_in(page, "root", found[1])
        await expect(page.get_by_text("There are no polls yet.")).to_be_visible()
        await page.get_by_label("Everyone’s polls").check()
        await page.get_by_role("link", name="Whose is this?").click()
        await expect(page.get_by_role("button", name="Close voting")).to_be_visible()


async def test_all_it_loads_is_small(chromium: Chromium, home: str) -> None:
    async with chromium.visit(home) as visitor:
        page = await visitor.context.new_page()
        async with transferred(page) as sent:
            await page.goto(f"{home}/host")
        await expect(page.locator("form.login")).to_be_visible()
        packed = 0
        async with httpx.AsyncClient(base_url=home) as http:
            for url in sent.by_url:
                packed += len(gzip.compress((await http.get(url)).content))
        assert packed < BUDGET, packed
