"""What somebody about to sign a prepared paper should know: that the message is about it.

The program beside the token is given a paper and the message to be signed by a server. Both
are bytes from elsewhere: nothing is signed that was not recomputed from the paper itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.errors import Refusal, Refused
from engine.signing import cms
from engine.signing.coverage import facts
from engine.signing.signer import Credential


@dataclass(frozen=True, slots=True)
class Inspected:
    """``digest`` is what the token signs; ``covered`` the SHA-256 of the paper's bytes that
    the signature will cover: all of the file but the room for the signature."""

    digest: bytes
    covered: bytes


def inspect(pdf: bytes, attributes: bytes, credential: Credential) -> Inspected:
    """Recomputes what a signature with this credential over this prepared paper must sign.

    Raises ``Refused``: ``unreadable_pdf``, or ``not_what_was_shown`` when the message is
    about other bytes, another certificate, or says anything besides.
    """
    signatures = facts(pdf).covered
    if not signatures or not signatures[-1].whole:
        raise Refused(Refusal("not_what_was_shown"))
    covered = bytes.fromhex(signatures[-1].digest)
    if not any(cms.attributes(one, covered) == attributes for one in _shorter(credential)):
        raise Refused(Refusal("not_what_was_shown"))
    return Inspected(cms.digest(attributes), covered)


def _shorter(credential: Credential) -> Iterator[Credential]:
    """The credential, and with less and less of its chain: the server names only what leads to
    its root, which may be one of the token's own intermediates."""
    for links in range(len(credential.chain), -1, -1):
        yield Credential(credential.certificate, credential.chain[:links])
