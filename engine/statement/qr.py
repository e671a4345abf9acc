"""QR codes (ISO/IEC 18004:2015) of one sort, quickly: an address, then letters of the dense mode.

A general encoder takes ten milliseconds a code, as long as all the rest of issuing a paper.
Everything that does not depend on the text is worked out once for each version here: where
each bit goes, under which mask, and what stands around them. Error correction is level M, the
mask is always the same: its choice matters little for data as random as signatures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from operator import itemgetter
from typing import Any

DENSE = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
VERSIONS = range(10, 27)
"""Versions with one width of length fields; those below hold less than any statement."""

# Level M of table 9: check bytes in each block, and how many blocks.
_CHECKS = dict(zip(VERSIONS, (26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28, 28),
                   strict=True))  # fmt: skip
_BLOCKS = dict(zip(VERSIONS, (5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23),
                   strict=True))  # fmt: skip
_BYTES, _DENSE, _END = "0100", "0010", "0000"
_FILL = (0xEC, 0x11)
_MASK = 2  # every third column

Matrix = Sequence[str]
"""The rows of a code from the top, each a string of ``1`` for dark and ``0``."""


class TooLong(ValueError):
    """A text that no code of these versions holds."""


def encode(address: str, dense: str) -> Matrix:
    """The smallest code of ``address`` (any text) followed by ``dense`` (letters of ``DENSE``).

    Raises ``TooLong``, and ``ValueError`` for another letter in ``dense``.
    """
    bits = _segment_bytes(address.encode()) + _segment_dense(dense)
    for version in VERSIONS:
        layout = _layout(version)
        if len(bits) <= 8 * layout.data:
            return layout.fill(_codewords(layout, bits))
    raise TooLong(f"{len(bits)} bits")


def _segment_bytes(raw: bytes) -> str:
    return f"{_BYTES}{len(raw):016b}" + "".join(f"{byte:08b}" for byte in raw)


def _segment_dense(text: str) -> str:
    values = [DENSE.index(letter) for letter in text]
    pairs = [f"{a * 45 + b:011b}" for a, b in zip(values[::2], values[1::2], strict=False)]
    rest = f"{values[-1]:06b}" if len(values) % 2 else ""
    return f"{_DENSE}{len(values):011b}" + "".join(pairs) + rest


def _codewords(layout: _Layout, bits: str) -> bytes:
    """Data and check bytes in the order in which they are laid (7.5.2, 7.6)."""
    room = 8 * layout.data
    bits = (bits + _END)[:room]
    bits += "0" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8)
    missing = layout.data - len(data)
    data += bytes(_FILL[n % 2] for n in range(missing))
    blocks, at = [], 0
    for size in layout.blocks:
        blocks.append(data[at : at + size])
        at += size
    checks = [_checks(block, layout.checks) for block in blocks]
    longest = layout.blocks[-1]
    laid = [block[n] for n in range(longest) for block in blocks if n < len(block)]
    return bytes(laid) + bytes(check[n] for n in range(layout.checks) for check in checks)


# ---------------------------------------------------------------------- error correction


@cache
def _powers() -> tuple[list[int], list[int]]:
    """Powers of two in the field of 256 (x⁸+x⁴+x³+x²+1), and their logarithms."""
    powers, logs, value = [1] * 255, [0] * 256, 1
    for n in range(255):
        powers[n], logs[value] = value, n
        value = value << 1 ^ (0x11D if value & 128 else 0)
    return powers, logs


@cache
def _divisor(degree: int) -> list[int]:
    """For each leading byte, what is taken off: the generator polynomial times that byte."""
    powers, logs = _powers()
    polynomial = [1]
    for root in range(degree):
        moved = [*polynomial, 0]
        for n, factor in enumerate(polynomial, start=1):
            moved[n] ^= powers[(logs[factor] + root) % 255] if factor else 0
        polynomial = moved
    return [
        int.from_bytes(
            bytes(powers[(logs[factor] + logs[lead]) % 255] for factor in polynomial[1:])
            if lead
            else bytes(degree)
        )
        for lead in range(256)
    ]


def _checks(block: bytes, degree: int) -> bytes:
    """The check bytes of a block: the remainder of its division (7.5.2)."""
    divisor, top, keep = _divisor(degree), 8 * (degree - 1), (1 << 8 * (degree - 1)) - 1
    rest = 0
    for byte in block:
        rest = (rest & keep) << 8 ^ divisor[rest >> top ^ byte]
    return rest.to_bytes(degree)


# ---------------------------------------------------------------------- layout


@dataclass(frozen=True)
class _Layout:
    """What is the same in all codes of a version. ``gather`` picks each module, row by row,
    out of the data's bits followed by ``0`` and ``1``."""

    side: int
    data: int
    checks: int
    blocks: tuple[int, ...]
    room: int
    mask: int
    gather: Callable[[str], Any]

    def fill(self, codewords: bytes) -> Matrix:
        laid = int.from_bytes(codewords) << (self.room - 8 * len(codewords))
        flat = "".join(self.gather(f"{laid ^ self.mask:0{self.room}b}01"))
        return [flat[start : start + self.side] for start in range(0, len(flat), self.side)]


