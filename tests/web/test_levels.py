"""A workflow's words after its district has ended: what was done stays told as the district's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from engine.belonging import HAND_OVER
from engine.commands import Option
from web.levels import Reading
from web.ways import way
from workflows.library import law
from workflows.queries.cases import Line
from workflows.wording import of_either

(FLOW,) = [one for one in law().definitions if one.id == "district-certification-reasoned"]
DECIDED = FLOW.by_state["district_decided"]
SINCE = Reading(date(2025, 7, 1))


def line(day: date, action: str = "issued") -> Line:
    at = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
    return Line(1, at, None, "", None, action, None, "", DECIDED.id, {}, "")


def test_where_a_file_is_bears_the_name_of_who_brought_it_there() -> None:
    before, after = line(date(2025, 6, 30)), line(date(2025, 7, 1))
    handed = replace(after, action=HAND_OVER)
    for reading, lines, told in (
        (SINCE, [before], "Huyện đã quyết định"),
        (SINCE, [before, handed], "Huyện đã quyết định"),
        (SINCE, [before, handed, after], "Tỉnh đã quyết định"),
        (SINCE, [after, handed], "Huyện đã quyết định"),
        (Reading(None), [after], "Huyện đã quyết định"),
    ):
        assert reading.state(DECIDED, lines).label.vi.startswith(told)
    waiting = FLOW.by_state["awaiting_district"]
    assert SINCE.state(waiting, [before, handed]).label.vi == "Chờ công an tỉnh thẩm định"
    assert "province" in SINCE.state(DECIDED, [after]).label.en


def test_what_is_still_to_be_done_is_the_provinces() -> None:
    (again,) = [one for one in FLOW.transitions if one.label.vi == "Thẩm định lại ở huyện"]
    (offered,) = SINCE.options([Option(again, ())])
    assert offered.transition.label.vi == "Thẩm định lại ở tỉnh"
    assert offered.transition.id == again.id
    assert Reading(None).options([Option(again, ())])[0].transition.label == again.label
    source = next(one for one in FLOW.states if again in FLOW.leaving(one.id))
    shown = SINCE.way(way(FLOW, source.id, []), source)
    assert not any("huyện" in step.label.vi.casefold() for step in shown.ahead)
    assert shown.now == source


def test_the_drawing_names_the_province_where_the_file_has_not_been() -> None:
    before = line(date(2025, 6, 30))
    drawn = SINCE.drawn(FLOW, SINCE.state(DECIDED, [before]), [before])
    labels = {id: state.label.vi for id, state in drawn.by_state.items()}
    assert labels["district_decided"].startswith("Huyện đã quyết định")
    assert labels["not_certified"].startswith("Tỉnh không chứng nhận")
    assert not any("ở huyện" in one.label.vi for one in drawn.transitions)
    assert [one.id for one in drawn.states] == [one.id for one in FLOW.states]
    after = line(date(2025, 7, 1))
    now = SINCE.state(DECIDED, [before, after])
    assert SINCE.drawn(FLOW, now, [before, after]).by_state[now.id] == now
    assert Reading(None).drawn(FLOW, now, [after]) is FLOW
    assert of_either(DECIDED.label).vi.startswith("Huyện (nay là tỉnh) đã quyết định")
