"""One revision appended to a paper: the fields it touches, what it draws, and nothing else.

Written here and not by pyHanko, because the papers are our own and few things change in them:
a general writer reads the whole file through objects of its own, and costs more than the
signature. It also stamps wall clock and dice into what it writes; here the same act on the
same bytes gives the same bytes.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO

import pikepdf
from pikepdf import Array, Name, Pdf, PdfError

from engine.errors import Refusal, Refused
from engine.signing.drawing import Box

_READ_ONLY = 1
_SIGNED_AND_APPENDED = 3  # ISO 32000-1, 12.7.2, table 219
_RANGE = 40  # room for the four numbers of a byte range


@dataclass(frozen=True, slots=True)
class Appended:
    """A file with its new revision, and the place in it that is kept for a signature."""

    pdf: bytes
    gap: tuple[int, int]


@dataclass(slots=True)
class Revision:
    """What one act changes in a paper. ``base`` is the file it is appended to."""

    base: bytes
    pdf: Pdf
    _seed: bytes
    _bodies: dict[int, bytes] = field(default_factory=dict)
    _changed: dict[int, pikepdf.Object] = field(default_factory=dict)
    _entries: dict[int, dict[str, bytes]] = field(default_factory=dict)

    @classmethod
    def open(cls, base: bytes, at: datetime) -> Revision:
        """Raises ``Refused`` with ``unreadable_pdf`` for what is no paper of ours."""
        try:
            # A damaged file would be guessed at: what is signed must be what was read.
            pdf = Pdf.open(BytesIO(base), attempt_recovery=False)
            if not isinstance(pdf.Root.AcroForm.Fields, Array):
                raise Refused(Refusal("unreadable_pdf"))
        except (PdfError, AttributeError, ValueError) as error:
            raise Refused(Refusal("unreadable_pdf")) from error
        return cls(base, pdf, hashlib.sha256(at.isoformat().encode() + base).digest())

    @property
    def form(self) -> pikepdf.Object:
        return self.pdf.Root.AcroForm

    def field(self, name: str) -> pikepdf.Object:
        """A top-level form field; raises ``Refused`` with ``field_missing``."""
        for found in self.form.Fields:
            if str(found.get(Name.T, "")) == name:
                return found
        raise Refused(Refusal("field_missing", {"field": name}))

    def is_signed(self, name: str) -> bool:
        """Whether a signature field carries a signature."""
        return Name.V in self.field(name)

    def write(self, name: str, text: str) -> None:
        """Gives a text field its value and closes it."""
        written = self.field(name)
        written.V = pikepdf.String(text)
        written.Ff = int(written.get(Name.Ff, 0)) | _READ_ONLY
        self._change(written)

    def draw(self, name: str, box: Box, content: bytes, font: str) -> None:
        """Gives a field its appearance; ``font`` is the one of the form that it names."""
        corners = " ".join(f"{corner:.3f}" for corner in (0, 0, box.width, box.height))
        face = reference(self.form.DR.Font[font])
        packed = zlib.compress(content)
        number = self.add(
            b"<< /Type /XObject /Subtype /Form /BBox [%s] /Resources << /Font << %s %s >> >>"
            b" /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream"
            % (corners.encode(), font.encode(), face, len(packed), packed)
        )
        self._enter(self.field(name), "/AP", b"<< /N %d 0 R >>" % number)

    def add(self, body: bytes) -> int:
        """A new object; returns its number."""
        number = int(self.pdf.trailer.Size) + len(self._bodies)
        self._bodies[number] = body
        return number

    def reserve(self, name: str, entries: bytes, room: int, *, certify: bool) -> Appended:
        """Ends the revision with a signature dictionary in a field, its ``/Contents`` left
        open with room for that many hexadecimal digits; the byte range leaves out nothing
        else. A certifying signature is also named in the catalog."""
        start = b"<< /Type /Sig /Contents "
        blank = b"<%s>" % (b"0" * room)
        middle = b" /ByteRange " + b" " * _RANGE
        number = self.add(start + blank + middle + b" " + entries + b" >>")
        self._enter(self.field(name), "/V", b"%d 0 R" % number)
        if certify:
            self._enter(self.pdf.Root, "/Perms", b"<< /DocMDP %d 0 R >>" % number)
        if int(self.form.get(Name.SigFlags, 0)) != _SIGNED_AND_APPENDED:
            self.form.SigFlags = _SIGNED_AND_APPENDED
            self._change(self.form if self.form.is_indirect else self.pdf.Root)
        written, places = self._written()
        first = places[number] + len(b"%d 0 obj\n" % number) + len(start)
        second = first + len(blank)
        numbers = b"[0 %d %d %d]" % (first, second, len(written) - second)
        at = second + len(middle) - _RANGE
        content = written[:at] + numbers.ljust(_RANGE) + written[at + _RANGE :]
        return Appended(content, (first, second))

    def unsigned(self) -> bytes:
        """The whole file with the revision as it is."""
        return self._written()[0]

    def _enter(self, changed: pikepdf.Object, key: str, value: bytes) -> None:
        """An entry that calls an object of this revision, which the open file does not know."""
        self._change(changed)
        self._entries.setdefault(int(changed.objgen[0]), {})[key] = value

    def _change(self, changed: pikepdf.Object) -> None:
        self._changed[int(changed.objgen[0])] = changed

    def _written(self) -> tuple[bytes, dict[int, int]]:
        """The whole file, and where the objects of the revision begin in it."""
        changed = {n: self._rewritten(n, thing) for n, thing in self._changed.items()}
        parts, places = [self.base], {}
        at = len(self.base)
        if not self.base.endswith(b"\n"):
            parts.append(b"\n")
            at += 1
        for number, body in sorted({**changed, **self._bodies}.items()):
            whole = b"%d 0 obj\n%s\nendobj\n" % (number, body)
            places[number] = at
            parts.append(whole)
            at += len(whole)
        parts.append(self._references(places, at))
        return b"".join(parts), places

    def _rewritten(self, number: int, thing: pikepdf.Object) -> bytes:
        entries = self._entries.get(number, {})
        for key in entries:
            if key in thing:
                del thing[key]
        told = b" ".join(b"%s %s" % (key.encode(), value) for key, value in entries.items())
        return b"%s %s >>" % (thing.unparse(resolved=True).removesuffix(b">>"), told)

    def _references(self, places: dict[int, int], at: int) -> bytes:
        """The cross-references, in the way the file before has them: in a stream or a table."""
        before = int(self.base[self.base.rindex(b"startxref") + 9 :].split()[0])
        write = _table if self.base.startswith(b"xref", before) else _stream
        told = {key: self.pdf.trailer.get(key) for key in ("/Info", "/Root")}
        kept = b"".join(
            b"%s %s " % (key.encode(), reference(thing))
            for key, thing in told.items()
            if thing is not None
        )
        return write(places, at, kept + b"/ID [%s] /Prev %d" % (self._identifiers(), before))

    def _identifiers(self) -> bytes:
        first = self._seed[16:]
        if Name.ID in self.pdf.trailer:
            first = bytes(self.pdf.trailer.ID[0])
        return b"<%s> <%s>" % (first.hex().encode(), self._seed[:16].hex().encode())


def reference(thing: pikepdf.Object) -> bytes:
    """How an object is called by others."""
    return b"%d %d R" % thing.objgen


def text(value: str) -> bytes:
    """A text as a PDF string."""
    return pikepdf.String(value).unparse()


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Numbers that follow one another, as (first, how many)."""
    first = numbers[0]
    for before, after in zip(numbers, [*numbers[1:], -1], strict=True):
        if after != before + 1:
            yield first, before - first + 1
            first = after


def _stream(places: dict[int, int], at: int, entries: bytes) -> bytes:
    own = max(places) + 1
    known = {0: None, **dict(sorted(places.items())), own: at}
    index = b" ".join(b"%d %d" % run for run in _runs(list(known)))
    rows = b"".join(
        b"\0\0\0\0\0\xff\xff" if place is None else b"\1" + place.to_bytes(4) + b"\0\0"
        for place in known.values()
    )
    return (
        b"%d 0 obj\n<< /Type /XRef /W [1 4 2] /Size %d /Index [%s] %s /Length %d >>\n"
        b"stream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n"
        % (own, own + 1, index, entries, len(rows), rows, at)
    )


def _table(places: dict[int, int], at: int, entries: bytes) -> bytes:
    lines = [b"xref\n"]
    for first, count in _runs([0, *sorted(places)]):
        lines.append(b"%d %d\n" % (first, count))
        for number in range(first, first + count):
            used = number in places
            lines.append(
                b"%010d %05d %s \n"
                % (places.get(number, 0), 0 if used else 65535, b"n" if used else b"f")
            )
    trailer = b"trailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n"
    return b"".join(lines) + trailer % (max(places) + 1, entries, at)
