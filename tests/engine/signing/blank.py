"""A blank paper with the fields of a real one, built without laying anything out."""

from __future__ import annotations

from functools import cache
from io import BytesIO

import pikepdf
from pikepdf import Array, Dictionary, Name, ObjectStreamMode, Pdf

from engine.papers import formfont

#: name: place, style of its text, alignment
FIELDS = {
    "number": ((120, 752, 230, 768), "/Tinos 13 Tf 0 g", 0),
    "date": ((330, 726, 540, 742), "/TinosItalic 13 Tf 0 g", 1),
    "signature": ((330, 200, 480, 270), "", 0),
    "seal": ((278, 184, 380, 286), "", 0),
    "strip": ((57, 66, 300, 96), "/Tinos 10 Tf 0 g", 0),
}
FACES = {"/Tinos": "regular", "/TinosItalic": "italic"}


@cache
def blank(*, without: str = "", number_width: int = 110, compact: bool = True) -> bytes:
    """One A4 page. ``without`` leaves out one field, or "fields", or "fonts"; ``compact``
    uses object and cross-reference streams, as papers do."""
    pdf = Pdf.new()
    page = pdf.add_blank_page(page_size=(595, 842))
    page.Contents = pdf.make_stream(b"0.8 g 57 60 480 0.5 re f 57 710 480 0.5 re f")
    page.Annots = pdf.make_indirect(Array())
    faces = {name: formfont.embed(pdf, style) for name, style in FACES.items()}
    for name, (rect, style, align) in FIELDS.items():
        if without not in (name, "fields"):
            place = (*rect[:2], rect[0] + number_width, rect[3]) if name == "number" else rect
            page.Annots.append(_widget(pdf, name, place, style, align))
    if without == "fonts":
        faces = {}
    if without != "fields":
        pdf.Root.AcroForm = pdf.make_indirect(
            Dictionary(Fields=Array(page.Annots), DR=Dictionary(Font=Dictionary(faces)))
        )
    out = BytesIO()
    mode = ObjectStreamMode.generate if compact else ObjectStreamMode.disable
    pdf.save(out, deterministic_id=True, object_stream_mode=mode)
    return out.getvalue()


def _widget(pdf: Pdf, name: str, place: tuple[int, ...], style: str, align: int) -> pikepdf.Object:
    box = Array([0, 0, place[2] - place[0], place[3] - place[1]])
    empty = pdf.make_stream(b"", Type=Name.XObject, Subtype=Name.Form, BBox=box)
    widget = Dictionary(
        Type=Name.Annot,
        Subtype=Name.Widget,
        FT=Name.Tx if style else Name.Sig,
        T=name,
        F=4,
        P=pdf.pages[0].obj,
        Rect=Array(list(place)),
        AP=Dictionary(N=empty),
    )
    if style:
        widget.DA, widget.Q, widget.Ff = style, align, 1
    return pdf.make_indirect(widget)
