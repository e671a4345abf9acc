"""A laid-out paper taken apart: what all papers of its shape share, written once for all.

The shared objects stand first and never move, so that a paper is the same bytes followed by a
few objects of its own and the table of all places. Object numbers are those of the shape.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from xml.sax.saxutils import escape

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream

from engine.papers import archive, formfont
from engine.papers.archive import Attachment
from engine.papers.formfont import RESOURCE

_HEAD = b"%PDF-1.7\n%\xbf\xf7\xa2\xfe\n"
_SHOWN = re.compile(rb"1 0 0 -1 (\S+) (\S+) Tm\n(/\S+) (\S+) Tf\n\[([^\]]*)\] TJ\n")
_GLYPHS = re.compile(rb"<([0-9a-f]*)>")
_PAIR = re.compile(rb"<([0-9a-f]{4})> <([0-9a-f]+)>")
_STYLES = {
    "Paper-Times": "regular",
    "Paper-Times-Bold": "bold",
    "Paper-Times-Italic": "italic",
    "Paper-Times-Bold-Italic": "bolditalic",
}
_FREE, _PLAIN, _PACKED = 0, 1, 2
_ROW = 7  # bytes of the table of places for each object
_POINTS = 0.75  # a pixel, in points


@dataclass(frozen=True, slots=True)
class Found:
    """A run of the shape as a content stream shows it: its baseline, its face and size, and the
    resource under which the full face of its style may be called."""

    y: bytes
    style: str
    size: bytes
    font: bytes


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a page of the shape shows between its first run and its last: ``runs`` by number, in
    the order of painting, and what is painted between two of them."""

    runs: tuple[int, ...]
    between: tuple[bytes, ...]

    def painted(self, runs: Sequence[bytes]) -> bytes:
        """The same with all runs' operators."""
        pieces = [runs[self.runs[0]]]
        for number, piece in zip(self.runs[1:], self.between, strict=True):
            pieces += (piece, runs[number])
        return b"".join(pieces)


@dataclass(frozen=True, slots=True)
class Moved:
    """A field's widget that stands where a text ends: its number, its entries but for the last,
    and its rectangle in the shape."""

    number: int
    entries: bytes
    rect: tuple[float, ...]

    def body(self, left: float) -> bytes:
        """The widget, that many points from the left."""
        before, bottom, after, top = self.rect
        corners = (left, bottom, left + after - before, top)
        return b"%s /Rect [%s] >>" % (self.entries, b" ".join(b"%.2f" % one for one in corners))


@dataclass(frozen=True, slots=True)
class Parts:
    """The shared bytes, and the objects that follow them. ``rows`` places the shared objects
    (ISO 32000-1, 7.5.8.3); ``own`` numbers the sheets, then the paper's data where it carries
    any, then information and metadata. ``metadata`` is open where title (0) and author (1) go.
    """

    shared: bytes
    rows: bytes
    own: tuple[int, ...]
    information: bytes
    metadata: tuple[bytes | int, ...]
    root: bytes
    sheets: tuple[Sheet, ...]
    found: tuple[Found, ...]
    moved: tuple[Moved, ...]

    @classmethod
    def of(
        cls, laid_out: bytes, runs: Sequence[str], told: Sequence[str], fields: Sequence[str]
    ) -> Parts:
        """From a paper whose runs, title and author are stand-ins, and whose named fields
        stand each where a run ends; raises ``ValueError`` for
        one that does not show each run once."""
        with Pdf.open(BytesIO(laid_out)) as pdf:
            return _Workbench(pdf).parts(runs, told, fields)

    def joined(
        self,
        runs: Sequence[bytes],
        ends: Sequence[float],
        told: Sequence[str],
        identity: bytes,
        inside: Sequence[Attachment],
    ) -> bytes:
        """A paper with its own runs (operators), the ends (pixels) of those before a field,
        title and author, identifier and data."""
        title, author = (pikepdf.String(one).unparse() for one in told)
        escaped = [escape(one).encode() for one in told]
        xmp = b"".join(escaped[one] if isinstance(one, int) else one for one in self.metadata)
        bodies = [
            *(_squeezed(sheet.painted(runs)) for sheet in self.sheets),
            *(_file(one) for one in inside if one.name == archive.DATA),
            b"%s /Title %s /Author %s >>" % (self.information, title, author),
            _stream(b"/Type /Metadata /Subtype /XML", xmp),
        ]
        numbers = [one.number for one in self.moved] + list(self.own)
        bodies[:0] = [one.body(end * _POINTS) for one, end in zip(self.moved, ends, strict=True)]
        pieces, rows, at = [self.shared], bytearray(self.rows), len(self.shared)
        for number, body in zip(numbers, bodies, strict=True):
            pieces.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
            rows[number * _ROW : (number + 1) * _ROW] = _row(_PLAIN, at)
            at += len(pieces[-1])
        last = self.own[-1] + 1
        table = zlib.compress(bytes(rows) + _row(_PLAIN, at))
        name = identity.hex().encode()
        entries = (
            b"/Type /XRef /W [1 4 2] /Size %d /Root %s /Info %d 0 R /ID [<%s> <%s>]"
            b" /Filter /FlateDecode" % (last + 1, self.root, self.own[-2], name, name)
        )
        pieces.append(b"%d 0 obj\n%s\nendobj\n" % (last, _stream(entries, table)))
        pieces.append(b"startxref\n%d\n%%%%EOF\n" % at)
        return b"".join(pieces)


