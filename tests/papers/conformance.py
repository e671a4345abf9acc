"""A conformance checker of our own for PDF/A-3, level A, as far as our papers use the format.

Each rule names its clause of ISO 19005-3 (A) or ISO 14289-1 (UA). It reads the file by pikepdf
alone, knows nothing of how papers are made, and tells every fault it finds. What it does not
look at: glyph outlines, colour values against the profile, JPEG and JPEG 2000 (papers have no
images at all), and whether tags make sense to a reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import pikepdf
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name, Pdf, Stream

Rule = Callable[[Pdf], Iterator[str]]

_XMP = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
    "pdfuaid": "http://www.aiim.org/pdfua/ns/id/",
    "pdfaExtension": "http://www.aiim.org/pdfa/ns/extension/",
    "pdfaSchema": "http://www.aiim.org/pdfa/ns/schema#",
}
_FILTERS = {Name.FlateDecode, Name.ASCIIHexDecode, Name.ASCII85Decode, Name.RunLengthDecode,
            Name.DCTDecode, Name.JPXDecode, Name.CCITTFaxDecode, Name.JBIG2Decode}  # fmt: skip
_OPERATORS = frozenset(
    re.findall(
        r"\S+",
        "b B b* B* BDC BI BMC BT BX c cm CS cs d d0 d1 Do DP EI EMC ET EX f F f* G g gs h i ID j J"
        " K k l m M MP n q Q re RG rg ri s S SC sc SCN scn sh T* Tc Td TD Tf Tj TJ TL Tm Tr Ts Tw"
        " Tz v w W W* y ' \"",
    )
)
_ACTIONS = {Name.Launch, Name.Sound, Name.Movie, Name.ResetForm, Name.ImportData, Name.Hide,
            Name.SetOCGState, Name.Rendition, Name.Trans, Name.JavaScript}  # fmt: skip
_PRINT, _HIDING = 4, 1 | 2 | 32 | 256


def faults(content: bytes) -> list[str]:
    """Every fault of a file, each with its clause; none for a conforming one."""
    found = list(_bytes(content))
    with pikepdf.open(BytesIO(content)) as pdf:
        for rule in RULES:
            found += rule(pdf)
    return found


def _bytes(content: bytes) -> Iterator[str]:
    if not re.match(rb"%PDF-1\.[0-7]\r?\n%[\x80-\xff]{4}", content):
        yield "A 6.1.2: the header is not that of a binary PDF 1.x"
    if not re.search(rb"startxref\s+\d+\s+%%EOF\r?\n?\Z", content):
        yield "A 6.1.3: something follows the end of the file"


def _file(pdf: Pdf) -> Iterator[str]:
    if Name.ID not in pdf.trailer or Name.Encrypt in pdf.trailer:
        yield "A 6.1.3: no identifier, or encrypted"
    for name in (Name.AA, Name.OCProperties, Name.Requirements, Name.AlternatePresentations):
        if name in pdf.Root:
            yield f"A 6: {name} in the catalogue"
    if Name.NeedsRendering in pdf.Root:
        yield "A 6.4.2: a form that needs rendering"
    names = pdf.Root.get(Name.Names, Dictionary())
    if Name.JavaScript in names:
        yield "A 6.5: scripts"
    permissions = pdf.Root.get(Name.Perms, Dictionary())
    if set(permissions.keys()) - {"/DocMDP", "/UR3"}:
        yield "A 6.1.12: a permission of another kind"


def _objects(pdf: Pdf) -> Iterator[str]:
    for thing in pdf.objects:
        if isinstance(thing, Stream):
            yield from _stream(thing)
        if isinstance(thing, Dictionary | Stream):
            if Name.AA in thing:
                yield "A 6.5.2: additional actions"
            if thing.get("/S") in _ACTIONS:
                yield f"A 6.5.1: an action {thing.get('/S')}"
            if thing.get("/Type") == Name.ExtGState:
                yield from _graphics_state(thing)
            if any(len(key.encode()) > 128 for key in thing.keys()):  # noqa: SIM118
                yield "A 6.1.13: a name too long"


def _stream(stream: Stream) -> Iterator[str]:
    if {"/F", "/FFilter", "/FDecodeParms"} & set(stream.keys()):
        yield "A 6.1.7.1: a stream outside the file"
    filters = stream.get("/Filter", Array())
    for one in filters if isinstance(filters, Array) else [filters]:
        if one not in _FILTERS:
            yield f"A 6.1.7.2: the filter {one}"
    subtype = stream.get("/Subtype")
    if subtype == Name.Image and (stream.get("/Interpolate") or "/Alternates" in stream):
        yield "A 6.2.8: an image interpolated or with alternates"
    if subtype == Name.PS or "/PS" in stream or "/OPI" in stream or "/Ref" in stream:
        yield "A 6.2.9: a form of another language, or from elsewhere"
    space = stream.get("/Group", Dictionary()).get("/CS", Name.DeviceRGB)
    profiled = isinstance(space, Array) and space[0] == Name.ICCBased and int(space[1].N) == 3
    if not profiled and space not in (Name.DeviceRGB, Name.DeviceGray):
        yield "A 6.2.10: a group in another colour space"


def _graphics_state(state: Any) -> Iterator[str]:
    if "/TR" in state or state.get("/TR2", Name.Default) != Name.Default or "/HTP" in state:
        yield "A 6.2.5: a transfer function or a halftone"
    if state.get("/BM", Name.Normal) not in (Name.Normal, Name.Compatible, Name.Multiply):
        yield "A 6.2.10: an unknown blend mode"


def _metadata(pdf: Pdf) -> Iterator[str]:
    stream = pdf.Root.get(Name.Metadata)
    if stream is None:
        yield "A 6.6.2.1: no metadata"
        return
    raw = stream.read_bytes()
    head = raw.split(b"?>", 1)[0]
    if b"bytes=" in head or b"encoding=" in head:
        yield "A 6.6.2.1: attributes of the packet"
    tree = ElementTree.fromstring(raw)  # noqa: S314 - a paper of our own
    told = dict(_properties(tree))
    for name, value in (("pdfaid:part", "3"), ("pdfaid:conformance", "A"), ("pdfuaid:part", "1")):
        if told.get(name) != value:
            yield f"A 6.6.4, UA 5: {name} is {told.get(name)}"
    described = {uri.text for uri in tree.iter(f"{{{_XMP['pdfaSchema']}}}namespaceURI")}
    if _XMP["pdfuaid"] not in described:
        yield "A 6.6.2.3: the schema of PDF/UA is not described"
    items = [one.iter(f"{{{_XMP['rdf']}}}li") for one in tree.iter(f"{{{_XMP['dc']}}}title")]
    titles = [item.text for one in items for item in one]
    if titles != [str(pdf.docinfo.get("/Title"))]:
        yield "A 6.6.3, UA 7.1: the title is missing or told in two ways"
    if not bool(pdf.Root.get(Name.ViewerPreferences, Dictionary()).get("/DisplayDocTitle", False)):
        yield "UA 7.1: the title is not displayed"


def _properties(tree: ElementTree.Element) -> Iterator[tuple[str, str | None]]:
    short = {uri: prefix for prefix, uri in _XMP.items()}
    for description in tree.iter(f"{{{_XMP['rdf']}}}Description"):
        found = [*description.attrib.items(), *((one.tag, one.text) for one in description)]
        for name, value in found:
            uri, _, local = name.removeprefix("{").partition("}")
            yield f"{short.get(uri, uri)}:{local}", value


def _colours(pdf: Pdf) -> Iterator[str]:
    intents = pdf.Root.get(Name.OutputIntents, Array())
    profiles = [one.get("/DestOutputProfile") for one in intents if one.S == Name.GTS_PDFA1]
    if (
        len(profiles) != 1
        or int(profiles[0].N) != 3
        or b"RGB " not in profiles[0].read_bytes()[:64]
    ):
        yield "A 6.2.3: not one output intent with an RGB profile"
    for where, stream in _painted(pdf):
        depth = deepest = 0
        for operands, operator in pikepdf.parse_content_stream(stream):
            name = str(operator)
            depth += (name == "q") - (name == "Q")
            deepest = max(deepest, depth)
            if name not in _OPERATORS:
                yield f"A 6.2.2: {where}: the operator {name}"
            if name in "kK" or (name in ("cs", "CS") and operands[0] == Name.DeviceCMYK):
                yield f"A 6.2.4.3: {where}: a colour the intent does not cover"
            if name in ("BI", "INLINE IMAGE"):
                yield f"A 6.2.8: {where}: an inline image"
            if name == "Tr" and int(operands[0]) == 3 and "page" in where:
                yield f"A 6.2.11: {where}: invisible text"
        if depth or deepest > 28:
            yield f"A 6.1.13: {where}: q and Q do not match, or nest too deep"


def _painted(pdf: Pdf) -> Iterator[tuple[str, Any]]:
    """Every content stream: pages, forms, appearances."""
    for page in pdf.pages:
        yield f"page {page.index + 1}", page
    for thing in pdf.objects:
        if isinstance(thing, Stream) and thing.get("/Subtype") == Name.Form:
            yield f"form {thing.objgen[0]}", thing


def _fonts(pdf: Pdf) -> Iterator[str]:
    for thing in pdf.objects:
        if isinstance(thing, Dictionary) and thing.get("/Type") == Name.Font:
            yield from _font(thing)
    for where, stream in _painted(pdf):
        resources = stream.get("/Resources", Dictionary())
        known = set(resources.get("/Font", Dictionary()).keys())
        for operands, operator in pikepdf.parse_content_stream(stream):
            if str(operator) == "Tf" and str(operands[0]) not in known:
                yield f"A 6.2.2: {where}: the font {operands[0]} is not in its resources"


def _font(font: Dictionary) -> Iterator[str]:
    name = str(font.get("/BaseFont"))
    if font.Subtype == Name.Type0:
        if "/ToUnicode" not in font:
            yield f"A 6.2.11.7: {name} tells no letters"
        if font.Encoding not in (Name("/Identity-H"), Name("/Identity-V")):
            yield f"A 6.2.11.3: {name} has another encoding"
        return
    if font.Subtype not in (Name.CIDFontType0, Name.CIDFontType2):
        yield f"A 6.2.11: {name} is a {font.Subtype}"
        return
    file = font.FontDescriptor.get("/FontFile2") or font.FontDescriptor.get("/FontFile3")
    if file is None:
        yield f"A 6.2.11.4: {name} is not embedded"
        return
    if font.Subtype == Name.CIDFontType2 and font.get("/CIDToGIDMap") is None:
        yield f"A 6.2.11.3.2: {name} has no map of its glyphs"
    if "/FontFile2" in font.FontDescriptor:
        yield from _widths(name, font, TTFont(BytesIO(file.read_bytes()), lazy=True))


def _widths(name: str, font: Dictionary, program: TTFont) -> Iterator[str]:
    scale = 1000 / program["head"].unitsPerEm
    real = [program["hmtx"][glyph][0] * scale for glyph in program.getGlyphOrder()]
    told = list(font.get("/W", Array()))
    for first, widths in zip(told[::2], told[1::2], strict=False):
        for place, width in enumerate(widths, start=int(first)):
            if place < len(real) and abs(real[place] - float(width)) > 1:
                yield f"A 6.2.11.5: {name}: glyph {place} is {real[place]}, told {width}"
                return


def _annotations(pdf: Pdf) -> Iterator[str]:
    for page in pdf.pages:
        notes = page.get("/Annots", Array())
        if notes and page.get("/Tabs") != Name.S:
            yield "UA 7.18.3: the order of tabs is not that of the structure"
        for note in notes:
            yield from _widget(note, outside=_is_outside(note, page))
    form = pdf.Root.get(Name.AcroForm, Dictionary())
    if "/XFA" in form or bool(form.get("/NeedAppearances", False)):
        yield "A 6.4.1: a form that is drawn by its reader"


def _corners(note: Dictionary) -> list[float]:
    """One without a rectangle is as if it lay on the page."""
    return [float(number) for number in note.get("/Rect", Array([0, 0, 1, 1]))]


def _is_outside(note: Dictionary, page: pikepdf.Page) -> bool:
    """Whether nobody can meet with it: ISO 14289-1, 7.18.1 leaves out annotations whose
    rectangle is outside the crop box."""
    left, low, right, high = _corners(note)
    box = [float(number) for number in page.cropbox]
    return right < box[0] or left > box[2] or high < box[1] or low > box[3]


def _needs_no_look(note: Dictionary) -> bool:
    """ISO 19005-3, 6.3.3 asks no appearance of a rectangle whose first corner is its second."""
    left, low, right, high = _corners(note)
    return left == right and low == high


def _widget(note: Dictionary, *, outside: bool) -> Iterator[str]:
    name = str(note.get("/T"))
    flags = int(note.get("/F", 0))
    if note.Subtype != Name.Widget:
        yield f"A 6.3.1: a note {note.Subtype}"
        return
    if not flags & _PRINT or flags & _HIDING:
        yield f"A 6.3.2: {name} does not print or hides"
    if "/A" in note or "/AA" in note:
        yield f"A 6.4.1: {name} acts"
    looks = note.get("/AP", Dictionary())
    told = "/AP" in note or not _needs_no_look(note)
    if told and (set(looks.keys()) != {"/N"} or not isinstance(looks.N, Stream)):
        yield f"A 6.3.3: {name} has not one appearance"
    if not outside and not str(note.get("/TU", "")):
        yield f"UA 7.18.1: {name} is told by no words"


def _attached(pdf: Pdf) -> Iterator[str]:
    names = pdf.Root.get(Name.Names, Dictionary()).get(Name.EmbeddedFiles, Dictionary())
    listed = list(names.get("/Names", Array()))[1::2]
    tied = list(pdf.Root.get(Name.AF, Array()))
    if {one.objgen for one in listed} != {one.objgen for one in tied}:
        yield "A 6.8: an embedded file is not associated"
    for spec in listed:
        name = str(spec.get("/UF"))
        if str(spec.get("/F")) != name or not str(spec.get("/Desc", "")):
            yield f"A 6.8, UA 7.11: {name} has no name or no description"
        if str(spec.get("/AFRelationship")) not in (
            "/Source", "/Data", "/Alternative", "/Supplement", "/Unspecified",
        ):  # fmt: skip
            yield f"A 6.8: {name} stands in no relation"
        file = spec.EF.F
        if not re.fullmatch(r"/\w+/[\w.+-]+", str(file.get("/Subtype", ""))):
            yield f"A 6.8: {name} is of no type"
        params = file.get("/Params", Dictionary())
        if not re.match(r"D:\d{14}", str(params.get("/ModDate", ""))):
            yield f"A 6.8: {name} has no date"
        if int(params.get("/Size", -1)) != len(file.read_bytes()):
            yield f"A 6.8: {name} has another size"


def _structure(pdf: Pdf) -> Iterator[str]:
    tree = pdf.Root.get(Name.StructTreeRoot)
    if tree is None or not bool(pdf.Root.get(Name.MarkInfo, Dictionary()).get("/Marked", False)):
        yield "A 6.7.2: not tagged"
        return
    if not str(pdf.Root.get(Name.Lang, "")):
        yield "A 6.7.4: no language"
    numbers = list(tree.ParentTree.Nums)
    parents = {int(key): value for key, value in zip(numbers[::2], numbers[1::2], strict=True)}
    for page in pdf.pages:
        for note in page.get("/Annots", Array()):
            element = parents.get(int(note.get("/StructParent", -1)))
            tagged = element is not None and Name.Form == element.S
            if not (tagged or _is_outside(note, page)):
                yield f"UA 7.18.4: {note.get('/T')} is not in a Form element"
        yield from _marked(page, parents.get(int(page.get("/StructParents", -1))))
    for element in _elements(tree.K):
        if "/ID" in element and "/IDTree" not in tree:
            yield "32000 14.7.2: an element with a name, and no tree of names"
        if element.S == Name.TH and not any(
            "/Scope" in one for one in _attributes(element.get("/A"))
        ):
            yield "UA 7.5: a head of a table without its scope"
        if Name.Figure == element.S and "/Alt" not in element:
            yield "UA 7.3: a picture without words"


def _attributes(told: Any) -> list[Any]:
    return list(told) if isinstance(told, Array) else [told] if told is not None else []


def _marked(page: Any, elements: Any) -> Iterator[str]:
    """Every marked piece of a page has its element, and nothing is painted unmarked."""
    stack: list[bool] = []
    for operands, operator in pikepdf.parse_content_stream(page):
        match str(operator):
            case "BDC" | "BMC":
                properties = operands[1] if len(operands) > 1 else Dictionary()
                number = properties.get("/MCID") if isinstance(properties, Dictionary) else None
                stack.append(operands[0] == Name.Artifact or number is not None)
                if number is not None and (elements is None or int(number) >= len(elements)):
                    yield f"A 6.7.3: page {page.index + 1}: piece {number} has no element"
            case "EMC":
                stack.pop()
            case "TJ" | "Tj" | "Do" | "f" | "f*" | "S" | "s" | "B" | "sh" if not any(stack):
                yield f"UA 7.1: page {page.index + 1}: {operator} is neither tagged nor artifact"
                return


def _elements(kids: Any) -> Iterator[Any]:
    for kid in kids if isinstance(kids, Array) else [kids]:
        if isinstance(kid, Dictionary) and Name.S in kid:
            yield kid
            yield from _elements(kid.get(Name.K, Array()))


def _signatures(pdf: Pdf) -> Iterator[str]:
    for field in pdf.Root.get(Name.AcroForm, Dictionary()).get("/Fields", Array()):
        value = field.get("/V")
        if Name.Sig == field.FT and value is not None and len(list(value.ByteRange)) != 4:
            yield f"A 6.4.3: {field.T} does not cover one range but for its own room"


RULES: tuple[Rule, ...] = (
    _file,
    _objects,
    _metadata,
    _colours,
    _fonts,
    _annotations,
    _attached,
    _structure,
    _signatures,
)
