"""Fields in the first bytes: named, tagged, with a font for every Vietnamese letter."""

from __future__ import annotations

import re
import subprocess
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name

from engine.papers import fonts
from engine.papers.fields import DoesNotFit, FieldSpec, appearance, field_specs
from engine.papers.formfont import LetterMissing
from engine.papers.letters import FIELD_LETTERS, VIETNAMESE
from engine.papers.render import Renderer

FIELD = (
    '<a class="field" id="{name}" data-kind="{kind}" data-face="{face}" data-size="13"'
    ' title="{name}" style="width: 60mm; height: 1.107em"></a>'
)
PAGE = (
    '<html lang="vi"><head><title>Form</title></head><body><p>before '
    + FIELD.format(name="number", kind="text", face="regular")
    + " between "
    + FIELD.format(name="date", kind="text", face="italic")
    + "</p><p>after "
    + FIELD.format(name="signature", kind="signature", face="")
    + FIELD.format(name="strip", kind="text", face="")
    + "</p></body></html>"
)


@pytest.fixture(scope="module")
def form(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("papers")
    (folder / "form.html").write_text(PAGE)
    (folder / "form.css").write_text(
        f'html {{ font: 13pt "{fonts.FAMILY}" }}.field {{ display: inline-block }}'
    )
    return Renderer(folder).render("form", {})


@pytest.fixture(scope="module")
def number(form: bytes) -> FieldSpec:
    return field_specs(form)["number"]


def test_a_paper_without_fields_has_no_form(tmp_path: Path) -> None:
    (tmp_path / "plain.html").write_text(
        '<html lang="vi"><head><title>x</title></head><body>x</body></html>'
    )
    (tmp_path / "plain.css").write_text("")
    assert field_specs(Renderer(tmp_path).render("plain", {})) == {}


def test_fields_are_found_in_the_bytes_alone(form: bytes) -> None:
    specs = field_specs(form)
    assert [(s.name, s.kind, s.font, s.size) for s in specs.values()] == [
        ("number", "Tx", "/Tinos", 13.0),
        ("date", "Tx", "/TinosItalic", 13.0),
        ("signature", "Sig", "", 0.0),
        ("strip", "Tx", "", 0.0),
    ]
    with pytest.raises(pikepdf.PdfError):
        field_specs(b"no paper")


def test_widgets_print_have_an_appearance_and_no_value(form: bytes) -> None:
    with pikepdf.open(BytesIO(form)) as pdf:
        acro = pdf.Root.AcroForm
        assert Name.NeedAppearances not in acro
        assert list(pdf.pages[0].Annots) == list(acro.Fields)
        for field in acro.Fields:
            assert field.F == 4
            assert Name.V not in field
            box = [float(n) for n in field.AP.N.BBox]
            left, bottom, right, top = (float(n) for n in field.Rect)
            assert box == pytest.approx([0, 0, right - left, top - bottom], abs=0.01)
            assert field.AP.N.read_bytes() == b""
            # A reader may not type into them; only the clerk's act fills them.
            assert int(field.get(Name.Ff, 0)) & 1 == (Name.Tx == field.FT)


def test_each_widget_is_tagged_where_it_stands(form: bytes) -> None:
    """In the order of reading: text, its field, the next text, its field."""
    with pikepdf.open(BytesIO(form)) as pdf:
        tree = pdf.Root.StructTreeRoot
        nums = list(tree.ParentTree.Nums)
        parents = {int(nums[n]): nums[n + 1] for n in range(0, len(nums), 2)}
        order: list[str] = []

        def walk(element: pikepdf.Object) -> None:
            kids = element.get(Name.K, Array())
            for kid in kids if isinstance(kids, Array) else [kids]:
                if not isinstance(kid, Dictionary):
                    order.append("text")
                elif kid.get(Name.Type) == Name.OBJR:
                    order.append(str(kid.Obj.T))
                    assert str(element.S) == "/Form"
                    assert parents[int(kid.Obj.StructParent)].objgen == element.objgen
                else:
                    walk(kid)

        walk(tree.K[0])
        assert tree.ParentTreeNextKey == max(parents) + 1
    assert order == ["text", "number", "text", "date", "text", "signature", "strip"]


@pytest.mark.parametrize("name", ["number", "date"])
def test_the_forms_font_shows_every_letter(form: bytes, name: str) -> None:
    face = field_specs(form)[name].face
    assert face is not None
    style = {"number": "regular", "date": "italic"}[name]
    with pikepdf.open(BytesIO(form)) as pdf:
        font = pdf.Root.AcroForm.DR.Font[field_specs(form)[name].font]
        assert (font.Subtype, font.Encoding) == (Name.Type0, Name("/Identity-H"))
        data = font.DescendantFonts[0].FontDescriptor.FontFile2.read_bytes()
    program = TTFont(BytesIO(data))
    order = program.getGlyphOrder()
    for letter in FIELD_LETTERS:
        glyph = face.glyphs[letter]
        assert glyph != 0, letter
        if not letter.isspace():
            assert program["glyf"][order[glyph]].numberOfContours != 0, letter
        wide = fonts.width(letter, style, 1000)
        assert face.widths[glyph] == pytest.approx(wide, abs=0.51), letter
    assert len({face.glyphs[letter] for letter in VIETNAMESE}) == 134


def test_a_text_is_written_in_its_place(number: FieldSpec) -> None:
    content = appearance(number, "15/QĐ-UBND").decode()
    assert content.startswith("/Tx BMC\nq\nBT\n")
    assert content.endswith("ET\nQ\nEMC\n")
    assert "/Tinos 13 Tf" in content
    found = re.search(r"([\d.]+) ([\d.]+) Td\n<([0-9A-F]+)> Tj", content)
    assert found is not None
    assert float(found[1]) == 0
    assert float(found[2]) == pytest.approx(0.216 * 13, abs=0.1)
    assert number.face is not None
    letters = {glyph: letter for letter, glyph in number.face.glyphs.items()}
    codes = [int(found[3][n : n + 4], 16) for n in range(0, len(found[3]), 4)]
    assert "".join(letters[code] for code in codes) == "15/QĐ-UBND"


def test_a_wide_text_is_set_smaller_and_a_wider_one_refused(number: FieldSpec) -> None:
    def size(text: str) -> float:
        found = re.search(rb"/Tinos ([\d.]+) Tf", appearance(number, text))
        assert found is not None
        return float(found[1])

    text = "1234567890/QĐ-UBND"
    assert size(text) == 13
    assert 10 <= size(text + "-VHXH-KT") < 13
    with pytest.raises(DoesNotFit, match="number"):
        appearance(number, text * 3)


def test_a_letter_without_a_glyph_is_refused_and_named(number: FieldSpec) -> None:
    with pytest.raises(LetterMissing, match=r"U\+6F22") as caught:
        appearance(number, "15/漢")
    assert caught.value.letter == "漢"


def test_a_field_without_a_font_takes_no_text(form: bytes) -> None:
    with pytest.raises(ValueError, match="signature is not written in text"):
        appearance(field_specs(form)["signature"], "x")


@pytest.mark.parametrize("name", ["number", "date"])
def test_what_is_filled_in_is_read_back_letter_by_letter(
    form: bytes, tmp_path: Path, name: str
) -> None:
    spec = field_specs(form)[name]
    for start in range(0, len(VIETNAMESE), 15):
        text = VIETNAMESE[start : start + 15]
        with pikepdf.open(BytesIO(form)) as pdf:
            form_fonts = pdf.Root.AcroForm.DR.Font
            (field,) = [f for f in pdf.Root.AcroForm.Fields if name == f.T]
            field.AP.N = pdf.make_stream(
                appearance(spec, text),
                Type=Name.XObject,
                Subtype=Name.Form,
                BBox=Array([0, 0, spec.width, spec.height]),
                Resources=Dictionary(Font=Dictionary({spec.font: form_fonts[spec.font]})),
            )
            pdf.save(tmp_path / "filled.pdf")
        read = subprocess.run(
            ["pdftotext", "-raw", str(tmp_path / "filled.pdf"), "-"],
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        assert text in read