@dataclass(frozen=True, slots=True)
class _Cut:
    """A page cut: what stays before its first run and after its last."""

    page: pikepdf.Page
    around: tuple[bytes, bytes]
    sheet: Sheet


@dataclass(slots=True)
class _Workbench:
    """A shape while it is taken apart."""

    pdf: Pdf

    def parts(self, runs: Sequence[str], told: Sequence[str], fields: Sequence[str]) -> Parts:
        dropped = {self.pdf.trailer.Info.objgen, self.pdf.Root.Metadata.objgen}
        holder = archive.holders(self.pdf).get(archive.DATA)
        if holder is not None:
            dropped.add(holder.F.objgen)
        numbers = {run: number for number, run in enumerate(runs)}
        found: dict[int, Found] = {}
        cut = [one for page in self.pdf.pages if (one := self._cut(page, numbers, found))]
        if len(found) != len(runs) or sum(len(one.sheet.runs) for one in cut) != len(runs):
            raise ValueError("a run to be filled is not shown exactly once")
        dropped |= {one.page.Contents.objgen for one in cut}
        around = [tuple(map(self.pdf.make_stream, one.around)) for one in cut]
        self.pdf.make_indirect(Dictionary())  # the number of the packed objects
        count = len(cut) + (holder is not None) + 2
        own = [self.pdf.make_indirect(Dictionary()) for _ in range(count)]
        if holder is not None:
            holder.F = holder.UF = own[len(cut)]
        for one, (before, after), mine in zip(cut, around, own, strict=False):
            one.page.Contents = Array([before, mine, after])
        moved = tuple(map(self._moved, fields))
        dropped |= {(one.number, 0) for one in moved}
        information, metadata = self._told(told)
        self.pdf.Root.Metadata = own[-1]
        places = tuple(int(thing.objgen[0]) for thing in own)
        shared, rows = self._written(dropped, places[0])
        return Parts(
            shared,
            rows,
            places,
            information,
            metadata,
            root=b"%d 0 R" % self.pdf.Root.objgen[0],
            sheets=tuple(one.sheet for one in cut),
            found=tuple(found[number] for number in range(len(runs))),
            moved=moved,
        )

    def _moved(self, name: str) -> Moved:
        (widget,) = (one for one in self.pdf.Root.AcroForm.Fields if str(one.T) == name)
        rect = tuple(float(corner) for corner in widget.Rect)
        del widget.Rect
        entries = widget.unparse(resolved=True).rstrip().removesuffix(b">>")
        return Moved(int(widget.objgen[0]), entries, rect)

    def _cut(
        self, page: pikepdf.Page, numbers: Mapping[str, int], found: dict[int, Found]
    ) -> _Cut | None:
        """A page cut where it shows runs; None for one that shows none."""
        fonts = page.Resources.Font
        letters = {name: _letters(font) for name, font in fonts.items()}
        content, matches, shown = page.Contents.read_bytes(), [], []
        for match in _SHOWN.finditer(content):
            number = numbers.get(_read(match[5], letters[match[3].decode()]).strip())
            if number is not None:
                matches.append(match)
                shown.append(number)
                found[number] = self._found(page, match)
        if not matches:
            return None
        between = [content[one.end() : other.start()] for one, other in pairwise(matches)]
        around = (content[: matches[0].start()], content[matches[-1].end() :])
        return _Cut(page, around, Sheet(tuple(shown), tuple(between)))

    def _found(self, page: pikepdf.Page, match: re.Match[bytes]) -> Found:
        font = page.Resources.Font[match[3].decode()]
        style = _STYLES[str(font.BaseFont).partition("+")[2]]
        name = f"/Full-{style}"
        if name not in page.Resources.Font:
            page.Resources.Font[name] = self._full(style)
        return Found(match[2], style, match[4], name.encode())

    def _full(self, style: str) -> pikepdf.Object:
        """The full face of a style: the form's own where the form has it."""
        form = self.pdf.Root.get(Name.AcroForm)
        if form is not None and RESOURCE.get(style, "") in form.DR.Font:
            return form.DR.Font[RESOURCE[style]]
        return formfont.embed(self.pdf, style)

    def _told(self, told: Sequence[str]) -> tuple[bytes, tuple[bytes | int, ...]]:
        """The document information and its XMP, open where title and author go."""
        information = self.pdf.trailer.Info
        del information[Name.Title], information[Name.Author]
        places = {one.encode(): number for number, one in enumerate(told)}
        pieces = re.split(b"(%s)" % b"|".join(places), self.pdf.Root.Metadata.read_bytes())
        metadata = tuple(places.get(piece, piece) for piece in pieces)
        return information.unparse(resolved=True).rstrip(b"> "), metadata

    def _written(self, dropped: set[tuple[int, int]], end: int) -> tuple[bytes, bytes]:
        """All shared objects, up to number ``end``, and the rows that place them."""
        streams, others = [], []
        for thing in self.pdf.objects:
            number = int(thing.objgen[0])
            if thing.objgen in dropped or number >= end - 1:
                continue
            if not isinstance(thing, Stream):
                others.append((number, thing.unparse(resolved=True)))
            elif thing.get(Name.Type) not in (Name.ObjStm, Name.XRef):
                streams.append((number, thing))
        pieces, places = [_HEAD], {0: (_FREE, 0, 65535)}
        at = len(_HEAD)
        for number, body in (*((n, _copied(s)) for n, s in streams), (end - 1, _packed(others))):
            pieces.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
            places[number] = (_PLAIN, at, 0)
            at += len(pieces[-1])
        places |= {number: (_PACKED, end - 1, n) for n, (number, _) in enumerate(others)}
        rows = [_row(*places.get(number, (_FREE, 0, 0))) for number in range(end)]
        return b"".join(pieces), b"".join(rows)


