"""The host's form in a real browser: by keyboard, with faults, and what is typed into it is never lost."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Route, expect

from tests.support.browser import Chromium, axe
from tests.support.host_page import LOST, PASSWORD, REFUSED, home, hosting, log_in, poll_id, server
from tests.support.thorough import SLOW

__all__ = ["home", "server"]

pytestmark = pytest.mark.asyncio(loop_scope="session")


EVIL = "<img src=x onerror=alert(1)><script>alert(1)</script>"


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
        await expect(host.page.get_by_label("Question")).to_be_focused()
        await keys.type("Lunch?")
        await keys.press("Enter")
        for text in ("Soup", "Rice", "Bread"):
            await keys.type(text)
            await keys.press("Enter")
        for _ in range(3):  # over the buttons between the two
            await keys.press("Shift+Tab")
        await keys.press("Alt+ArrowUp")
        await host.page.get_by_label("Option 4", exact=True).focus()
        await keys.press("Enter")  # an empty one at the end leads on
        await expect(host.button("Create and open")).to_be_focused()
        await keys.press("Enter")
        await expect(host.heading("Lunch?")).to_be_focused()
        poll = await host.poll(await poll_id(host.page))
        assert [one["option_text"] for one in poll["options"]] == ["Soup", "Bread", "Rice"]
        assert poll["status"] == "open"
        await host.page.go_back()
        await expect(host.page.get_by_label("Question")).to_have_value("")


async def test_text_stays_text_in_every_field(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        await host.goto("#/new", "New poll")
        await page.get_by_label("Question").fill(EVIL)
        await host.unfold("Description")
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


@SLOW
async def test_a_hundred_of_the_longest_options_are_pasted_saved_and_shown(chromium: Chromium, home: str) -> None:
    lines = [chr(0x1F600 + n % 60) * 250 + f"{n:05}" for n in range(100)]
    async with hosting(chromium, home) as host:
        page = host.page
        await host.goto("#/new", "New poll")
        await page.get_by_label("Question").fill("Which face?")
        await host.button("Paste a list").click()
        await page.locator("textarea[name=lines]").fill("\n".join([*lines, lines[0]]))
        await expect(page.get_by_text("Duplicates:")).to_be_visible()
        await page.locator("textarea[name=lines]").fill("\n".join(lines))
        await host.button("Create and open").click()
        await expect(host.heading("Which face?")).to_be_focused()
        poll = await host.poll(await poll_id(page))
        assert [one["option_text"] for one in poll["options"]] == lines
        for path in (f"/vote/{poll['code']}", f"/live/{poll['code']}"):
            await page.goto(home + path)
            await expect(page.get_by_text(lines[99])).to_have_count(1)
            await expect(page.get_by_text(lines[0])).to_be_visible()


@SLOW
async def test_options_that_look_the_same_are_refused_and_older_ones_stay(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        await host.goto("#/new", "New poll")
        await page.get_by_label("Question").fill("\u3164")
        await page.get_by_label("Option 1", exact=True).fill("Yes")
        await page.get_by_label("Option 2", exact=True).fill("\uff39es\u200b")
        await host.button("Create and open").click()
        await expect(page.get_by_label("Question")).to_have_accessible_description("Enter some visible text.")
        second = page.get_by_label("Option 2", exact=True)
        await expect(second).to_have_accessible_description("This option is already in the list.")
        poll = await host.make("Older", "A", "B", "C")

        async def older(route: Route) -> None:
            """The poll as it would be with two options from before they were refused."""
            answer = await route.fetch()
            found = await answer.json()
            found["options"][1]["option_text"] = "A\u200b"
            await route.fulfill(response=answer, json=found)

        await page.route(f"**/polls/{poll['id']}/", older, times=1)
        await page.evaluate(f"location.hash = '#/poll/{poll['id']}/edit'")
        await host.button("Leave").click()
        await expect(host.heading("Edit poll")).to_be_focused()
        third = page.get_by_label("Option 3", exact=True)
        await third.fill("a")
        await host.button("Save changes").click()
        await expect(third).to_have_accessible_description("This option is already in the list.")
        await third.fill("Another")
        await host.button("Save changes").click()
        await expect(host.row("Another")).to_be_visible()
        assert [one["option_text"] for one in (await host.poll(poll["id"]))["options"]] == ["A", "B", "Another"]


@SLOW
async def test_a_changed_form_is_not_left_unasked(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        await host.goto("#/new", "New poll")
        await page.get_by_label("Question").fill("Half a")
        await page.go_back()
        await host.button("Cancel").click()
        await expect(page.get_by_label("Question")).to_have_value("Half a")
        await expect(page).to_have_url(re.compile("#/new$"))  # restored once the dialog has closed
        await host.menu("Account")
        await host.button("Leave").click()
        await expect(host.heading("Account")).to_be_focused()


@SLOW
async def test_faults_are_shown_at_their_fields(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        host.visitor.allow(REFUSED)
        await host.goto("#/new", "New poll")
        await host.button("Create and open").click()
        await expect(page.get_by_label("Question")).to_be_focused()
        await expect(page.get_by_label("Question")).to_have_accessible_description("Enter a question.")
        for name in ("Option 1", "Option 2"):
            await expect(page.get_by_label(name, exact=True)).to_have_accessible_description("Enter an option.")
        await page.get_by_label("Question").fill("When?")
        await page.get_by_label("Option 1", exact=True).fill("a")
        await page.get_by_label("Option 2", exact=True).fill(" A")
        await host.button("Create and open").click()
        await expect(page.get_by_label("Option 2", exact=True)).to_be_focused()
        await page.get_by_label("Option 2", exact=True).fill("b")
        await expect(host.status("Please fix the fields marked above.")).to_have_count(0)
        await host.unfold("Voting", "Schedule")
        await page.get_by_label("Choices per vote").fill("101")
        await page.get_by_label("Closes").fill("2020-01-01T10:00")
        await host.unfold("Voting", "Schedule")  # and with that, fold them again
        await host.button("Create and open").click()
        await expect(page.get_by_text("Must be in the future.")).to_be_visible()
        await expect(page.get_by_text("Must be between 1 and 100.")).to_be_visible()
        await expect(page.get_by_label("Choices per vote")).to_be_focused()
        await page.get_by_label("Choices per vote").fill("2")
        await expect(page.get_by_text("Must be between 1 and 100.")).to_be_hidden()
        await expect(page.get_by_text("Must be in the future.")).to_be_visible()
        await host.button("After 5 min").click()
        await expect(page.get_by_text("Must be in the future.")).to_be_hidden()


@SLOW
async def test_a_poll_that_could_not_be_sent_is_sent_again(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        host.visitor.allow(REFUSED)
        await host.goto("#/new?template=yes_no", "New poll")
        await page.get_by_label("Question").fill("When?")
        await host.unfold("Voting", "Schedule")
        await host.visitor.context.set_offline(True)
        host.visitor.allow(LOST)
        await host.button("After 5 min").click()
        await host.button("Create and open").click()
        await expect(host.status("What you typed is still here.")).to_be_visible()
        await host.visitor.context.set_offline(False)
        await host.button("Create and open").click()
        await expect(host.heading("When?")).to_be_focused()
        await expect(page.get_by_text(re.compile(r"^[45]:\d\d left$"))).to_be_visible()


@SLOW
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
        await expect(page.get_by_text("You are no longer logged in.")).to_be_visible()
        await log_in(page, host.name, f"{PASSWORD}!")
        await expect(page.get_by_label("Question")).to_have_value("Still here?")
        await page.get_by_label("Option 1", exact=True).fill("Yes")
        await page.get_by_label("Option 2", exact=True).fill("No")
        await host.button("Create and open").click()
        await expect(host.heading("Still here?")).to_be_focused()


async def test_a_reload_keeps_what_was_typed_until_it_is_given_up(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        await host.goto("#/new", "New poll")
        await page.get_by_label("Question").fill("Half a")
        await page.get_by_label("Option 2", exact=True).fill("loaf")
        await host.unfold("Results")
        await page.get_by_label("Only me").check()
        await page.reload()
        await expect(host.status("What you typed before is back.")).to_be_visible()
        await expect(page.get_by_label("Question")).to_have_value("Half a")
        await expect(page.get_by_label("Option 2", exact=True)).to_have_value("loaf")
        await expect(page.locator("summary").filter(has_text="Results")).to_contain_text("Only me")
        await page.evaluate("location.hash = '#/'")
        await host.button("Leave").click()
        await host.goto("#/new", "New poll")
        await expect(page.get_by_label("Question")).to_have_value("")


async def test_boxes_are_drawn_by_the_page_and_with_forced_colours_by_the_browser(
    chromium: Chromium, home: str
) -> None:
    async with hosting(chromium, home) as host:
        await host.goto("#/new", "New poll")
        kinds = "['[type=checkbox]', '[type=radio]', '[name=chart]']"
        drawn = f"{kinds}.map((one) => getComputedStyle(document.querySelector(one)).appearance)"
        assert await host.page.evaluate(drawn) == ["none"] * 3
        await host.page.emulate_media(forced_colors="active")
        assert await host.page.evaluate(drawn) == ["auto"] * 3


@SLOW
async def test_a_poll_begins_with_a_template_and_shows_how_it_will_look(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, locale="de-DE") as host:
        page = host.page
        await host.goto("#/new", "Neue Umfrage")
        await host.button("Ja, nein, Enthaltung").click()
        await expect(page.get_by_label("Frage", exact=True)).to_be_focused()
        await page.keyboard.type("Antrag 7?")
        await host.unfold("Darstellung")
        await page.get_by_label("Diagramm").select_option("Säulen")
        await page.get_by_label("Reihenfolge auf den Bildschirmen").select_option("Meiste Stimmen zuerst")
        await page.get_by_label("Sprache der Texte").select_option("de")
        await expect(page.locator(".looks .stage .columns li").first).to_contain_text("Nein")
        wide = "(all) => all.map((one) => Math.round(one.getBoundingClientRect().width))"
        columns = await page.locator(".looks .stage .columns li").evaluate_all(wide)
        assert len(columns) == 3
        assert max(columns) - min(columns) <= 1  # beside each other, each with its part of the width
        await expect(page.locator(".looks .phone li").first).to_have_text("Ja")
        await expect(page.locator(".looks .asked").first).to_have_text("Antrag 7?")
        await axe(page)
        await page.get_by_label("Option 3", exact=True).fill("Weiß nicht")
        await host.button("A bis D").click()
        await host.button("Abbrechen").click()
        await host.button("Erstellen und öffnen").click()
        await expect(host.heading("Antrag 7?")).to_be_focused()
        poll = await host.poll(await poll_id(page))
        assert [one["option_text"] for one in poll["options"]] == ["Ja", "Nein", "Weiß nicht"]
        assert (poll["chart"], poll["option_order"], poll["language"]) == ("columns", "votes", "de")


@SLOW
async def test_on_a_phone_the_preview_takes_the_place_of_the_form(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, viewport=(360, 740)) as host:
        await host.goto("#/new?template=agree", "New poll")
        stage, form = host.page.locator(".looks .stage"), host.page.locator("form")
        await expect(stage).to_be_hidden()
        await host.button("Preview").click()
        await expect(form).to_be_hidden()
        whole, shown = await host.page.locator("#screen").bounding_box(), await stage.bounding_box()
        assert whole and shown
        assert shown["width"] > 0.8 * whole["width"]  # beside nothing else
        assert shown["x"] >= 0
        assert shown["x"] + shown["width"] <= 360
        await host.button("Poll").click()
        await expect(form).to_be_visible()


@SLOW
async def test_an_option_is_moved_by_the_menu_of_its_handle(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        await host.goto("#/new?template=letters", "New poll")
        await page.get_by_label("Option 1", exact=True).focus()
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("ArrowDown")
        await expect(host.button("Move option 1 down")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(host.button("Move option 2")).to_be_focused()
        await expect(page.get_by_label("Option 1", exact=True)).to_have_value("B")


@SLOW
async def test_an_option_is_dragged_to_another_place(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, viewport=(360, 1100)) as host:
        page = host.page
        await host.goto("#/new?template=letters", "New poll")
        handle = page.get_by_role("button", name="Move option 1", exact=True)
        grip, last = await handle.bounding_box(), await page.get_by_label("Option 3", exact=True).bounding_box()
        assert grip and last
        row = await page.locator("ol.options > li").first.bounding_box()
        assert row and row["height"] < 1.5 * grip["height"]  # its buttons stand beside it
        await page.mouse.move(grip["x"] + 10, grip["y"] + 10)
        await page.mouse.down()
        await page.mouse.move(grip["x"] + 10, last["y"] + 30, steps=12)
        await page.mouse.up()
        await expect(page.get_by_label("Option 3", exact=True)).to_have_value("A")
        await expect(page.get_by_label("Option 1", exact=True)).to_have_value("B")
        await expect(host.status("Moved to position 3 of 4.")).to_be_visible()
        await expect(host.button("Move option 3 up")).to_be_hidden()  # it was no click
