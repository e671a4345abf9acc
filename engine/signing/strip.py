"""The strip of a paper: a QR code in vectors, and beside it, in small letters, the way to check.

The code's modules are runs of rectangles in one path (ISO 32000-1, 8.5.2): no image, which an
archival form may carry only under conditions, and sharp at any size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.signing.drawing import Box, Pen
from engine.statement import qr
from engine.statement.qr import Matrix

_QUIET = 2
"""Modules left white inside the place; around it lies white paper for as many again."""

_SMALLEST, _LEADING = 5.0, 1.3
_DARK = re.compile("1+")


@dataclass(frozen=True, slots=True)
class Strip:
    """What a strip shows: the code's text, as address and dense fragment, and the lines beside
    it with their sizes in points."""

    address: str
    fragment: str
    lines: Sequence[tuple[str, float]]

    @property
    def text(self) -> str:
        """What a camera reads."""
        return self.address + self.fragment


def picture(box: Box, *, strip: Strip, pen: Pen) -> bytes:
    """The content stream of a strip in its place.

    Raises ``LetterMissing``, and ``qr.TooLong`` for a text no code holds.
    """
    code = qr.encode(strip.address, strip.fragment)
    module = box.height / (len(code) + 2 * _QUIET)
    left = box.height + _QUIET * module
    return b"\n".join(
        (
            b"q 0 g",
            b"q %.4f 0 0 %.4f %.3f %.3f cm" % (module, module, _QUIET * module, _QUIET * module),
            _modules(code),
            b"f Q",
            *_written(strip.lines, pen, left, box),
            b"Q",
        )
    )


def _modules(rows: Matrix) -> bytes:
    """One rectangle for each run of dark modules, the lowest row at zero."""
    return b"\n".join(
        b" ".join(
            b"%d %d %d 1 re" % (run.start(), height, run.end() - run.start())
            for run in _DARK.finditer(row)
        )
        for height, row in enumerate(reversed(rows))
    )


def _written(
    lines: Sequence[tuple[str, float]], pen: Pen, left: float, box: Box
) -> Iterator[bytes]:
    """The lines under each other, in the middle of the height; one too long is set smaller."""
    room = box.width - left
    sizes = [max(min(size, pen.fitting(text, room)), _SMALLEST) for text, size in lines]
    top = (box.height + sum(sizes) * _LEADING) / 2
    for (text, _), size in zip(lines, sizes, strict=True):
        top -= size * _LEADING
        base = top + size * (_LEADING - 1) / 2 - pen.face.descent / 1000 * size
        yield b"BT %s %.2f %.2f Td %s ET" % (pen.select(size), left, base, pen.show(text))
