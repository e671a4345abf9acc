"""A signature finds its room, however many authorities stand between its key and the root."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from engine import clock
from engine.signing import pdf as acts
from engine.signing.certificates import Roots
from engine.signing.signer import Credential
from engine.signing.software import SoftwareSigner
from engine.signing.validate import validate
from tests.engine.signing.blank import blank
from tests.engine.signing.house import SIGNED, SINCE

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
ISSUER = ec.generate_private_key(ec.SECP256R1())
NO_USE = dict.fromkeys(
    ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"),
    False,
)


@cache
def key(kind: str) -> Key:
    if kind == "ec-521":
        return ec.generate_private_key(ec.SECP521R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=int(kind.removeprefix("rsa-")))


def name(text: str, serial: str = "") -> x509.Name:
    """As long as the names of state authorities are."""
    parts = {
        NameOID.COUNTRY_NAME: "VN",
        NameOID.ORGANIZATION_NAME: "Ban Cơ yếu Chính phủ (MẪU)",
        NameOID.ORGANIZATIONAL_UNIT_NAME: "Cục Chứng thực số và Bảo mật thông tin (MẪU)",
        NameOID.COMMON_NAME: text,
        **({NameOID.SERIAL_NUMBER: serial} if serial else {}),
    }
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts.items()])


def certificate(subject: x509.Name, issuer: x509.Name, own: Key, *, ca: bool) -> x509.Certificate:
    uses = {"digital_signature": not ca, "content_commitment": not ca}
    usage = x509.KeyUsage(**uses, key_cert_sign=ca, crl_sign=ca, **NO_USE)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(clock.vietnam(SINCE))
        .not_valid_after(clock.vietnam(SINCE.replace(year=2060)))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(ISSUER, SHA256())
    )


def below(links: int, own: Key) -> tuple[Credential, x509.Certificate]:
    """A person's certificate that many authorities below the root, and the root."""
    names = [name(f"Cơ quan chứng thực chuyên dùng công vụ cấp {n}") for n in range(links + 1)]
    root = certificate(names[0], names[0], ISSUER, ca=True)
    chain = [certificate(one, above, ISSUER, ca=True) for above, one in pairwise(names)]
    leaf = certificate(name("Nguyễn Thị Thưởng", "person-7"), names[-1], own, ca=False)
    return Credential(leaf, tuple(reversed(chain))), root


@pytest.mark.parametrize("kind", ["rsa-2048", "rsa-4096", "ec-521"])
@pytest.mark.parametrize("links", [1, 2, 3, 4])
def test_any_chain_has_room(kind: str, links: int) -> None:
    credential, root = below(links, key(kind))
    signed = acts.sign_person(blank(), SoftwareSigner(credential, key(kind)), **SIGNED)
    (report,) = validate(signed, Roots.common([root]))
    assert report.valid, report.problems
