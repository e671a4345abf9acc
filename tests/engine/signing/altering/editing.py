"""How outsiders change a file: any editor's appended revision, any program's signature.

pyHanko's writer without its wall clock and dice, so that the same change gives the same bytes.
It has nothing from the house's own writer, which an attacker would not use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

from pikepdf import Pdf
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    PdfObject,
    StreamObject,
    TextStringObject,
    pdf_name,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import (
    PdfCMSEmbedder,
    SigIOSetup,
    SigMDPSetup,
    SigObjSetup,
)
from pyhanko.sign.signers.pdf_byterange import SignatureObject

from engine import clock
from engine.signing import cms
from engine.signing.software import SoftwareSigner
from tests.engine.signing.house import LATER

RESERVED = 8192


class Editor(IncrementalPdfFileWriter):
    """A file opened to append one revision to it."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__(BytesIO(pdf))
        seed = hashlib.sha256(pdf).digest()
        first = self.prev.trailer["/ID"][0]
        self._document_id = ArrayObject([first, ByteStringObject(seed[:16])])

    def _update_meta(self) -> None:
        """Leaves the file's description alone (overrides pyHanko's private hook)."""

    @property
    def form(self) -> DictionaryObject:
        found: DictionaryObject = self.root["/AcroForm"]
        return found

    def field(self, field_name: str) -> DictionaryObject:
        """A top-level form field."""
        fields = (each.get_object() for each in self.form["/Fields"])
        found: DictionaryObject = next(each for each in fields if each["/T"] == field_name)
        return found

    def draw(self, field_name: str, width: float, height: float, content: bytes) -> None:
        """Another picture of a field."""
        shown = stream(
            self,
            content,
            Type=name("/XObject"),
            Subtype=name("/Form"),
            BBox=rectangle(0, 0, width, height),
            Resources=dictionary(),
        )
        field = self.field(field_name)
        field[name("/AP")] = dictionary(N=shown)
        self.update_container(field)

    def fill(self, field_name: str, text: str) -> None:
        """Another value in a field, and a picture for it."""
        self.field(field_name)[name("/V")] = TextStringObject(text)
        self.draw(field_name, 200, 14, b"0 g 0 0 90 12 re f")


Change = Callable[[Editor], Any]


def appended(pdf: bytes, change: Change) -> bytes:
    """The file with one more revision."""
    editor = Editor(pdf)
    change(editor)
    out = BytesIO()
    editor.write(out)
    return out.getvalue()


def last_table(pdf: bytes) -> int:
    """Where the newest table of a file begins."""
    return int(pdf[pdf.rindex(b"startxref") + len("startxref") :].split()[0])


def whole_of(pdf: bytes) -> tuple[int, bytes]:
    """How many objects a file has, and how its catalogue is called."""
    with Pdf.open(BytesIO(pdf)) as opened:
        number, generation = opened.Root.objgen
        return int(opened.trailer.Size), b"%d %d R" % (number, generation)


def sign(editor: Editor, field: str, signer: SoftwareSigner, permissions: SigMDPSetup) -> bytes:
    """The file with the editor's revision, ended by a signature in a field."""
    placeholder = SignatureObject(
        timestamp=LATER.astimezone(clock.VIETNAM),
        subfilter=SigSeedSubFilter.PADES,
        bytes_reserved=RESERVED,
    )
    steps = PdfCMSEmbedder().write_cms(field, editor, existing_fields_only=True)
    next(steps)
    steps.send(SigObjSetup(sig_placeholder=placeholder, mdp_setup=permissions))
    place, output = steps.send(SigIOSetup("sha256"))
    attributes = cms.attributes(signer.credential, place.document_digest)
    signature = signer.credential.settled(signer.sign(attributes))
    place.fill_with_cms(output, cms.envelope(signer.credential, attributes, signature))
    content: bytes = output.getvalue()
    return content


def name(text: str) -> NameObject:
    return pdf_name(text)


def dictionary(**entries: PdfObject) -> DictionaryObject:
    return DictionaryObject({name(f"/{key}"): value for key, value in entries.items()})


def rectangle(*numbers: float) -> ArrayObject:
    return ArrayObject([FloatObject(str(number)) for number in numbers])


def page_of(editor: Editor, index: int = 0) -> DictionaryObject:
    found: DictionaryObject = editor.root["/Pages"]["/Kids"][index]
    return found


def stream(editor: Editor, content: bytes, **entries: PdfObject) -> IndirectObject:
    """A new stream of the file."""
    return editor.add_object(StreamObject(dictionary(**entries), stream_data=content))
