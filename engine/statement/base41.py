"""Bytes as text that is at home both in a QR code and in an address.

Like Base45 (RFC 9285): two bytes are three letters, one left over is two, the lowest digit
first. But of the 45 letters of a QR code's alphanumeric mode only the 41 are used that may
stand in a fragment as they are (RFC 3986, 3.5): a camera opens such an address unchanged.
"""

from __future__ import annotations

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$*-./"

_BASE = len(LETTERS)
_DIGITS = {letter: digit for digit, letter in enumerate(LETTERS)}


def encode(raw: bytes) -> str:
    """The text of some bytes."""
    return "".join(_letters(raw[start : start + 2]) for start in range(0, len(raw), 2))


def _letters(pair: bytes) -> str:
    left = int.from_bytes(pair)
    letters = []
    for _ in range(len(pair) + 1):
        left, digit = divmod(left, _BASE)
        letters.append(LETTERS[digit])
    return "".join(letters)


def decode(text: str) -> bytes:
    """The bytes of a text; raises ``ValueError`` for what no bytes are written as."""
    groups = [text[start : start + 3] for start in range(0, len(text), 3)]
    return b"".join(map(_bytes, groups))


def _bytes(group: str) -> bytes:
    if len(group) == 1:
        raise ValueError("a letter of base 41 is left over")
    number = 0
    for letter in reversed(group):
        if letter not in _DIGITS:
            raise ValueError(f"{letter!r} is no letter of base 41")
        number = number * _BASE + _DIGITS[letter]
    try:
        return number.to_bytes(len(group) - 1)
    except OverflowError:
        raise ValueError(f"{group!r} is more than its bytes hold") from None
