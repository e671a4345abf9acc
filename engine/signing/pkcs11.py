"""Keys on tokens, cards and security modules, reached through PKCS#11.

The key never leaves the token: a digest goes in, a signature comes out. A PIN is tried once
for each time somebody entered it, never again by itself: three wrong ones lock many tokens.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pkcs11
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11 import Attribute, Mechanism, ObjectClass, TokenFlag

from engine.errors import Refusal, Refused
from engine.signing.certificates import identity
from engine.signing.signer import Credential

DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""What precedes a SHA-256 digest under PKCS#1 v1.5 (RFC 8017, section 9.2, note 1): the raw
mechanism takes it ready-made, so that only the digest has to travel to the token."""

LONGEST_PIN = 64

_GONE = (
    pkcs11.DeviceRemoved,
    pkcs11.DeviceError,
    pkcs11.TokenNotPresent,
    pkcs11.TokenNotRecognised,
    pkcs11.SessionHandleInvalid,
    pkcs11.SessionClosed,
    pkcs11.ObjectHandleInvalid,
    pkcs11.KeyHandleInvalid,
    pkcs11.SlotIDInvalid,
    pkcs11.UserNotLoggedIn,
)
_WRONG = (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange)

# All sessions of a process with one module share its login: a second caller would be let in
# without any PIN. So they take turns.
_turn = threading.Lock()
PATIENCE = 5
"""Seconds that a caller waits for its turn: a batch may hold the module for minutes, and who
waits here answers nobody."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key is: the vendor's module, and the token's label (none: the only one there)."""

    module: Path
    label: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which certificate of a token: by its SHA-256 fingerprint, or by whom it names; or any of
    those that are ``enrolled`` for them (fingerprints)."""

    fingerprint: str = ""
    reference: str = ""
    enrolled: frozenset[str] = frozenset()

    def fits(self, credential: Credential) -> bool:
        found = identity(credential.certificate)
        if found.fingerprint in self.enrolled:
            return True
        return self.fingerprint in ("", found.fingerprint) and self.reference in (
            "",
            found.reference,
        )


@dataclass(frozen=True, slots=True)
class _Held:
    """A certificate of the token and the mark it shares with its private key."""

    certificate: x509.Certificate
    mark: bytes


@dataclass(frozen=True, slots=True, repr=False)
class TokenSigner:
    """A key of an opened token. It signs until the ``opened`` block ends.

    Raises ``Refused`` with ``token_gone`` when the token was pulled out meanwhile.
    """

    credential: Credential
    _key: Any
    _pin: str | None

    def sign(self, message: bytes) -> bytes:
        """The signature over SHA-256 of ``message``: RSA PKCS#1 v1.5, or ECDSA as DER."""
        return self.sign_digest(hashlib.sha256(message).digest())

    def sign_digest(self, digest: bytes) -> bytes:
        """The same for a message of which only the SHA-256 digest is known."""
        if len(digest) != hashlib.sha256().digest_size:
            raise ValueError("a SHA-256 digest has 32 bytes")
        with _telling():
            if isinstance(self.credential.certificate.public_key(), rsa.RSAPublicKey):
                return self._raw(DIGEST_INFO + digest, Mechanism.RSA_PKCS)
            pair = self._raw(digest, Mechanism.ECDSA)
        half = len(pair) // 2
        return encode_dss_signature(
            int.from_bytes(pair[:half], "big"), int.from_bytes(pair[half:], "big")
        )

    def _raw(self, data: bytes, mechanism: Mechanism) -> bytes:
        # Some cards ask for the PIN again before every signature with a qualified key.
        return bytes(self._key.sign(data, mechanism=mechanism, pin=self._pin))


def credentials(place: Place) -> tuple[Credential, ...]:
    """The certificates of persons and agencies on a token, with their chains; no PIN needed.

    Raises ``Refused``: ``module_missing``, ``no_token``, ``several_tokens``, ``token_failed``,
    ``token_busy`` when somebody else has the module for long.
    """
    with _my_turn(), _library(place.module) as library, _telling():
        session = _token(library, place.label).open()
        try:
            return _credentials(_certificates(session))
        finally:
            _close(session)


def choose(found: Sequence[Credential], wanted: Wanted, at: datetime) -> Credential:
    """The one certificate to sign with, those for signing and valid now before all others.

    Raises ``Refused``: ``no_key`` when none fits, ``several_keys`` when it is not clear.
    """
    fitting = [one for one in found if wanted.fits(one)]
    for test in (_signs_documents, lambda one: _is_valid(one, at)):
        fitting = [one for one in fitting if test(one)] or fitting
    if not fitting:
        raise Refused(Refusal("no_key", {"holder": wanted.reference or wanted.fingerprint}))
    if len(fitting) > 1:
        raise Refused(Refusal("several_keys", {"count": len(fitting)}))
    return fitting[0]


@contextmanager
def opened(
    place: Place, pin: str, wanted: Wanted, at: datetime, *, last_try: bool = False
) -> Iterator[TokenSigner]:
    """A token opened with its PIN, for one act or one batch; shut again at the end.

    The PIN is tried once. When the token says that one more wrong PIN locks it, it is tried
    only if ``last_try`` says that the holder knows. Raises ``Refused`` as ``credentials`` and
    ``choose`` do, and ``wrong_pin``, ``wrong_pin_last_try``, ``pin_last_try``, ``pin_locked``.
    """
    if not pin:
        raise Refused(Refusal("required", field="pin"))
    if len(pin) > LONGEST_PIN or not pin.isprintable():
        raise Refused(Refusal("wrong_pin", field="pin"))  # no token has it: no try is spent
    with _my_turn(), _library(place.module) as library:
        with _telling():
            session = _log_in(_token(library, place.label), pin, last_try=last_try)
        try:
            with _telling():
                signer = _signer(session, pin, wanted, at)
            yield signer
        finally:
            _close(session)