@cache
def _layout(version: int) -> _Layout:
    side, fixed = version * 4 + 17, _fixed(version)
    path = [place for place in _path(side) if place not in fixed]
    room = len(path)
    sources = {place: n for n, place in enumerate(path)}
    sources |= {place: room + dark for place, dark in fixed.items()}
    flips = "".join("1" if column % 3 == 0 else "0" for _, column in path)
    checks, count = _CHECKS[version], _BLOCKS[version]
    data = room // 8 - checks * count
    short, longer = divmod(data, count)
    return _Layout(
        side=side,
        data=data,
        checks=checks,
        blocks=(short,) * (count - longer) + (short + 1,) * longer,
        room=room,
        mask=int(flips, 2),
        gather=itemgetter(*(sources[place] for place in product(range(side), range(side)))),
    )


def _path(side: int) -> list[tuple[int, int]]:
    """Rows and columns in the order of the data's bits: two columns at a time, up and down
    from the right, around the timing column (7.7.3)."""
    pairs = [right - (right <= 6) for right in range(side - 1, 0, -2)]
    found = []
    for turn, right in enumerate(pairs):
        rows = range(side) if turn % 2 else range(side - 1, -1, -1)
        found += [(row, column) for row in rows for column in (right, right - 1)]
    return found


def _fixed(version: int) -> dict[tuple[int, int], int]:
    """The modules that hold no data: row and column, and whether dark (6.3, 7.9, 7.10)."""
    side = version * 4 + 17
    found = {(6, n): 1 - n % 2 for n in range(side)} | {(n, 6): 1 - n % 2 for n in range(side)}
    centres = _centres(version)
    for row, column in product(centres, centres):
        if (row, column) not in {(6, 6), (6, centres[-1]), (centres[-1], 6)}:
            found |= _rings(row, column, 2, side)
    for row, column in ((3, 3), (3, side - 4), (side - 4, 3)):
        found |= _rings(row, column, 4, side)
    return found | _format(side) | _version(version, side)


def _centres(version: int) -> list[int]:
    """Where alignment patterns have their middles (annex E)."""
    count, side = version // 7 + 2, version * 4 + 17
    step = (version * 8 + count * 3 + 5) // (count * 4 - 4) * 2
    return [6, *(side - 7 - n * step for n in range(count - 2, -1, -1))]


def _rings(row: int, column: int, radius: int, side: int) -> dict[tuple[int, int], int]:
    """A square of rings, light and dark: a finder with its light border, or an alignment."""
    reach = range(-radius, radius + 1)
    light = {2, 4} if radius == 4 else {1}
    return {
        (row + y, column + x): int(max(abs(y), abs(x)) not in light)
        for y, x in product(reach, reach)
        if 0 <= row + y < side and 0 <= column + x < side
    }


def _format(side: int) -> dict[tuple[int, int], int]:
    """Level and mask, twice, and the module that is always dark (7.9)."""
    bits = _with_checks(_MASK, 5, 0x537) ^ 0x5412  # level M is 00 before the mask's number
    first = [(n, 8) for n in (0, 1, 2, 3, 4, 5, 7, 8)] + [(8, n) for n in (7, 5, 4, 3, 2, 1, 0)]
    second = [(8, side - 1 - n) for n in range(8)] + [(side - 7 + n, 8) for n in range(7)]
    told = {place: bits >> n & 1 for n, place in enumerate(first)}
    return told | {place: bits >> n & 1 for n, place in enumerate(second)} | {(side - 8, 8): 1}


def _version(version: int, side: int) -> dict[tuple[int, int], int]:
    """The version, twice (7.10)."""
    bits = _with_checks(version, 6, 0x1F25)
    places = [(n // 3, side - 11 + n % 3) for n in range(18)]
    upright = {(row, column): bits >> n & 1 for n, (row, column) in enumerate(places)}
    return upright | {(column, row): dark for (row, column), dark in upright.items()}


def _with_checks(value: int, width: int, divisor: int) -> int:
    """A value followed by the remainder of its division by a binary polynomial."""
    degree = divisor.bit_length() - 1
    rest = value << degree
    for n in range(width - 1, -1, -1):
        if rest >> (n + degree) & 1:
            rest ^= divisor << n
    return value << degree | rest
