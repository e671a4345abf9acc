"""What makes a laid-out paper an archive of itself: its data inside, its promises declared.

A paper carries the values it was printed from, as JSON, and the schema they follow, both as
associated files (ISO 19005-3, 6.8 and annex E). What the clerk adds later, number and date,
is not in there: these are read from their fields, under their own signature.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, String

from engine.errors import Refusal, Refused
from engine.papers.contents import Carried
from engine.papers.fields import read_fields, read_on_pages
from engine.papers.freeze import freeze

DATA, SCHEMA = "data.json", "schema.json"
LARGEST = 2**22
"""More bytes than any paper's data, little enough to be read from a stranger's file."""

_NO_DATA = (AttributeError, KeyError, TypeError, ValueError, RecursionError, zlib.error)
_MIME = Name("/application/json")
_NOMINAL = "D:{year:04d}0101000000+07'00'"
_XMP_HEAD, _XMP_END = re.compile(rb"<rdf:RDF[^>]*>"), b"</rdf:RDF>"
_XMP_ABOUT, _PREFIX = b'<rdf:Description rdf:about=""', re.compile(rb' xmlns:(?!rdf=)\w+="[^"]*"')
DECLARED = b"Part of ISO 14289 that the file conforms to"
"""Words of this house that stand in every paper as they are, packed nowhere."""

_XMP_EXTRA = (
    b'<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">'
    b"<pdfuaid:part>1</pdfuaid:part></rdf:Description>"
    # ISO 19005-3, 6.6.2.3: a schema which PDF/A does not define itself is described.
    b'<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
    b' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
    b' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
    b'<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
    b"<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>"
    b"<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>"
    b"<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>"
    b'<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">'
    b"<pdfaProperty:name>part</pdfaProperty:name>"
    b"<pdfaProperty:valueType>Integer</pdfaProperty:valueType>"
    b"<pdfaProperty:category>internal</pdfaProperty:category>"
    b"<pdfaProperty:description>" + DECLARED + b"</pdfaProperty:description>"
    b"</rdf:li></rdf:Seq></pdfaSchema:property>"
    b"</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside a paper. ``relationship`` is what it is to the paper (``Data``,
    ``Supplement``), ``year`` dates it: see ``attach``."""

    name: str
    content: bytes
    relationship: str
    description: str
    year: int


def data_file(schema: str, kind: str, frozen: str, enclosed: Sequence[Any] | None = None) -> bytes:
    """The data of a paper as the file it carries: canonical JSON, like its frozen values.
    ``enclosed`` are the files that belong to it, for a kind that encloses any."""
    beside = {} if enclosed is None else {"enclosed": list(enclosed)}
    head = freeze({"schema": schema, "kind": kind, **beside}).removesuffix("}")
    return f'{head},"values":{frozen}}}'.encode()


def archive(pdf: Pdf, attachments: Sequence[Attachment]) -> None:
    """Attaches the files, and declares PDF/UA beside PDF/A; the same input gives the same
    bytes."""
    if attachments:
        attach(pdf, attachments)
    pdf.Root.Metadata.write(_declared(pdf.Root.Metadata.read_bytes()))


def _declared(xmp: bytes) -> bytes:
    """The metadata with what is added to them. Each description gets the prefixes it uses
    itself: there are readers (PDFBox's) that do not look for them further out."""
    opened = _XMP_HEAD.search(xmp)
    if opened is None:
        raise ValueError("these metadata are no XMP")
    prefixes = b"".join(_PREFIX.findall(opened[0]))
    body = xmp.replace(opened[0], _PREFIX.sub(b"", opened[0]), 1)
    body = body.replace(_XMP_ABOUT, _XMP_ABOUT + prefixes)
    return body.replace(_XMP_END, _XMP_EXTRA + _XMP_END, 1)


