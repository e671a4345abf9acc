"""What a filled signature field looks like: a specimen of handwriting, a specimen seal.

Content streams of form XObjects (ISO 32000-1, 8.10), in vectors and the form's own font, so
that an archival paper stays archival. Both specimens say aloud that they are none: the
mark is part of the drawing, and neither resembles a real hand or a real seal.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

from engine.papers.fields import DoesNotFit
from engine.papers.formfont import FormFace

_BLUE = b"0.05 0.18 0.62"
_RED = b"0.80 0.06 0.10"
_STROKES = 7
_RING_ARC = math.radians(300)
CORNER_SIZE = 10.0
"""Nghị định 30/2020/NĐ-CP, Phụ lục I: the signature on an annex is in letters of ten points."""

_CIRCLE = 0.5523  # control points of a quarter circle, as a share of the radius


@dataclass(frozen=True, slots=True)
class Box:
    """The size of a field's place, in points."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Pen:
    """A face under the name by which a content stream calls it (``/Tinos``)."""

    font: str
    face: FormFace

    def width(self, text: str, size: float) -> float:
        """How wide a text is, in points; raises ``LetterMissing``."""
        return self.face.width(text) * size / 1000

    def fitting(self, text: str, width: float) -> float:
        """The size at which a text is exactly that wide."""
        return width / self.width(text, 1) if text else width

    def select(self, size: float) -> bytes:
        """The operator that takes this pen."""
        return f"{self.font} {size:.2f} Tf".encode()

    def show(self, text: str) -> bytes:
        """The operator that writes a text."""
        return f"{self.face.encode(text)} Tj".encode()


def handwriting(box: Box, *, seed: str, mark: str, pen: Pen) -> bytes:
    """A blue scribble, the same for the same seed, with the mark written under it."""
    size = min(9.0, box.height / 4, pen.fitting(mark, box.width))
    margin, foot = box.width * 0.15, size * 1.3
    scribble = Box(box.width - 2 * margin, box.height - foot)
    left = (box.width - pen.width(mark, size)) / 2
    return b"\n".join(
        (
            b"q 1 J 1 j %s RG %s rg" % (_BLUE, _BLUE),
            _text(mark, pen, size, left, -pen.face.descent / 1000 * size),
            b"1 0 0 1 %s cm" % _numbers(margin, foot),
            _scribble(scribble, seed),
            b"Q",
        )
    )


def seal(box: Box, *, around: str, mark: str, pen: Pen) -> bytes:
    """A round red stamp: two rings, the agency's name between them, the mark across."""
    radius = min(box.width, box.height) / 2 - 1
    inner = radius * 0.68
    middle = (radius + inner) / 2
    size = min((radius - inner) * 0.7, pen.fitting(around, middle * _RING_ARC))
    large = min(inner * 0.7, pen.fitting(mark, inner * 1.6))
    low = -(pen.face.ascent + pen.face.descent) / 2000 * large
    return b"\n".join(
        (
            b"q %s RG %s rg" % (_RED, _RED),
            b"1 0 0 1 %s cm" % _numbers(box.width / 2, box.height / 2),
            b"2 w %s" % _circle(radius),
            b"0.8 w %s" % _circle(inner),
            _around(around, pen, size, middle - size * 0.33),
            _text(mark, pen, large, -pen.width(mark, large) / 2, low),
            b"Q",
        )
    )


def corner(box: Box, *, number: str, time: str, pen: Pen) -> bytes:
    """The agency's signature on an annex: number and time in black letters of ten points, one
    under the other, flush with the right edge. Raises ``DoesNotFit``."""
    lines, size = (number, time), CORNER_SIZE
    if max(pen.width(line, size) for line in lines) > box.width:
        raise DoesNotFit("the corner is too narrow")
    drop = pen.face.ascent / 1000 * size
    step = (box.height - (pen.face.ascent - pen.face.descent) / 1000 * size) / (len(lines) - 1)
    return b"\n".join(
        (
            b"q 0 g",
            *(
                _text(
                    line, pen, size, box.width - pen.width(line, size), box.height - drop - n * step
                )
                for n, line in enumerate(lines)
            ),
            b"Q",
        )
    )


def _numbers(*numbers: float) -> bytes:
    return " ".join(f"{n:.2f}" for n in numbers).encode()


def _text(text: str, pen: Pen, size: float, x: float, y: float) -> bytes:
    return b"BT %s %s Td %s ET" % (pen.select(size), _numbers(x, y), pen.show(text))


def _scribble(box: Box, seed: str) -> bytes:
    """Loops from left to right, then a flourish below: plainly drawn by no hand."""
    dice = [byte / 255 for byte in hashlib.sha256(seed.encode()).digest()]
    step = box.width / _STROKES
    path = [b"1.4 w %s m" % _numbers(0, box.height * 0.4)]
    for stroke in range(_STROKES):
        low, high, lean = dice[3 * stroke : 3 * stroke + 3]
        x, up = (stroke + 1) * step, box.height * (0.6 + 0.4 * high)
        down, reach = box.height * (0.15 + 0.3 * low), step * (1.5 + lean)
        path.append(b"%s c" % _numbers(x - reach, up, x + reach / 2, up, x, down))
    path.append(b"S 0.8 w %s m" % _numbers(-box.width * 0.1, box.height * 0.08))
    bend = box.height * dice[-1] * 0.5
    ends = (box.width * 0.3, bend, box.width * 0.7, -bend / 3, box.width * 1.1, box.height * 0.2)
    return b"\n".join((*path, b"%s c S" % _numbers(*ends)))


def _circle(radius: float) -> bytes:
    r, k = radius, radius * _CIRCLE
    quarters = (
        (r, k, k, r, 0, r),
        (-k, r, -r, k, -r, 0),
        (-r, -k, -k, -r, 0, -r),
        (k, -r, r, -k, r, 0),
    )
    curves = b" ".join(b"%s c" % _numbers(*quarter) for quarter in quarters)
    return b"%s m %s s" % (_numbers(r, 0), curves)


def _around(text: str, pen: Pen, size: float, radius: float) -> bytes:
    """A text along the upper side of a circle, read out as one piece."""
    spoken = ("\ufeff" + text).encode("utf-16-be").hex().upper().encode()
    letters = b"\n".join(_ring(text, pen, size, radius))
    head = b"/Span <</ActualText <%s>>> BDC BT %s" % (spoken, pen.select(size))
    return b"%s\n%s\nET EMC" % (head, letters)


def _ring(text: str, pen: Pen, size: float, radius: float) -> Iterator[bytes]:
    """Each letter at its own angle, standing on the circle."""
    turned = -pen.width(text, size) / radius / 2
    for letter in text:
        half = pen.width(letter, size) / 2
        angle = turned + half / radius
        sin, cos = math.sin(angle), math.cos(angle)
        place = (cos, -sin, sin, cos, radius * sin - half * cos, radius * cos + half * sin)
        matrix = " ".join(f"{n:.4f}" for n in place).encode()
        yield b"%s Tm %s" % (matrix, pen.show(letter))
        turned += 2 * half / radius
