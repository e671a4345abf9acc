"""Who signs: the public half (a credential) and, where the key is at hand, a signer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import Certificate

_LEAST_RSA = 2048
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)

# How many points the base point of each curve makes (FIPS 186-4, D.1.2).
_ORDERS = {
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp384r1": int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
        16,
    ),
    "secp521r1": int(
        "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA"
        "51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
        16,
    ),
}


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate and the intermediates that link it to a root (the root left out).

    It is all that preparing and completing a signature needs, wherever the key is: in this
    process, in a token of this machine, or in the hand of someone elsewhere.
    """

    certificate: Certificate
    chain: tuple[Certificate, ...] = ()

    @property
    def supported(self) -> bool:
        """Whether the key is of a kind and strength that papers are signed with: RSA from
        2048 bits, or a NIST curve from 256. Raises ``ValueError`` for a key nobody can read.
        """
        try:
            key = self.certificate.public_key()
        except UnsupportedAlgorithm:
            return False
        if isinstance(key, rsa.RSAPublicKey):
            return key.key_size >= _LEAST_RSA
        return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES)

    def accepts(self, message: bytes, signature: bytes) -> bool:
        """Whether ``signature`` over ``message`` was made with this certificate's key."""
        key = self.certificate.public_key()
        try:
            if isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, message, padding.PKCS1v15(), SHA256())
            elif isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(signature, message, ec.ECDSA(SHA256()))
            else:
                return False
        except InvalidSignature:
            return False
        return True

    @property
    def longest_signature(self) -> bytes:
        """Bytes as long as the longest settled signature by this key; they sign nothing.
        Raises ``ValueError`` for a key that papers are not signed with."""
        key = self.certificate.public_key()
        if isinstance(key, rsa.RSAPublicKey):
            return bytes((key.key_size + 7) // 8)
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _ORDERS:
            raise ValueError("no key that papers are signed with")
        order = _ORDERS[key.curve.name]
        return encode_dss_signature(order - 1, order // 2)

    def settled(self, signature: bytes) -> bytes:
        """The one spelling of a signature by this key.

        Every ECDSA signature (r, s) has a twin (r, n - s) that anybody can work out and that
        is as good; the one with the smaller half is meant. Raises ``ValueError`` for what is
        no such signature.
        """
        key = self.certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return signature
        first, second = decode_dss_signature(signature)
        return encode_dss_signature(first, min(second, _ORDERS[key.curve.name] - second))


class Signer(Protocol):
    """A key that signs now. Software and token keys differ in nothing but ``sign``.

    A key that signs later, elsewhere, is not a ``Signer``: its credential goes through
    ``pdf.prepare_person`` or ``pdf.prepare_issue``, and its answer through ``pdf.complete``.
    """

    @property
    def credential(self) -> Credential:
        """The certificate of the key, and its chain."""

    def sign(self, message: bytes) -> bytes:
        """The signature over SHA-256 of ``message``: RSA PKCS#1 v1.5, or ECDSA as DER."""
