"""Revisions appended after the seal that change what is shown, said or run."""

from __future__ import annotations

from collections.abc import Callable

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    NumberObject,
    PdfObject,
    StreamObject,
    TextStringObject,
    pdf_name,
)
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from engine.signing.drawing import Box
from engine.signing.revision import Revision
from tests.engine.signing.altering.originals import appended, decision
from tests.engine.signing.altering.registry import attack

Change = Callable[[Revision], object]

FALSE_WORDS = (
    b"q 1 1 1 rg 80 400 440 40 re f 0 0 1 rg BT /F1 14 Tf 90 412 Td (HET HIEU LUC) Tj ET Q"
)


def _after_the_seal(name: str, reason: str) -> Callable[[Change], Change]:
    """Enters a change of the genuine paper, appended as one revision."""

    def entered(change: Change) -> Change:
        def make() -> bytes:
            return appended(decision().issued, change)

        make.__doc__ = change.__doc__
        attack(name, reason)(make)
        return change

    return entered


def name(text: str) -> NameObject:
    return pdf_name(text)


def dictionary(**entries: PdfObject) -> DictionaryObject:
    return DictionaryObject({name(f"/{key}"): value for key, value in entries.items()})


def rectangle(*numbers: float) -> ArrayObject:
    return ArrayObject([FloatObject(str(number)) for number in numbers])


def page_of(revision: Revision, index: int = 0) -> DictionaryObject:
    found: DictionaryObject = revision.root["/Pages"]["/Kids"][index]
    return found


def stream(revision: Revision, content: bytes, **entries: PdfObject) -> IndirectObject:
    """A new stream of the file."""
    return revision.add_object(StreamObject(dictionary(**entries), stream_data=content))


def drawing(revision: Revision, content: bytes, *box: float) -> IndirectObject:
    """A form XObject with a plain font."""
    helvetica = dictionary(Type=name("/Font"), Subtype=name("/Type1"), BaseFont=name("/Helvetica"))
    fonts = dictionary(Font=dictionary(F1=helvetica))
    return stream(
        revision,
        content,
        Type=name("/XObject"),
        Subtype=name("/Form"),
        BBox=rectangle(*box),
        Resources=fonts,
    )


def note(revision: Revision, subtype: str = "/FreeText", page: int = 0) -> None:
    """A note over the paper's text, drawn as its author likes."""
    place = (80, 400, 520, 440)
    appearance = dictionary(N=drawing(revision, FALSE_WORDS, *place))
    annotation = dictionary(
        Type=name("/Annot"),
        Subtype=name(subtype),
        Rect=rectangle(*place),
        F=NumberObject(4),
        Contents=TextStringObject("Hết hiệu lực"),
        AP=appearance,
    )
    owner = page_of(revision, page)
    annotations = ArrayObject([*owner.get("/Annots", ()), revision.add_object(annotation)])
    owner[name("/Annots")] = annotations
    revision.update_container(owner)


@_after_the_seal("page-added", "page_added")
def _page_added(revision: Revision) -> None:
    """A page more, with words of the attacker's own."""
    pages = revision.root["/Pages"]
    made = dictionary(
        Type=name("/Page"),
        Parent=revision.root.raw_get("/Pages"),
        MediaBox=rectangle(0, 0, 595, 842),
        Resources=dictionary(),
        Contents=stream(revision, b"1 0 0 rg 100 400 300 200 re f"),
    )
    pages["/Kids"].append(revision.add_object(made))
    pages[name("/Count")] = NumberObject(len(pages["/Kids"]))
    revision.update_container(pages)


@_after_the_seal("page-removed", "page_removed")
def _page_removed(revision: Revision) -> None:
    """The second page is gone."""
    pages = revision.root["/Pages"]
    pages[name("/Kids")] = ArrayObject(list(pages["/Kids"])[:1])
    pages[name("/Count")] = NumberObject(1)
    revision.update_container(pages)


@_after_the_seal("page-replaced", "page_changed")
def _page_replaced(revision: Revision) -> None:
    """Another page in the place of the second, the first still bearing the seal."""
    pages = revision.root["/Pages"]
    replaced = DictionaryObject(page_of(revision, 1))
    replaced[name("/Contents")] = stream(revision, b"0 g 100 400 200 100 re f")
    kids = list(pages["/Kids"])
    kids[1] = revision.add_object(replaced)
    pages[name("/Kids")] = ArrayObject(kids)
    revision.update_container(pages)


