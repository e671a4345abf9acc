"""What follows a signature: whole revisions, each object listed, each end exact.

A reader that takes a table for broken looks for objects by itself, and shows the last of each
number, listed or not; one that only looks at the newest trailer misses what that leaves out. So
after a seal every object is listed where it stands, every trailer says what the one before said
(ISO 32000-1, 7.5.4 to 7.5.8), and no byte tells one reader something else than the other. What
the objects may be is for the policies of differences to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pyhanko.pdf_utils.generic import DictionaryObject
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

_END = re.compile(rb"startxref\r?\n([0-9]+)\r?\n%%EOF")
_OBJECT, _EOF = b"endobj", b"%%EOF"
_KEYS = frozenset({"/Size", "/Root", "/Info", "/ID", "/Prev"})
_STREAM_KEYS = frozenset({"/Type", "/W", "/Index", "/Length", "/Filter", "/DecodeParms"})


def follows_plainly(signature: EmbeddedPdfSignature, content: bytes) -> bool:
    """Whether every byte after a signature belongs to a revision that reads one way only."""
    reader, first = signature.reader, signature.signed_revision + 1
    end = sum([int(number) for number in signature.byte_range][-2:])
    tail, revisions = content[end:], range(first, reader.xrefs.total_revisions)
    if not revisions:
        return True  # bytes that are no revision are told by the range that leaves them out
    starts = [reader.xrefs.get_startxref_for_revision(one) for one in revisions]
    return (
        [int(one[1]) for one in _END.finditer(tail)] == starts
        and tail.count(_EOF) == len(starts)
        and tail.rstrip(b"\r\n").endswith(_EOF)
        and _lists_all(reader, revisions, tail, end)
        and all(_is_plain(reader, one) for one in revisions)
    )


def _lists_all(reader: PdfFileReader, revisions: Sequence[int], tail: bytes, begun: int) -> bool:
    places = [
        reader.xrefs.get_historical_ref(listed, one)
        for one in revisions
        for listed in reader.xrefs.explicit_refs_in_revision(one)
    ]
    here = all(isinstance(place, int) and place >= begun for place in places)
    return here and tail.count(_OBJECT) == len(set(places))


def _is_plain(reader: PdfFileReader, revision: int) -> bool:
    """Whether a trailer begins where the one before does, counts the objects right, and says
    nothing beside."""
    trailers = reader.trailer._trailer_revisions[::-1]
    if len(trailers) != reader.xrefs.total_revisions:
        return False
    own, before = trailers[revision], trailers[revision - 1]
    listed = reader.xrefs.explicit_refs_in_revision(revision)
    size = max([before["/Size"], *(one.idnum + 1 for one in listed)])
    earlier = reader.xrefs.get_startxref_for_revision(revision - 1)
    return (
        (own["/Size"], own.get("/Prev")) == (size, earlier)
        and set(map(str, own)) - _STREAM_KEYS <= _KEYS
        and _roots(own) == _roots(before)
    )


def _roots(trailer: DictionaryObject) -> tuple[object, ...]:
    told = [trailer.raw_get(key) if key in trailer else None for key in ("/Root", "/Info")]
    return *told, trailer["/ID"][0] if "/ID" in trailer else None
