"""The typeface is found by file, complete, with Times' measures and every letter."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from engine.papers import fonts
from engine.papers.letters import FIELD_LETTERS, VIETNAMESE


def test_there_are_134_letters_each_composed_and_in_both_cases() -> None:
    assert len(VIETNAMESE) == len(set(VIETNAMESE)) == 134
    assert unicodedata.normalize("NFC", VIETNAMESE) == VIETNAMESE
    assert set(VIETNAMESE.lower()) | set(VIETNAMESE.upper()) == set(VIETNAMESE)
    for letter in "ạẶỡỮđĐỵỶ":
        assert letter in VIETNAMESE


@pytest.mark.parametrize("style", fonts.STYLES)
def test_every_style_has_every_letter_with_an_outline(style: str) -> None:
    font = TTFont(fonts.files()[style])
    names = font.getBestCmap()
    for letter in FIELD_LETTERS:
        assert ord(letter) in names, letter
        if not letter.isspace():
            assert font["glyf"][names[ord(letter)]].numberOfContours != 0, letter


def test_widths_are_those_of_times() -> None:
    # Advance widths of Times in thousandths (Adobe's Times-Roman and Times-Bold metrics).
    assert fonts.width("A", "regular", 1000) == pytest.approx(722, abs=1)
    assert fonts.width("Times", "regular", 1000) == pytest.approx(
        611 + 278 + 778 + 444 + 389, abs=3
    )
    assert fonts.width("CHỦ", "bold", 1000) == pytest.approx(722 + 778 + 722, abs=3)
    with pytest.raises(KeyError):
        fonts.width("漢", "regular", 13)


def test_unprintable_letters_are_named_once() -> None:
    assert fonts.unprintable("Thôn 1, xã Nga An\n") == ""
    assert fonts.unprintable("漢 và 漢 và 😀") == "漢😀"


def test_a_machine_without_the_typeface_is_told_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert fonts.missing() is None
    monkeypatch.setattr(fonts, "_ROOTS", (tmp_path,))
    assert fonts.missing() == "apt-get install fonts-croscore"
    with pytest.raises(fonts.FontMissing, match="apt-get install fonts-croscore"):
        fonts.files()


def test_a_typeface_without_one_of_its_styles_does_not_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    liberation = tmp_path / "truetype" / "liberation2"
    liberation.mkdir(parents=True)
    tinos = tmp_path / "truetype" / "croscore"
    tinos.mkdir(parents=True)
    for suffix in ("Regular", "Bold", "Italic", "BoldItalic"):
        (liberation / f"LiberationSerif-{suffix}.ttf").touch()
    (tinos / "Tinos-Regular.ttf").touch()
    monkeypatch.setattr(fonts, "_ROOTS", (tmp_path,))
    assert fonts.files()["italic"] == liberation / "LiberationSerif-Italic.ttf"


def test_the_family_name_is_private() -> None:
    rules = fonts.font_face("paper:font/{style}")
    assert rules.count("@font-face") == 4
    assert fonts.FAMILY.lower() not in ("serif", "sans-serif", "monospace", "tinos")
    for style in fonts.STYLES:
        assert f'url("paper:font/{style}")' in rules
