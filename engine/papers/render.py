"""From HTML to the first bytes of a paper: archival, tagged, the same every time.

The only module that knows WeasyPrint. One ``Renderer`` per process: the typeface and the
style sheets are read once. Nothing is fetched but the typeface and our own pictures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any

from weasyprint import CSS, HTML, Document
from weasyprint.css import ColorProfile
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from engine.papers import archive, fonts
from engine.papers.archive import Attachment
from engine.papers.fields import Place, finish
from engine.papers.freeze import freeze
from engine.papers.template import Templates

_COLOURS = "screen"
_ARCHIVAL = {"pdf_variant": "pdf/a-3a", "output_intent": _COLOURS}
_LONG_WORD = 24  # letters; above Vietnamese words and symbols, below a third of a wide line
_POINTS = 0.75  # a CSS pixel, in points


class ForbiddenAddress(Exception):
    """A paper asked for something outside its own typeface and pictures."""


class _OwnFilesOnly(URLFetcher):
    """Answers ``paper:font/STYLE`` and ``paper:asset/NAME``, and nothing else at all."""

    def __init__(self, assets: Path) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)
        self._files = {f"paper:font/{style}": path for style, path in fonts.files().items()}
        self._files |= {f"paper:asset/{path.name}": path for path in assets.glob("*.*")}

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        path = self._files.get(url)
        if path is None:
            raise ForbiddenAddress(url)
        return URLFetcherResponse(url, path.read_bytes(), dict(headers or {}))


class _Screen(ColorProfile):
    """WeasyPrint's sRGB, read once and written into every paper byte for byte.

    By itself the library opens the file anew for each paper, leaves it open, and writes
    what the colour engine makes of it, which differs from the first time to the second.
    """

    def __init__(self) -> None:
        self._file = (files("weasyprint.pdf") / "sRGB2014.icc").read_bytes()
        super().__init__(BytesIO(self._file), "sRGB2014.icc", "relative-colorimetric", "rgb")

    @property
    def content(self) -> bytes:
        return self._file


class Renderer:
    """Renders the templates of one folder.

    Raises ``fonts.FontMissing`` when made on a machine without the typeface. Safe to share
    between threads: one paper at a time.
    """

    def __init__(self, template_folder: Path) -> None:
        self.templates = Templates(template_folder)
        self._fetcher = _OwnFilesOnly(template_folder / "assets")
        self._fonts = FontConfiguration()
        self._typeface = self._style(fonts.font_face("paper:font/{style}"))
        self._styles: dict[str, CSS] = {}
        self._colours = _Screen()
        self._lock = Lock()

    def render(self, template: str, values: Mapping[str, Any]) -> bytes:
        """The first bytes of a paper: the same values give the same bytes, anywhere.

        Raises what ``Templates.html`` raises, and ``ForbiddenAddress``.
        """
        page = self.templates.html(template, values)
        identity = hashlib.sha256(f"{template}\0{freeze(values)}".encode()).digest()[:16]
        with self._lock:
            html = HTML(string=page, url_fetcher=self._fetcher)
            _leave_ragged(html)
            document = self._lay_out(html, template)
            laid_out: bytes = document.write_pdf(pdf_identifier=identity, cache={}, **_ARCHIVAL)
        inside = self.attachments(template, values)
        return finish(
            laid_out, list(_places(html, document)), partial(archive.archive, attachments=inside)
        )

    def attachments(self, template: str, values: Mapping[str, Any]) -> Sequence[Attachment]:
        """The files that a paper carries: its values and the schema they follow; none where
        the folder's list does not describe its kind."""
        schemas = self.templates.schemas
        if template not in schemas.kinds:
            return ()
        schema, year = schemas.of(template), int(values["year"])
        data = archive.data_file(schema["$id"], template, values)
        return (
            Attachment(archive.DATA, data, "Data", schemas.describe("data"), year),
            Attachment(
                archive.SCHEMA,
                freeze(schema).encode(),
                "Supplement",
                schemas.describe("schema"),
                year,
            ),
        )

    def template_digest(self, template: str) -> str:
        """SHA-256 over all that decides how this template looks."""
        return self.templates.digest(template)

    def _lay_out(self, html: HTML, template: str) -> Document:
        styles = [self._typeface, self._stylesheet(template)]
        try:
            return html.render(
                font_config=self._fonts,
                color_profiles={_COLOURS: self._colours},
                stylesheets=styles,
                cache={},
                **_ARCHIVAL,
            )
        except FatalURLFetchingError as error:
            raise ForbiddenAddress(str(error.__cause__)) from None

    def _stylesheet(self, template: str) -> CSS:
        name = self.templates.stylesheet(template)
        if name not in self._styles:
            source = (self.templates.folder / name).read_text(encoding="utf-8")
            self._styles[name] = self._style(source)
        return self._styles[name]

    def _style(self, source: str) -> CSS:
        return CSS(string=source, url_fetcher=self._fetcher, font_config=self._fonts)


def _leave_ragged(html: HTML) -> None:
    """Marks each paragraph that holds a word too long for its line's rest as ``ragged``.

    Such a word starts a line of its own; the few words before it, spread over the whole
    width, would be torn apart. The style sheet may then keep them together.
    """
    for paragraph in html.etree_element.iter("p"):
        if any(len(word) > _LONG_WORD for word in "".join(paragraph.itertext()).split()):
            paragraph.set("class", f"{paragraph.get('class', '')} ragged".strip())


def _places(html: HTML, document: Document) -> Iterator[Place]:
    """Where the fields came to lie: each ``<a class="field">`` of the page, in order."""
    anchors = {
        name: (number, page.height, box)
        for number, page in enumerate(document.pages)
        for name, box in page.anchors.items()
    }
    for element in html.etree_element.iter("a"):
        if "field" in element.get("class", "").split():
            number, height, (left, top, right, bottom) = anchors[element.get("id")]
            corners = (left, height - bottom, right, height - top)
            yield Place(
                name=element.get("id"),
                kind=element.get("data-kind"),
                page=number,
                rect=tuple(round(corner * _POINTS, 2) for corner in corners),
                face=element.get("data-face", ""),
                size=float(element.get("data-size", 0)),
                align=int(element.get("data-align", 0)),
                tooltip=element.get("title"),
            )
