"""A time authority in this process (RFC 3161): for demonstrations and tests only.

Whoever holds its key can stamp any time, so a stamp of one's own proves nothing to others.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from asn1crypto import algos, cms, core, tsp
from cryptography.hazmat.primitives.asymmetric import rsa
from pyhanko.sign.general import as_signing_certificate_v2

from engine import clock
from engine.signing.certificates import to_asn1
from engine.signing.signer import Signer
from engine.signing.tokens import Response

POLICY = "2.25.168462733129716"
"""An OID of our own making under the arc of UUIDs: it names no policy of anybody's."""


@dataclass(frozen=True, slots=True)
class Timekeeper:
    """Answers requests with the clock and the key of this process."""

    signer: Signer
    room: int = 2560

    def answer(self, request: bytes) -> bytes:
        """The response to a request; refuses any digest but SHA-256."""
        asked = tsp.TimeStampReq.load(request, strict=True)
        if asked["message_imprint"]["hash_algorithm"]["algorithm"].native != "sha256":
            status = {"status": "rejection", "fail_info": {"bad_alg"}}
            return bytes(Response({"status": status}).dump())
        token = {"content_type": "signed_data", "content": self._signed(_info(asked))}
        told = {"status": {"status": "granted"}, "time_stamp_token": cms.ContentInfo(token)}
        return bytes(Response(told).dump())

    def _signed(self, info: bytes) -> cms.SignedData:
        own, *chain = to_asn1((self.signer.credential.certificate, *self.signer.credential.chain))
        attributes = _attributes(info, as_signing_certificate_v2(own, "sha256"))
        is_rsa = isinstance(self.signer.credential.certificate.public_key(), rsa.RSAPublicKey)
        place = {"issuer": own.issuer, "serial_number": own.serial_number}
        signer = {
            "version": "v1",
            "sid": cms.SignerIdentifier({"issuer_and_serial_number": place}),
            "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": f"sha256_{'rsa' if is_rsa else 'ecdsa'}"},
            "signature": self.signer.sign(attributes.dump()),
        }
        wrapped = {"content_type": "tst_info", "content": core.ParsableOctetString(info)}
        return cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [{"algorithm": "sha256"}],
                "encap_content_info": wrapped,
                "certificates": [cms.CertificateChoices("certificate", c) for c in (own, *chain)],
                "signer_infos": [signer],
            }
        )


def _info(asked: tsp.TimeStampReq) -> bytes:
    told = {
        "version": "v1",
        "policy": POLICY,
        "message_imprint": asked["message_imprint"],
        "serial_number": clock.new_nonce(),
        "gen_time": clock.now().replace(microsecond=0),
        "accuracy": {"seconds": 1},
    }
    if asked["nonce"].native is not None:
        told["nonce"] = asked["nonce"].native
    return bytes(tsp.TSTInfo(told).dump())


def _attributes(info: bytes, bound: tsp.SigningCertificateV2) -> cms.CMSAttributes:
    values = {
        "content_type": "tst_info",
        "message_digest": hashlib.sha256(info).digest(),
        "signing_certificate_v2": bound,
    }
    return cms.CMSAttributes(
        [cms.CMSAttribute({"type": kind, "values": [v]}) for kind, v in values.items()]
    )
