"""What is said of a version that was made here: the verdict, and every reason for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from engine.signing.findings import SignatureReport
from workflows.keys import authority_reference
from workflows.known import Known
from workflows.verification import _said

OURS = Known(7, "code", "01/QĐ-UBND", "sealed", "revoked", 3, 0, True, "")


def report(role: Any, *problems: str) -> SignatureReport:
    whose = authority_reference(3) if role == "seal" else ""
    told = (role, "", "", "", "", whose, "", None, "", not problems, True)
    return SignatureReport(*told, "whole_file", "", "none", problems)  # type: ignore[arg-type]


GOOD = (report("person"), report("seal"), report("timestamp"))
OVER = (report("person", "unproven"), report("seal", "unproven"), report("timestamp", "expired"))


@pytest.mark.parametrize(
    ("reports", "in_force", "verdict", "reasons"),
    [
        (GOOD, True, "genuine", ()),
        (GOOD, False, "not_in_force", ("not_in_force",)),
        (OVER, True, "lapsed", ("stamp_lapsed", "dated_by_the_log")),
        (OVER, False, "lapsed", ("stamp_lapsed", "dated_by_the_log", "not_in_force")),
        (GOOD[:1], False, "altered", ("not_in_force",)),
    ],
)
def test_a_lapsed_file_that_is_not_in_force_either_says_both(
    reports: Sequence[SignatureReport], in_force: bool, verdict: str, reasons: tuple[str, ...]
) -> None:
    assert _said(OURS, reports, issued=True, in_force=in_force) == (verdict, reasons)
