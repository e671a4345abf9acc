"""A laid-out paper taken apart: what all papers of its shape share, written once for all.

The shared objects stand first and never move, so that a paper is the same bytes followed by a
few objects of its own and the table of all places. Object numbers are those of the shape.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
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


@dataclass(frozen=True, slots=True)
class Found:
    """A line of the shape as its content stream shows it; ``font`` is the resource under
    which the full face of its style may be called."""

    text: str
    x: float
    y: bytes
    style: str
    size: float
    font: bytes


@dataclass(frozen=True, slots=True)
class Parts:
    """The shared bytes, and the objects that follow them. ``rows`` places the shared objects
    (ISO 32000-1, 7.5.8.3); ``own`` numbers the lines, then the paper's data where it carries
    any, then information and metadata."""

    shared: bytes
    rows: bytes
    own: tuple[int, ...]
    information: tuple[bytes, bytes]
    metadata: tuple[bytes, bytes]
    root: bytes
    found: tuple[Found, ...]

    @classmethod
    def of(cls, laid_out: bytes, lines: Sequence[str], title: str) -> Parts:
        """From a paper of one page whose lines and title are stand-ins."""
        with Pdf.open(BytesIO(laid_out)) as pdf:
            return _Workbench(pdf).parts(lines, title)

    def joined(
        self, lines: Sequence[bytes], title: str, identity: bytes, inside: Sequence[Attachment]
    ) -> bytes:
        """A paper with its own lines (operators), title, identifier and data."""
        told = self.information[0] + pikepdf.String(title).unparse() + self.information[1]
        xmp = escape(title).encode().join(self.metadata)
        bodies = [
            *(_stream(b"", line) for line in lines),
            *(_file(one) for one in inside if one.name == archive.DATA),
            told,
            _stream(b"/Type /Metadata /Subtype /XML", xmp),
        ]
        pieces, rows, at = [self.shared], [self.rows], len(self.shared)
        for number, body in zip(self.own, bodies, strict=True):
            pieces.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
            rows.append(_row(_PLAIN, at))
            at += len(pieces[-1])
        last = self.own[-1] + 1
        table = zlib.compress(b"".join((*rows, _row(_PLAIN, at))))
        name = identity.hex().encode()
        entries = (
            b"/Type /XRef /W [1 4 2] /Size %d /Root %s /Info %d 0 R /ID [<%s> <%s>]"
            b" /Filter /FlateDecode" % (last + 1, self.root, self.own[-2], name, name)
        )
        pieces.append(b"%d 0 obj\n%s\nendobj\n" % (last, _stream(entries, table)))
        pieces.append(b"startxref\n%d\n%%%%EOF\n" % at)
        return b"".join(pieces)


@dataclass(slots=True)
class _Workbench:
    """A shape while it is taken apart."""

    pdf: Pdf

    def parts(self, lines: Sequence[str], title: str) -> Parts:
        (page,) = self.pdf.pages
        dropped = {page.Contents.objgen, self.pdf.trailer.Info.objgen}
        dropped.add(self.pdf.Root.Metadata.objgen)
        holder = archive.holders(self.pdf).get(archive.DATA)
        if holder is not None:
            dropped.add(holder.F.objgen)
        matches, found = self._lines(page, lines)
        pieces = self._between(page.Contents.read_bytes(), matches)
        information, metadata = self._told(title)
        kept = [self.pdf.make_stream(piece) for piece in pieces]
        self.pdf.make_indirect(Dictionary())  # the number of the packed objects
        count = len(found) + (holder is not None) + 2
        own = [self.pdf.make_indirect(Dictionary()) for _ in range(count)]
        if holder is not None:
            holder.F = holder.UF = own[len(found)]
        page.Contents = Array(
            [each for both in zip(kept, [*own[: len(found)], None], strict=True) for each in both][
                :-1
            ]
        )
        self.pdf.Root.Metadata = own[-1]
        numbers = tuple(int(thing.objgen[0]) for thing in own)
        shared, rows = self._written(dropped, numbers[0])
        root = b"%d 0 R" % self.pdf.Root.objgen[0]
        return Parts(shared, rows, numbers, information, metadata, root, tuple(found))

    def _lines(
        self, page: pikepdf.Page, lines: Sequence[str]
    ) -> tuple[list[re.Match[bytes]], list[Found]]:
        """Where the stand-ins are shown, in the order of the lines."""
        fonts = page.Resources.Font
        letters = {name: _letters(font) for name, font in fonts.items()}
        shown: dict[str, list[re.Match[bytes]]] = {line: [] for line in lines}
        for match in _SHOWN.finditer(page.Contents.read_bytes()):
            text = _read(match[5], letters[match[3].decode()])
            shown.get(text, []).append(match)
        if any(len(places) != 1 for places in shown.values()):
            raise ValueError("a line to be filled is not shown exactly once")
        matches = [places[0] for places in shown.values()]
        found = [self._found(page, line, match) for line, match in zip(lines, matches, strict=True)]
        if matches != sorted(matches, key=lambda match: match.start()):
            raise ValueError("the lines to be filled are not painted in their order")
        return matches, found

    def _found(self, page: pikepdf.Page, line: str, match: re.Match[bytes]) -> Found:
        font = page.Resources.Font[match[3].decode()]
        style = _STYLES[str(font.BaseFont).partition("+")[2]]
        name = f"/Full-{style}"
        if name not in page.Resources.Font:
            page.Resources.Font[name] = self._full(style)
        return Found(line, float(match[1]), match[2], style, float(match[4]), name.encode())

    def _full(self, style: str) -> pikepdf.Object:
        """The full face of a style: the form's own where the form has it."""
        form = self.pdf.Root.get(Name.AcroForm)
        if form is not None and RESOURCE.get(style, "") in form.DR.Font:
            return form.DR.Font[RESOURCE[style]]
        return formfont.embed(self.pdf, style)

    @staticmethod
    def _between(content: bytes, matches: Sequence[re.Match[bytes]]) -> Iterator[bytes]:
        at = 0
        for match in matches:
            yield content[at : match.start()]
            at = match.end()
        yield content[at:]

    def _told(self, title: str) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
        """The document information and its XMP, open where the title goes."""
        told = self.pdf.trailer.Info
        del told[Name.Title]
        before = told.unparse(resolved=True).rstrip(b"> ")
        first, second = self.pdf.Root.Metadata.read_bytes().split(title.encode())
        return (before + b" /Title ", b" >>"), (first, second)

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
