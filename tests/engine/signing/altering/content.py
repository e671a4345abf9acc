"""Editors appended after the seal that change what is shown, said or run."""

from __future__ import annotations

from collections.abc import Callable

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    IndirectObject,
    NumberObject,
    TextStringObject,
)
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from tests.engine.signing.altering.editing import (
    Change,
    Editor,
    appended,
    dictionary,
    name,
    page_of,
    rectangle,
    stream,
)
from tests.engine.signing.altering.originals import decision
from tests.engine.signing.altering.registry import attack

FALSE_WORDS = (
    b"q 1 1 1 rg 80 400 440 40 re f 0 0 1 rg BT /F1 14 Tf 90 412 Td (HET HIEU LUC) Tj ET Q"
)


def _after_the_seal(name: str, reason: str) -> Callable[[Change], Change]:
    """Enters a change of the genuine paper, appended as one editor."""

    def entered(change: Change) -> Change:
        def make() -> bytes:
            return appended(decision().issued, change)

        make.__doc__ = change.__doc__
        attack(name, reason)(make)
        return change

    return entered


def drawing(editor: Editor, content: bytes, *box: float) -> IndirectObject:
    """A form XObject with a plain font."""
    helvetica = dictionary(Type=name("/Font"), Subtype=name("/Type1"), BaseFont=name("/Helvetica"))
    fonts = dictionary(Font=dictionary(F1=helvetica))
    return stream(
        editor,
        content,
        Type=name("/XObject"),
        Subtype=name("/Form"),
        BBox=rectangle(*box),
        Resources=fonts,
    )


def note(editor: Editor, subtype: str = "/FreeText", page: int = 0) -> None:
    """A note over the paper's text, drawn as its author likes."""
    place = (80, 400, 520, 440)
    appearance = dictionary(N=drawing(editor, FALSE_WORDS, *place))
    annotation = dictionary(
        Type=name("/Annot"),
        Subtype=name(subtype),
        Rect=rectangle(*place),
        F=NumberObject(4),
        Contents=TextStringObject("Hết hiệu lực"),
        AP=appearance,
    )
    owner = page_of(editor, page)
    annotations = ArrayObject([*owner.get("/Annots", ()), editor.add_object(annotation)])
    owner[name("/Annots")] = annotations
    editor.update_container(owner)


@_after_the_seal("page-added", "page_added")
def _page_added(editor: Editor) -> None:
    """A page more, with words of the attacker's own."""
    pages = editor.root["/Pages"]
    made = dictionary(
        Type=name("/Page"),
        Parent=editor.root.raw_get("/Pages"),
        MediaBox=rectangle(0, 0, 595, 842),
        Resources=dictionary(),
        Contents=stream(editor, b"1 0 0 rg 100 400 300 200 re f"),
    )
    pages["/Kids"].append(editor.add_object(made))
    pages[name("/Count")] = NumberObject(len(pages["/Kids"]))
    editor.update_container(pages)


@_after_the_seal("page-removed", "page_removed")
def _page_removed(editor: Editor) -> None:
    """The second page is gone."""
    pages = editor.root["/Pages"]
    pages[name("/Kids")] = ArrayObject(list(pages["/Kids"])[:1])
    pages[name("/Count")] = NumberObject(1)
    editor.update_container(pages)


@_after_the_seal("page-replaced", "page_changed")
def _page_replaced(editor: Editor) -> None:
    """Another page in the place of the second, the first still bearing the seal."""
    pages = editor.root["/Pages"]
    replaced = DictionaryObject(page_of(editor, 1))
    replaced[name("/Contents")] = stream(editor, b"0 g 100 400 200 100 re f")
    kids = list(pages["/Kids"])
    kids[1] = editor.add_object(replaced)
    pages[name("/Kids")] = ArrayObject(kids)
    editor.update_container(pages)


@_after_the_seal("pages-swapped", "page_changed")
def _pages_swapped(editor: Editor) -> None:
    """The pages in another order."""
    pages = editor.root["/Pages"]
    pages[name("/Kids")] = ArrayObject(reversed(list(pages["/Kids"])))
    editor.update_container(pages)


