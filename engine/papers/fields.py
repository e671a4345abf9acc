"""The places of a paper that are filled after its first bytes exist.

Number, date, signatures and strip are form fields from the start, so that each later act is
an incremental update which the signature before it permits (ISO 32000-1, 12.8.2.2: form
filling). Every widget has an appearance, prints, is tagged, and its font lies in the file
(ISO 19005-3, 6.2.11 and 6.4.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from engine.papers import formfont
from engine.papers.formfont import RESOURCE, FormFace

TEXT, SIGNATURE = "text", "signature"

_PRINT = 4
_READ_ONLY, _MULTILINE = 1, 1 << 12
_SMALLEST = 10.0

Rect = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """A field as the layout left it: ``rect`` in points from the page's lower left."""

    name: str
    kind: str
    page: int
    rect: Rect
    face: str
    size: float
    align: int
    tooltip: str


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field as found in a file. ``font`` is its resource name in the form (``/Tinos``),
    ``face`` the glyphs behind it; a field that is not written in text has neither."""

    name: str
    kind: str
    page: int
    rect: Rect
    font: str
    size: float
    align: int
    tooltip: str
    face: FormFace | None

    @property
    def width(self) -> float:
        return self.rect[2] - self.rect[0]

    @property
    def height(self) -> float:
        return self.rect[3] - self.rect[1]


class DoesNotFit(ValueError):
    """A text too long for its field even at the smallest size."""


def finish(
    laid_out: bytes, places: Sequence[Place], complete: Callable[[Pdf], None] | None = None
) -> bytes:
    """The paper with its fields, and whatever ``complete`` adds; the same input gives the
    same bytes."""
    with Pdf.open(BytesIO(laid_out)) as pdf:
        if Name.Names in pdf.Root and Name.Dests in pdf.Root.Names:
            del pdf.Root.Names[Name.Dests]  # they only served to find the places
        if places:
            _add_form(pdf, places)
        if complete:
            complete(pdf)
        out = BytesIO()
        pdf.save(
            out,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
    return out.getvalue()


def _add_form(pdf: Pdf, places: Sequence[Place]) -> None:
    styles = dict.fromkeys(place.face for place in places if place.face)
    resources = Dictionary()
    for style in styles:
        resources[RESOURCE[style]] = formfont.embed(pdf, style)
    widgets = [_widget(pdf, place) for place in places]
    for place, widget in zip(places, widgets, strict=True):
        page = pdf.pages[place.page].obj
        if Name.Annots not in page:
            page.Annots = Array()
        page.Annots.append(widget)
    _tag(pdf, widgets)
    pdf.Root.AcroForm = pdf.make_indirect(
        Dictionary(Fields=Array(widgets), DR=Dictionary(Font=resources))
    )


def _widget(pdf: Pdf, place: Place) -> pikepdf.Object:
    left, bottom, right, top = place.rect
    empty = pdf.make_stream(
        b"",
        Type=Name.XObject,
        Subtype=Name.Form,
        BBox=Array([0, 0, round(right - left, 2), round(top - bottom, 2)]),
        Resources=Dictionary(),
    )
    widget = Dictionary(
        Type=Name.Annot,
        Subtype=Name.Widget,
        FT=Name.Sig if place.kind == SIGNATURE else Name.Tx,
        T=place.name,
        TU=place.tooltip,
        Rect=Array(list(place.rect)),
        P=pdf.pages[place.page].obj,
        F=_PRINT,
        AP=Dictionary(N=empty),
    )
    if place.kind == TEXT:
        # Read-only to a reader's hand: only the clerk's act fills these, by the program.
        widget.Ff = _READ_ONLY | (0 if place.face else _MULTILINE)
    if place.face:
        widget.DA = f"{RESOURCE[place.face]} {place.size:g} Tf 0 g"
        widget.Q = place.align
    return pdf.make_indirect(widget)


def _tag(pdf: Pdf, widgets: Sequence[pikepdf.Object]) -> None:
    """Makes each placeholder in the structure tree the form element of its widget."""
    tree = pdf.Root.StructTreeRoot
    placeholders = list(_placeholders(tree.K[0]))
    next_key = len(pdf.pages)
    for element, widget in zip(placeholders, widgets, strict=True):
        element.S = Name.Form
        # Not in an array: pyHanko permits filling a field only where the tree's path to it
        # ends in K, Obj.
        element.K = Dictionary(Type=Name.OBJR, Obj=widget, Pg=widget.P)
        widget.StructParent = next_key
        tree.ParentTree.Nums.append(next_key)
        tree.ParentTree.Nums.append(element)
        next_key += 1
    tree.ParentTreeNextKey = next_key


def _placeholders(element: pikepdf.Object) -> Iterator[pikepdf.Object]:
    # WeasyPrint tags <a> as Link; papers have no other <a> than the places of fields, and none
    # in a table, which may be long.
    kind = element.get(Name.S)
    if kind == Name.Link:
        yield element
    if kind in (Name.Link, Name.Table):
        return
    for kid in element.get(Name.K, []):
        if isinstance(kid, Dictionary):
            yield from _placeholders(kid)


def field_specs(pdf_bytes: bytes) -> Mapping[str, FieldSpec]:
    """The fields of a paper by name, from its bytes alone; empty if it has none.

    Raises ``pikepdf.PdfError`` for what is not a PDF.
    """
    with Pdf.open(BytesIO(pdf_bytes)) as pdf:
        return specs_of(pdf)


def specs_of(pdf: Pdf) -> Mapping[str, FieldSpec]:
    """The same of a file that is open already."""
    form = pdf.Root.get(Name.AcroForm)
    if form is None:
        return {}
    fonts = form.DR.Font if Name.DR in form else Dictionary()
    faces = {name: formfont.read(fonts[name]) for name in fonts.keys()}  # noqa: SIM118
    pages = {page.obj.objgen: number for number, page in enumerate(pdf.pages)}
    specs = [_spec(field, pages[field.P.objgen], faces) for field in form.Fields]
    return {spec.name: spec for spec in specs}


def read_fields(pdf: Pdf) -> Mapping[str, str]:
    """What is written in the text fields of a file that were filled, by name."""
    form = pdf.Root.get(Name.AcroForm)
    return _filled(form.Fields if form is not None else ())


def read_on_pages(pdf: Pdf) -> Mapping[str, str]:
    """The same of the fields that stand on the pages, also where no form names them: whoever
    takes pages out of a file leaves the form behind."""
    return _filled(one for page in pdf.pages for one in page.get(Name.Annots, ()))


def _filled(fields: Iterable[pikepdf.Object]) -> Mapping[str, str]:
    return {
        str(one.T): str(one.V)
        for one in fields
        if one.get(Name.FT) == Name.Tx and Name.V in one and Name.T in one
    }


def _spec(field: pikepdf.Object, page: int, faces: Mapping[str, FormFace]) -> FieldSpec:
    font, size = "", 0.0
    if Name.DA in field:
        font, shown, *_ = str(field.DA).split()
        size = float(shown)
    left, bottom, right, top = (float(corner) for corner in field.Rect)
    return FieldSpec(
        name=str(field.T),
        kind=str(field.FT).removeprefix("/"),
        page=page,
        rect=(left, bottom, right, top),
        font=font,
        size=size,
        align=int(field.get(Name.Q, 0)),
        tooltip=str(field.get(Name.TU, "")),
        face=faces.get(font),
    )


def appearance(spec: FieldSpec, text: str) -> bytes:
    """The content stream that shows a text in its field, to lie in a form XObject whose
    ``BBox`` is ``[0 0 width height]`` and whose resources hold the form's own font.

    A text too wide is set smaller, down to 10 points. Raises ``LetterMissing``,
    ``DoesNotFit``.
    """
    if spec.face is None:
        raise ValueError(f"the field {spec.name} is not written in text")
    wide = spec.face.width(text) / 1000
    size = spec.size if wide * spec.size <= spec.width else spec.width / (wide or 1)
    if size < _SMALLEST:
        raise DoesNotFit(f"{text!r} does not fit into the field {spec.name}")
    left = (spec.width - wide * size) * spec.align / 2
    body = (spec.face.ascent - spec.face.descent) / 1000 * spec.size
    baseline = (spec.height - body) / 2 - spec.face.descent / 1000 * spec.size
    shown = spec.face.encode(text)
    return (
        f"/Tx BMC\nq\nBT\n0 g\n{spec.font} {size:.4g} Tf\n"
        f"{left:.2f} {baseline:.2f} Td\n{shown} Tj\nET\nQ\nEMC\n"
    ).encode("ascii")
