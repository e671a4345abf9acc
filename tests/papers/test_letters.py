"""All Vietnamese letters, in all styles: as glyphs on the page and as text in the file."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from fontTools.ttLib import TTFont

from engine.papers import fonts
from engine.papers.letters import VIETNAMESE
from engine.papers.render import Renderer
from tests.papers.conftest import ANNEX, ENCLOSING, FOLDER, SAMPLES, kind_of, sample
from tests.papers.reading import Reading

LINES = [VIETNAMESE[start : start + 20] for start in range(0, 134, 20)]
LOOKS = {
    "regular": "",
    "bold": "font-weight: 700",
    "italic": "font-style: italic",
    "bolditalic": "font-weight: 700; font-style: italic",
}


@pytest.fixture(scope="module")
def alphabet(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A page of every letter in every style, in the papers' own style sheet."""
    folder = tmp_path_factory.mktemp("alphabet")
    (folder / "_decree30.css").write_bytes((FOLDER / "_decree30.css").read_bytes())
    (folder / "all.html").write_text(
        '<html lang="vi"><head><title>x</title></head><body>{% for look in looks %}'
        '{% for line in lines %}<p style="{{ look }}">{{ line }}</p>{% endfor %}{% endfor %}'
        "</body></html>"
    )
    return Renderer(folder).render("all", {"looks": list(LOOKS.values()), "lines": LINES})


def test_every_letter_is_read_back(alphabet: bytes, tmp_path: Path) -> None:
    (tmp_path / "all.pdf").write_bytes(alphabet)
    text = subprocess.run(
        ["pdftotext", "-raw", str(tmp_path / "all.pdf"), "-"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert text.split() == LINES * len(LOOKS)


def test_every_letter_has_its_own_glyph_from_our_files(alphabet: bytes) -> None:
    """Not .notdef, not another font's, and with the outline of the file's own glyph."""
    seen: dict[str, set[int]] = {}
    with pikepdf.open(BytesIO(alphabet)) as pdf:
        for page in pdf.pages:
            for name, font in page.Resources.Font.items():
                seen[name] = _outlined(font)
    assert len(seen) == len(LOOKS)
    wanted = []
    for path in fonts.files().values():
        font = TTFont(path)
        ids = font.getReverseGlyphMap()
        wanted.append({ids[font.getBestCmap()[ord(letter)]] for letter in VIETNAMESE})
    for glyphs in seen.values():
        assert 0 not in glyphs
        assert any(glyphs >= each and len(each) == 134 for each in wanted)


def _outlined(font: Any) -> set[int]:
    """The glyphs that an embedded font can draw."""
    data = font.DescendantFonts[0].FontDescriptor.FontFile2.read_bytes()
    program = TTFont(BytesIO(data))
    glyf = program["glyf"]
    order = program.getGlyphOrder()
    return {number for number in range(1, len(order)) if glyf[order[number]].numberOfContours != 0}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_paper_reads_back_as_what_was_frozen(read: Callable[[str], Reading], name: str) -> None:
    """Every text of the values is in the file, letter by letter, in its case or in capitals."""
    beside = [name.replace(*pair) for pair in ((ENCLOSING, ANNEX), (ANNEX, ENCLOSING))]
    files = [name, *(other for other in beside if other != name)]  # a paper and its annex
    text = "".join(part for file in files for part in read(file).text.split()).casefold()
    for value in _texts(sample(name)):
        assert "".join(value.split()).casefold() in text, value


HIDDEN = {"form", "head_title", "collective", "parent", "symbol", "date", "time", "ended"}
HIDDEN |= {
    "until",
    "due",
    "effect_on",
    "opened",
    "closed",
    "received_on",
    "registered_on",
    "decided_on",
    "capacity",
    "unit",
}


def _texts(value: Any, key: str = "") -> list[str]:
    if isinstance(value, Mapping):
        return [text for name, inner in value.items() for text in _texts(inner, name)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner, key)]
    return [value] if isinstance(value, str) and value and key not in HIDDEN else []


def test_hidden_values_are_of_kinds_that_print_otherwise() -> None:
    """Dates and times print in words, the rest only in some forms: nothing else is left out."""
    described = {path for name in SAMPLES for path in _keys(sample(name))}
    assert described >= HIDDEN
    assert {kind_of(name) for name in SAMPLES}


def _keys(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return set(value) | {key for inner in value.values() for key in _keys(inner)}
    if isinstance(value, list):
        return {key for inner in value for key in _keys(inner)}
    return set()
