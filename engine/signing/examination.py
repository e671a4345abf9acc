"""What can be found out about a file of unknown origin, without asking any register.

A stranger's file may be made to exhaust whoever opens it, so this runs in a process of its
own with little to spend (see ``cage``). What it answers are plain values.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from cryptography.x509.oid import NameOID
from pikepdf import Dictionary, Name, PasswordError, Pdf, PdfError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from engine import clock
from engine.errors import Refused
from engine.signing import embedded, trust
from engine.signing.certificates import Roots
from engine.signing.findings import Examined, SignatureReport, Signed
from engine.signing.pdf import NUMBER
from engine.signing.validate import judged

MAGIC = b"%PDF-"
END_OF_FILE = b"%%EOF"
_HEAD = 1024  # readers search the header in the first bytes (ISO 32000-1, annex H, note 13)
_LONGEST = 200
MOST_SIGNATURES = 32
"""More of them in a file are not looked at."""


def examine(pdf: bytes, roots: Roots) -> Examined:
    """Says what a file is; any bytes at all are answered."""
    problem = shape(pdf)
    if problem:
        return Examined(problem)
    try:
        with Pdf.open(BytesIO(pdf)) as opened:
            if opened.is_encrypted:
                return Examined("encrypted")
            number, fields = _form(opened)
    except PasswordError:
        return Examined("encrypted")
    except (PdfError, RuntimeError, ValueError):
        whole = END_OF_FILE in pdf[-_HEAD:]
        return Examined("damaged" if whole else "cut_off")
    if fields > MOST_SIGNATURES:
        return Examined("too_complex")
    signed = _signed(pdf, roots)
    return Examined(
        signed=signed or (), spoiled=fields > len(signed or ()), number=number[:_LONGEST]
    )


def shape(pdf: bytes) -> str:
    """What a look at the first bytes says against a file: a code, or nothing."""
    if not pdf:
        return "empty"
    return "" if MAGIC in pdf[:_HEAD] else "not_a_pdf"


def _form(opened: Pdf) -> tuple[str, int]:
    """The value of the number's field, and how many signature fields have a value."""
    number, signed = "", 0
    for field in _fields(opened.Root.get(Name.AcroForm)):
        if field.get(Name.FT) == Name.Sig and Name.V in field:
            signed += 1
        elif str(field.get(Name.T, "")) == NUMBER:
            number = str(field.get(Name.V, ""))
    return number, signed


def _fields(form: Any) -> Iterator[Any]:
    """The fields that are any: a changed byte may leave a hole in their list."""
    try:
        yield from (field for field in form.Fields if isinstance(field, Dictionary))
    except (AttributeError, TypeError, ValueError):
        return


def _signed(pdf: bytes, roots: Roots) -> tuple[Signed, ...] | None:
    """The signatures, as strictly judged as our own; none where they cannot be read."""
    try:
        found = embedded.signatures(pdf)
    except Refused:
        return None
    reports = judged(pdf, found, roots)
    return tuple(_beside(*pair, roots) for pair in zip(reports, found, strict=True))


def _beside(report: SignatureReport, signature: EmbeddedPdfSignature, roots: Roots) -> Signed:
    try:
        credential = embedded.credential(signature)
        units = credential.certificate.subject.get_attributes_for_oid(
            NameOID.ORGANIZATIONAL_UNIT_NAME
        )
        at = report.time or clock.now()
        faults = trust.problems(credential, roots.signing, at, kind="person")
        ends = [int(number) for number in signature.byte_range][2:4]
    except Exception:  # as in ``validate``: what makes no sense may raise anything
        return Signed(report, ours=False, marks=(), end=0)
    marks = tuple(str(unit.value) for unit in units)
    ours = "untrusted" not in faults and roots.knows(credential.certificate)
    return Signed(report, ours=ours, marks=marks, end=sum(ends))