def attach(pdf: Pdf, attachments: Sequence[Attachment]) -> None:
    """Puts files into a paper and ties them to the whole of it (``/AF`` of the catalogue).

    The format wants a date of each. A paper's first bytes know no clock, so it is a nominal
    one: the first day of the year that the paper is about.
    """
    specs = [_file_spec(pdf, one) for one in attachments]
    names = [thing for one, spec in zip(attachments, specs, strict=True)
             for thing in (String(one.name), spec)]  # fmt: skip
    if Name.Names not in pdf.Root:
        pdf.Root.Names = Dictionary()
    pdf.Root.Names.EmbeddedFiles = Dictionary(Names=Array(names))
    pdf.Root.AF = Array(specs)


def embedded(one: Attachment) -> Dictionary:
    """What the stream that holds a file says of it (ISO 32000-1, 7.11.4)."""
    dated = _NOMINAL.format(year=one.year)
    params = Dictionary(Size=len(one.content), ModDate=String(dated))
    return Dictionary(Type=Name.EmbeddedFile, Subtype=_MIME, Params=params)


def holders(pdf: Pdf) -> dict[str, pikepdf.Object]:
    """What a paper names its files by: the dictionary of each, by the file's name."""
    return {str(spec.UF): spec.EF for spec in pdf.Root.get(Name.AF, ())}


def _file_spec(pdf: Pdf, one: Attachment) -> pikepdf.Object:
    file = pdf.make_stream(one.content, embedded(one))
    spec = Dictionary(
        Type=Name.Filespec,
        F=String(one.name),
        UF=String(one.name),
        Desc=String(one.description),
        AFRelationship=Name(f"/{one.relationship}"),
        EF=Dictionary(F=file, UF=file),
    )
    return pdf.make_indirect(spec)


def carried(content: bytes) -> Carried:
    """The data in a paper's file with what its fields say, whoever made the file.

    Raises ``Refused``: ``unreadable_pdf``, or ``no_data_inside`` for a file that is none of
    our papers. Nothing of it is believed: see the signatures. A stranger's file is opened
    in a process of its own (``engine.signing.cage``), since any file may be a trap.
    """
    try:
        with Pdf.open(BytesIO(content)) as pdf:
            told = json.loads(_data_in(pdf))
            fields = read_fields(pdf)
        enclosed = tuple(dict(one) for one in told.get("enclosed", ()))
        said = (str(told["schema"]), str(told["kind"]), dict(told["values"]))
        return Carried(*said, fields, enclosed)
    except (pikepdf.PdfError, pikepdf.PasswordError) as error:
        raise Refused(Refusal("unreadable_pdf")) from error
    except _NO_DATA as error:
        raise Refused(Refusal("no_data_inside")) from error


def on_pages(content: bytes) -> Mapping[str, str]:
    """What is written in the fields on the pages of a file that carries no data any more; as
    ``carried``, but nothing is refused: a file of which nothing is known has no field."""
    try:
        with Pdf.open(BytesIO(content)) as pdf:
            return read_on_pages(pdf)
    except (pikepdf.PdfError, pikepdf.PasswordError, *_NO_DATA):
        return {}


def _data_in(pdf: Pdf) -> bytes:
    for spec in pdf.Root.AF:
        if str(spec.UF) == DATA and spec.AFRelationship == Name.Data:
            return _unpacked(spec.EF.F)
    raise KeyError(DATA)


def _unpacked(stream: Any) -> bytes:
    """The content, never more than ``LARGEST``, whatever the file says of its size; packed
    not at all or in the one way of our papers."""
    raw, packing = bytes(stream.read_raw_bytes()), stream.get(Name.Filter)
    if packing is None:
        content = raw
    elif packing == Name.FlateDecode and Name.DecodeParms not in stream:
        opened = zlib.decompressobj()
        content = opened.decompress(raw, LARGEST + 1)
    else:
        raise ValueError("packed in another way")
    if len(content) > LARGEST:
        raise ValueError("larger than any data")
    return content
