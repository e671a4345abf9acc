"""The short sheet of elements and the strict parser change nothing but the time a page takes."""

from __future__ import annotations

import re

import pytest
from weasyprint import HTML

from engine.papers import elements, render
from engine.papers.render import Renderer
from tests.papers.conftest import FOLDER, KINDS, kind_of, sample


@pytest.mark.parametrize("name", [*KINDS, "commune_decision.long"])
def test_a_page_is_the_same_as_by_the_typesetters_own_sheet(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    ours = renderer.lay_out(kind_of(name), sample(name))
    monkeypatch.setattr(
        render, "_parsed", lambda page, fetcher: HTML(string=page, url_fetcher=fetcher)
    )
    assert renderer.lay_out(kind_of(name), sample(name)) == ours


def test_every_element_of_the_templates_is_known() -> None:
    used = {
        tag
        for path in FOLDER.glob("*.html")
        for tag in re.findall(r"<([a-z][a-z0-9]*)", path.read_text("utf-8"))
    }
    assert used <= elements.ELEMENTS
    styled = re.findall(r"[a-z][a-z0-9]*(?=[^{}]*\{)", re.sub(r"\{[^}]*\}", "{}", elements.STYLE))
    assert {"p", "td", "h1", "li"} <= set(styled)


@pytest.mark.parametrize(
    "page",
    [
        "<html><body><p>not closed</body></html>",
        "<html><body><blockquote>unknown</blockquote></body></html>",
    ],
)
def test_any_other_page_gets_the_typesetters_sheet(renderer: Renderer, page: str) -> None:
    assert type(render._parsed(page, renderer._fetcher)) is HTML


def test_a_well_formed_page_keeps_its_void_elements(renderer: Renderer) -> None:
    body = "<p data-fill>a<br>b &lt;br&gt;</p>"
    page = f'<html><head><meta charset="utf-8"></head><body>{body}</body></html>'
    parsed = render._parsed(page, renderer._fetcher)
    assert isinstance(parsed, render._Page)
    assert "".join(parsed.etree_element.itertext()) == "ab <br>"
