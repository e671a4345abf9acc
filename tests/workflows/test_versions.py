"""What a file's age leaves of its proof: one rule, whatever its level (ETSI EN 319 102-1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.signing.findings import SignatureReport
from engine.signing.validate import _NOTHING
from workflows.versions import Proof, proof


def report(role: str) -> SignatureReport:
    """Of ``person``, ``seal`` or ``stamp``, with what is wrong with it after a colon."""
    name, _, problem = role.partition(":")
    problems = (problem,) if problem else ()
    role = "timestamp" if name == "stamp" else name
    return replace(_NOTHING, role=role, valid=not problem, problems=problems)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("person seal", "holds"),  # B-B, its certificates good today
        ("person seal stamp stamp", "holds"),  # whatever ended since, a stamp proves the time
        ("person seal stamp:expired", "holds"),  # the certificates are good today
        ("person:unproven seal:unproven", "no_time_proof"),  # B-B, and they ended
        ("person:unproven seal", "no_time_proof"),
        ("person:unproven seal:unproven stamp:expired", "stamp_lapsed"),
        ("person:unproven seal:unproven stamp:expired stamp", "no_time_proof"),  # a gap
        ("person:expired seal:unproven stamp:expired", "faulty"),  # had ended when it signed
        ("person:unproven seal:altered", "faulty"),
        ("person seal stamp:altered", "faulty"),
        ("person:unproven seal:uncovered", "faulty"),
    ],
)
def test_what_proves_that_signatures_were_good(told: str, expected: Proof) -> None:
    assert proof([report(one) for one in told.split()]) == expected