@_after_the_seal("pages-swapped", "page_changed")
def _pages_swapped(revision: Revision) -> None:
    """The pages in another order."""
    pages = revision.root["/Pages"]
    pages[name("/Kids")] = ArrayObject(reversed(list(pages["/Kids"])))
    revision.update_container(pages)


@_after_the_seal("page-cropped", "page_changed")
def _page_cropped(revision: Revision) -> None:
    """The lower half of the first page, with signature and seal, out of sight."""
    page = page_of(revision)
    page[name("/CropBox")] = rectangle(0, 421, 595, 842)
    revision.update_container(page)


@_after_the_seal("text-changed-by-revision", "page_changed")
def _text_changed(revision: Revision) -> None:
    """The first page's content exchanged for another."""
    page = page_of(revision)
    page[name("/Contents")] = stream(revision, FALSE_WORDS)
    revision.update_container(page)


@_after_the_seal("contents-appended", "page_changed")
def _contents_appended(revision: Revision) -> None:
    """The page's own content, and a second stream that paints over it."""
    page = page_of(revision)
    over = stream(revision, b"1 1 1 rg 80 400 440 200 re f")
    page[name("/Contents")] = ArrayObject([page.raw_get("/Contents"), over])
    revision.update_container(page)


@_after_the_seal("annotation-after-seal", "annotation_added")
def _annotation(revision: Revision) -> None:
    """A note stuck over the text."""
    note(revision)


@_after_the_seal("stamp-after-seal", "annotation_added")
def _stamp(revision: Revision) -> None:
    """A rubber stamp over the text, as reviewers' programs offer it."""
    note(revision, "/Stamp")


@_after_the_seal("annotation-redacts", "annotation_added")
def _redaction(revision: Revision) -> None:
    """A redaction mark on the second page, where no signature is."""
    note(revision, "/Redact", page=1)


def fill(revision: Revision, field_name: str, text: str) -> None:
    """Another value in a field, and the picture of it."""
    field = revision.field(field_name)
    field[name("/V")] = TextStringObject(text)
    revision.draw(field_name, Box(200, 14), b"0 g 0 0 90 12 re f", "/Tinos")


@_after_the_seal("form-number-changed", "form_changed")
def _number(revision: Revision) -> None:
    """Another number in the number's own field."""
    fill(revision, "number", "99/QĐ-UBND")


@_after_the_seal("form-date-changed", "form_changed")
def _date(revision: Revision) -> None:
    """Another day in the date's own field."""
    fill(revision, "date", "ngày 01 tháng 01 năm 2020")


@_after_the_seal("strip-of-another-paper", "form_changed")
def _strip(revision: Revision) -> None:
    """The code printed on another paper, drawn into the strip of this one."""
    revision.draw("strip", Box(240, 30), b"0 g 0 0 30 30 re f", "/Tinos")


@_after_the_seal("seal-redrawn", "form_changed")
def _seal_redrawn(revision: Revision) -> None:
    """Another picture of a seal over the signature that is still the agency's."""
    revision.draw("seal", Box(100, 100), b"1 0 0 RG 5 5 90 90 re S", "/Tinos")


@_after_the_seal("seal-moved", "form_changed")
def _seal_moved(revision: Revision) -> None:
    """The seal shown elsewhere on the page, and as large as the page."""
    field = revision.field("seal")
    field[name("/Rect")] = rectangle(0, 0, 595, 842)
    revision.update_container(field)


@_after_the_seal("field-added", "form_changed")
def _field_added(revision: Revision) -> None:
    """One more signature field, for whoever comes next."""
    append_signature_field(revision, SigFieldSpec("witness", box=(10, 10, 60, 60)))


@_after_the_seal("need-appearances", "form_changed")
def _need_appearances(revision: Revision) -> None:
    """Readers are told to draw all fields anew, from their values, as they like."""
    revision.form[name("/NeedAppearances")] = BooleanObject(True)
    revision.update_container(revision.form)


@_after_the_seal("xfa-form", "form_changed")
def _xfa(revision: Revision) -> None:
    """A second form in another language, which some readers show instead of the paper."""
    packet = b'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template/></xdp:xdp>'
    revision.form[name("/XFA")] = stream(revision, packet)
    revision.update_container(revision.form)


