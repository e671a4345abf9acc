"""Shadow content: files prepared before the leader signs, to change their face afterwards.

Mainka, Mladenov, Rohlmann: Shadow Attacks, NDSS 2021. Whoever prepares the file must get it
past the signer; here the first bytes come from our renderer and are known by their digest,
so that the acts below were done with the real keys past the house.
"""

from __future__ import annotations

from io import BytesIO

from pikepdf import Array, Dictionary, Name, Pdf
from pyhanko.pdf_utils.generic import Reference, StreamObject

from tests.engine.signing.altering.content import FALSE_WORDS
from tests.engine.signing.altering.editing import (
    Editor,
    appended,
    dictionary,
    name,
    page_of,
    rectangle,
)
from tests.engine.signing.altering.originals import issue, rendered
from tests.engine.signing.altering.registry import attack

COVER = b"1 1 1 rg 80 400 440 40 re f"


def _covered() -> bytes:
    """False words under a white sheet: a page content that shows neither."""
    out = BytesIO()
    with Pdf.open(BytesIO(rendered("commune_decision"))) as pdf:
        page = pdf.pages[0]
        sheet = pdf.make_stream(
            COVER, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 595, 842])
        )
        helvetica = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        page.Resources.Font[Name.F1] = helvetica
        page.Resources[Name.XObject] = Dictionary(Sheet=sheet)
        page.contents_add(pdf.make_stream(FALSE_WORDS + b" /Sheet Do"))
        pdf.save(out, deterministic_id=True)
    return out.getvalue()


def _sheet(editor: Editor) -> Reference:
    found: Reference = page_of(editor)["/Resources"]["/XObject"].raw_get("/Sheet").reference
    return found


def _lift(editor: Editor) -> None:
    """Takes the white sheet off."""
    reference = _sheet(editor)
    empty = StreamObject(
        dictionary(Type=name("/XObject"), Subtype=name("/Form"), BBox=rectangle(0, 0, 595, 842)),
        stream_data=b"",
    )
    editor.objects[(reference.generation, reference.idnum)] = empty
    editor._force_write_when_empty = True


@attack("shadow-prepared", "never_issued")
def _prepared() -> bytes:
    """The prepared file, signed and sealed, before it shows its other face."""
    return issue(_covered()).issued


@attack("shadow-hide", "never_issued")
def _hide() -> bytes:
    """Hide: what covered the false words is taken away after the seal."""
    return appended(issue(_covered()).issued, _lift)


@attack("shadow-replace", "never_issued")
def _replace() -> bytes:
    """Replace: the face of a field is exchanged, though its value stays what was signed."""
    content = issue(_covered()).issued
    return appended(
        content,
        lambda editor: editor.draw("number", 90, 14, b"0 g 0 0 80 12 re f"),
    )


@attack("shadow-hide-and-replace", "never_issued")
def _hide_and_replace() -> bytes:
    """Hide and replace: a second page lies unused in the signed bytes, and after the seal a
    new table of objects makes it the page."""
    out = BytesIO()
    with Pdf.open(BytesIO(_covered())) as pdf:
        second = pdf.make_indirect(
            Dictionary(
                Type=Name.Page,
                MediaBox=Array([0, 0, 595, 842]),
                Resources=pdf.pages[0].Resources,
                Contents=pdf.make_stream(FALSE_WORDS),
            )
        )
        pdf.Root[Name("/PieceInfo")] = Dictionary(X=second)  # so that it is written at all
        pdf.save(out, deterministic_id=True)

    def show(editor: Editor) -> None:
        pages = editor.root["/Pages"]
        hidden = editor.root["/PieceInfo"].raw_get("/X")
        kids = pages["/Kids"]
        kids[0] = hidden
        editor.update_container(kids if kids.container_ref != pages.container_ref else pages)

    return appended(issue(out.getvalue()).issued, show)


@attack("shadow-replace-between", "foreign_revision")
def _between() -> bytes:
    """The sheet is taken off after the leader signed, before the clerk seals."""
    return issue(_covered(), between=lambda signed: appended(signed, _lift)).issued
