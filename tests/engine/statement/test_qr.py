"""Our codes, module for module those of another encoder, and read by another reader."""

from __future__ import annotations

import random

import pytest
import segno
import zxingcpp
from PIL import Image
from segno.consts import MODE_ALPHANUMERIC, MODE_BYTE

from engine.statement import qr

DICE = random.Random(7)  # noqa: S311 - test data


def text(length: int) -> str:
    return "".join(DICE.choice(qr.DENSE) for _ in range(length))


def theirs(address: str, dense: str, version: int) -> list[str]:
    content = [(address, MODE_BYTE), (dense, MODE_ALPHANUMERIC)]
    made = segno.make(content, version=version, error="m", mask=2, boost_error=False)
    return ["".join(map(str, row)) for row in made.matrix]


def comparable(dense: str) -> str:
    """Where the bits end with a byte, segno adds a byte of zeros that 7.4.10 does not ask for."""
    while (16 + 4 + 8 * len(ADDRESS) + 15 + 11 * len(dense) // 2 + len(dense) % 2 + 4) % 8 == 0:
        dense += "0"
    return dense


def version_of(matrix: qr.Matrix) -> int:
    return (len(matrix) - 17) // 4


ADDRESS = "https://binhxet.ngason.thanhhoa.gov.vn/p/k3m9x7w2qz#"


@pytest.mark.parametrize("length", [*range(1, 1160, 97), 219])
def test_another_encoder_makes_the_same_code(length: int) -> None:
    dense = comparable(text(length))
    made = qr.encode(ADDRESS, dense)
    assert list(made) == theirs(ADDRESS, dense, version_of(made))


def test_every_version_is_reached_and_the_same() -> None:
    reached = {}
    for length in range(1, 1700, 11):
        dense = comparable(text(length))
        try:
            made = qr.encode(ADDRESS, dense)
        except qr.TooLong:
            break
        if reached.setdefault(version_of(made), length) == length:
            assert list(made) == theirs(ADDRESS, dense, version_of(made))
    assert set(reached) == set(qr.VERSIONS)
    assert length > 1400


@pytest.mark.parametrize("length", [40, 195, 300, 900])
def test_another_reader_reads_it(length: int) -> None:
    dense = text(length)
    rows = qr.encode(ADDRESS, dense)
    side = len(rows) + 8
    image = Image.new("L", (side, side), 255)
    for row, modules in enumerate(rows):
        for column, module in enumerate(modules):
            image.putpixel((column + 4, row + 4), 255 * (module == "0"))
    (found,) = zxingcpp.read_barcodes(image.resize((side * 4, side * 4), Image.Resampling.NEAREST))
    assert found.text == ADDRESS + dense


def test_what_no_code_holds_is_refused() -> None:
    with pytest.raises(qr.TooLong):
        qr.encode(ADDRESS, text(2000))
    with pytest.raises(ValueError, match="substring"):
        qr.encode(ADDRESS, "ă")
