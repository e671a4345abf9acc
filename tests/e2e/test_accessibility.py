"""axe finds nothing on any page, on a phone in Vietnamese and on a desk in English, and nothing
is cut, on a phone in English neither."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

from engine.commands import perform
from engine.move import Command
from tests.e2e.conftest import Served, let_in
from tests.web import world
from tests.web.conftest import REGISTRATION
from web.extensions import bureau
from workflows.nominations import open_nomination

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # What is in order need not be told, nor how to find in the page what is not.
    "resultTypes": ["violations"],
    "selectors": False,
}
SIZES = {"phone": (360, 780, "vi"), "desk": (1280, 900, "en")}
PHONE: ViewportSize = {"width": 360, "height": 780}
PAUSE = 3_000
"""Milliseconds after the last key in which a draft is saved."""
OPEN_ALL = """document.querySelectorAll('details:not(.more)')
  .forEach(one => { one.open = true })"""
OPEN_MENU = "document.querySelectorAll('.more').forEach(one => { one.open = true })"
"""The menu lies over the page when it is open: that is looked at once."""

WHOLE = (
    ".band-nav, .diagram-box, .paper-file, .row-card, .scroll:not(:has(.results, .report-table))"
)
CUT = f"""[...document.querySelectorAll("{WHOLE}")]
  .filter(box => box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1)
  .map(box => box.className)"""
"""What must show the whole of itself at any width: nothing tells that more is to be had. The
results of many years may be moved sideways, the latest standing first, and so may the tables
of a report, which are as wide as on paper."""

PAGES = {
    "": ("/", "/?q=nga", "/places/3", "/verify", "/offline", "/sign-in", "/no-such-page"),
    "hamlet": (
        "/inbox",
        "/nominations/1",
        "/nominations/1/diagram",
        "/nominations/1/moves/complete_self_assessment",
        "/nominations/1/moves/withdraw",
        "/registers",
    ),
    "police": (
        "/inbox",
        "/inbox/others",
        "/nominations",
        "/nominations/2",
        "/records",
        "/records/new?kind=settled",
        "/reports",
        "/reports/decade?from=2010&to=2017",
        "/reports/results?year=2017",
    ),
    "admin": (
        "/admin/failures",
        "/admin/workflows",
        "/admin/workflows/district-certification",
        "/admin/people",
        "/admin/years",
        "/admin/units",
        "/admin/units/3",
        "/admin/units/acts/merge",
        "/admin/units/acts/split",
        "/admin/units/sheet",
    ),
}


@pytest.fixture(scope="module")
def files(served: Served) -> None:
    """Two nominations under way."""
    served.at("2026-03-02")

    def work(session):  # type: ignore[no-untyped-def]
        house = bureau().house
        for code, who in (("16144-01", "hamlet"), ("16144-02", "hamlet-16144-02")):
            person = world.person_id(session, who)
            area = world.unit_id(session, code)
            subject = open_nomination(session, house, person, area, world.YEAR).subject_id
            perform(session, house, Command(person, subject, "register", None, REGISTRATION))

    served.do(work)


@pytest.fixture(scope="module", params=SIZES)
def page(served: Served, request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """One page for all people: what it keeps of the site's looks does not depend on them."""
    width, height, language = SIZES[request.param]
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="vi-VN", reduced_motion="reduce"
    )
    opened = context.new_page()
    opened.goto(f"{served.address}/language/{language}?next=/verify")
    yield opened
    context.close()


@pytest.mark.parametrize("username", PAGES)
def test_axe_finds_nothing_and_nothing_is_cut(
    served: Served, files: None, page: Page, username: str
) -> None:
    """What is seen at the desk is then seen on a phone, so in both languages there."""
    page.context.clear_cookies(name="binhxet")
    if username:
        let_in(page, served, username)
    size = page.viewport_size
    assert size
    for address in PAGES[username]:
        page.goto(served.address + address)
        page.evaluate(OPEN_ALL)
        if address == "/admin/failures":
            page.evaluate(OPEN_MENU)
        assert _found(page) == [], address
        _nothing_is_cut(page, address)
        if size != PHONE:
            page.set_viewport_size(PHONE)
            _nothing_is_cut(page, address)
            page.set_viewport_size(size)


def _found(page: Page) -> list[Any]:
    return [
        (v["id"], [node["html"][:160] for node in v["nodes"]][:3])
        for v in Axe().run(page, options=RULES).response["violations"]
    ]


def _nothing_is_cut(page: Page, address: str) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.evaluate("document.documentElement.clientWidth"), address
    assert page.evaluate(CUT) == [], address


def test_what_was_told_is_printed_though_it_is_folded_away(
    served: Served, files: None, browser: Browser
) -> None:
    context = browser.new_context(viewport={"width": 800, "height": 1100}, locale="vi-VN")
    page = context.new_page()
    let_in(page, served, "hamlet")
    page.goto(f"{served.address}/nominations/1")
    told = page.locator(".event-data .told").first
    assert not told.is_visible()
    page.emulate_media(media="print")
    shown = told.bounding_box()
    assert shown
    assert shown["height"] > 0
    context.close()


def test_what_is_typed_is_saved_without_being_asked(
    served: Served, files: None, browser: Browser
) -> None:
    served.at("2026-03-02", "14:03")
    context = browser.new_context(viewport={"width": 360, "height": 780}, locale="vi-VN")
    page = context.new_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.clock.install()
    let_in(page, served, "hamlet")
    address = f"{served.address}/nominations/1/moves/withdraw"
    page.goto(address)
    page.fill('[name="reason"]', "Thôn sắp nhập với thôn bên")
    page.clock.fast_forward(PAUSE)
    page.wait_for_selector("text=Đã lưu nháp lúc 14:03")
    page.goto(address)
    assert page.input_value('[name="reason"]') == "Thôn sắp nhập với thôn bên"
    assert told == []
    context.close()
