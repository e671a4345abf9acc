"""Keys held in files, protected by a PIN: for demonstrations and tests only.

Production keeps keys on tokens. A six-digit PIN can be searched for by anyone who has the
file; the caller counts wrong PINs, a file cannot.
"""

from __future__ import annotations

from dataclasses import dataclass

from asn1crypto import pkcs12 as asn1
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

from engine.errors import Refusal, Refused
from engine.signing.signer import Credential

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_KDF_ROUNDS = 20_000


@dataclass(frozen=True, slots=True, repr=False)
class SoftwareSigner:
    """A parsed key in memory. Open it for one operation (or one batch) and let it go."""

    credential: Credential
    _key: PrivateKey

    def sign(self, message: bytes) -> bytes:
        """The signature over SHA-256 of ``message``; the same message gives the same bytes."""
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(message, padding.PKCS1v15(), SHA256())
        return self._key.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True))


def seal_key(key: PrivateKey, credential: Credential, pin: str) -> bytes:
    """A key with its certificates as a PKCS#12 file that opens with ``pin``."""
    encryption = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(_KDF_ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(SHA256())
        .build(pin.encode())
    )
    return pkcs12.serialize_key_and_certificates(
        None, key, credential.certificate, credential.chain, encryption
    )


LONGEST_PIN = 64


def open_key(file: bytes, pin: str) -> SoftwareSigner:
    """The signer in a PKCS#12 file.

    Raises ``Refused`` with ``wrong_pin``, or ``key_file_damaged`` if no PIN can open it.
    """
    _check_shape(file)
    # The library below panics on such a PIN, and its panic would print it.
    if len(pin) > LONGEST_PIN or not pin.isprintable():
        raise Refused(Refusal("wrong_pin", field="pin"))
    try:
        key, certificate, chain = pkcs12.load_key_and_certificates(file, pin.encode())
    except ValueError:
        raise Refused(Refusal("wrong_pin", field="pin")) from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) or certificate is None:
        raise Refused(Refusal("key_file_damaged"))
    return SoftwareSigner(Credential(certificate, tuple(chain)), key)


def _check_shape(file: bytes) -> None:
    """Refuses what is no PKCS#12 file, so that damage is never told as a wrong PIN."""
    try:
        bool(asn1.Pfx.load(file, strict=True)["mac_data"].native)
    except (ValueError, TypeError):
        raise Refused(Refusal("key_file_damaged")) from None
