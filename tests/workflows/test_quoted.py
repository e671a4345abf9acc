"""A quoted percentage beside the records: the same everywhere it is told."""

from __future__ import annotations

import pytest

from workflows.quoted import Beside


@pytest.mark.parametrize(
    ("quoted", "recognised", "denominator", "differs"),
    [
        ("76", 177, 234, False),
        ("75,64 %", 177, 234, False),
        ("70", 166, 234, True),
        ("70", 0, 0, False),  # nothing to compare it with
        ("đa số", 166, 234, False),
    ],
)
def test_a_quote_differs_from_records_that_say_something(
    quoted: str, recognised: int, denominator: int, differs: bool
) -> None:
    told = Beside("401", "huyện A", 2012, quoted, recognised, denominator, "", "Báo cáo")
    assert told.differs is differs