@_after_the_seal("page-cropped", "page_changed")
def _page_cropped(editor: Editor) -> None:
    """The lower half of the first page, with signature and seal, out of sight."""
    page = page_of(editor)
    page[name("/CropBox")] = rectangle(0, 421, 595, 842)
    editor.update_container(page)


@_after_the_seal("text-changed-by-revision", "page_changed")
def _text_changed(editor: Editor) -> None:
    """The first page's content exchanged for another."""
    page = page_of(editor)
    page[name("/Contents")] = stream(editor, FALSE_WORDS)
    editor.update_container(page)


@_after_the_seal("contents-appended", "page_changed")
def _contents_appended(editor: Editor) -> None:
    """The page's own content, and a second stream that paints over it."""
    page = page_of(editor)
    over = stream(editor, b"1 1 1 rg 80 400 440 200 re f")
    page[name("/Contents")] = ArrayObject([page.raw_get("/Contents"), over])
    editor.update_container(page)


@_after_the_seal("annotation-after-seal", "annotation_added")
def _annotation(editor: Editor) -> None:
    """A note stuck over the text."""
    note(editor)


@_after_the_seal("stamp-after-seal", "annotation_added")
def _stamp(editor: Editor) -> None:
    """A rubber stamp over the text, as reviewers' programs offer it."""
    note(editor, "/Stamp")


@_after_the_seal("annotation-redacts", "annotation_added")
def _redaction(editor: Editor) -> None:
    """A redaction mark on the second page, where no signature is."""
    note(editor, "/Redact", page=1)


@_after_the_seal("form-number-changed", "form_changed")
def _number(editor: Editor) -> None:
    """Another number in the number's own field."""
    editor.fill("number", "99/QĐ-UBND")


@_after_the_seal("form-date-changed", "form_changed")
def _date(editor: Editor) -> None:
    """Another day in the date's own field."""
    editor.fill("date", "ngày 01 tháng 01 năm 2020")


@_after_the_seal("strip-of-another-paper", "form_changed")
def _strip(editor: Editor) -> None:
    """The code printed on another paper, drawn into the strip of this one."""
    editor.draw("strip", 240, 30, b"0 g 0 0 30 30 re f")


@_after_the_seal("seal-redrawn", "form_changed")
def _seal_redrawn(editor: Editor) -> None:
    """Another picture of a seal over the signature that is still the agency's."""
    editor.draw("seal", 100, 100, b"1 0 0 RG 5 5 90 90 re S")


@_after_the_seal("seal-moved", "form_changed")
def _seal_moved(editor: Editor) -> None:
    """The seal shown elsewhere on the page, and as large as the page."""
    field = editor.field("seal")
    field[name("/Rect")] = rectangle(0, 0, 595, 842)
    editor.update_container(field)


@_after_the_seal("field-added", "form_changed")
def _field_added(editor: Editor) -> None:
    """One more signature field, for whoever comes next."""
    append_signature_field(editor, SigFieldSpec("witness", box=(10, 10, 60, 60)))


@_after_the_seal("need-appearances", "form_changed")
def _need_appearances(editor: Editor) -> None:
    """Readers are told to draw all fields anew, from their values, as they like."""
    editor.form[name("/NeedAppearances")] = BooleanObject(True)
    editor.update_container(editor.form)


@_after_the_seal("xfa-form", "form_changed")
def _xfa(editor: Editor) -> None:
    """A second form in another language, which some readers show instead of the paper."""
    packet = b'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template/></xdp:xdp>'
    editor.form[name("/XFA")] = stream(editor, packet)
    editor.update_container(editor.form)


@_after_the_seal("script-on-opening", "script_added")
def _script(editor: Editor) -> None:
    """A script that runs when the paper is opened."""
    action = dictionary(S=name("/JavaScript"), JS=TextStringObject("this.pageNum = 1;"))
    editor.root[name("/OpenAction")] = editor.add_object(action)
    editor.update_root()


