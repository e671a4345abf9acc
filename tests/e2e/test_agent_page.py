"""A real browser drives the real program beside the token: both screens tell the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from tests.e2e.test_accessibility import RULES
from tests.engine.signing.tokens import PIN
from tests.serving import serving
from tests.web import world
from tests.web.room import Room, room

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


class Program:
    """``binhxet token-agent serve`` with somebody at its terminal."""

    def __init__(self, here: Room, who: str) -> None:
        place = here.places[who]
        command = [sys.executable, "-W", "error", "-m", "web.cli", "token-agent", "serve"]
        command += ["--server", here.url, "--user", who, "--module", str(place.module)]
        command += ["--token", place.label, "--port", "0", "--pin-stdin", "--lang", "en"]
        told = {"BINHXET_PASSWORD": world.PASSWORD, "PYTHONUNBUFFERED": "1"}
        pipes: Any = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(
            command, env={**os.environ, **here.tokens.environment, **told}, **pipes
        )
        self.lines: Queue[str] = Queue()
        self.said = ""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stderr or ():
            self.lines.put(line)

    def wait_for(self, pattern: str) -> str:
        """What the terminal says, once it says something like this."""
        while not (found := re.search(pattern, self.said)):
            self.said += self.lines.get(timeout=60)
        return found[1] if found.groups() else found[0]

    def answer(self, words: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{words}\n")
        self.process.stdin.flush()

    def end(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=30)


@contextmanager
def _listening(made: Room) -> Iterator[Room]:
    """Several requests at once, as browsers make them, at the hour of the stage."""

    def site(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with made.stage.now():
            return made.app(environ, start_response)

    server = make_server("127.0.0.1", 0, site, threaded=True)
    with serving(server) as port:
        made.url = f"http://127.0.0.1:{port}"
        yield made


@pytest.fixture
def database_kind() -> str:
    """Page and program know the site alone; what the site does with either database is asked in
    ``test_ceremonies`` and ``test_signing``."""
    return "postgresql"


@pytest.fixture
def two(database_url: str, tmp_path: Path) -> Iterator[Room]:
    with room(database_url, tmp_path, papers=2) as made, _listening(made):
        made.plug_in()
        yield made


def _open_batch(page: Page, here: Room) -> None:
    page.goto(f"{here.url}/sign-in")
    page.fill("#username", "chair")
    page.fill("#password", world.PASSWORD)
    page.click("form.card-x button")
    page.wait_for_url("**/inbox")
    page.click('form[action$="/papers/sign"] button')
    page.wait_for_url("**/ceremonies/*")


def test_the_page_drives_the_program_and_both_show_the_same_digests(
    two: Room, browser: Browser
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="vi-VN")
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda told: refused.append(told.text) if "Policy" in told.text else None)
    program = Program(two, "chair")
    try:
        _open_batch(page, two)
        found = Axe().run(page, options=RULES).response["violations"]
        assert [one["id"] for one in found] == []
        note = page.locator(".agent-note")
        page.fill(".agent-port", program.wait_for(r" at 127\.0\.0\.1:(\d+)"))
        page.fill(".agent-code", "aaaa aaaa")
        page.click(".agent-pair")
        expect(note).to_contain_text("Mã ghép không đúng")
        page.fill(".agent-code", program.wait_for(r"Pairing code.*: (\w{4} \w{4})"))
        page.click(".agent-pair")
        expect(note).to_contain_text("Đã ghép")
        _sign(page, program, pin="000000")
        expect(note).to_contain_text("The PIN is wrong")
        assert [two.stage.state(paper) for paper in two.papers] == ["format_approved"] * 2
        shown = _sign(page, program, pin=PIN)
        page.wait_for_selector(".outcome")
        assert "Đã ký 2 trên 2" in page.locator(".outcome").inner_text()
    finally:
        program.end()
    for digest in shown:
        assert digest.replace(" ", "") in program.said
    assert refused == []
    inbox = page.goto(f"{two.url}/inbox")
    assert inbox is not None
    assert "127.0.0.1" not in inbox.headers["content-security-policy"]
    two.session.expire_all()
    assert [two.stage.state(paper) for paper in two.papers] == ["signed"] * 2
    context.close()


def _sign(page: Page, program: Program, pin: str) -> list[str]:
    """Begins, looks at both screens, and types the PIN at the program; the digests shown."""
    program.said = ""
    page.click(".agent-start")
    program.wait_for("Enter the PIN to sign 2 papers")
    expect(page.locator(".agent-digest .good")).to_have_count(2)
    expect(page.locator(".agent-note")).to_contain_text("nhập mã PIN ở đó")
    digests = page.locator(".agent-digest code").all_inner_texts()
    program.answer(pin)
    return digests
