"""The way of a file in short: where it came through, where it is, and what leads on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from web.ways import SHOWN, way
from workflows.library import law
from workflows.queries.cases import Line


def _line(version: int, state: str) -> Line:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=version)
    return Line(version, at, None, "", None, "", None, "", state, {}, "")


def test_the_way_ends_where_the_file_is_and_leaves_out_what_was_in_vain() -> None:
    definition = next(one for one in law().definitions if one.id == "district-certification")
    first, second, third, *_ = (state.id for state in definition.states)
    went = [first, second, third, second, second, third]
    found = way(definition, third, [_line(number, one) for number, one in enumerate(went)])
    assert [stop.state.id for stop in (*found.earlier, *found.past)] == [first, second]
    assert len(found.past) <= SHOWN
    assert found.past[-1].at.day == 5
    assert found.now.id == third
    assert {step.id for step in found.ahead} == {t.id for t in definition.leaving(third)}
    assert found.ahead[0].tone == "forward"
