"""Who signs: the public half (a credential) and, where the key is at hand, a signer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import Certificate

_LEAST_RSA = 2048
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)


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
