"""Papers are laid out once and filled: to the eye, the ear and the law, the same paper."""

from __future__ import annotations

import subprocess
from io import BytesIO
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.papers import filling, fonts, marks, shaping
from engine.papers.fields import field_specs
from engine.papers.letters import FIELD_LETTERS
from engine.papers.render import Renderer
from tests.papers.conftest import FOLDER, Values, sample
from tests.papers.shown import painted

LONG = "Khu dân cư Liên thôn Đông Nguyễn Trường Tộ – Bắc Hoàng Hoa Thám"
NAMES = (
    ("Thôn 1", "xã Nga An", "42/QĐ-UBND"),
    ("Thôn Văn Đức – Tây Hồ (xóm AVAT)", "xã Nga Phượng", "11/QĐ-UBND"),
    ("Khu phố Trường Thành Yên Lập", "xã Ba Đình & Nga “Vịnh”", "128/QĐ-UBND"),
    ("Thôn Ưởng Ỹ Tẩy Ặ Ỡ Vỹ", "xã Kỳ Tây <Mới>", "9/QĐ-UBND"),
    (LONG, "xã " + "Rất Xa Nơi Đây " * 9, "9/QĐ-UBND"),
)
NOT_FILLED = {
    "a letter the face lacks": "Thôn Ŵ",
    "a word as long as a line": "Thôn " + "a" * 25,
    "a name like a stand-in": marks.code(2),
}
SAID = """
Thông tư số 124/2021/TT-BCA ngày 28 tháng 12 năm 2021 của Bộ trưởng Bộ Công an quy định
khu dân cư, xã, phường đạt tiêu chuẩn “An toàn về an ninh, trật tự” (sửa đổi) – Nghị quyết
27/NQ-HĐND; điểm a khoản 1 Điều 5 Luật AVAT 50% P. T. Ỷ La Yên Ấp Tây Vĩnh L Phượng
"""
WORDS = SAID.split()


def certificate(area: str, commune: str = "xã Nga An", number: str = "42/QĐ-UBND") -> Values:
    values = sample("certificate")
    values |= {"area": area, "commune": commune}
    values["decision"]["number"] = number
    return values


def decision(commune: str, areas: list[str], words: list[str]) -> Values:
    """One whose every text is put together from the words."""
    values, supply = sample("commune_decision"), cycle(words)

    def said(number: int) -> str:
        return " ".join(islice(supply, number))

    values["authority"] |= {"name": f"Ủy ban nhân dân xã {commune}", "place": commune}
    values |= {
        "commune": f"xã {commune}",
        "grounds": [said(4), said(39), said(17)],
        "proposal": said(23),
        "measures": [said(31)],
        "executors": [said(3), said(7)],
        "recipients": [said(2), said(13)],
        "areas": [
            {**values["areas"][0], "position": n, "name": f"Thôn {name}", "households": 100 * n}
            for n, name in enumerate(areas, start=1)
        ],
    }
    return values


DECISIONS = (
    ("Nga An", ["1"]),
    ("Ba Đình", ["Văn Đức", LONG, "Tây Hồ"] * 2),
    ("Liên Hà Đông Anh Bắc", [f"{n}" for n in range(20)]),
    ("Nga Thạch", ["Ấp Yên Thượng Trung Hạ Nhì", "Tây"] * 8),
)
TOOLS = (
    ("pdftoppm", "-r", "100"),
    ("pdftotext", "-raw"),
    ("pdftotext", "-layout"),
    ("pdfinfo", "-struct-text"),
)
SLOW = {"pdfinfo"}
"""It reads the whole page again for each element, so it is asked of the plainest paper of a kind;
the tree itself, and what is painted where, are compared in every paper."""

CASES = [("certificate", certificate(*names)) for names in NAMES]
CASES += [("commune_decision", decision(*one, WORDS[n * 3 :])) for n, one in enumerate(DECISIONS)]


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


