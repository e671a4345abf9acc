"""A paper opened for one act: writes its text fields, draws its signature fields."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from pikepdf import PdfError

from engine.errors import Refusal, Refused
from engine.papers.fields import DoesNotFit, FieldSpec, appearance, specs_of
from engine.papers.formfont import LetterMissing
from engine.signing.drawing import Box, Pen
from engine.signing.revision import Revision
from engine.signing.strip import Strip, picture
from engine.statement.qr import TooLong


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
        revision = Revision.open(pdf, at)
        try:
            return cls(revision, specs_of(revision.pdf))
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
        self.revision.write(name, composed)
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
        self.revision.write(name, strip.text)

    def draw(self, name: str, picture: Callable[..., bytes], **parts: Any) -> None:
        """Draws a picture of ``drawing`` or ``strip`` into a field.

        Raises ``Refused``: ``field_missing``, ``font_missing``, ``letter_missing``.
        """
        spec, pen = self._spec(name), self._pen()
        box = Box(spec.width, spec.height)
        try:
            content = _drawn(picture, box, pen, *parts.items())
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


@lru_cache(maxsize=64)
def _drawn(picture: Callable[..., bytes], box: Box, pen: Pen, *parts: tuple[str, str]) -> bytes:
    # A batch is signed by one hand and sealed by one seal: each is drawn once.
    return picture(box, pen=pen, **dict(parts))
