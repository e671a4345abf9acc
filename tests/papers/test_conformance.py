"""Every sample conforms in its first bytes, and the checker that says so sees what does not."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf

from tests.papers.conformance import faults
from tests.papers.conftest import SAMPLES
from tests.papers.reading import Reading

Read = Callable[[str], Reading]
Spoil = Callable[[Pdf], None]


@pytest.mark.parametrize("name", SAMPLES)
def test_the_first_bytes_conform(read: Read, name: str) -> None:
    assert faults(read(name).content) == []


def _first(pdf: Pdf, kind: str) -> pikepdf.Object:
    return next(
        thing
        for thing in pdf.objects
        if isinstance(thing, Dictionary | pikepdf.Stream) and str(thing.get("/S")) == kind
    )


def _xmp(pdf: Pdf, old: bytes, new: bytes) -> None:
    pdf.Root.Metadata.write(pdf.Root.Metadata.read_bytes().replace(old, new))


def _paint(pdf: Pdf, content: bytes) -> None:
    pdf.pages[0].contents_add(content)


def _font(pdf: Pdf) -> None:
    for thing in pdf.objects:
        if isinstance(thing, Dictionary) and "/FontFile2" in thing:
            del thing["/FontFile2"]
            return


def _widths(pdf: Pdf) -> None:
    for thing in pdf.objects:
        if isinstance(thing, Dictionary) and thing.get("/Subtype") == Name.CIDFontType2:
            thing.W[1][0] = 7
            return


def _image(pdf: Pdf) -> None:
    pdf.Root.Extra = pdf.make_stream(b"\0", Subtype=Name.Image, Interpolate=True)


def _rectangle(*corners: int, keep: str = "") -> Spoil:
    """A widget without words, element or look, somewhere; ``keep`` is the one it keeps."""

    def spoil(pdf: Pdf) -> None:
        field = pdf.Root.AcroForm.Fields[0]
        field.Rect = Array(corners)
        for name in {"/TU", "/StructParent", "/AP"} - {keep}:
            del field[name]

    return spoil


SPOILED: dict[str, Spoil] = {
    "UA 7.18.1: number is told": _rectangle(9, 9, 9, 9),
    "UA 7.18.4: number is not": _rectangle(9, 9, 9, 9, keep="/TU"),
    "A 6.3.3: number has": _rectangle(-9, -9, -1, -1),
    "A 6.8": lambda pdf: pdf.Root.__delitem__("/AF"),
    "A 6.8: data.json has no date": lambda pdf: pdf.Root.AF[0].EF.F.Params.__delitem__("/ModDate"),
    "A 6.8: data.json stands": lambda pdf: pdf.Root.AF[0].__setitem__(
        "/AFRelationship", Name.Schema
    ),
    "A 6.4.1: a form": lambda pdf: pdf.Root.AcroForm.__setitem__("/NeedAppearances", True),
    "A 6.3.2": lambda pdf: pdf.Root.AcroForm.Fields[0].__setitem__("/F", 2),
    "A 6.3.3": lambda pdf: pdf.Root.AcroForm.Fields[0].__delitem__("/AP"),
    "UA 7.18.1": lambda pdf: pdf.Root.AcroForm.Fields[0].__delitem__("/TU"),
    "UA 7.18.4": lambda pdf: pdf.Root.AcroForm.Fields[0].__delitem__("/StructParent"),
    "UA 7.18.3": lambda pdf: pdf.pages[0].obj.__delitem__("/Tabs"),
    "A 6.7.4": lambda pdf: pdf.Root.__delitem__("/Lang"),
    "A 6.7.2": lambda pdf: pdf.Root.__delitem__("/StructTreeRoot"),
    "UA 7.5": lambda pdf: _first(pdf, "/TH").A.__delitem__("/Scope"),
    "UA 7.1: the title is not": lambda pdf: pdf.Root.__delitem__("/ViewerPreferences"),
    "A 6.6.4": lambda pdf: _xmp(pdf, b'part="3"', b'part="2"'),
    "A 6.6.4, UA 5: pdfuaid": lambda pdf: _xmp(pdf, b"pdfuaid:part>1", b"pdfuaid:part>0"),
    "A 6.6.2.3": lambda pdf: _xmp(pdf, b"pdfaSchema:namespaceURI", b"pdfaSchema:other"),
    "A 6.6.3": lambda pdf: _xmp(pdf, "Quyết định".encode(), "Thông báo".encode()),
    "A 6.2.3": lambda pdf: pdf.Root.__delitem__("/OutputIntents"),
    "A 6.2.4.3": lambda pdf: _paint(pdf, b"/Artifact BMC 0 0 0 1 k 0 0 9 9 re f EMC"),
    "UA 7.1: page": lambda pdf: _paint(pdf, b"0 g 0 0 9 9 re f"),
    "A 6.1.13": lambda pdf: _paint(pdf, b"q"),
    "A 6.2.11.4": _font,
    "A 6.2.11.5": _widths,
    "A 6.2.8": _image,
    "A 6.5.1": lambda pdf: pdf.Root.__setitem__(
        "/Extra", pdf.make_indirect(Dictionary(S=Name.JavaScript))
    ),
    "A 6.5.2": lambda pdf: pdf.Root.AcroForm.Fields[0].__setitem__("/AA", Dictionary()),
    "A 6.3.1": lambda pdf: pdf.pages[0].Annots.append(Dictionary(Subtype=Name.Text, F=4)),
    "A 6: /OCProperties": lambda pdf: pdf.Root.__setitem__("/OCProperties", Dictionary()),
    "A 6.1.7.1": lambda pdf: pdf.Root.Metadata.__setitem__("/F", pikepdf.String("elsewhere")),
    "A 6.1.12": lambda pdf: pdf.Root.__setitem__("/Perms", Dictionary(Other=Array())),
}


@pytest.mark.parametrize("fault", SPOILED)
def test_the_checker_names_what_is_wrong(read: Read, fault: str) -> None:
    with pikepdf.open(BytesIO(read("commune_decision").content)) as pdf:
        SPOILED[fault](pdf)
        out = BytesIO()
        pdf.save(out, fix_metadata_version=False)
    assert any(told.startswith(fault) for told in faults(out.getvalue())), faults(out.getvalue())
