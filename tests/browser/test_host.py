"""The host's page in a real browser: polls made, run, exported and looked up."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from playwright.async_api import Download, Route, expect

from tests.support.browser import Chromium
from tests.support.host_page import REFUSED, guest_votes, home, hosting, log_in, poll_id, server
from tests.support.served import Server
from tests.support.thorough import SLOW
from tests.support.workbooks import sheets

__all__ = ["home", "server"]

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def text_of(download: Download) -> str:
    """The content of a download."""
    path = await download.path()
    return await asyncio.to_thread(path.read_text, "utf-8")


async def bytes_of(download: Download) -> bytes:
    """The content of a download that is not text."""
    path = await download.path()
    return await asyncio.to_thread(path.read_bytes)


@SLOW
async def test_a_poll_is_made_by_pasting_lines(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        await page.get_by_role("link", name="New poll").click()
        await expect(host.heading("New poll")).to_be_visible()
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


@SLOW
async def test_a_draft_offers_neither_a_close_nor_a_reset_nor_results(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        poll = await host.make("Where to?", "Sea", "Hills", status="draft")
        await host.goto(f"#/poll/{poll['id']}", "Where to?")
        await expect(host.button("Open voting")).to_be_visible()
        await expect(host.button("Close voting")).to_be_hidden()
        await expect(host.page.get_by_role("heading", name="Options")).to_be_visible()
        for name in ("Voters", "0%"):
            await expect(host.page.get_by_text(name, exact=True).first).to_be_hidden()
        await host.button("More").click()
        await expect(host.button("Duplicate")).to_be_visible()
        await expect(host.button("Reset…")).to_be_hidden()


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
        await host.button("More").click()
        await host.button("Reset…").click()
        await expect(page.get_by_role("dialog", name="Start a new round?")).to_be_visible()
        await expect(host.button("Cancel")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(host.button("More")).to_be_focused()
        assert (await host.poll(poll["id"]))["epoch"] == 1
        await host.button("More").click()
        await host.button("Reset…").click()
        await host.button("Reset votes").click()
        await expect(host.row("Hills")).to_have_text("Hills00%")
        assert (await host.poll(poll["id"]))["epoch"] == 2

        await host.button("More").click()
        await host.button("Delete…").click()
        await host.button("Delete permanently").click()
        await expect(host.heading("Your polls")).to_be_focused()
        await expect(host.status("There are no polls yet.")).to_be_visible()
        await expect(host.status("Deleted: Where to?")).to_be_visible()


@SLOW
async def test_results_are_exported_by_round(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        poll = await host.make("Tee für 2?", "Yes", "=No", anonymous=False)
        await guest_votes(home, poll["code"], poll["options"][0]["id"])
        await host.http.post(f"/polls/{poll['id']}/reset/")
        await host.goto(f"#/poll/{poll['id']}", "Tee für 2?")
        await page.get_by_label("Round").select_option("1")
        async with page.expect_download() as download:
            await host.button("Download JSON").click()
        assert re.fullmatch(r"tee-für-2-round-1-\d{4}(-\d\d){2}\.json", (await download.value).suggested_filename)
        exported = json.loads(await text_of(await download.value))
        assert [one["options"] for one in exported["ballots"]] == [[poll["options"][0]["id"]]]
        await expect(host.status("Saved: 1 vote")).to_be_visible()
        await page.get_by_label("Round").select_option("2")
        async with page.expect_download() as download:
            await host.button("Download Excel").click()
        assert re.fullmatch(r"tee-für-2-\d{4}(-\d\d){2}\.xlsx", (await download.value).suggested_filename)
        read = sheets(await bytes_of(await download.value))
        assert [row[0] for row in read["Totals"][-2:]] == ["Yes", "=No"]
        async with page.expect_download() as download:
            await host.button("Download CSV").click()
        assert (await text_of(await download.value)).split() == ["\ufeffvoter,option_ids,options,op,cast_at"]


async def test_addresses_and_the_policy_are_set(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        poll = await host.make(description="Agenda:\nhttps://example.org/a.")
        await host.goto(f"#/poll/{poll['id']}", "Tea?")
        described = page.locator(".description")
        assert await described.inner_text() == "Agenda:\nhttps://example.org/a."
        outside = described.get_by_role("link", name="https://example.org/a", exact=True)
        await expect(outside).to_have_attribute("rel", "noopener noreferrer nofollow")
        for kind in ("vote", "live"):
            address = f"{home}/{kind}/{poll['code']}"
            await expect(page.locator(f"a[href='{address}']")).to_be_visible()
        await expect(page.get_by_text("This address works only on this computer.")).to_be_visible()
        await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
        await host.button("Copy: Voting page").click()
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
        await expect(entries.nth(3)).to_contain_text("The poll was created and opened.")
        await page.get_by_label("Show").select_option("vote")
        await expect(entries).to_have_count(1)
        await expect(entries).to_contain_text("Guest")


@SLOW
async def test_options_with_votes_are_changed_after_a_question(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        host.visitor.allow(REFUSED)
        poll = await host.make("Tea?", "Green", "Black", "Mint")
        await guest_votes(home, poll["code"], poll["options"][0]["id"])
        await host.goto(f"#/poll/{poll['id']}/edit", "Edit poll")
        await host.unfold("Voting")
        await expect(page.get_by_label("Choices per vote")).not_to_be_editable()
        await page.get_by_label("Option 3", exact=True).fill("Peppermint")
        await host.button("Move option 3").click()
        await host.button("Move option 3 up").click()
        await expect(host.button("Move option 2")).to_be_focused()
        await host.button("Add an option").click()
        await page.keyboard.type("Fruit")
        await page.get_by_label("Option 1", exact=True).fill("Sencha")
        await host.button("Save changes").click()
        await host.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        await expect(host.status("No votes were discarded.")).to_be_visible()
        assert (await host.poll(poll["id"]))["options"][0]["votes_count"] == 1
        await host.button("Save changes").click()
        await host.button("Discard its votes").click()
        await expect(host.heading("Tea?")).to_be_focused()
        options = (await host.poll(poll["id"]))["options"]
        assert [one["option_text"] for one in options] == ["Sencha", "Peppermint", "Black", "Fruit"]
        assert [one["id"] for one in options[:3]] == [poll["options"][n]["id"] for n in (0, 2, 1)]
        assert options[0]["votes_count"] == 0


@SLOW
async def test_a_search_is_in_the_address_and_its_newest_answer_counts(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page, held = host.page, asyncio.Event()

        async def late(route: Route) -> None:
            await held.wait()
            await route.continue_()

        await host.make("Quite anóther", "Ärger", "Freude")
        await host.make("Nothing like it")
        await page.reload()
        await expect(host.status("2 polls")).to_be_visible()
        search = page.get_by_label("Search")
        await page.route("**/polls/?*search=it*", late)
        async with page.expect_request("**/polls/?*search=it*"):
            await search.fill("it")
        await search.press("Control+A")
        await search.press_sequentially("arge")  # an option, while it is typed, without its accent
        await expect(host.status("1 poll")).to_be_visible()
        await expect(page).to_have_url(re.compile(r"#/\?search=arge$"))
        async with page.expect_response("**/polls/?*search=it*"):
            held.set()
        await expect(page.get_by_role("link", name="Quite anóther")).to_be_visible()
        await page.reload()
        await expect(search).to_have_value("arge")
        await expect(page.locator("li.poll")).to_have_count(1)
        await page.get_by_role("link", name="Quite anóther").click()
        await expect(host.heading("Quite anóther")).to_be_focused()
        await page.go_back()
        await expect(search).to_have_value("arge")
        await expect(page.locator("li.poll")).to_have_count(1)


@SLOW
async def test_an_older_search_that_fails_says_nothing_of_the_newest(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page, lost = host.page, asyncio.Event()
        host.visitor.allow("ERR_FAILED")

        async def late(route: Route) -> None:
            await lost.wait()
            await route.abort()

        await host.make("Quite another")
        await page.reload()
        search = page.get_by_label("Search")
        await page.route("**/polls/?*search=nothing*", late)
        async with page.expect_request("**/polls/?*search=nothing*"):
            await search.fill("nothing")
        async with page.expect_response("**/polls/?*search=quite*"):
            await search.fill("quite")
        await expect(host.status("1 poll")).to_be_visible()
        async with page.expect_event("requestfailed"):
            lost.set()
        await page.evaluate("() => new Promise((done) => setTimeout(done))")  # the page has heard of it by then
        await expect(page.get_by_role("alert")).to_have_count(0)


@SLOW
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
        await expect(host.state("Draft")).to_have_text("Draft 21")
        await host.state("Open").click()
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
        await expect(host.state("Open")).to_have_attribute("aria-pressed", "true")


@SLOW
async def test_an_admin_may_see_the_polls_of_everybody(chromium: Chromium, server: Server) -> None:
    made = await server.command("user", "add", "root", "--admin")
    found = re.search(r"password (\S+) \(shown", made.stdout)
    assert found, made.stderr
    async with hosting(chromium, server.url) as host:
        await host.make("Whose is this?")
        await expect(host.page.get_by_label("Whose")).to_have_count(0)
        name = host.name
    async with chromium.visit(server.url) as visitor:
        page = await visitor.open("/host")
        await log_in(page, "root", found[1])
        await expect(page.get_by_text("There are no polls yet.")).to_be_visible()
        await page.get_by_label("Whose").select_option("Everyone’s polls")
        await expect(page.get_by_role("listitem").filter(has_text="Whose is this?")).to_contain_text(f"By {name}")
        await page.get_by_role("link", name="Whose is this?").click()
        await expect(page.get_by_role("heading", level=1, name="Whose is this?")).to_be_focused()
        await expect(page.get_by_role("button", name="Close voting")).to_be_visible()
