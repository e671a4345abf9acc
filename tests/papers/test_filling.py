"""Certificates are laid out once and filled: to the eye, the ear and the law, the same paper."""

from __future__ import annotations

import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from engine.papers import filling, fonts, shaping
from engine.papers.fields import field_specs
from engine.papers.letters import FIELD_LETTERS
from engine.papers.render import Renderer
from tests.papers.conftest import FOLDER, Values, sample

LONG = "Khu dân cư Liên thôn Đông Nguyễn Trường Tộ – Bắc Hoàng Hoa Thám"
NAMES = (
    ("Thôn 1", "xã Nga An", "42/QĐ-UBND"),
    ("Thôn Văn Đức – Tây Hồ (xóm AVAT)", "xã Nga Phượng", "11/QĐ-UBND"),
    ("Khu phố Trường Thành Yên Lập", "xã Ba Đình & Nga “Vịnh”", "128/QĐ-UBND"),
    ("Thôn Ưởng Ỹ Tẩy Ặ Ỡ Vỹ", "xã Kỳ Tây <Mới>", "9/QĐ-UBND"),
)
NOT_FILLED = {
    "too long for its line": LONG,
    "a letter the face lacks": "Thôn Ŵ",
    "a word as long as a line": "Thôn " + "a" * 25,
}


def certificate(area: str, commune: str = "xã Nga An", number: str = "42/QĐ-UBND") -> Values:
    values = sample("certificate")
    values |= {"area": area, "commune": commune}
    values["decision"]["number"] = number
    return values


def told(tool: str, content: bytes, folder: Path, *options: str) -> bytes:
    file = folder / "paper.pdf"
    file.write_bytes(content)
    command = [tool, *options, str(file), *(["-"] if tool == "pdftotext" else [])]
    return subprocess.run(command, capture_output=True, check=True).stdout


def tags(content: bytes) -> list[Any]:
    """The structure tree: kinds, and what each holds, without object numbers."""

    def walk(element: pikepdf.Object) -> Any:
        if not isinstance(element, pikepdf.Dictionary):
            return int(element)
        if element.get("/Type") == "/OBJR":
            return str(element.Obj.T)
        held: Any = element.get("/K", [])
        kids: list[Any] = [held] if isinstance(held, int | pikepdf.Dictionary) else list(held)
        return [str(element.get("/S", element.get("/Type", ""))), *(walk(kid) for kid in kids)]

    with pikepdf.open(BytesIO(content)) as pdf:
        return [walk(kid) for kid in pdf.Root.StructTreeRoot.K]


@pytest.mark.parametrize(("area", "commune", "number"), NAMES)
def test_filled_and_laid_out_are_one_picture_text_and_tree(
    renderer: Renderer, tmp_path: Path, area: str, commune: str, number: str
) -> None:
    values = certificate(area, commune, number)
    filled, laid_out = (
        renderer.render("certificate", values),
        renderer.lay_out("certificate", values),
    )
    assert "/Full-bold" in faces(filled)
    assert "/Full-bold" not in faces(laid_out)
    for tool, *options in (
        ("pdftoppm", "-r", "100"),
        ("pdftotext", "-raw"),
        ("pdftotext", "-layout"),
        ("pdfinfo", "-struct-text"),
    ):
        seen = [told(tool, content, tmp_path, *options) for content in (filled, laid_out)]
        seen = [
            b"\n".join(line for line in one.split(b"\n") if b"File size" not in line)
            for one in seen
        ]
        assert seen[0] == seen[1], tool
    assert tags(filled) == tags(laid_out)
    for spec in (field_specs(filled), field_specs(laid_out)):
        assert set(spec) == {"number", "date", "signature", "seal", "strip"}
    assert [s.rect for s in field_specs(filled).values()] == [
        s.rect for s in field_specs(laid_out).values()
    ]


def faces(content: bytes) -> str:
    with pikepdf.open(BytesIO(content)) as pdf:
        return " ".join(pdf.pages[0].obj.Resources.Font.keys())


def test_title_and_language_are_the_papers_own(renderer: Renderer) -> None:
    values = certificate("Thôn <b>&", "xã Nga An")
    for content in (
        renderer.render("certificate", values),
        renderer.lay_out("certificate", values),
    ):
        with pikepdf.open(BytesIO(content)) as pdf, pdf.open_metadata() as xmp:
            assert str(pdf.docinfo.Title).startswith("Giấy công nhận: Thôn <b>&, xã Nga An")
            assert xmp["dc:title"] == str(pdf.docinfo.Title)


@pytest.mark.parametrize("why", NOT_FILLED)
def test_what_does_not_fit_is_laid_out(renderer: Renderer, why: str) -> None:
    values = certificate(NOT_FILLED[why])
    values["unit"] = "huyện " + "Rất Xa " * 20 if why == "too long for its line" else values["unit"]
    filled = renderer.render("certificate", values)
    assert "/Full-bold" not in faces(filled)
    assert filled == renderer.lay_out("certificate", values)


def test_a_name_like_a_stand_in_is_laid_out(renderer: Renderer) -> None:
    values = certificate("Thôn 1")
    values["signatory"]["name"] = chr(0x01FE)
    assert renderer.render("certificate", values) == renderer.lay_out("certificate", values)


def test_bytes_depend_on_the_values_alone(renderer: Renderer) -> None:
    """Not on what was filled before, nor on how many shapes are held."""
    values = [certificate(f"Thôn {n}") for n in range(3)]
    once = [renderer.render("certificate", each) for each in values]
    fresh = Renderer(FOLDER)
    assert [fresh.render("certificate", each) for each in reversed(values)] == once[::-1]
    assert len(set(once)) == 3


def test_a_shape_is_laid_out_once(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    renderer.render("certificate", certificate("Thôn 1"))
    monkeypatch.setattr(Renderer, "_lay_out", lambda *_: pytest.fail("laid out again"))
    renderer.render("certificate", certificate("Thôn 77", "xã Nga Bạch", "7/QĐ-UBND"))


def test_qpdf_and_pdffonts_find_nothing(renderer: Renderer, tmp_path: Path) -> None:
    content = renderer.render("certificate", certificate("Thôn 1"))
    assert b"No syntax or stream encoding errors" in told("qpdf", content, tmp_path, "--check")
    rows = told("pdffonts", content, tmp_path).decode().splitlines()[2:]
    assert len(rows) == 5
    assert all(" yes yes yes " in row for row in rows)


def test_a_line_with_joined_letters_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """One glyph for two letters could not be read back letter by letter."""
    monkeypatch.setattr(fonts, "glyphs", lambda style: {"a": 1})
    shaping._face.cache_clear()
    try:
        with pytest.raises(shaping.NotPlain):
            shaping.line("a", "regular", 13)
    finally:
        shaping._face.cache_clear()


def test_every_letter_can_be_set() -> None:
    for style in ("regular", "bold", "italic", "bolditalic"):
        line = shaping.line(FIELD_LETTERS, style, 20)
        assert "".join(letter for letter, _ in line.letters) == FIELD_LETTERS


def test_a_page_that_marks_nothing_is_not_taken_apart() -> None:
    assert filling.apart("<title>x</title><p class='a'>y</p>") is None
    values = (
        "<title>T &amp; t</title><p data-x data-fill> a\n &lt;b&gt; </p><p data-y data-fill></p>"
    )
    page = filling.apart(values)
    assert page is not None
    assert (page.title, page.texts) == ("T & t", ("a <b>", ""))
    other = filling.apart(values.replace("T &amp; t", "U").replace(" a\n", "c"))
    assert other is not None
    assert other.shape == page.shape
