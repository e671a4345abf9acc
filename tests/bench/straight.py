"""Papers the straightforward way: the libraries as their first pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from pyhanko import stamp
from pyhanko.pdf_utils.font.opentype import GlyphAccumulatorFactory
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.text import TextBoxStyle
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from weasyprint import HTML

from engine.papers import fonts, typesetter

_BOXES = {"one": (330, 120, 480, 190), "two": (230, 110, 320, 200)}


def alone(page: str) -> bytes:
    """A page of HTML as WeasyPrint lays it out and writes it by itself."""
    with typesetter.by_itself():
        return bytes(HTML(string=page).write_pdf())


@dataclass(frozen=True)
class Straight:
    """pyHanko's ``SimpleSigner`` twice, each with a text for its appearance, over what
    ``HTML(…).write_pdf()`` gives."""

    keys: Sequence[signers.SimpleSigner]

    @classmethod
    def opened(cls, sealed: Sequence[bytes], pin: str) -> Straight:
        load = signers.SimpleSigner.load_pkcs12_data
        found = [load(one, other_certs=[], passphrase=pin.encode()) for one in sealed]
        return cls([key for key in found if key is not None])

    def paper(self, page: str) -> bytes:
        """A page of HTML, laid out and signed twice."""
        return self.signed(alone(page))

    def signed(self, content: bytes) -> bytes:
        for (name, box), key in zip(_BOXES.items(), self.keys, strict=True):
            is_first = name == "one"
            metadata = signers.PdfSignatureMetadata(
                field_name=name,
                subfilter=SigSeedSubFilter.PADES,
                certify=is_first,
                docmdp_permissions=MDPPerm.FILL_FORMS,
            )
            style = stamp.TextStampStyle(
                stamp_text="Ký bởi: %(signer)s\nThời gian: %(ts)s",
                text_box_style=TextBoxStyle(
                    font=GlyphAccumulatorFactory(str(fonts.files()["regular"]))
                ),
            )
            signer = signers.PdfSigner(
                metadata,
                signer=key,
                stamp_style=style,
                new_field_spec=SigFieldSpec(name, box=box),
            )
            writer = IncrementalPdfFileWriter(BytesIO(content))
            content = signer.sign_pdf(writer).getvalue()
        return content
