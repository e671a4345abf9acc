"""An authority that speaks of a certificate when it has ended: its lists and its answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from engine.signing.authority import _USES

KEPT_SINCE = x509.ObjectIdentifier("2.5.29.60")
ARCHIVE_CUTOFF = x509.ObjectIdentifier("1.3.6.1.5.5.7.48.1.6")


@dataclass
class Speaker:
    """The authority, with its key."""

    certificate: Certificate
    key: ec.EllipticCurvePrivateKey

    def list_of(self, made: int, revoked: list[Certificate], kept_since: int | None) -> bytes:
        """The list of June of a year; ``kept_since``: the year from which it keeps ended ones."""
        at = _june(made)
        told = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(at)
            .next_update(at + timedelta(days=400))
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(_identifier(self.key), critical=False)
        )
        if kept_since is not None:
            since = x509.UnrecognizedExtension(KEPT_SINCE, _time(kept_since))
            told = told.add_extension(since, critical=False)
        for one in revoked:
            entry = x509.RevokedCertificateBuilder(one.serial_number, _january(2025))
            told = told.add_revoked_certificate(entry.build())
        return told.sign(self.key, SHA256()).public_bytes(Encoding.DER)

    def answer_about(self, one: Certificate, made: int, cutoff: int | None) -> bytes:
        """Its answer of June of a year that a certificate is good."""
        at = _june(made)
        told = ocsp.OCSPResponseBuilder().add_response(
            cert=one,
            issuer=self.certificate,
            algorithm=SHA1(),  # noqa: S303 - it names the issuer, it protects nothing
            cert_status=ocsp.OCSPCertStatus.GOOD,
            this_update=at,
            next_update=at + timedelta(days=400),
            revocation_time=None,
            revocation_reason=None,
        )
        told = told.responder_id(ocsp.OCSPResponderEncoding.HASH, self.certificate)
        answer = told.sign(self.key, SHA256()).public_bytes(Encoding.DER)
        return answer if cutoff is None else self._with_cutoff(answer, cutoff)

    def _with_cutoff(self, answer: bytes, cutoff: int) -> bytes:
        """Signed anew with an archive cutoff, which the library cannot write."""
        from asn1crypto.ocsp import OCSPResponse

        told = OCSPResponse.load(answer)
        basic = told["response_bytes"]["response"].parsed
        single = basic["tbs_response_data"]["responses"][0]
        single["single_extensions"] = [
            {"extn_id": ARCHIVE_CUTOFF.dotted_string, "extn_value": _january(cutoff)}
        ]
        data = basic["tbs_response_data"].dump(force=True)
        basic["signature"] = self.key.sign(data, ec.ECDSA(SHA256()))
        told["response_bytes"]["response"] = basic
        return bytes(told.dump(force=True))


def authority_and_holder(since: int, begins: int, ends: int) -> tuple[Speaker, Certificate]:
    """An authority of thirty years, and a certificate of it from year to year."""
    key, name = ec.generate_private_key(ec.SECP256R1()), _name("An authority")
    root = (
        _begun(name, name, key, since, since + 30)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_use("key_cert_sign", "crl_sign", "digital_signature"), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    asked = x509.AccessDescription(
        AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://ocsp.test/")
    )
    own = ec.generate_private_key(ec.SECP256R1())
    holder = (
        _begun(_name("A holder"), name, own, begins, ends)
        .add_extension(_use("content_commitment"), critical=True)
        .add_extension(_identifier(key), critical=False)
        .add_extension(x509.AuthorityInformationAccess([asked]), critical=False)
        .sign(key, SHA256())
    )
    return Speaker(root, key), holder


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, since: int, until: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_january(since))
        .not_valid_after(_january(until))
    )


def _identifier(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _use(*uses: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{use: use in uses for use in _USES})


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _january(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


def _june(year: int) -> datetime:
    return datetime(year, 6, 15, tzinfo=UTC)


def _time(year: int) -> bytes:
    return bytes(core.GeneralizedTime(_january(year)).dump())
