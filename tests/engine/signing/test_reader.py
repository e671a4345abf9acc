"""The reader finds what pyHanko finds, and leaves to it what is not as it should be."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from pyhanko.pdf_utils.generic import NameObject, NumberObject, StreamObject
from pyhanko.pdf_utils.reader import PdfFileReader

from engine.signing.reader import Reader, _head
from tests.engine.signing.altering.manifest import genuine


def _objects(reader: PdfFileReader) -> list[str]:
    """Every object as it was in every revision that wrote it."""
    found = []
    for revision in range(reader.total_revisions):
        past = reader.get_historical_resolver(revision)
        for ref in sorted(past.explicit_refs_in_revision(), key=lambda each: each.idnum):
            found.append(re.sub("0x[0-9a-f]+", "", repr(past.get_object(ref))))
    return found


@pytest.mark.parametrize("pdf", [genuine("genuine-enclosing"), genuine("page-added")])
def test_every_object_is_as_pyhanko_reads_it(pdf: bytes) -> None:
    ours = Reader(pdf)
    assert _objects(ours) == _objects(PdfFileReader(BytesIO(pdf)))
    assert all(begins for _, begins in ours._heads.values())  # none was left to it
    assert ours._heads


def _begins(content: bytes, first: int, count: int = 2) -> dict[tuple[int, int], int]:
    entries = {
        NameObject("/N"): NumberObject(count),
        NameObject("/First"): NumberObject(first),
    }
    return _head(StreamObject(entries, stream_data=content))[1]


def test_where_objects_begin_is_told_by_number_and_place() -> None:
    assert _begins(b"7 0 9 5 null true", 8) == {(7, 0): 8, (9, 1): 13}
    # Of a number that stands twice only the first place: pyHanko would stop there.
    assert _begins(b"7 0 07 5 null true", 9) == {(7, 0): 9}


@pytest.mark.parametrize(
    ("content", "first"),
    [
        (b"7 0 9 5 null true", 7),  # the last number is not seen to end
        (b"7 0 9 5 null true", 6),
        (b"7 0 9 5 3 null true", 10),
        (b"7 0 9 " + b"0" * 5000 + b" null true", 5007),
        (b"7 0 +9 5 null true", 9),
        (b"7 0 9_0 5 null true", 10),
        (b"7 0\v9 5 null true", 8),
        (b"7 0 9 %5\nnull true", 9),
        (b"", 0),
    ],
)
def test_a_head_that_is_not_plainly_numbers_is_left_to_pyhanko(content: bytes, first: int) -> None:
    assert _begins(content, first) == {}