def _row(kind: int, place: int, more: int = 0) -> bytes:
    return kind.to_bytes(1) + place.to_bytes(4) + more.to_bytes(2)


def _stream(entries: bytes, content: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def _squeezed(content: bytes) -> bytes:
    return _stream(b"/Filter /FlateDecode", zlib.compress(content))


def _file(one: Attachment) -> bytes:
    entries = archive.embedded(one)
    entries.Filter = Name.FlateDecode
    told = entries.unparse(resolved=True).removeprefix(b"<<").removesuffix(b">>")
    return _stream(told, zlib.compress(one.content))


def _copied(stream: Stream) -> bytes:
    """A stream as it was, packed if it was not."""
    entries = Dictionary(dict(stream.stream_dict.items()))
    content = stream.read_raw_bytes()
    if Name.Length in entries:
        del entries[Name.Length]
    if Name.Filter not in entries and entries.get(Name.Type) != Name.Metadata:
        content, entries.Filter = zlib.compress(content, 9), Name.FlateDecode
    return _stream(entries.unparse(resolved=True).removeprefix(b"<<").removesuffix(b">>"), content)


def _packed(objects: Sequence[tuple[int, bytes]]) -> bytes:
    """Objects in an object stream (ISO 32000-1, 7.5.7)."""
    heads, at = [], 0
    for number, body in objects:
        heads.append(b"%d %d" % (number, at))
        at += len(body) + 1
    head = b" ".join(heads) + b"\n"
    content = zlib.compress(head + b"\n".join(body for _, body in objects), 9)
    entries = b"/Type /ObjStm /N %d /First %d /Filter /FlateDecode" % (len(objects), len(head))
    return _stream(entries, content)


def _letters(font: pikepdf.Object) -> dict[bytes, str]:
    pairs = _PAIR.findall(font.ToUnicode.read_bytes())
    return {glyph: bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in pairs}


def _read(shown: bytes, letters: dict[bytes, str]) -> str:
    glyphs = b"".join(_GLYPHS.findall(shown))
    return "".join(letters.get(glyphs[n : n + 4], "") for n in range(0, len(glyphs), 4))
