"""Whose signatures stand in the bytes of a file, and what blames nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.signing import remains as module
from engine.signing.certificates import Enrolment, Roots, der, fingerprint, load_roots
from engine.signing.coverage import facts
from engine.signing.embedded import credential, signatures
from engine.signing.findings import NOTHING_LEFT
from engine.signing.remains import remains
from tests.engine.signing.altering.keys import roots_pem
from tests.engine.signing.altering.manifest import genuine

ROOTS = Roots.common(load_roots(roots_pem()))
PERSON = "Nguyễn Thị Thưởng, Ủy ban nhân dân xã Nga An"
AGENCY = "Ủy ban nhân dân xã Nga An"


def envelope(which: int = 0) -> bytes:
    """A signature of the genuine paper, in digits."""
    content = genuine()
    first, second = facts(content).covered[which].gap
    return content[first + 1 : second - 1].rstrip(b"0")


def test_who_signed_is_told_from_a_signature_alone() -> None:
    both = b"\xff" + envelope(0) + b" " + envelope(1).lower() + b"\xff"
    assert remains(both, ROOTS, None).signers == (PERSON, AGENCY)


def test_what_is_not_wholly_as_written_here_blames_nobody() -> None:
    whole, other = envelope(0), envelope(1)
    for at in range(9, len(whole), len(whole) // 40):
        changed = b"%x" % (int(whole[at : at + 1], 16) ^ 1)
        file = whole[:at] + changed + whole[at + 1 :]
        assert remains(file, ROOTS, None).signers == (), at
    held = credential(signatures(genuine())[0]).certificate
    pasted = der(held).hex().encode()
    # A certificate alone, or under a signature by another key, was copied from somewhere.
    assert remains(pasted, ROOTS, None) == replace(NOTHING_LEFT, revised=True)
    assert remains(whole[:-160] + other[-160:], ROOTS, None).signers == ()


def test_only_who_is_somebody_here_is_named() -> None:
    content = envelope()
    held = credential(signatures(genuine())[0]).certificate
    since, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    enrolled = Enrolment(fingerprint(held), "person", "person:1", since, until)
    public = replace(ROOTS, named=False)
    assert remains(content, public, None).signers == ()
    assert remains(content, replace(public, enrolled=(enrolled,)), None).signers == (PERSON,)
    assert remains(content, Roots(agency=ROOTS.agency), None).signers == ()
    for stranger in ("signed-by-stranger", "stranger-with-same-names", "from-a-demonstration"):
        assert remains(genuine(stranger), ROOTS, None).signers == ()


def test_no_more_is_looked_at_than_any_paper_has(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[bytes] = []
    monkeypatch.setattr(module, "_holder", lambda one, roots: tried.append(one))
    many = (b"3082FFFF" + b"06092A864886F70D010702") * 500
    assert remains(many, ROOTS, None).signers == ()
    assert len(tried) == 64
    streams = b"stream\n%PDF-" * 9000
    read: list[int] = []
    monkeypatch.setattr(module, "_unpacked", lambda raw, most: read.append(most) or b"%PDF-")
    monkeypatch.setattr(module, "_paper_in", lambda content, roots: "")
    remains(streams.replace(b"%", b"x"), ROOTS, None)
    assert len(read) < 2100
