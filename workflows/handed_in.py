"""Certificates that a program beside a token hands in, before anything of them is believed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.errors import Refusal, Refused

if TYPE_CHECKING:
    from engine.signing.signer import Credential

MOST_CERTIFICATES = 8
LARGEST_CERTIFICATE = 16_384

FAULTS = frozenset(
    {
        "authority_revoked",
        "certificate_not_enrolled",
        "certificate_of_another",
        "certificate_unreadable",
        "expired",
        "not_yet_valid",
        "on_hold",
        "revocation_unknown",
        "revoked",
        "unsupported_key",
        "untrusted",
        "wrong_key_usage",
        "wrong_kind",
    }
)
"""Why a certificate signs nothing, whatever the paper: in a batch the next paper fares no better,
and of none of them it says anything."""


def credential(certificates: Sequence[bytes]) -> Credential:
    """The holder's certificate and its chain, from what a stranger sent: the holder's first.

    Raises ``Refused`` (``certificate_unreadable``, ``unsupported_key``).
    """
    from engine.signing.certificates import load_der
    from engine.signing.signer import Credential

    if not 0 < len(certificates) <= MOST_CERTIFICATES:
        raise Refused(Refusal("certificate_unreadable"))
    if any(len(one) > LARGEST_CERTIFICATE for one in certificates):
        raise Refused(Refusal("certificate_unreadable"))
    try:
        leaf, *chain = map(load_der, certificates)
        sent = Credential(leaf, tuple(chain))
        supported = sent.supported
    except ValueError:
        raise Refused(Refusal("certificate_unreadable")) from None
    if not supported:
        raise Refused(Refusal("unsupported_key"))
    return sent


def certificates(credential: Credential) -> list[bytes]:
    """The same as DER, to be kept."""
    from engine.signing.certificates import der

    return [der(one) for one in (credential.certificate, *credential.chain)]
