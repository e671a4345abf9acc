"""Whether a revision that was signed here a moment ago is what it should be.

``validate`` judges files from anywhere, takes them apart and follows every object: what it
needs for that is several times what making the signature took. Of a file that grew before our
eyes, by a key that answered us, these are the questions left: are the old bytes untouched, does
the signature cover all the rest but itself, is it spelled as this house spells it, and did this
certificate's key make it? Whether the certificate may sign is asked where the key is opened.

Not for what comes from elsewhere: who prepares here and signs there (``deferred``) is judged in
full. The tests hold both judgements together.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime

from engine.signing import cms
from engine.signing.signer import Credential

_RANGE = re.compile(rb"/Type /Sig /Contents <[0-9A-F]+> /ByteRange \[0 (\d+) (\d+) (\d+)\]")


def problems(base: bytes, content: bytes, credential: Credential, at: datetime) -> tuple[str, ...]:
    """Why the signature that was appended to ``base`` at an instant is not to be believed, in
    the codes of ``validate``; empty if it is."""
    certificate = credential.certificate
    found = list(_faults(base, content, credential))
    if at < certificate.not_valid_before_utc:
        found.append("not_yet_valid")
    if at > certificate.not_valid_after_utc:
        found.append("expired")
    return tuple(found)


def _faults(base: bytes, content: bytes, credential: Credential) -> Iterator[str]:
    ranges = list(_RANGE.finditer(content, len(base)))
    if not content.startswith(base) or len(ranges) != 1:
        yield "changed_after"
        return
    first, second, rest = (int(number) for number in ranges[0].groups())
    gap = content[first:second]
    if first < len(base) or second + rest != len(content) or not _is_hexadecimal(gap):
        yield "odd_coverage"
        return
    covered = hashlib.sha256(content[:first])
    covered.update(content[second:])
    yield from _faults_of(bytes.fromhex(gap[1:-1].decode()), covered.digest(), credential)


def _is_hexadecimal(gap: bytes) -> bool:
    return re.fullmatch(rb"<(?:[0-9A-F]{2})+>", gap) is not None


def _faults_of(container: bytes, digest: bytes, credential: Credential) -> Iterator[str]:
    """Writes the envelope anew from the digest and the signature alone: one wrong byte in it
    and the two differ."""
    attributes = cms.attributes(credential, digest)
    try:
        signature = credential.settled(cms.signature_in(container))
    except (IndexError, ValueError):
        yield "respelled"
        return
    if cms.envelope(credential, attributes, signature).ljust(len(container), b"\0") != container:
        yield "respelled"
    if not credential.accepts(attributes, signature):
        yield "altered"