@_after_the_seal("script-on-page", "script_added")
def _page_script(editor: Editor) -> None:
    """An address that is called when the page is shown."""
    action = dictionary(S=name("/URI"), URI=TextStringObject("http://example.org/"))
    page = page_of(editor)
    page[name("/AA")] = dictionary(O=action)
    editor.update_container(page)


@_after_the_seal("layer-toggled", "layers_changed")
def _layer(editor: Editor) -> None:
    """The content of a page put into a layer that is switched off."""
    group = editor.add_object(dictionary(Type=name("/OCG"), Name=TextStringObject("text")))
    off = ArrayObject([group])
    editor.root[name("/OCProperties")] = dictionary(
        OCGs=ArrayObject([group]), D=dictionary(OFF=off, Order=off)
    )
    editor.update_root()
    page = page_of(editor)
    resources = page["/Resources"]
    resources[name("/Properties")] = dictionary(L0=group)
    editor.update_container(resources)
    before, after = stream(editor, b"/OC /L0 BDC "), stream(editor, b" EMC")
    page[name("/Contents")] = ArrayObject([before, page.raw_get("/Contents"), after])
    editor.update_container(page)


@_after_the_seal("metadata-changed", "metadata_changed")
def _metadata(editor: Editor) -> None:
    """Another title and author in the paper's description of itself."""
    packet = b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"/><?xpacket end="w"?>'
    editor.root[name("/Metadata")] = stream(
        editor, packet, Type=name("/Metadata"), Subtype=name("/XML")
    )
    editor.update_root()


@_after_the_seal("attachment-changed", "attachment_changed")
def _attachment(editor: Editor) -> None:
    """A data file of the attacker's in the place of what the paper carries along."""
    body = stream(editor, b'{"number": "99"}', Type=name("/EmbeddedFile"))
    spec = dictionary(
        Type=name("/Filespec"),
        F=TextStringObject("paper.json"),
        UF=TextStringObject("paper.json"),
        AFRelationship=name("/Data"),
        EF=dictionary(F=body),
    )
    file = editor.add_object(spec)
    listed = ArrayObject([TextStringObject("paper.json"), file])
    names = DictionaryObject(editor.root.get("/Names", {}))
    names[name("/EmbeddedFiles")] = dictionary(Names=listed)
    editor.root[name("/Names")] = names
    editor.root[name("/AF")] = ArrayObject([file])
    editor.update_root()


@_after_the_seal("evidence-changed", "evidence_changed")
def _evidence(editor: Editor) -> None:
    """A store of certificates for later checks, filled by a stranger."""
    junk = stream(editor, b"no certificate")
    editor.root[name("/DSS")] = dictionary(Certs=ArrayObject([junk]))
    editor.update_root()


def _fonts(editor: Editor) -> DictionaryObject:
    fonts: DictionaryObject = page_of(editor)["/Resources"]["/Font"]
    return fonts


@_after_the_seal("font-letters-renamed", "font_changed")
def _letters_renamed(editor: Editor) -> None:
    """The same picture, but another text for whoever searches, copies or listens to it."""
    font = next(iter(_fonts(editor).values())).get_object()
    table = font["/ToUnicode"].data
    font[name("/ToUnicode")] = stream(editor, table.replace(b"0030", b"0039", 1) + b"\n")
    editor.update_container(font)


@_after_the_seal("font-letters-swapped", "font_changed")
def _letters_swapped(editor: Editor) -> None:
    """The codes lead to other glyphs of the embedded font: the same words look different."""
    font = next(iter(_fonts(editor).values())).get_object()
    inner = font["/DescendantFonts"][0].get_object()
    shifted = b"".join(n.to_bytes(2, "big") for n in [0, *range(2, 200), 1])
    inner[name("/CIDToGIDMap")] = stream(editor, shifted)
    editor.update_container(inner)


@_after_the_seal("language-changed", "metadata_changed")
def _language(editor: Editor) -> None:
    """The paper says it is written in another language."""
    editor.root[name("/Lang")] = TextStringObject("en")
    editor.update_root()
