"""From HTML to the first bytes of a paper: archival, tagged, the same every time.

The only module that knows WeasyPrint. One ``Renderer`` per process: the typeface and the
style sheets are read once. Nothing is fetched but the typeface and our own pictures.
"""

from __future__ import annotations

import gc
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache, partial
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring

from cssselect2 import ElementWrapper
from weasyprint import CSS, HTML, Document
from weasyprint.css import ColorProfile
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from engine.papers import archive, elements, fonts, marks, typesetter, written
from engine.papers.archive import Attachment
from engine.papers.breaking import DoesNotFit
from engine.papers.fields import Place, finish
from engine.papers.filling import Shapes
from engine.papers.freeze import freeze
from engine.papers.template import Templates

Enclosed = Sequence[Mapping[str, Any]]

_COLOURS = "screen"
# Left unpacked: the finished paper is packed once, at the end.
_ARCHIVAL = {"pdf_variant": "pdf/a-3a", "output_intent": _COLOURS, "uncompressed_pdf": True}
_LONG_WORD = 24  # letters; above Vietnamese words and symbols, below a third of a wide line
_VOID = re.compile(r"<(br|col|hr|img|link|meta)\b([^>]*?)/?>")
_MINIMISED = re.compile(r"( data-fill)>")
_POINTS = 0.75  # a CSS pixel, in points

typesetter.quicken()


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


class _Page(HTML):
    """A page that is well-formed and of few elements, as ours are: a parser that forgives
    nothing reads it in a thirtieth of the time, and a sheet that knows no more styles it."""

    def __init__(self, root: Element, fetcher: URLFetcher) -> None:
        self.base_url = None
        self.url_fetcher = fetcher
        self.media_type = "print"
        self.wrapper_element = ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = root

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:
        return [_elements()]


@cache
def _elements() -> CSS:
    return CSS(string=elements.STYLE)


def _parsed(page: str, fetcher: URLFetcher) -> HTML:
    # No value brings a tag or an entity of its own: all are escaped.
    closed = _MINIMISED.sub(r'\1="">', _VOID.sub(r"<\1\2/>", page))
    try:
        root = fromstring(closed)  # noqa: S314
    except ParseError:
        return HTML(string=page, url_fetcher=fetcher)
    if any(element.tag not in elements.ELEMENTS for element in root.iter()):
        return HTML(string=page, url_fetcher=fetcher)
    return _Page(root, fetcher)


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
        self._shapes = Shapes()
        self._lock = Lock()

    def render(self, template: str, values: Mapping[str, Any], enclosed: Enclosed = ()) -> bytes:
        """The first bytes of a paper: the same values give the same bytes, anywhere.
        ``enclosed`` tells of the files that belong to it (``annexes.enclosed``).

        Raises what ``Templates.html`` raises, and ``ForbiddenAddress``.
        """
        with _undisturbed():
            return self._rendered(template, values, enclosed)

    def _rendered(self, template: str, values: Mapping[str, Any], enclosed: Enclosed) -> bytes:
        page, identity, inside = self._source(template, values, enclosed)
        apart = marks.apart(page)
        if apart is not None:
            kind = (self.templates.stylesheet(template), template, *(one.year for one in inside))

            def lay_out(shape: str) -> tuple[bytes, Sequence[Any]]:
                laid_out, document = self._laid_out(template, shape, bytes(16), inside)
                return laid_out, [each._page_box for each in document.pages]

            try:
                return self._shapes.filler(apart, kind, lay_out).fill(apart, identity, inside)
            except DoesNotFit:
                pass
        return self._laid_out(template, page, identity, inside)[0]

    def lay_out(self, template: str, values: Mapping[str, Any]) -> bytes:
        """The same paper laid out for itself, whether or not it could be filled: to the eye
        the same, and never what is signed. Raises as ``render``."""
        with _undisturbed():
            return self._laid_out(template, *self._source(template, values))[0]

    def _source(
        self, template: str, values: Mapping[str, Any], enclosed: Enclosed = ()
    ) -> tuple[str, bytes, Sequence[Attachment]]:
        """The page in HTML, the identifier its file gets, and the files it carries."""
        frozen = freeze(values)
        page = self.templates.page(template, frozen)
        identity = hashlib.sha256(f"{template}\0{frozen}".encode()).digest()[:16]
        return page, identity, self._inside(template, frozen, values, enclosed)

    def _laid_out(
        self, template: str, page: str, identity: bytes, inside: Sequence[Attachment]
    ) -> tuple[bytes, Document]:
        with self._lock:
            html = _parsed(page, self._fetcher)
            _leave_ragged(html)
            document = self._lay_out(html, template)
            laid_out: bytes = document.write_pdf(
                pdf_identifier=identity, cache={}, finisher=_ready, **_ARCHIVAL
            )
            complete = partial(archive.archive, attachments=inside)
            return finish(laid_out, list(_places(html, document)), complete), document

    def attachments(
        self, template: str, values: Mapping[str, Any], enclosed: Enclosed = ()
    ) -> Sequence[Attachment]:
        """The files that a paper carries: its values and the schema they follow; none where
        the folder's list does not describe its kind."""
        return self._inside(template, freeze(values), values, enclosed)

    def _inside(
        self, template: str, frozen: str, values: Mapping[str, Any], enclosed: Enclosed
    ) -> Sequence[Attachment]:
        schemas = self.templates.schemas
        if template not in schemas.kinds:
            return ()
        schema, year = schemas.of(template), int(values["year"])
        beside = [dict(one) for one in enclosed] if schemas.encloses(template) else None
        data = archive.data_file(schema["$id"], template, frozen, beside)
        told = schemas.text(template)
        return (
            Attachment(archive.DATA, data, "Data", schemas.describe("data"), year),
            Attachment(archive.SCHEMA, told, "Supplement", schemas.describe("schema"), year),
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
            self._styles[name] = self._style(self.templates.style(name))
        return self._styles[name]

    def _style(self, source: str) -> CSS:
        return CSS(string=source, url_fetcher=self._fetcher, font_config=self._fonts)


@lru_cache(maxsize=4)
def renderer_of(template_folder: Path) -> Renderer:
    """The renderer of a folder, one for all desks of a process: what it has laid out once, it
    fills for each of them. For a folder whose templates stay as they are."""
    return Renderer(template_folder)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Without the garbage collector, which would go through the half-made paper again and
    again and find nothing to collect."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _ready(_document: Document, pdf: Any) -> None:
    """What the typesetter asks for before it writes its file down: our ways to do so."""
    written.scope_heads(pdf)
    pdf.write = partial(written.write, pdf)


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
