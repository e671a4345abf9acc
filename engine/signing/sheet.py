"""A paper opened for one act: writes its text fields, draws its signature fields."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pikepdf import PdfError
from pyhanko.pdf_utils.generic import NameObject, NumberObject, pdf_string

from engine.errors import Refusal, Refused
from engine.papers.fields import DoesNotFit, FieldSpec, appearance, field_specs
from engine.papers.formfont import LetterMissing
from engine.signing.drawing import Box, Pen
from engine.signing.revision import Revision
from engine.signing.strip import Strip, picture
from engine.statement.qr import TooLong

_READ_ONLY = 1


@dataclass(frozen=True, slots=True)
class Sheet:
    """The places of a paper, and the revision that fills them.

    Every text is written in a font that the paper itself brings along for its fields; an
    act embeds none.
    """

    revision: Revision
    fields: Mapping[str, FieldSpec]

    @classmethod
    def open(cls, pdf: bytes, at: datetime) -> Sheet:
        """Raises ``Refused`` with ``unreadable_pdf``."""
        revision = Revision(pdf, at)
        try:
            return cls(revision, field_specs(pdf))
        except (PdfError, AttributeError, KeyError) as error:
            raise Refused(Refusal("unreadable_pdf")) from error

    def write(self, name: str, text: str) -> None:
        """Fills a text field in its own style and closes it.

        Raises ``Refused``: ``field_missing``, ``letter_missing``, ``text_too_long``.
        """
        spec, composed = self._spec(name), unicodedata.normalize("NFC", text)
        try:
            content = appearance(spec, composed)
        except LetterMissing as error:
            raise Refused(Refusal("letter_missing", {"letter": error.letter})) from None
        except DoesNotFit:
            raise Refused(Refusal("text_too_long", {"text": composed})) from None
        self._fill(name, composed)
        self.revision.draw(name, Box(spec.width, spec.height), content, spec.font)

    def stamp(self, name: str, strip: Strip) -> None:
        """Fills a strip: its value is the text of its code, which it shows.

        Raises ``Refused``: ``field_missing``, ``font_missing``, ``letter_missing``,
        ``text_too_long``.
        """
        try:
            self.draw(name, picture, strip=strip)
        except TooLong:
            raise Refused(Refusal("text_too_long", {"text": strip.address})) from None
        self._fill(name, strip.text)

    def _fill(self, name: str, text: str) -> None:
        field = self.revision.field(name)
        field[NameObject("/V")] = pdf_string(text)
        field[NameObject("/Ff")] = NumberObject(int(field.get("/Ff", 0)) | _READ_ONLY)

    def draw(self, name: str, picture: Callable[..., bytes], **parts: Any) -> None:
        """Draws a picture of ``drawing`` or ``strip`` into a field.

        Raises ``Refused``: ``field_missing``, ``font_missing``, ``letter_missing``.
        """
        spec, pen = self._spec(name), self._pen()
        box = Box(spec.width, spec.height)
        try:
            content = picture(box, pen=pen, **parts)
        except LetterMissing as error:
            raise Refused(Refusal("letter_missing", {"letter": error.letter})) from None
        self.revision.draw(name, box, content, pen.font)

    def _spec(self, name: str) -> FieldSpec:
        try:
            return self.fields[name]
        except KeyError:
            raise Refused(Refusal("field_missing", {"field": name})) from None

    def _pen(self) -> Pen:
        """The first font in which the paper lets a field be written."""
        for spec in self.fields.values():
            if spec.face is not None:
                return Pen(spec.font, spec.face)
        raise Refused(Refusal("font_missing"))
