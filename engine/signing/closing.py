"""What follows a signature: whole revisions that read one way only.

A reader that takes a table for broken looks for objects by itself, and shows the last of each
number, listed or not; one that only looks at the newest trailer misses what that leaves out. So
what follows a seal has the one form in which this house appends: objects one after the other,
each listed once and exactly where it stands, then their cross-reference stream, then the end
(ISO 32000-1, 7.5.4 to 7.5.8). What the objects may be is for the policies of differences to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pyhanko.pdf_utils.generic import DictionaryObject
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

_END = re.compile(rb"(?:endobj\n\n?)startxref\n([0-9]+)\n%%EOF\n?")
_HEADER = re.compile(rb"(?<![0-9])[0-9]+[\s\0]+[0-9]+[\s\0]*obj")
"""Wherever a reader might see an object begin, also inside of another one. Looked for at the
start of a number alone: a seal's place is filled up with thousands of noughts."""
_BEFORE = (b"endobj\n", b"%%EOF\n", b"%%EOF")
_OBJECT, _EOF = b"endobj", b"%%EOF"
_TRAILER = frozenset({"/Size", "/Root", "/Info", "/ID", "/Prev"})
_WIDTHS = ([1, 4, 2], [1, 8, 2])
_TABLE = frozenset({"/Type", "/W", "/Index", "/Length", "/Filter"})


def follows_plainly(signature: EmbeddedPdfSignature, content: bytes) -> bool:
    """Whether every byte after a signature belongs to a revision of that form."""
    reader, first = signature.reader, signature.signed_revision + 1
    end = sum([int(number) for number in signature.byte_range][-2:])
    tail, revisions = content[end:], range(first, reader.xrefs.total_revisions)
    if not revisions:
        return True  # bytes that are no revision are told by the range that leaves them out
    starts = [reader.xrefs.get_startxref_for_revision(one) for one in revisions]
    ends = list(_END.finditer(tail))
    return (
        [int(one[1]) for one in ends] == starts
        and tail.count(_EOF) == len(starts)
        and ends[-1].end() == len(tail)
        and _lists_all(reader, revisions, tail, end)
        and all(_is_plain(reader, one) for one in revisions)
    )


def _lists_all(reader: PdfFileReader, revisions: Sequence[int], tail: bytes, begun: int) -> bool:
    """Whether there is nothing like an object but what is listed, right where it is listed."""
    listed = {
        reader.xrefs.get_historical_ref(ref, one): b"%d %d obj" % (ref.idnum, ref.generation)
        for one in revisions
        for ref in reader.xrefs.explicit_refs_in_revision(one)
    }
    found = {begun + seen.start(): seen[0] for seen in _HEADER.finditer(tail)}
    return (
        found == listed
        and tail.count(_OBJECT) == len(listed)
        and all(at == begun or tail.endswith(_BEFORE, 0, at - begun) for at in found)
    )


def _is_plain(reader: PdfFileReader, revision: int) -> bool:
    """Whether a revision's trailer begins where the one before does, counts the objects right,
    lists each once, none of them freed, and says nothing beside."""
    trailers = reader.trailer._trailer_revisions[::-1]
    if len(trailers) != reader.xrefs.total_revisions:
        return False
    own, before = trailers[revision], trailers[revision - 1]
    listed = {ref.idnum for ref in reader.xrefs.explicit_refs_in_revision(revision)}
    earlier = reader.xrefs.get_startxref_for_revision(revision - 1)
    size = int(before["/Size"])
    return (
        set(map(str, own)) <= _TRAILER | _TABLE
        and _is_stream(own)
        and sorted(_numbers(own)) in (sorted(listed), sorted({0, *listed}))
        and max(listed) < size + len(listed)
        and (own["/Size"], own.get("/Prev")) == (max(size, max(listed) + 1), earlier)
        and _roots(own) == _roots(before)
    )


def _is_stream(trailer: DictionaryObject) -> bool:
    kind, packed = trailer.get("/Type"), trailer.get("/Filter")
    widths = [int(width) for width in trailer.get("/W", ())]
    return kind == "/XRef" and packed in (None, "/FlateDecode") and widths in _WIDTHS


def _numbers(trailer: DictionaryObject) -> list[int]:
    told = [int(number) for number in trailer["/Index"]]
    runs = zip(told[::2], told[1::2], strict=True)
    return [number for first, count in runs for number in range(first, first + count)]


def _roots(trailer: DictionaryObject) -> tuple[object, ...]:
    told = [trailer.raw_get(key) if key in trailer else None for key in ("/Root", "/Info")]
    return *told, trailer["/ID"][0] if "/ID" in trailer else None
