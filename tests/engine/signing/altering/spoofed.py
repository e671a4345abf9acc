"""Signatures that leave out, wrap, overlap or name nothing, and revisions readers overlook.

Mladenov, Mainka, zu Selhausen, Grothe, Schwenk: 1 Trillion Dollar Refund, CCS 2019 (universal
signature forgery, incremental saving attack, signature wrapping attack).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from engine.signing import pdf as acts
from engine.signing.coverage import facts
from engine.signing.pdf import Prepared
from tests.engine.signing.altering.keys import holder
from tests.engine.signing.altering.originals import certificate, decision
from tests.engine.signing.altering.registry import attack
from tests.engine.signing.altering.signatures import forged
from tests.engine.signing.house import ISSUED

RANGE = re.compile(rb"/ByteRange \[\s*(-?\d+) (\d+) (\d+) (\d+)\s*\] *")


def _last_xref(pdf: bytes) -> int:
    return int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])


def _root(pdf: bytes) -> bytes:
    return re.findall(rb"/Root (\d+ 0 R)", pdf)[-1]


def _size(pdf: bytes) -> int:
    return max(map(int, re.findall(rb"/Size (\d+)", pdf)))


def _object(pdf: bytes, number: bytes) -> bytes:
    """The last body of an object that is written out."""
    found = re.findall(rb"(?<!\d)" + number + rb" 0 obj(.*?)endobj", pdf, re.DOTALL)
    return bytes(found[-1])


def _table(objects: dict[int, int]) -> bytes:
    lines = [b"xref\n"]
    for number, offset in sorted(objects.items()):
        lines.append(b"%d 1\n%010d 00000 n \n" % (number, offset))
    return b"".join(lines)


def revision(
    pdf: bytes,
    objects: dict[int, bytes],
    *,
    table: bool = True,
    trailer: bool = True,
    extra: bytes = b"",
    end: bytes = b"%%EOF\n",
) -> bytes:
    """Objects appended by hand, with as much of a revision's end as wanted."""
    out, places = bytearray(pdf + b"\n"), {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    if table:
        out += _table(places)
    if trailer:
        size = max(_size(pdf), *(number + 1 for number in objects))
        out += b"trailer\n<< /Size %d /Root %s /Prev %d %s >>\n" % (
            size,
            _root(pdf),
            _last_xref(pdf),
            extra,
        )
        out += b"startxref\n%d\n" % (start if table else _last_xref(pdf))
    return bytes(out + end)


def _page_content(pdf: bytes) -> tuple[int, bytes]:
    """The number of the first page's content, and a content with other words."""
    from io import BytesIO

    from pikepdf import Pdf

    with Pdf.open(BytesIO(pdf)) as opened:
        number = opened.pages[0].Contents.objgen[0]
    words = b"1 1 1 rg 0 0 595 842 re f 1 0 0 rg 90 400 200 40 re f"
    return number, b"<< /Length %d >>\nstream\n%s\nendstream" % (len(words), words)


def _false_page(pdf: bytes) -> dict[int, bytes]:
    number, body = _page_content(pdf)
    return {number: body}


# ------------------------------------------------------------------ incremental saving


@attack("isa-plain", "page_changed")
def _isa() -> bytes:
    """Incremental saving: a revision with other words, complete and well formed."""
    content = decision().issued
    return revision(content, _false_page(content))


@attack("isa-without-table", "appended")
def _isa_without_table() -> bytes:
    """Incremental saving: the object alone, found only by readers that search for it."""
    content = decision().issued
    return revision(content, _false_page(content), table=False, trailer=False, end=b"")


@attack("isa-trailer-only", "appended")
def _isa_trailer() -> bytes:
    """Incremental saving: object and trailer without a table."""
    content = decision().issued
    return revision(content, _false_page(content), table=False)


@attack("isa-trailer-in-comment", "appended")
def _isa_comment() -> bytes:
    """Incremental saving: the trailer as a comment, and no end of file."""
    content = decision().issued
    body = revision(content, _false_page(content), table=False, trailer=False, end=b"")
    return body + b"%% trailer << /Root %s >>\n%%startxref %d\n" % (
        _root(content),
        _last_xref(content),
    )


@attack("isa-with-copied-signature", "page_changed")
def _isa_copied() -> bytes:
    """Incremental saving: with the other words a copy of the seal, so that the last revision
    seems signed."""
    content = decision().issued
    seal = _seal_object(content)
    false = _false_page(content) | {_size(content): _object(content, seal)}
    field = _field_object(content)
    renamed = _object(content, field).replace(seal + b" 0 R", b"%d 0 R" % _size(content))
    return revision(content, false | {int(field): renamed})


def _seal_object(pdf: bytes) -> bytes:
    """The number of the seal's signature object."""
    gap = facts(pdf).covered[1].gap[0]
    return re.findall(rb"(\d+) 0 obj", pdf[:gap])[-1]


def _field_object(pdf: bytes) -> bytes:
    seal = _seal_object(pdf)
    place = pdf.rindex(b"/V " + seal + b" 0 R")
    return re.findall(rb"(\d+) 0 obj", pdf[:place])[-1]


# ------------------------------------------------------------------ universal forgery


def _universal(
    name: str, story: str, change: Callable[[bytes], bytes], reason: str = "broken_signature"
) -> None:
    """Other words, and the seal's dictionary spoiled so that nothing is left to check."""

    def make() -> bytes:
        content = decision().issued
        seal = _seal_object(content)
        spoiled = change(_object(content, seal))
        return revision(content, _false_page(content) | {int(seal): spoiled})

    make.__doc__ = f"Universal forgery: {story}"
    attack(name, reason)(make)


def _contents(value: bytes) -> Callable[[bytes], bytes]:
    pattern = re.compile(rb"/Contents <[0-9A-Fa-f]*>")
    return lambda body: pattern.sub(value, body)


def _ranges(value: bytes) -> Callable[[bytes], bytes]:
    return lambda body: RANGE.sub(value, body)


_universal("usf-no-range", "the byte range is gone.", _ranges(b""))
_universal("usf-range-null", "the byte range is null.", _ranges(b"/ByteRange null "))
_universal(
    "usf-range-empty", "the byte range is empty.", _ranges(b"/ByteRange [] "), "odd_coverage"
)
_universal(
    "usf-range-negative",
    "the byte range begins before the file.",
    _ranges(b"/ByteRange [-1 -10 5 -7] "),
)
_universal("usf-no-contents", "the signature itself is gone.", _contents(b""))
_universal("usf-contents-null", "the signature is null.", _contents(b"/Contents null"))
_universal("usf-contents-zero", "the signature is one zero.", _contents(b"/Contents <00>"))
_universal("usf-contents-empty", "the signature is empty.", _contents(b"/Contents <>"))
_universal(
    "usf-no-subfilter",
    "the kind of signature is not told.",
    lambda body: body.replace(b"/ETSI.CAdES.detached", b"/None"),
)


# ------------------------------------------------------------------ byte ranges


def _prepared() -> Prepared:
    """The seal of the paper, about to be made."""
    return acts.prepare_issue(decision().signed, holder("agency").credential, **ISSUED)


def _with_range(prepared: Prepared, *numbers: int) -> bytes:
    """The same with another byte range, in the same room."""
    found = list(RANGE.finditer(prepared.pdf))[-1]
    spelled = b"/ByteRange [%d %d %d %d]" % numbers
    if len(spelled) > len(found[0]):
        raise ValueError("no room for that byte range")
    padded = spelled.ljust(len(found[0]))
    return prepared.pdf[: found.start()] + padded + prepared.pdf[found.end() :]


@attack("range-leaves-out-more", "odd_coverage")
def _gap_too_wide() -> bytes:
    """The seal, made with the real key, leaves out more than itself: those bytes may say
    anything."""
    prepared = _prepared()
    first, second = prepared.gap
    size = len(prepared.pdf)
    pdf = _with_range(prepared, 0, first - 40, second, size - second)
    return forged(prepared, pdf, (slice(first - 40), slice(second, None)), "agency")


@attack("range-overlaps", "odd_coverage")
def _overlap() -> bytes:
    """The two ranges of the seal, made with the real key, lie over each other."""
    prepared = _prepared()
    first, second = prepared.gap
    size = len(prepared.pdf)
    pdf = _with_range(prepared, 0, first, first - 100, size - second)
    parts = (slice(first), slice(first - 100, first - 100 + size - second))
    return forged(prepared, pdf, parts, "agency")


@attack("range-starts-late", "odd_coverage")
def _late() -> bytes:
    """The seal, made with the real key, does not cover the file's beginning."""
    prepared = _prepared()
    first, second = prepared.gap
    size = len(prepared.pdf)
    pdf = _with_range(prepared, 9, first - 9, second, size - second)
    return forged(prepared, pdf, (slice(9, first), slice(second, None)), "agency")


@attack("range-ends-early", "changed_after")
def _early() -> bytes:
    """The seal, made with the real key, does not cover the file's end."""
    prepared = _prepared()
    first, second = prepared.gap
    size = len(prepared.pdf)
    pdf = _with_range(prepared, 0, first, second, size - second - 8)
    return forged(prepared, pdf, (slice(first), slice(second, size - 8)), "agency")


def _places(pdf: bytes, start: int, moved_from: int, by: int) -> dict[int, int]:
    """Where the objects of the last revision lie when its end is moved down."""
    found = re.finditer(rb"(?<=\n)(\d+) 0 obj", pdf[start:])
    places = {int(one[1]): start + one.start() for one in found}
    return {n: at + by if at >= moved_from else at for n, at in places.items()}


@attack("wrapped-signature", "broken_signature")
def _wrapped() -> bytes:
    """Signature wrapping: a second byte range hides behind the seal, so that the signed
    second half may stand further down and foreign objects in its old place."""
    content = decision().issued
    first, second = facts(content).covered[1].gap
    target, tail = _last_xref(content), content[second:]
    stop = content[first:second].rstrip(b">").rstrip(b"0")
    stop += b"0" * (len(stop) % 2 == 0)
    number, body = _page_content(content)
    page = b"%d 0 obj\n%s\nendobj\n" % (number, body)
    moved = target + 700
    wrapper = stop + b">/ByteRange [0 %d %d %d] >>\nendobj\n" % (first, moved, len(tail))
    place = first + len(wrapper)
    filled = content[:first] + wrapper + page
    places = _places(content, len(decision().signed), second, moved - second) | {number: place}
    end = b"trailer\n<< /Size %d /Root %s /Prev %d >>\n"
    table = _table(places) + end % (
        _size(content),
        _root(content),
        _last_xref(decision().signed),
    )
    if len(filled) > target or len(table) > moved - target:
        raise ValueError("the foreign objects do not fit into the gap")
    return (filled.ljust(target) + table).ljust(moved) + tail


# ------------------------------------------------------------------ tables of objects


@attack("hybrid-table", "page_changed")
def _hybrid() -> bytes:
    """A table for old readers, and one for new ones that is read only by some."""
    content = decision().issued
    (number, body), extra = _page_content(content), _size(content)
    place = len(content) + 1
    row = b"\1" + place.to_bytes(4, "big") + b"\0\0"
    page = b"%d 0 obj\n%s\nendobj\n" % (number, body)
    stream_at = place + len(page)
    table = (
        b"%d 0 obj\n<< /Type /XRef /Size %d /W [1 4 2] /Index [%d 1] /Length %d >>\n"
        b"stream\n%s\nendstream\nendobj\n"
    ) % (extra, extra + 1, number, len(row), row)
    start = stream_at + len(table)
    end = b"xref\n0 0\ntrailer\n<< /Size %d /Root %s /Prev %d /XRefStm %d >>\n" % (
        extra + 1,
        _root(content),
        _last_xref(content),
        stream_at,
    )
    return content + b"\n" + page + table + end + b"startxref\n%d\n%%%%EOF\n" % start


@attack("table-lost", "appended")
def _table_lost() -> bytes:
    """Other words at the end, and a pointer that leads nowhere: readers that rebuild the
    table themselves take the last object of each number."""
    content = decision().issued
    body = revision(content, _false_page(content), table=False, trailer=False, end=b"")
    return body + b"startxref\n99999999\n%%EOF\n"


@attack("object-twice", "page_changed")
def _twice() -> bytes:
    """The same object twice in one revision: which one counts depends on the reader."""
    content = decision().issued
    number, body = _page_content(content)
    genuine = b"%d 0 obj\n<< /Length 0 >>\nstream\n\nendstream\nendobj\n" % number
    return revision(content + b"\n" + genuine, {number: body})


@attack("root-replaced", "page_changed")
def _root_replaced() -> bytes:
    """A catalogue of the attacker's own, which leads to pages of the other paper."""
    content = decision().issued
    size = _size(content)
    number, body = _page_content(content)
    page = b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Contents %d 0 R >>"
    objects = {
        number: body,
        size: b"<< /Type /Catalog /Pages %d 0 R >>" % (size + 1),
        size + 1: b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % (size + 2),
        size + 2: page % (size + 1, number),
    }
    made = revision(content, objects)
    before, after = made.rsplit(b"/Root " + _root(content), 1)
    return before + b"/Root %d 0 R" % size + after


@attack("pointer-to-earlier-revision", "appended")
def _pointer_back() -> bytes:
    """An end that points back to the table of the revision before the seal."""
    content = decision().issued
    return content + b"startxref\n%d\n%%%%EOF\n" % _last_xref(decision().signed)


@attack("pointer-into-another-paper", "two_papers")
def _pointer_across() -> bytes:
    """Another genuine paper placed in front; the pointer still leads into this one."""
    other = certificate().issued
    content = decision().issued
    table = _last_xref(content) + len(other)
    return other + content[: content.rindex(b"startxref")] + b"startxref\n%d\n%%%%EOF\n" % table
