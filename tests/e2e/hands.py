"""Two ways to go through the same pages: a real browser, and a reader that draws nothing.

What a page looks like no database has a part in. So what the browser was shown over one is only
read over the other: links followed and forms sent as they stand in the page, without scripts.
Selectors are those of style sheets.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib
from cssselect2 import ElementWrapper
from playwright.sync_api import Page, expect
from werkzeug.test import Client, TestResponse

from tests.e2e.conftest import Served, let_in, session_of, sign_in


class Hand(Protocol):
    """What a person does with a page."""

    def come(self, username: str) -> None:
        """Is that person from here on, at the inbox."""

    @property
    def path(self) -> str:
        """Where it is."""

    def open(self, path: str) -> None:
        """Opens a page."""

    def fill(self, name: str, value: str | Path) -> None:
        """Types into a field, chooses one of its answers, or gives it a file."""

    def press(self, selector: str) -> None:
        """Follows a link, or sends a form by its button: the first there is."""

    def says(self, selector: str, words: str, *, only: bool = False) -> None:
        """Fails unless the first of it says this, and nothing else if ``only``."""

    def all(self, selector: str, attribute: str) -> list[str]:
        """An attribute of everything that the page has of it."""

    def text(self) -> str:
        """What the page is about."""


class Browsing:
    """By a real browser. The first time, a person signs in through the form."""

    def __init__(self, page: Page, served: Served) -> None:
        self.page, self.served = page, served
        self._known: set[str] = set()

    def come(self, username: str) -> None:
        if username in self._known:
            let_in(self.page, self.served, username)
            self.open("/inbox")
        else:
            sign_in(self.page, self.served, username)
            self._known.add(username)

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    def open(self, path: str) -> None:
        self.page.goto(self.served.address + path)

    def fill(self, name: str, value: str | Path) -> None:
        field = self.page.locator(f'[name="{name}"]')
        if isinstance(value, Path):
            field.set_input_files(value)
        elif field.first.get_attribute("type") == "radio":
            self.page.check(f'input[type="radio"][name="{name}"][value="{value}"]')
        else:
            field.fill(value)

    def press(self, selector: str) -> None:
        self.page.locator(selector).first.click()

    def says(self, selector: str, words: str, *, only: bool = False) -> None:
        place = expect(self.page.locator(selector).first)
        place.to_have_text(words) if only else place.to_contain_text(words)

    def all(self, selector: str, attribute: str) -> list[str]:
        found: list[str] = self.page.locator(selector).evaluate_all(
            "(all, name) => all.map(one => one.getAttribute(name))", attribute
        )
        return found

    def text(self) -> str:
        return self.page.locator("main").inner_text()


class Reading:
    """By the pages' text, asked of the site itself with no wire between."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.client = Client(served)
        self.path = ""
        self._page = ElementWrapper.from_html_root(Element("html"))
        self._typed: dict[str, Any] = {}

    def come(self, username: str) -> None:
        self.client = Client(self.served)
        name, value = session_of(self.served, username)
        self.client.set_cookie(name, value)
        self.open("/inbox")

    def open(self, path: str) -> None:
        self._show(self.client.get(path, follow_redirects=True))

    def fill(self, name: str, value: str | Path) -> None:
        fields = self._all(f'[name="{name}"]')
        assert fields, f"{self.path} has no field {name}"
        if fields[0].get("type") == "radio":
            assert value in [one.get("value") for one in fields], (name, value)
        if isinstance(value, Path):
            self._typed[name] = (BytesIO(value.read_bytes()), value.name)
        else:
            self._typed[name] = value

    def press(self, selector: str) -> None:
        pressed = self._one(selector)
        if pressed.tag == "a":
            return self.open(pressed.attrib["href"])
        form = next(one for one in self._all("form") if pressed in list(one.iter()))
        assert form.get("method") == "post", selector
        kind = form.get("enctype", "application/x-www-form-urlencoded")
        told = _kept(form) | self._typed
        if name := pressed.get("name"):
            told[name] = pressed.get("value", "")
        address = form.get("action") or self.path
        return self._show(
            self.client.post(address, data=told, content_type=kind, follow_redirects=True)
        )

    def says(self, selector: str, words: str, *, only: bool = False) -> None:
        said = _text(self._one(selector))
        assert said == words if only else words in said, said

    def all(self, selector: str, attribute: str) -> list[str]:
        return [one.attrib[attribute] for one in self._all(selector)]

    def text(self) -> str:
        return _text(self._one("main"))

    def _all(self, selector: str) -> list[Element]:
        return [found.etree_element for found in self._page.query_all(selector)]

    def _one(self, selector: str) -> Element:
        found = self._all(selector)
        assert found, f"{self.path} has no {selector}"
        return found[0]

    def _show(self, answer: TestResponse) -> None:
        assert answer.status_code == 200, (answer.request.path, answer.status, answer.text)
        self.path, self._typed = answer.request.path, {}
        tree = html5lib.parse(answer.text, namespaceHTMLElements=False)
        self._page = ElementWrapper.from_html_root(tree)


def _text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _kept(form: Element) -> dict[str, Any]:
    """What a form sends of itself, where nothing is typed or chosen."""
    return dict(_controls(form))


def _controls(form: Element) -> Iterator[tuple[str, str]]:
    for one in form.iter():
        name, kind = one.get("name"), one.get("type", "text")
        if one.tag == "textarea" and name:
            yield name, "".join(one.itertext()).removeprefix("\n")
        elif one.tag == "input" and name and kind not in ("submit", "file"):
            if kind not in ("radio", "checkbox") or "checked" in one.attrib:
                yield name, one.get("value", "on" if kind == "checkbox" else "")
        elif one.tag == "select" and name:
            options = list(one.iter("option"))
            chosen = [option for option in options if "selected" in option.attrib] or options
            yield name, chosen[0].get("value", _text(chosen[0]))
