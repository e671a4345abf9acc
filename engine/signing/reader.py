"""Files read by pyHanko, each object of an object stream found at once.

For each object pyHanko reads the numbers at the head of its object stream (ISO 32000-2, 7.5.7)
from the first one on. Our papers lie in such streams and a comparison of two revisions asks
for every object of both: close on half of the time of a check went into those numbers.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.generic import (
    IndirectObject,
    PdfObject,
    Reference,
    StreamObject,
    read_object,
)
from pyhanko.pdf_utils.reader import PdfFileReader

_NO_WHITE_SPACE = b"\v"
"""What Python takes for white space and PDF does not (ISO 32000-2, table 1)."""
_DIGITS = 10
"""As many as a number within a file has."""

_Begins = dict[tuple[int, int], int]


class Reader(PdfFileReader):
    """pyHanko's reader, which keeps where in an object stream each object begins.

    The first object of a stream, and all that is not as it should be, is pyHanko's: it unpacks
    a stream within its bounds, says what is wrong and goes on where it would go on.
    """

    def __init__(self, pdf: bytes) -> None:
        """Raises what pyHanko raises for a file it cannot read."""
        self._heads: dict[int, tuple[bytes, _Begins]] = {}
        super().__init__(BytesIO(pdf))

    def _get_object_from_stream(self, idnum: int, stmnum: int, idx: int) -> Any:
        """Overrides pyHanko's private hook."""
        head = self._heads.get(stmnum)
        found = None if head is None else self._found(*head, idnum, idx)
        if found is None:
            found = super()._get_object_from_stream(idnum, stmnum, idx)  # type: ignore[no-untyped-call]
        if head is None:
            stream: Any = Reference(stmnum, 0, self).get_object()
            self._heads[stmnum] = _head(stream)
        return found

    def _found(self, data: bytes, begins: _Begins, idnum: int, idx: int) -> PdfObject | None:
        begin = begins.get((idnum, idx))
        if begin is None:
            return None
        source = BytesIO(data)
        source.seek(begin)
        try:
            found: PdfObject = read_object(source, Reference(idnum, 0, self))
        except Exception:  # pyHanko meets it again, and tells it
            return None
        return None if isinstance(found, StreamObject | IndirectObject) else found


def _head(stream: StreamObject) -> tuple[bytes, _Begins]:
    """What an object stream unpacks to, and where each object begins in it, by its number and
    its place in the head; nothing, where the head is not plainly numbers."""
    data, first = stream.data, int(stream["/First"])
    head = data[:first]
    words = head.split()
    plain = all(word.isdigit() and len(word) <= _DIGITS for word in words)
    if not plain or len(words) != 2 * int(stream["/N"]):
        return data, {}
    if _NO_WHITE_SPACE in head or not head[-1:].isspace():
        return data, {}
    numbers, places = list(map(int, words)), dict[int, int]()
    for place, number in enumerate(numbers[::2]):
        places.setdefault(number, place)
    return data, {(n, place): first + numbers[2 * place + 1] for n, place in places.items()}
