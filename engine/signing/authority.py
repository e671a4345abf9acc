"""A certificate authority for demonstrations and tests; every name in it is marked as such."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from engine import clock
from engine.signing.signer import Credential
from engine.signing.software import PrivateKey, seal_key

Algorithm = Literal["rsa", "ec"]

_COUNTRY = "VN"
_RSA_BITS = 2048
_LEAF_USES = frozenset({"digital_signature", "content_commitment"})
_AUTHORITY_USES = frozenset({"key_cert_sign", "crl_sign"})
_STAMPS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
_USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """A new key and its credential."""

    key: PrivateKey
    credential: Credential

    def sealed(self, pin: str) -> bytes:
        """The PKCS#12 file that ``pin`` opens."""
        return seal_key(self.key, self.credential, pin)


@dataclass(frozen=True, slots=True, repr=False)
class Authority:
    """A root with issuing authorities: for persons, for agencies, for time authorities."""

    mark: str
    root: x509.Certificate
    root_key: PrivateKey
    persons: Issued
    agencies: Issued
    times: Issued

    @classmethod
    def create(cls, *, mark: str, name: str, since: date, years: int = 20) -> Authority:
        """A new authority, valid from a day in Vietnam on. ``mark`` stands in every subject."""
        term = _term(since, years)
        root_key = _new_key("ec")
        subject = _name(mark, {NameOID.COMMON_NAME: f"{name} {mark}"})
        root = _certify(subject, root_key, subject, root_key, term, path_length=1)

        def issuing(kind: str) -> Issued:
            key = _new_key("ec")
            inner = _name(mark, {NameOID.COMMON_NAME: f"{name} ({kind}) {mark}"})
            certificate = _certify(inner, key, subject, root_key, term, path_length=0)
            return Issued(key, Credential(certificate))

        parts = (issuing(kind) for kind in ("persons", "agencies", "times"))
        return cls(mark, root, root_key, *parts)

    def person(
        self,
        *,
        reference: str,
        name: str,
        title: str,
        organisation: str,
        since: date,
        years: int = 5,
        algorithm: Algorithm = "rsa",
    ) -> Issued:
        """A key for a person of an organisation; ``reference`` is the person's own key."""
        subject = {
            NameOID.ORGANIZATION_NAME: organisation,
            NameOID.TITLE: title,
            NameOID.COMMON_NAME: name,
            NameOID.SERIAL_NUMBER: reference,
        }
        return self._issue(self.persons, subject, _term(since, years), algorithm)

    def agency(
        self,
        *,
        reference: str,
        name: str,
        since: date,
        years: int = 5,
        algorithm: Algorithm = "rsa",
    ) -> Issued:
        """A key for an agency's seal; ``reference`` is the agency's own key."""
        subject = {
            NameOID.ORGANIZATION_NAME: name,
            NameOID.ORGANIZATION_IDENTIFIER: reference,
            NameOID.COMMON_NAME: name,
        }
        return self._issue(self.agencies, subject, _term(since, years), algorithm)

    def time_authority(
        self, *, name: str, since: date, years: int = 5, algorithm: Algorithm = "ec"
    ) -> Issued:
        """A key that may stamp times, and nothing else (RFC 3161, 2.3)."""
        subject = {NameOID.ORGANIZATION_NAME: name, NameOID.COMMON_NAME: name}
        return self._issue(self.times, subject, _term(since, years), algorithm, _STAMPS)

    @property
    def issuers(self) -> tuple[Issued, ...]:
        """The root and each issuing authority: whoever says which certificates are revoked."""
        return Issued(self.root_key, Credential(self.root)), self.persons, self.agencies, self.times

    def roots_pem(self) -> bytes:
        """The bundle of roots that a verifier is told to trust."""
        return self.root.public_bytes(Encoding.PEM)

    def _issue(
        self,
        issuer: Issued,
        subject: dict[x509.ObjectIdentifier, str],
        term: tuple[datetime, datetime],
        algorithm: Algorithm,
        purpose: x509.ExtendedKeyUsage | None = None,
    ) -> Issued:
        above = issuer.credential.certificate
        key = _new_key(algorithm)
        named = _name(self.mark, subject)
        certificate = _certify(
            named, key, above.subject, issuer.key, term, path_length=None, purpose=purpose
        )
        return Issued(key, Credential(certificate, (above,)))


def _new_key(algorithm: Algorithm) -> PrivateKey:
    if algorithm == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)


def _term(since: date, years: int) -> tuple[datetime, datetime]:
    """From the first instant of a day in Vietnam, for whole years; 29 February ends on the 28th."""
    day = 28 if (since.month, since.day) == (2, 29) else since.day
    return clock.vietnam(since), clock.vietnam(date(since.year + years, since.month, day))


def _name(mark: str, parts: dict[x509.ObjectIdentifier, str]) -> x509.Name:
    """A subject; X.520 keeps these texts within 64 characters, so longer ones are refused."""
    marked = {NameOID.COUNTRY_NAME: _COUNTRY, NameOID.ORGANIZATIONAL_UNIT_NAME: mark, **parts}
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in marked.items()])


def _certify(
    subject: x509.Name,
    key: PrivateKey,
    issuer: x509.Name,
    issuer_key: PrivateKey,
    term: tuple[datetime, datetime],
    *,
    path_length: int | None,
    purpose: x509.ExtendedKeyUsage | None = None,
) -> x509.Certificate:
    """A certificate; with a path length it is an authority's, without one it signs papers,
    or does what its critical ``purpose`` says."""
    is_authority = path_length is not None
    uses = _AUTHORITY_USES if is_authority else _LEAF_USES
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(term[0])
        .not_valid_after(term[1])
        .add_extension(
            x509.BasicConstraints(ca=is_authority, path_length=path_length), critical=True
        )
        .add_extension(x509.KeyUsage(**{use: use in uses for use in _USES}), critical=True)
        .add_extension(own, critical=False)
        .add_extension(above, critical=False)
    )
    if purpose is not None:
        builder = builder.add_extension(purpose, critical=True)
    return builder.sign(issuer_key, SHA256())


def revocation_list(
    issuer: Issued,
    at: datetime,
    lasts: timedelta = timedelta(days=30),
    revoked: Mapping[int, tuple[datetime, x509.ReasonFlags]] | None = None,
) -> bytes:
    """A signed list (DER) of what an authority has revoked: serial number to when and why."""
    number = int(at.timestamp())
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.credential.certificate.subject)
        .last_update(at)
        .next_update(at + lasts)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()),
            critical=False,
        )
    )
    for serial, (when, why) in (revoked or {}).items():
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when)
        entry = entry.add_extension(x509.CRLReason(why), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(issuer.key, SHA256()).public_bytes(Encoding.DER)