@contextmanager
def _my_turn() -> Iterator[None]:
    if not _turn.acquire(timeout=PATIENCE):
        raise Refused(Refusal("token_busy"))
    try:
        yield
    finally:
        _turn.release()


@contextmanager
def _library(module: Path) -> Iterator[Any]:
    """The vendor's module, let go of at the end: that closes whatever a refused login left
    open, and the next caller sees the tokens that are there by then."""
    try:
        library = pkcs11.lib(str(module))
    except pkcs11.PKCS11Error:
        raise Refused(Refusal("module_missing", {"module": str(module)})) from None
    try:
        yield library
    finally:
        with suppress(pkcs11.PKCS11Error):
            library.finalize()


@contextmanager
def _telling() -> Iterator[None]:
    """Turns what the module says into refusals."""
    try:
        yield
    except _GONE:
        raise Refused(Refusal("token_gone")) from None
    except _WRONG:
        raise Refused(Refusal("wrong_pin", field="pin")) from None
    except pkcs11.PinLocked:
        raise Refused(Refusal("pin_locked", field="pin")) from None
    except pkcs11.PKCS11Error as error:
        raise Refused(Refusal("token_failed", {"reason": type(error).__name__})) from error


def _token(library: Any, label: str) -> Any:
    ready = [one for one in library.get_tokens() if one.flags & TokenFlag.TOKEN_INITIALIZED]
    found = [one for one in ready if label in ("", one.label)]
    if not found:
        raise Refused(Refusal("no_token", {"token": label}))
    if len(found) > 1:
        raise Refused(Refusal("several_tokens", {"count": len(found)}))
    return found[0]


def _log_in(token: Any, pin: str, *, last_try: bool) -> Any:
    if token.flags & TokenFlag.USER_PIN_LOCKED:
        raise Refused(Refusal("pin_locked", field="pin"))
    if token.flags & TokenFlag.USER_PIN_FINAL_TRY and not last_try:
        raise Refused(Refusal("pin_last_try", field="pin"))
    try:
        return token.open(user_pin=pin)
    except _WRONG:
        raise Refused(_told_after(token.slot.get_token().flags)) from None


def _told_after(flags: TokenFlag) -> Refusal:
    """How a wrong PIN is told, from what the token says about the tries that are left."""
    if flags & TokenFlag.USER_PIN_LOCKED:
        return Refusal("pin_locked", field="pin")
    if flags & TokenFlag.USER_PIN_FINAL_TRY:
        return Refusal("wrong_pin_last_try", field="pin")
    return Refusal("wrong_pin", field="pin")


def _signer(session: Any, pin: str, wanted: Wanted, at: datetime) -> TokenSigner:
    held = _certificates(session)
    credential = choose(_credentials(held), wanted, at)
    (mark,) = {one.mark for one in held if one.certificate == credential.certificate}
    template = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.ID: mark}
    keys = list(session.get_objects(template))
    if not keys:
        holder = identity(credential.certificate)
        raise Refused(Refusal("no_key", {"holder": holder.reference or holder.name}))
    return TokenSigner(credential, keys[0], pin if _asks_each_time(keys[0]) else None)


def _asks_each_time(key: Any) -> bool:
    try:
        return bool(key[Attribute.ALWAYS_AUTHENTICATE])
    except (pkcs11.AttributeTypeInvalid, pkcs11.AttributeSensitive):
        return False  # modules older than PKCS#11 2.20 do not know it


def _certificates(session: Any) -> list[_Held]:
    """All certificates of a token that can be read as X.509."""
    found = []
    for one in session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}):
        with suppress(ValueError):
            certificate = x509.load_der_x509_certificate(one[Attribute.VALUE])
            found.append(_Held(certificate, bytes(one[Attribute.ID])))
    return found


def _credentials(held: Sequence[_Held]) -> tuple[Credential, ...]:
    issuers = [one.certificate for one in held if _is_authority(one.certificate)]
    leaves = dict.fromkeys(one.certificate for one in held if one.certificate not in issuers)
    supported = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
    return tuple(
        Credential(leaf, tuple(_above(leaf, issuers)))
        for leaf in leaves
        if isinstance(leaf.public_key(), supported)
    )


def _above(
    leaf: x509.Certificate, issuers: Sequence[x509.Certificate]
) -> Iterator[x509.Certificate]:
    """The intermediates over a certificate, the root left out."""
    left = [one for one in issuers if one.subject != one.issuer]
    current = leaf
    while above := next((one for one in left if one.subject == current.issuer), None):
        yield above
        left.remove(above)
        current = above


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _signs_documents(credential: Credential) -> bool:
    try:
        usage = credential.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return usage.content_commitment


def _is_valid(credential: Credential, at: datetime) -> bool:
    certificate = credential.certificate
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _close(session: Any) -> None:
    # A token that was pulled out cannot be signed off from; letting go of the module ends it.
    with suppress(pkcs11.PKCS11Error):
        session.close()
