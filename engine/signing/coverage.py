"""Which bytes of a file each of its signatures covers; no judgement of the signatures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

from pikepdf import Name, Pdf, PdfError

from engine.errors import Refusal, Refused


@dataclass(frozen=True, slots=True)
class Covered:
    """The bytes under one signature: all up to ``end`` but the ``gap`` that holds it.

    ``exact`` says that what is left out is that signature, in its one spelling, and nothing
    else; where it is false nothing may be concluded from ``digest`` (SHA-256 of the covered
    bytes, hex). ``whole`` says that they reach to the last byte of the file.
    """

    field: str
    digest: str
    gap: tuple[int, int]
    end: int
    exact: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """A file: its SHA-256 (hex), its size, and what its signatures cover, oldest first."""

    sha256: str
    size: int
    covered: tuple[Covered, ...]


def facts(pdf: bytes) -> Facts:
    """What can be said of a file without judging it; raises ``Refused``, ``unreadable_pdf``."""
    try:
        covered = tuple(sorted(_signatures(pdf), key=lambda one: one.end))
    except (PdfError, AttributeError, TypeError, ValueError) as error:
        raise Refused(Refusal("unreadable_pdf")) from error
    return Facts(hashlib.sha256(pdf).hexdigest(), len(pdf), covered)


def _signatures(pdf: bytes) -> Iterator[Covered]:
    with Pdf.open(BytesIO(pdf)) as opened:
        form = opened.Root.get(Name.AcroForm)
        for field in form.Fields if form is not None else ():
            value = field.get(Name.V)
            if field.get(Name.FT) == Name.Sig and value is not None:
                ranges = [int(number) for number in value.ByteRange]
                yield covered_by(pdf, str(field.T), ranges, bytes(value.Contents))


def covered_by(pdf: bytes, field: str, byte_range: Sequence[int], contents: bytes) -> Covered:
    """The bytes under a signature, from its byte range, its contents and the file itself."""
    begin, first, second, rest = byte_range if len(byte_range) == 4 else (0, 0, 0, 0)
    end = second + rest
    left_out = b"<%s>" % contents.hex().upper().encode()
    exact = begin == 0 and second < end <= len(pdf) and pdf[first:second] == left_out
    view = memoryview(pdf)
    digest = hashlib.sha256(view[:first])
    digest.update(view[second:end])
    return Covered(
        field=field,
        digest=digest.hexdigest(),
        gap=(first, second),
        end=end,
        exact=exact,
        whole=exact and end == len(pdf),
    )