@_after_the_seal("script-on-opening", "script_added")
def _script(revision: Revision) -> None:
    """A script that runs when the paper is opened."""
    action = dictionary(S=name("/JavaScript"), JS=TextStringObject("this.pageNum = 1;"))
    revision.root[name("/OpenAction")] = revision.add_object(action)
    revision.update_root()


@_after_the_seal("script-on-page", "script_added")
def _page_script(revision: Revision) -> None:
    """An address that is called when the page is shown."""
    action = dictionary(S=name("/URI"), URI=TextStringObject("http://example.org/"))
    page = page_of(revision)
    page[name("/AA")] = dictionary(O=action)
    revision.update_container(page)


@_after_the_seal("layer-toggled", "layers_changed")
def _layer(revision: Revision) -> None:
    """The content of a page put into a layer that is switched off."""
    group = revision.add_object(dictionary(Type=name("/OCG"), Name=TextStringObject("text")))
    off = ArrayObject([group])
    revision.root[name("/OCProperties")] = dictionary(
        OCGs=ArrayObject([group]), D=dictionary(OFF=off, Order=off)
    )
    revision.update_root()
    page = page_of(revision)
    resources = page["/Resources"]
    resources[name("/Properties")] = dictionary(L0=group)
    revision.update_container(resources)
    before, after = stream(revision, b"/OC /L0 BDC "), stream(revision, b" EMC")
    page[name("/Contents")] = ArrayObject([before, page.raw_get("/Contents"), after])
    revision.update_container(page)


@_after_the_seal("metadata-changed", "metadata_changed")
def _metadata(revision: Revision) -> None:
    """Another title and author in the paper's description of itself."""
    packet = b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"/><?xpacket end="w"?>'
    revision.root[name("/Metadata")] = stream(
        revision, packet, Type=name("/Metadata"), Subtype=name("/XML")
    )
    revision.update_root()


@_after_the_seal("attachment-changed", "attachment_changed")
def _attachment(revision: Revision) -> None:
    """A data file of the attacker's in the place of what the paper carries along."""
    body = stream(revision, b'{"number": "99"}', Type=name("/EmbeddedFile"))
    spec = dictionary(
        Type=name("/Filespec"),
        F=TextStringObject("paper.json"),
        UF=TextStringObject("paper.json"),
        AFRelationship=name("/Data"),
        EF=dictionary(F=body),
    )
    file = revision.add_object(spec)
    listed = ArrayObject([TextStringObject("paper.json"), file])
    names = DictionaryObject(revision.root.get("/Names", {}))
    names[name("/EmbeddedFiles")] = dictionary(Names=listed)
    revision.root[name("/Names")] = names
    revision.root[name("/AF")] = ArrayObject([file])
    revision.update_root()


@_after_the_seal("evidence-changed", "evidence_changed")
def _evidence(revision: Revision) -> None:
    """A store of certificates for later checks, filled by a stranger."""
    junk = stream(revision, b"no certificate")
    revision.root[name("/DSS")] = dictionary(Certs=ArrayObject([junk]))
    revision.update_root()


def _fonts(revision: Revision) -> DictionaryObject:
    fonts: DictionaryObject = page_of(revision)["/Resources"]["/Font"]
    return fonts


@_after_the_seal("font-letters-renamed", "font_changed")
def _letters_renamed(revision: Revision) -> None:
    """The same picture, but another text for whoever searches, copies or listens to it."""
    font = next(iter(_fonts(revision).values())).get_object()
    table = font["/ToUnicode"].data
    font[name("/ToUnicode")] = stream(revision, table.replace(b"0030", b"0039", 1) + b"\n")
    revision.update_container(font)


@_after_the_seal("font-letters-swapped", "font_changed")
def _letters_swapped(revision: Revision) -> None:
    """The codes lead to other glyphs of the embedded font: the same words look different."""
    font = next(iter(_fonts(revision).values())).get_object()
    inner = font["/DescendantFonts"][0].get_object()
    shifted = b"".join(n.to_bytes(2, "big") for n in [0, *range(2, 200), 1])
    inner[name("/CIDToGIDMap")] = stream(revision, shifted)
    revision.update_container(inner)


@_after_the_seal("language-changed", "metadata_changed")
def _language(revision: Revision) -> None:
    """The paper says it is written in another language."""
    revision.root[name("/Lang")] = TextStringObject("en")
    revision.update_root()
