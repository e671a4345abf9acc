"""What proves later that certificates were good: certificates, revocation lists, answers.

Kept in the paper itself, in its document security store (ETSI EN 319 142-1, 5.4.2), so that
whoever has the file can judge it when every server it names is gone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from asn1crypto import crl, ocsp, x509

from engine.errors import Refusal, Refused

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader


@dataclass(frozen=True, slots=True)
class Evidence:
    """Each piece as DER, without repetitions."""

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.crls or self.ocsps)

    def __or__(self, other: Evidence) -> Evidence:
        return Evidence(
            _once((*self.certificates, *other.certificates)),
            _once((*self.crls, *other.crls)),
            _once((*self.ocsps, *other.ocsps)),
        )

    @property
    def digest(self) -> str:
        """SHA-256 of all of it (hex)."""
        told = hashlib.sha256()
        for pieces in (self.certificates, self.crls, self.ocsps):
            told.update(b"%d\n" % len(pieces))
            for one in pieces:
                told.update(b"%d\n" % len(one) + one)
        return told.hexdigest()

    @classmethod
    def joined(cls, parts: Iterable[Evidence]) -> Evidence:
        """All of several."""
        whole = cls()
        for part in parts:
            whole |= part
        return whole


NONE = Evidence()


def _once(pieces: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(pieces))


def embed(pdf: bytes, evidence: Evidence, at: datetime) -> bytes:
    """The paper with one more revision that keeps the evidence; what it has, it keeps.

    Raises ``Refused`` (``unreadable_pdf``, ``no_evidence`` when there is nothing to keep).
    """
    # Here: every site names its sources of evidence at its start, only a worker embeds any.
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.validation.dss import DocumentSecurityStore

    from engine.signing.addition import Addition

    if not evidence:
        raise Refused(Refusal("no_evidence"))
    revision = Addition(pdf, at)
    store = DocumentSecurityStore.supply_dss_in_writer(
        revision,
        None,
        certs=[x509.Certificate.load(one) for one in evidence.certificates],
        crls=[crl.CertificateList.load(one) for one in evidence.crls],
        ocsps=[ocsp.OCSPResponse.load(one) for one in evidence.ocsps],
    )
    if not store.modified:
        return pdf
    output = BytesIO()
    IncrementalPdfFileWriter.write(revision, output)
    return output.getvalue()


def read(reader: PdfFileReader, revision: int | None = None) -> Evidence:
    """What the store of a file holds, or held at a revision; raises anything for a file that
    makes no sense."""
    seen = reader if revision is None else reader.get_historical_resolver(revision)
    if "/DSS" not in seen.root:
        return NONE
    store = seen.root["/DSS"]

    def pieces(name: str) -> tuple[bytes, ...]:
        if name not in store:  # its own ``get`` would not follow a reference
            return ()
        return _once(bytes(one.get_object().data) for one in store[name])

    return Evidence(pieces("/Certs"), pieces("/CRLs"), pieces("/OCSPs"))


def held(pdf: bytes) -> Evidence:
    """The same of a file that was made here, whole or up to the end of a revision: without
    taking it apart for a judgement. Raises anything for a file that makes no sense."""
    from pikepdf import Pdf

    with Pdf.open(BytesIO(pdf)) as opened:
        if "/DSS" not in opened.Root:
            return NONE
        store: Any = opened.Root["/DSS"]
        pieces = (store.get(kind, ()) for kind in ("/Certs", "/CRLs", "/OCSPs"))
        return Evidence(*(_once(one.read_bytes() for one in held) for held in pieces))
