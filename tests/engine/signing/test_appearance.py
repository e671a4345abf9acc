"""What a reader sees: measured on the rendered page, one pixel a point."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from engine.papers.fields import field_specs
from engine.signing import drawing
from engine.signing import pdf as acts
from engine.signing.drawing import Box, Pen
from tests.engine.signing import tools
from tests.engine.signing.blank import FIELDS, blank
from tests.engine.signing.house import ISSUED, SIGNED, House, Stages, person, signer

Colour = tuple[int, int, int]
Rect = tuple[int, int, int, int]
HEIGHT = 842


def is_blue(colour: Colour) -> bool:
    red, _, blue = colour
    return blue - red > 50


def is_red(colour: Colour) -> bool:
    red, _, blue = colour
    return red - blue > 50


def is_dark(colour: Colour) -> bool:
    return max(colour) < 130


class Page:
    """A rendered page, addressed as the PDF does: points from the lower left."""

    def __init__(self, pdf: bytes, folder: Path) -> None:
        file = folder / "paper.pdf"
        file.write_bytes(pdf)
        self.image = Image.open(tools.picture(file, folder)).convert("RGB")

    def count(self, wanted: Callable[[Colour], bool], rect: Rect) -> int:
        left, bottom, right, top = rect
        part = self.image.crop((left, HEIGHT - top, right, HEIGHT - bottom))
        raw = part.tobytes()
        return sum(wanted((raw[i], raw[i + 1], raw[i + 2])) for i in range(0, len(raw), 3))


@pytest.fixture(scope="module")
def page(paper: Stages, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return Page(paper.issued, tmp_path_factory.mktemp("page"))


WHOLE = (0, 0, 595, HEIGHT)
SIGNATURE, SEAL = FIELDS["signature"][0], FIELDS["seal"][0]


def test_the_signature_is_blue_and_inside_its_place(page: Page) -> None:
    inside = page.count(is_blue, SIGNATURE)
    assert inside > 300
    assert page.count(is_blue, WHOLE) == inside


def test_the_seal_is_red_and_inside_its_place(page: Page) -> None:
    inside = page.count(is_red, SEAL)
    assert inside > 1000
    assert page.count(is_red, WHOLE) == inside


def test_the_seal_lies_over_the_left_third_of_the_signature(page: Page) -> None:
    left, bottom, right, top = SIGNATURE
    third = left + (right - left) // 3
    assert page.count(is_red, (left, bottom, third, top)) > 100
    assert page.count(is_red, (third, bottom, right, top)) == 0


def test_the_seal_is_round(page: Page) -> None:
    left, bottom, right, top = SEAL
    for corner in ((left, bottom), (left, top - 14), (right - 14, bottom), (right - 14, top - 14)):
        assert page.count(is_red, (*corner, corner[0] + 14, corner[1] + 14)) == 0
    middle = (left + right) // 2
    assert page.count(is_red, (middle - 5, top - 6, middle + 5, top)) > 5


@pytest.mark.parametrize("name", ["number", "date"])
def test_number_and_date_are_dark_and_inside_their_places(page: Page, name: str) -> None:
    left, bottom, right, top = FIELDS[name][0]
    assert page.count(is_dark, (left, bottom, right, top)) > 100
    around = (left - 40, bottom - 4, right + 40, top + 4)
    assert page.count(is_dark, around) == page.count(is_dark, (left, bottom, right, top))


def test_before_the_acts_the_places_are_empty(tmp_path: Path) -> None:
    empty = Page(blank(), tmp_path)
    for rect, _, _ in FIELDS.values():
        assert empty.count(lambda colour: max(colour) < 200, rect) == 0


def test_a_reader_finds_the_words(paper: Stages, tmp_path: Path) -> None:
    file = tmp_path / "paper.pdf"
    file.write_bytes(paper.issued)
    words = tools.text(file)
    for expected in (
        ISSUED["number"],
        ISSUED["date_text"],
        "CHỮ KÝ MẪU",
        "MẪU",
        "ỦY BAN NHÂN DÂN XÃ NGA AN",
    ):
        assert expected in words


def test_every_font_is_embedded(paper: Stages, tmp_path: Path) -> None:
    file = tmp_path / "paper.pdf"
    file.write_bytes(paper.issued)
    _, _, *rows = tools.fonts(file).splitlines()
    assert rows
    assert all(re.search(r"\byes yes yes\b", row) for row in rows)


def test_no_picture_is_an_image(paper: Stages) -> None:
    assert b"/Image" not in paper.issued


def test_two_people_scribble_differently(ec_house: House, paper: Stages) -> None:
    other = signer(person(ec_house.authority, name="Trần Văn Nghiêm"))
    assert acts.sign_person(blank(), other, **SIGNED) != paper.signed
    pen = _pen()
    pictures = {
        drawing.handwriting(Box(150, 70), seed=seed, mark="MẪU", pen=pen) for seed in "abca"
    }
    assert len(pictures) == 3


@pytest.mark.parametrize("around", ["X", "ỦY BAN NHÂN DÂN THỊ TRẤN RẤT DÀI CỦA MỘT HUYỆN RẤT XA"])
def test_a_seal_closes_no_full_circle_of_letters(around: str) -> None:
    pen, box = _pen(), Box(100, 100)
    stream = drawing.seal(box, around=around, mark="MẪU", pen=pen).decode()
    sizes = [float(size) for size in re.findall(r"/Tinos ([\d.]+) Tf", stream)]
    ring = max(sizes[0], 0.1)
    assert pen.width(around, ring) <= 2 * 3.1416 * 50 * 300 / 360
    assert ring <= 50 * 0.32 * 0.7 + 0.1


def _pen() -> Pen:
    face = field_specs(blank())["number"].face
    assert face is not None
    return Pen("/Tinos", face)
