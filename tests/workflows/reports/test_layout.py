"""The layouts on file: every section worded, every kind of record there is shown somewhere."""

from __future__ import annotations

import pytest

from engine.errors import NotFound, Refused
from workflows.records.kinds import kinds
from workflows.reports.layout import layout, layouts
from workflows.wording import names


def test_the_reports_of_the_contract_are_there() -> None:
    """Law: Thông tư 124/2021/TT-BCA."""
    assert {"recognition", "annual", "decade"} <= layouts().keys()
    with pytest.raises(NotFound, match="no_report"):
        layout("gossip")


@pytest.mark.parametrize("report", layouts())
def test_sections_have_names_of_their_own_and_writers_there_are(report: str) -> None:
    told = layout(report)
    ids = [section.id for section in told.sections]
    assert len(set(ids)) == len(ids)
    assert set(told.edit) <= names()["roles"].keys()


def test_the_annual_and_the_decade_report_leave_no_kind_out() -> None:
    for report in ("annual", "decade"):
        blocks = [block for section in layout(report).sections for block in section.blocks]
        shown = {kind for block in blocks for kind in block.kinds}
        missing = kinds().keys() - shown
        assert missing <= {"economy", "countryside"}, report


@pytest.mark.parametrize(("first", "last"), [(2017, 2008), (1800, 1801), (1990, 2017)])
def test_years_without_sense_are_refused(first: int, last: int) -> None:
    with pytest.raises(Refused, match="report_years_wrong"):
        layout("decade").check_years(first, last)
    layout("decade").check_years(2008, 2017)
