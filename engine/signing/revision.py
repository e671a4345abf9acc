"""One revision appended to a paper: the fields it touches, what it draws, and nothing else."""

from __future__ import annotations

import hashlib
from datetime import datetime
from io import BytesIO

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    StreamObject,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfReadError

from engine.errors import Refusal, Refused
from engine.signing.drawing import Box

_ID_BYTES = 16


class Revision(IncrementalPdfFileWriter):
    """pyHanko's incremental writer without wall clock and dice.

    pyHanko stamps ``/ModDate``, ``/Producer`` and the XMP packet from the wall clock and
    draws the file identifier at random. A signature changes neither title nor text of a
    paper, so its metadata stay as they are, and the identifier is derived: the same act on
    the same bytes gives the same bytes.
    """

    def __init__(self, pdf: bytes, at: datetime) -> None:
        seed = hashlib.sha256(at.isoformat().encode() + pdf).digest()
        try:
            super().__init__(BytesIO(pdf))
            self.form: DictionaryObject = self.root["/AcroForm"]
        except (PdfReadError, KeyError, ValueError) as error:
            raise Refused(Refusal("unreadable_pdf")) from error
        first, renewed = ByteStringObject(seed[_ID_BYTES:]), ByteStringObject(seed[:_ID_BYTES])
        if "/ID" in self.prev.trailer:
            first = self.prev.trailer["/ID"][0]
        self._document_id = ArrayObject([first, renewed])

    def _update_meta(self) -> None:
        """Leaves the paper's metadata alone (overrides pyHanko's private hook)."""

    def field(self, name: str) -> DictionaryObject:
        """A top-level form field; raises ``Refused`` with ``field_missing``."""
        for field in self.form["/Fields"]:
            found: DictionaryObject = field.get_object()
            if found.get("/T") == name:
                return found
        raise Refused(Refusal("field_missing", {"field": name}))

    def is_signed(self, name: str) -> bool:
        """Whether a signature field carries a signature."""
        return "/V" in self.field(name)

    def draw(self, name: str, box: Box, content: bytes, font: str) -> None:
        """Gives a field its appearance; ``font`` is the one of the form that it names."""
        corners = (0, 0, box.width, box.height)
        face = {NameObject(font): self.form["/DR"]["/Font"].raw_get(font)}
        stream = StreamObject(
            {
                NameObject("/Type"): NameObject("/XObject"),
                NameObject("/Subtype"): NameObject("/Form"),
                NameObject("/BBox"): ArrayObject([FloatObject(f"{n:.3f}") for n in corners]),
                NameObject("/Resources"): DictionaryObject(
                    {NameObject("/Font"): DictionaryObject(face)}
                ),
            },
            stream_data=content,
        )
        stream.compress()
        field = self.field(name)
        field[NameObject("/AP")] = DictionaryObject({NameObject("/N"): self.add_object(stream)})
        self.update_container(field)
