"""What makes the typesetter quick changes nothing but the time a page takes: the short sheet of
elements, the strict parser, the answers kept with a style, the way a file is written down."""

from __future__ import annotations

import re

import pytest
from pydyf import PDF
from weasyprint import HTML

from engine.papers import elements, render, typesetter, written
from engine.papers.render import Renderer
from tests.papers.conftest import FOLDER, KINDS, kind_of, sample


@pytest.mark.parametrize("name", [*KINDS, "commune_decision.long"])
def test_a_page_is_the_same_as_by_the_typesetter_itself(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    ours = renderer.lay_out(kind_of(name), sample(name))
    monkeypatch.setattr(
        render, "_parsed", lambda page, fetcher: HTML(string=page, url_fetcher=fetcher)
    )
    monkeypatch.setattr(written, "write", PDF.write)
    with typesetter.by_itself():
        assert renderer.lay_out(kind_of(name), sample(name)) == ours


ODD = """<html lang="vi"><head><title>Odd</title><style>
@page { size: 90mm 120mm; margin: 9mm; border: 1px solid; border-radius: 4px }
td, div { border: 2px solid #123 }
.box { position: relative; height: 2em; padding: 5% }
.box p { position: absolute; right: 2%; top: 1px; border: 1px solid; border-radius: 3px 0 10% 1px }
.box .square { left: 0; right: auto; border-radius: 0 }
.sides { border-style: dashed solid; border-color: #a00 #0a0 }
.dotted { border: 3px dotted; background: #eee; border-radius: 1em }
.none { border-right-width: 0; visibility: hidden }
.line { text-decoration: underline; letter-spacing: 1px; text-align: justify; word-spacing: 2px }
.cut { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; width: 20mm }
.float { float: left; width: 30%; margin: 1em }
.columns { columns: 2; column-rule: 1px solid }
table { border-collapse: collapse } .apart { border-collapse: separate; width: 50% }
</style></head><body>
<div class="box">a<p>b</p><p class="square">b</p></div>
<div class="sides">c</div><div class="dotted">d</div>
<div class="none">e</div><div class="cut">too long for this one line</div>
<div class="float">f g h i j k</div><p class="line">Một dòng chữ được dàn đều hai bên, có khoảng
cách và gạch chân, số 02/QĐ-UBND, dài hơn một dòng.</p><pre>two	lines
here</pre><div class="columns">một hai ba bốn năm sáu bảy tám chín mười</div>
<table><tr><td>1</td><td rowspan="2">2</td></tr><tr><td class="dotted">3</td></tr></table>
<table class="apart"><tr><td>4</td><td style="border-radius: 2px">5</td></tr></table>
<div dir="rtl" style="direction: rtl">r t l <i>s</i></div>
</body></html>"""


def test_what_no_paper_of_ours_has_comes_out_the_same_too(renderer: Renderer) -> None:
    def laid_out() -> bytes:
        return bytes(HTML(string=ODD).write_pdf(uncompressed_pdf=True, pdf_identifier=b"odd"))

    ours = laid_out()
    with typesetter.by_itself():
        assert laid_out() == ours


def test_a_text_that_fits_its_line_is_shaped_once(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shaped: list[str] = []
    set_text = typesetter.Lines.set_text

    def heard(lines: typesetter.Lines, text: str, justify: bool = False) -> None:
        shaped.append(text)
        set_text(lines, text, justify)

    monkeypatch.setattr(typesetter.Lines, "set_text", heard)
    values = sample("commune_decision")
    values["areas"][0]["name"] = "Thôn Một Lần"
    renderer.lay_out("commune_decision", values)
    once = shaped.count("Thôn Một Lần")
    with typesetter.by_itself():
        renderer.lay_out("commune_decision", values)
    assert (once, shaped.count("Thôn Một Lần")) == (1, 3)


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
