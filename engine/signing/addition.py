"""One revision appended to a sealed paper by pyHanko's writer: time stamps and evidence.

What a leader and a clerk write is ``revision``'s. Here pyHanko's own writer is used, because
it knows how evidence is stored (ISO 32000-2, 12.8.4.3), and papers get it in the background.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from pyhanko.pdf_utils.generic import ArrayObject, ByteStringObject, DictionaryObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfReadError

from engine.errors import Refusal, Refused
from engine.signing.reader import Reader

_ID_BYTES = 16


class Addition(IncrementalPdfFileWriter):
    """pyHanko's incremental writer without wall clock and dice.

    pyHanko stamps ``/ModDate``, ``/Producer`` and the XMP packet from the wall clock and
    draws the file identifier at random. A stamp changes neither title nor text of a paper,
    so its metadata stay as they are, and the identifier is derived: the same addition to the
    same bytes gives the same bytes.
    """

    def __init__(self, pdf: bytes, at: datetime) -> None:
        """Raises ``Refused`` with ``unreadable_pdf`` for what is no paper of ours."""
        seed = hashlib.sha256(at.isoformat().encode() + pdf).digest()
        try:
            reader = Reader(pdf)
            super().__init__(reader.stream, prev=reader)
            self.form: DictionaryObject = self.root["/AcroForm"]
        except (PdfReadError, KeyError, ValueError) as error:
            raise Refused(Refusal("unreadable_pdf")) from error
        first, renewed = ByteStringObject(seed[_ID_BYTES:]), ByteStringObject(seed[:_ID_BYTES])
        if "/ID" in self.prev.trailer:
            first = self.prev.trailer["/ID"][0]
        self._document_id = ArrayObject([first, renewed])

    def _update_meta(self) -> None:
        """Leaves the paper's metadata alone (overrides pyHanko's private hook)."""

    def ensure_output_version(self, version: tuple[int, int]) -> None:
        """Leaves the version alone: PDF/A-3 is PDF 1.7, and a catalogue that changes is no
        mere addition to a sealed file."""
