"""Evidence of the less usual kinds: answers with a salted signature, lists kept by another."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from asn1crypto import algos
from asn1crypto import ocsp as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import (
    Certificate,
    CertificateBuilder,
    DirectoryName,
    DistributionPoint,
    Name,
    NameAttribute,
    UniformResourceIdentifier,
    ocsp,
)
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from engine import clock
from engine.signing import bearing, revocation, trust
from engine.signing.certificates import der
from engine.signing.evidence import Evidence
from engine.signing.revocation import Online
from engine.signing.signer import Credential
from tests.engine.signing.house import AT

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
LISTS, KEEPER_AT = "http://127.0.0.1/list", "http://127.0.0.1/keeper"
ASK_AT = "http://127.0.0.1/ask"
_USES = ("digital_signature", "content_commitment", "key_cert_sign", "crl_sign")
_OTHERS = ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only")


def place(method: x509.ObjectIdentifier, url: str) -> x509.AuthorityInformationAccess:
    where = x509.AccessDescription(method, UniformResourceIdentifier(url))
    return x509.AuthorityInformationAccess([where])


def named(text: str) -> Name:
    return Name([NameAttribute(NameOID.COMMON_NAME, f"{text} MẪU")])


def certificate(
    text: str, *uses: str, by: str = "Gốc", at: DistributionPoint | None = None
) -> Certificate:
    """One of a small authority whose certificates all have one key."""
    usage = {use: use in uses for use in (*_USES, *_OTHERS, "decipher_only")}
    builder = (
        CertificateBuilder()
        .subject_name(named(text))
        .issuer_name(named(by))
        .public_key(KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(clock.vietnam(date(2026, 1, 1)))
        .not_valid_after(clock.vietnam(date(2036, 1, 1)))
        .add_extension(
            x509.BasicConstraints(ca="key_cert_sign" in uses, path_length=None), critical=True
        )
        .add_extension(x509.KeyUsage(**usage), critical=True)
    )
    if at is not None:
        builder = builder.add_extension(x509.CRLDistributionPoints([at]), critical=False)
    else:
        builder = builder.add_extension(
            place(AuthorityInformationAccessOID.OCSP, ASK_AT), critical=False
        )
    return builder.sign(KEY, SHA256())


PLACE = [UniformResourceIdentifier(LISTS)]
ROOT = certificate("Gốc", "key_cert_sign", "crl_sign")
KEEPER = certificate("Người lập danh sách", "crl_sign")
STRANGER = certificate("Người khác", "crl_sign")
ASKED = certificate("Người ký", "content_commitment")
LISTED = certificate(
    "Người ký",
    "content_commitment",
    at=DistributionPoint(PLACE, None, None, [DirectoryName(KEEPER.subject)]),
)


def salted(digest: HashAlgorithm, name: str, mask: str = "sha256") -> ocsp.OCSPResponse:
    """That a certificate is good, under RSASSA-PSS: the library that makes answers makes none."""
    builder = (
        ocsp.OCSPResponseBuilder()
        .certificates([ROOT])
        .add_response(
            ASKED,
            ROOT,
            SHA1(),  # noqa: S303 - it names the issuer
            ocsp.OCSPCertStatus.GOOD,
            AT,
            AT + timedelta(days=7),
            None,
            None,
        )
    )
    made = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, ROOT).sign(KEY, SHA256())
    whole = asn1.OCSPResponse.load(made.public_bytes(Encoding.DER))
    basic = whole["response_bytes"]["response"].parsed
    pss = padding.PSS(padding.MGF1(digest), 32)
    basic["signature"] = KEY.sign(basic["tbs_response_data"].dump(), pss, digest)
    told = {
        "hash_algorithm": {"algorithm": name},
        "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": mask}},
        "salt_length": 32,
    }
    basic["signature_algorithm"] = algos.SignedDigestAlgorithm(
        {"algorithm": "rsassa_pss", "parameters": algos.RSASSAPSSParams(told)}
    )
    whole["response_bytes"]["response"] = asn1.BasicOCSPResponse.load(basic.dump(force=True))
    return ocsp.load_der_ocsp_response(whole.dump(force=True))


def test_a_salted_answer_is_one() -> None:
    told = salted(SHA256(), "sha256")
    assert bearing.answered(told, ROOT)
    piece = told.public_bytes(Encoding.DER)
    assert bearing._is_answer_of(piece, frozenset({ROOT, ASKED}))
    known = Evidence((der(ROOT),), ocsps=(piece,))
    assert trust.revocation(Credential(ASKED), (ROOT,), AT, known) == ""


def test_a_salted_answer_by_another_digest_or_a_weak_one_is_none() -> None:
    for told in (salted(SHA256(), "sha384", "sha384"), salted(SHA1(), "sha1", "sha1")):  # noqa: S303
        piece = told.public_bytes(Encoding.DER)
        assert not bearing._is_answer_of(piece, frozenset({ROOT, ASKED}))


def indirect(*revoked: Certificate, at: datetime = AT) -> bytes:
    """The list that another keeps of what the root revoked."""
    scope = x509.IssuingDistributionPoint(PLACE, None, False, False, None, True, False)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(KEEPER.subject)
        .last_update(at)
        .next_update(at + timedelta(days=7))
        .add_extension(scope, critical=True)
        .add_extension(place(AuthorityInformationAccessOID.CA_ISSUERS, KEEPER_AT), critical=False)
    )
    for one in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(one.serial_number)
        entry = entry.revocation_date(at - timedelta(days=1)).add_extension(
            x509.CertificateIssuer([DirectoryName(one.issuer)]), critical=True
        )
        entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags.superseded), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(KEY, SHA256()).public_bytes(Encoding.DER)


def own_list() -> bytes:
    """That of the root, on which the keeper is not."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(ROOT.subject)
    builder = builder.last_update(AT).next_update(AT + timedelta(days=7))
    return builder.sign(KEY, SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(("revoked", "expected"), [((), ""), ((LISTED,), "revoked")])
def test_a_list_that_another_keeps_tells_of_the_authority_s_certificates(
    revoked: tuple[Certificate, ...], expected: str
) -> None:
    known = Evidence(tuple(map(der, (ROOT, KEEPER))), (indirect(*revoked), own_list()))
    assert trust.revocation(Credential(LISTED), (ROOT,), AT, known) == expected
    signers = bearing._known([ROOT, KEEPER], {LISTED})
    assert signers == {ROOT, KEEPER, LISTED}
    assert bearing._is_list_of(known.crls[0], signers)


def test_who_is_not_named_as_its_keeper_keeps_no_list() -> None:
    assert bearing._known([ROOT, STRANGER], {LISTED}) is None
    unnamed = certificate("Người ký", "content_commitment")
    assert bearing._known([ROOT, KEEPER], {unnamed}) is None


def test_the_keeper_of_a_list_is_found_where_the_list_says(monkeypatch: pytest.MonkeyPatch) -> None:
    served = {LISTS: indirect(), KEEPER_AT: der(KEEPER)}
    monkeypatch.setattr(revocation, "fetch", lambda url, *_, **__: served[url])
    with clock.fixed_at(AT):
        found = Online(lambda: {"127.0.0.1"}).evidence((LISTED, ROOT))
    assert found == Evidence(tuple(map(der, (LISTED, ROOT, KEEPER))), (served[LISTS],))