@pytest.mark.parametrize(("kind", "values"), CASES)
def test_filled_and_laid_out_are_one_picture_text_and_tree(
    renderer: Renderer, tmp_path: Path, kind: str, values: Values
) -> None:
    plainest = next(case for case in CASES if case[0] == kind)[1] is values
    filled, laid_out = renderer.render(kind, values), renderer.lay_out(kind, values)
    assert "/Full-bold" in faces(filled)
    assert "/Full-bold" not in faces(laid_out)
    assert painted(filled) == painted(laid_out)
    for tool, *options in (one for one in TOOLS if plainest or one[0] not in SLOW):
        seen = [told(tool, content, tmp_path, *options) for content in (filled, laid_out)]
        seen = [
            b"\n".join(line for line in one.split(b"\n") if b"File size" not in line)
            for one in seen
        ]
        assert seen[0] == seen[1], tool
    assert tags(filled) == tags(laid_out)
    for spec in (field_specs(filled), field_specs(laid_out)):
        assert set(spec) == {"number", "date", "signature", "seal", "strip"}
    for one, other in zip(
        field_specs(filled).values(), field_specs(laid_out).values(), strict=True
    ):
        assert one.rect == pytest.approx(other.rect, abs=0.011)


PLACES = st.lists(st.sampled_from(["Nga", "An", "Yên", "Trường", "Ấp", "Ỷ", "La"]), min_size=1)


@settings(max_examples=6, deadline=None)
@given(
    commune=PLACES.map(" ".join).filter(lambda name: len(name) < 40),
    areas=st.lists(PLACES.map(" ".join), min_size=1, max_size=20),
    words=st.lists(st.sampled_from(WORDS), min_size=5, max_size=60),
)
def test_whatever_a_decision_says_it_looks_as_it_would_laid_out(
    renderer: Renderer, commune: str, areas: list[str], words: list[str]
) -> None:
    values = decision(commune, areas, words)
    filled, laid_out = (
        renderer.render("commune_decision", values),
        renderer.lay_out("commune_decision", values),
    )
    assert painted(filled) == painted(laid_out)


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
    filled = renderer.render("certificate", values)
    assert "/Full-bold" not in faces(filled)
    assert filled == renderer.lay_out("certificate", values)


def test_a_date_that_goes_on_in_a_second_line_is_laid_out(renderer: Renderer) -> None:
    values = decision("W Trường Ấp Luông Ưởng Điệp P Tây", ["Một"], WORDS)
    filled = renderer.render("commune_decision", values)
    assert filled == renderer.lay_out("commune_decision", values)


def test_a_name_like_a_stand_in_is_laid_out(renderer: Renderer) -> None:
    values = certificate("Thôn 1")
    values["signatory"]["name"] = marks.code(2)
    assert renderer.render("certificate", values) == renderer.lay_out("certificate", values)


def test_bytes_depend_on_the_values_alone(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not on what was filled before, nor on how many shapes are held."""
    papers = [("certificate", certificate(f"Thôn {n}")) for n in range(3)]
    papers += [CASES[-3], CASES[-4], CASES[1]]
    once = [renderer.render(*each) for each in papers]
    monkeypatch.setattr(filling, "_MOST_SHAPES", 1)
    monkeypatch.setattr(filling, "_MOST_PLACES", 1)
    fresh = Renderer(FOLDER)
    assert [fresh.render(*each) for each in reversed(papers)] == once[::-1]
    assert len(set(once)) == len(once)


def test_a_shape_is_laid_out_once(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    renderer.render("certificate", certificate("Thôn 1"))
    areas = ["Một", "Hai"]
    renderer.render("commune_decision", decision("Nga An", areas, WORDS))
    monkeypatch.setattr(Renderer, "_lay_out", lambda *_: pytest.fail("laid out again"))
    renderer.render("certificate", certificate("Thôn 77", "xã Nga Bạch", "7/QĐ-UBND"))
    renderer.render("commune_decision", decision("Nga Hà", areas[::-1], WORDS))


def test_a_place_measures_the_same_in_every_shape() -> None:
    """So how many lines a text takes may be told from what an earlier shape measured."""
    fresh = Renderer(FOLDER)
    for kind, values in CASES:
        fresh.render(kind, values)
        alone = Renderer(FOLDER)
        alone.render(kind, values)
        assert alone._shapes._places.items() <= fresh._shapes._places.items()


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
    shaping.line.cache_clear()
    try:
        with pytest.raises(shaping.NotPlain):
            shaping.line("a", "regular", 13)
    finally:
        shaping._face.cache_clear()


def test_every_letter_can_be_set() -> None:
    for style in ("regular", "bold", "italic", "bolditalic"):
        line = shaping.line(FIELD_LETTERS, style, 20)
        assert (line.text, len(line.advances)) == (FIELD_LETTERS, len(FIELD_LETTERS))
