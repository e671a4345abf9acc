"""The envelope we put together is byte for byte the one that asn1crypto writes."""

from __future__ import annotations

from typing import Any

import pytest
from asn1crypto import cms as oracle
from asn1crypto import tsp
from pyhanko.sign.general import as_signing_certificate_v2

from engine.signing import cms
from engine.signing.authority import Algorithm
from engine.signing.certificates import to_asn1
from engine.signing.signer import Credential
from tests.engine.signing.house import House, person, signer


def attributes(credential: Credential, digest: bytes) -> bytes:
    own, *chain = to_asn1((credential.certificate, *credential.chain))
    chain.sort(key=lambda one: bytes(one.dump()))
    bound = [as_signing_certificate_v2(one, "sha256")["certs"][0] for one in (own, *chain)]
    values = {
        "content_type": "data",
        "message_digest": digest,
        "signing_certificate_v2": tsp.SigningCertificateV2({"certs": bound}),
    }
    told = [oracle.CMSAttribute({"type": kind, "values": [v]}) for kind, v in values.items()]
    return bytes(oracle.CMSAttributes(told).dump())


def envelope(credential: Credential, signed: bytes, signature: bytes, algorithm: str) -> bytes:
    certificates = to_asn1((credential.certificate, *credential.chain))
    names = {
        "issuer": certificates[0].issuer,
        "serial_number": certificates[0].serial_number,
    }
    info: dict[str, Any] = {
        "version": "v1",
        "sid": oracle.SignerIdentifier({"issuer_and_serial_number": names}),
        "digest_algorithm": {"algorithm": "sha256"},
        "signed_attrs": oracle.CMSAttributes.load(signed),
        "signature_algorithm": {"algorithm": algorithm},
        "signature": signature,
    }
    data = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": "sha256"}],
        "encap_content_info": {"content_type": "data"},
        "certificates": [oracle.CertificateChoices("certificate", c) for c in certificates],
        "signer_infos": [info],
    }
    content = {"content_type": "signed_data", "content": oracle.SignedData(data)}
    return bytes(oracle.ContentInfo(content).dump())


@pytest.mark.parametrize(("algorithm", "named"), [("rsa", "sha256_rsa"), ("ec", "sha256_ecdsa")])
@pytest.mark.parametrize("links", [0, 1, 3])
def test_the_envelope_is_the_oracles(
    authority: Any, algorithm: Algorithm, named: str, links: int
) -> None:
    """For either kind of key and any length of chain, whatever the order of its encodings."""
    key = signer(person(authority, algorithm=algorithm))
    others = [House.authority_named(f"Link {n}").root for n in range(links)]
    credential = Credential(key.credential.certificate, tuple(others))
    for seed in range(8):
        digest = bytes([seed]) * 32
        signed = cms.attributes(credential, digest)
        assert signed == attributes(credential, digest)
        signature = key.sign(signed)
        written = cms.envelope(credential, signed, signature)
        assert written == envelope(credential, signed, signature, named)
        read = oracle.ContentInfo.load(written, strict=True)["content"]
        assert read["signer_infos"][0]["signature"].native == signature


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65535, 65536])
def test_lengths_are_written_in_their_shortest_form(size: int) -> None:
    from asn1crypto.core import OctetString

    assert cms._tlv(b"\x04", bytes(size)) == OctetString(bytes(size)).dump()
