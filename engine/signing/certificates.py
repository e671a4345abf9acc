"""What a certificate says about its holder."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, Self

from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import (
    Certificate,
    ObjectIdentifier,
    load_der_x509_certificate,
    load_pem_x509_certificates,
)
from cryptography.x509.oid import NameOID

Kind = Literal["person", "agency", "other"]


@dataclass(frozen=True, slots=True)
class Identity:
    """The holder of a certificate.

    ``reference`` is the domain's own key: of a person the subject's serialNumber, of an
    agency its organizationIdentifier (ETSI EN 319 412-2, 412-3), or what the certificate was
    enrolled for. The domain compares it with the appointment or the authority; names are for
    reading only.
    """

    kind: Kind
    reference: str
    name: str
    title: str
    organisation: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Enrolment:
    """That a certificate is a person's or an agency's, from an instant until another. No
    authority outside knows the domain's own keys, so somebody here has to say it."""

    fingerprint: str
    kind: Kind
    reference: str
    since: datetime
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether it is in force at an instant."""
        return self.since <= at and (self.until is None or at < self.until)

    def record(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "fingerprint": self.fingerprint,
            "kind": self.kind,
            "reference": self.reference,
            "since": self.since.isoformat(),
            "until": self.until.isoformat() if self.until else None,
        }

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """From plain values; raises ``KeyError``, ``TypeError`` or ``ValueError``."""
        if told["kind"] not in ("person", "agency"):
            raise ValueError(told["kind"])
        until = told["until"]
        return cls(
            str(told["fingerprint"]),
            told["kind"],
            str(told["reference"]),
            datetime.fromisoformat(told["since"]),
            datetime.fromisoformat(until) if until else None,
        )


@dataclass(frozen=True, slots=True)
class Roots:
    """In whose certificates trust ends, for each kind of holder by itself: who vouches for
    persons need not vouch for agencies, and who may sign papers may not for that tell the time.

    ``enrolled`` says which certificates are whose, whatever they say themselves; ``named``,
    that one which is not enrolled is believed when its subject holds the domain's own key.
    """

    person: tuple[Certificate, ...] = ()
    agency: tuple[Certificate, ...] = ()
    time: tuple[Certificate, ...] = ()
    enrolled: tuple[Enrolment, ...] = ()
    named: bool = True

    @classmethod
    def common(cls, roots: Iterable[Certificate], time: Iterable[Certificate] = ()) -> Roots:
        """The same roots for persons and for agencies."""
        both = tuple(roots)
        return cls(both, both, tuple(time))

    def of(self, kind: Kind) -> tuple[Certificate, ...]:
        """Those for a person or an agency; for a holder who is neither, all that sign."""
        if kind == "person":
            return self.person
        return self.agency if kind == "agency" else self.signing

    def holder(self, certificate: Certificate, at: datetime) -> Identity:
        """Who holds a certificate at an instant; without a reference if nobody here does."""
        said = identity(certificate)
        known = [one for one in self.enrolled if one.fingerprint == said.fingerprint]
        for one in known:
            if one.holds(at):
                return replace(said, kind=one.kind, reference=one.reference)
        return said if self.named and not known else replace(said, reference="")

    def knows(self, certificate: Certificate) -> bool:
        """Whether a certificate was ever somebody's here. Under the root of a public authority
        stand many who have nothing to do with us."""
        digest = fingerprint(certificate)
        return self.named or any(one.fingerprint == digest for one in self.enrolled)

    @property
    def signing(self) -> tuple[Certificate, ...]:
        """All in whom any signer of papers may end."""
        return tuple(dict.fromkeys((*self.person, *self.agency)))


@lru_cache(maxsize=256)
def identity(certificate: Certificate) -> Identity:
    """Who holds a certificate; kind ``other`` if it says neither person nor agency."""
    person = _subject(certificate, NameOID.SERIAL_NUMBER)
    agency = _subject(certificate, NameOID.ORGANIZATION_IDENTIFIER)
    kind: Kind = "other"
    if bool(person) != bool(agency):
        kind = "person" if person else "agency"
    return Identity(
        kind=kind,
        reference="" if kind == "other" else person or agency,
        name=_subject(certificate, NameOID.COMMON_NAME),
        title=_subject(certificate, NameOID.TITLE),
        organisation=_subject(certificate, NameOID.ORGANIZATION_NAME),
        fingerprint=fingerprint(certificate),
    )


def _subject(certificate: Certificate, oid: ObjectIdentifier) -> str:
    values = [str(a.value) for a in certificate.subject.get_attributes_for_oid(oid)]
    return values[0] if len(values) == 1 else ""


def load_roots(pem: bytes) -> tuple[Certificate, ...]:
    """The certificates of a PEM bundle; raises ``ValueError`` if it holds none."""
    return tuple(load_pem_x509_certificates(pem))


def fingerprint(certificate: Certificate) -> str:
    """SHA-256 of a certificate (hex): what it is called by."""
    return certificate.fingerprint(SHA256()).hex()


def load_der(content: bytes) -> Certificate:
    """A certificate from DER; raises ``ValueError`` if it is none."""
    return load_der_x509_certificate(content)


def der(certificate: Certificate) -> bytes:
    """A certificate as DER."""
    return certificate.public_bytes(Encoding.DER)


def to_asn1(certificates: Iterable[Certificate]) -> list[asn1.Certificate]:
    """Certificates in the form that pyHanko takes."""
    return [parsed(der(certificate)) for certificate in certificates]


def parsed(content: bytes) -> asn1.Certificate:
    """A certificate (DER) in that form. Each is read once: comparing names costs pyHanko more
    than the signatures, and what it made of them it keeps in this object. It fills it in while
    it reads, so every thread has its own."""
    return _parsed(content, threading.get_ident())


@lru_cache(maxsize=256)
def _parsed(content: bytes, _thread: int) -> asn1.Certificate:
    return asn1.Certificate.load(content)
