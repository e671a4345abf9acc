"""Acts on units against an oracle that writes down every unit on every single day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from workflows.territory.atlas import Atlas, Branch, Span
from workflows.territory.faults import faults
from workflows.territory.orders import Order
from workflows.territory.rules import authority_fault, carry_out

SINCE = date(2000, 1, 1)
DAYS = 40
CODES = ("1", "2", "3", "4", "5", "6")
NAMES = ("An", "Bình", "Cát")


def span(kind: str, name: str, code: str, parent: int | None, form: str = "xã") -> Span:
    return Span(SINCE, None, name, form, code, kind, parent)


def country() -> Atlas:
    """A province, two districts, three communes, an area in each."""
    spans = {
        1: [span("province", "Thanh Hóa", "38", None, "tỉnh")],
        2: [span("district", "Nga Sơn", "401", 1, "huyện")],
        3: [span("district", "Hà Trung", "402", 1, "huyện")],
    }
    for number in (1, 2, 3):
        spans[10 + number] = [span("commune", NAMES[number - 1], str(number), 2 + number // 3)]
        spans[20 + number] = [span("area", "Thôn 1", f"{number}-01", 10 + number, "thôn")]
    return Atlas.of(spans)


def order(act: str, units: Any = (), into: Any = (), on: date | None = None, **more: Any) -> Order:
    deed = {"effective_on": on or SINCE + timedelta(days=5)} | more.pop("deed", {})
    return Order.model_validate({"act": act, "units": units, "into": into, "deed": deed, **more})


def codes(atlas: Atlas, wanted: Order) -> list[tuple[str, str | None]]:
    return [(one.code, one.field) for one in carry_out(atlas, wanted, 0)]


NEW = {"kind": "commune", "name": "Mới", "form": "xã", "code": "9", "parent": "401"}
ON = SINCE + timedelta(days=5)

REFUSED: Mapping[str, tuple[Order, str, str]] = {
    "unknown": (order("rename", ["77"], [{"name": "X"}]), "unit_not_then", "units.0"),
    "not yet": (
        order("rename", ["1"], [{"name": "X"}], SINCE - timedelta(days=1)),
        "unit_not_then",
        "units.0",
    ),
    "code taken": (order("create", (), [NEW | {"code": "1"}]), "code_in_use", "into.code"),
    "recoded to a code taken": (
        order("recode", ["1"], [{"code": "2"}]),
        "code_in_use",
        "into.0.code",
    ),
    "no parent": (order("create", (), [NEW | {"parent": None}]), "parent_missing", "into.parent"),
    "under an area": (
        order("move", ["1"], [{"parent": "2-01"}]),
        "parent_of_wrong_kind",
        "into.0.parent",
    ),
    "no name": (order("create", (), [NEW | {"name": ""}]), "required", "into.0.name"),
    "strange form": (
        order("create", (), [NEW | {"form": "hamlet"}]),
        "unit_form_unknown",
        "into.0.form",
    ),
    "control character in a name": (
        order("create", (), [NEW | {"name": "Nga\x01 An"}]),
        "not_text",
        "into.0.name",
    ),
    "name on two lines": (
        order("rename", ["1"], [{"name": "Nga\nAn"}]),
        "not_text",
        "into.0.name",
    ),
    "letter that no paper prints": (
        order("create", (), [NEW | {"name": "Nga 😀"}]),
        "unprintable",
        "into.0.name",
    ),
    "strange category": (
        order("create", (), [NEW | {"kind": "school", "category": "tiny"}]),
        "unit_category_unknown",
        "into.0.category",
    ),
    "category of a commune": (
        order("rename", ["1"], [{"category": "primary"}]),
        "unit_category_unknown",
        "into.0.category",
    ),
    "merge of one": (order("merge", ["1"], [NEW]), "merge_of_one", "units"),
    "merge with itself": (order("merge", ["1"], [{"unit": "1"}]), "merge_of_one", "units"),
    "merge of two kinds": (order("merge", ["1", "402"], [NEW]), "kinds_differ", "units.1"),
    "named twice": (order("merge", ["1", "1", "2"], [NEW]), "unit_named_twice", "units.1"),
    "split into one": (order("split", ["1"], [NEW]), "split_into_one", "into"),
    "a child left": (
        order("split", ["1"], [NEW, NEW | {"code": "8"}]),
        "children_left",
        "units.0",
    ),
    "no such child": (
        order("split", ["1"], [{"unit": "1"}, NEW], children={"7-01": "9"}),
        "no_such_child",
        "children.7-01",
    ),
    "no such part": (
        order("split", ["1"], [{"unit": "1"}, NEW], children={"1-01": "7"}),
        "no_such_part",
        "children.1-01",
    ),
    "children left": (order("end", ["401"], ()), "children_left", "units.0"),
    "nothing changes": (order("rename", ["1"], [{"name": "An"}]), "nothing_changes", "units.0"),
    "nothing given": (order("rename", ["1"], [{"code": "8"}]), "required", "into.0.name"),
    "ends on its first day": (
        order("end", ["1-01"], (), SINCE),
        "unit_ends_before_it_begins",
        "units.0",
    ),
    "issued after it took effect": (
        order("rename", ["1"], [{"name": "X"}], deed={"issued_on": ON + timedelta(days=1)}),
        "issued_after_effect",
        "deed.issued_on",
    ),
    "by an authority that was not there yet": (
        order(
            "rename",
            ["1"],
            [{"name": "X"}],
            deed={"issued_on": SINCE - timedelta(days=1), "issuer_unit": "38"},
        ),
        "authority_not_then",
        "deed.issuer_unit",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_orders_are_refused_with_their_place(name: str) -> None:
    wanted, code, key = REFUSED[name]
    assert (code, key) in codes(country(), wanted)


def test_dates_that_would_overlap_are_refused() -> None:
    atlas = country()
    assert codes(atlas, order("rename", ["1"], [{"name": "Sau"}])) == []
    earlier = order("rename", ["1"], [{"name": "Trước"}], ON - timedelta(days=1))
    assert codes(atlas, earlier) == [("spans_overlap", "into.0")]


def test_two_parents_at_once_are_refused() -> None:
    atlas = country()
    assert codes(atlas, order("move", ["1"], [{"parent": "402"}])) == []
    other = order("move", ["1"], [{"parent": "38"}])
    assert codes(atlas, other) == [("two_parents", "into.0.parent")]
    renamed = order("rename", ["1"], [{"name": "Khác"}])
    assert codes(atlas, renamed) == [], "another thing may change on the same day"
    assert codes(atlas, order("rename", ["1"], [{"name": "Nữa"}])) == [
        ("changed_twice", "into.0.name")
    ]


def test_a_circle_is_refused() -> None:
    atlas = country()
    gives = order("split", ["1"], [{"unit": "1"}, {"unit": "2"}])
    back = order("split", ["2"], [{"unit": "2"}, {"unit": "1"}], ON + timedelta(days=1))
    assert codes(atlas, gives) == []
    assert codes(atlas, back) == [("lineage_circle", "into.1")]


def test_an_authority_decides_from_its_first_day_to_its_last() -> None:
    atlas = country()
    assert codes(atlas, order("merge", ["1", "2"], [NEW])) == []
    for ref in (11, "commune:1"):
        assert authority_fault(atlas, ref, ON - timedelta(days=1)) is None
        refused = authority_fault(atlas, ref, ON)
        assert refused is not None
        assert refused.code == "authority_not_then"
    assert authority_fault(atlas, 11, SINCE - timedelta(days=1)) is not None


def test_a_unit_that_goes_on_keeps_its_identity() -> None:
    atlas = country()
    assert codes(atlas, order("merge", ["1", "2"], [{"unit": "1", "name": "Chung"}])) == []
    assert atlas.branches == {(12, 11): Branch(ON, "merge", 0)}
    assert [one.name for one in atlas.spans[11]] == ["An", "Chung"]
    assert atlas.children(11, ON) == [21, 22]
    assert atlas.at(22, ON - timedelta(days=1)) == span(
        "area", "Thôn 1", "2-01", 12, "thôn"
    ).__class__(SINCE, ON - timedelta(days=1), "Thôn 1", "thôn", "2-01", "area", 12)


def test_a_category_is_told_by_a_paper() -> None:
    atlas = country()
    atlas.put(31, [span("school", "Trường Mẫu", "GD-1", 11, "trường")])
    made = {"kind": "school", "name": "Trường Mới", "code": "GD-2", "parent": "commune:1"}
    assert codes(country(), order("create", [], [made])) == [], "its name is whole without a form"
    assert codes(atlas, order("rename", ["GD-1"], [{"category": "lower_secondary"}])) == []
    assert [one.category for one in atlas.spans[31]] == ["", "lower_secondary"]
    again = order("rename", ["GD-1"], [{"category": "lower_secondary"}], ON + timedelta(days=1))
    assert codes(atlas, again) == [("nothing_changes", "units.0")]


def test_an_order_keeps_the_fingerprint_it_had_before_categories() -> None:
    wanted = order("rename", ["1"], [{"name": "X"}])
    assert wanted.fingerprint == "878e4e881942934a7b3df075dd77f20e7d7ed7bbbc2ce746e548dec592067f05"
    other = order("rename", ["1"], [{"name": "X", "category": "primary"}])
    assert other.fingerprint != wanted.fingerprint


def test_who_takes_the_place_of_another_takes_what_may_stand_below_it() -> None:
    atlas = country()
    atlas.put(31, [span("school", "Trường Mẫu", "GD-1", 2, "trường")])
    assert codes(atlas, order("end", ["401"], [{"unit": "38"}])) == []
    assert atlas.children(1, ON) == [3, 11, 12, 31]
    assert atlas.children(2, ON - timedelta(days=1)) == [11, 12, 31], "as it was"
    assert atlas.branches == {(2, 1): Branch(ON, "replace", 0)}
    left = order("end", ["2"], [{"unit": "402"}])
    assert codes(country(), left) == [("children_left", "units.0")], "no hamlet under a district"


def test_what_cannot_be_true_is_told_whoever_says_so() -> None:
    atlas = country()
    late, early = SINCE + timedelta(days=9), SINCE + timedelta(days=3)
    atlas.put(11, [Span(SINCE, early, "An", "xã", "1", "commune", 2), span("commune", "B", "1", 2)])
    atlas.put(
        12,
        [
            Span(SINCE, early, "An", "xã", "2", "commune", 2),
            Span(late, None, "B", "xã", "2", "commune", 2),
        ],
    )
    atlas.link(13, 12, Branch(SINCE, "merge"))
    atlas.link(12, 13, Branch(SINCE, "merge"))
    assert {one.code for one in faults(atlas, [11, 12])} == {
        "spans_overlap",
        "spans_gap",
        "lineage_circle",
    }


class Acts(RuleBasedStateMachine):
    """Random acts on a country; after each, every unit on every day is what the oracle says:
    a plain dictionary by unit and day, changed one day after the other."""

    @initialize()
    def begin(self) -> None:
        self.atlas = country()
        self.days = [SINCE + timedelta(days=n) for n in range(DAYS)]
        self.oracle: dict[int, dict[date, tuple[str, str, int | None]]] = {
            unit: {day: self._told(spans[0]) for day in self.days}
            for unit, spans in self.atlas.spans.items()
        }
        self.came: set[tuple[int, int]] = set()
        self.now = 1
        self.done = self.refused = 0

    @staticmethod
    def _told(one: Span) -> tuple[str, str, int | None]:
        return one.name, one.code, one.parent

    @property
    def on(self) -> date:
        return self.days[self.now]

    def alive(self, kind: str) -> list[int]:
        return [
            unit
            for unit in sorted(self.oracle)
            if self.on in self.oracle[unit] and self.atlas.spans[unit][0].kind == kind
        ]

    def pick(self, number: int, kind: str = "commune") -> int:
        found = self.alive(kind)
        return found[number % len(found)]

    def try_(self, wanted: Order) -> bool:
        """Carries it out on a copy, and keeps the copy if nothing is against it."""
        trial = self.atlas.copy()
        if carry_out(trial, wanted, 0):
            self.refused += 1
            return False
        self.atlas = trial
        self.done += 1
        return True

    def since(self, unit: int, **told: Any) -> None:
        for day in self.days[self.now :]:
            name, code, parent = self.oracle[unit][day]
            self.oracle[unit][day] = (
                told.get("name", name),
                told.get("code", code),
                told.get("parent", parent),
            )

    def new(self, name: str, code: str, parent: int) -> int:
        unit = min(self.atlas.spans)
        self.oracle[unit] = dict.fromkeys(self.days[self.now :], (name, code, parent))
        return unit

    def gone(self, unit: int, into: int) -> None:
        for day in self.days[self.now :]:
            del self.oracle[unit][day]
        for child in [
            c for c in self.oracle if self.oracle[c].get(self.on, ("", "", 0))[2] == unit
        ]:
            self.since(child, parent=into)
        self.came.add((unit, into))

    @rule()
    @precondition(lambda self: self.now < DAYS - 1)
    def a_day_passes(self) -> None:
        self.now += 1

    @rule(which=st.integers(0, 9), name=st.sampled_from(NAMES))
    def rename(self, which: int, name: str) -> None:
        unit = self.pick(which)
        if self.try_(order("rename", [unit], [{"name": name}], self.on)):
            self.since(unit, name=name)

    @rule(which=st.integers(0, 9), code=st.sampled_from(CODES))
    def recode(self, which: int, code: str) -> None:
        unit = self.pick(which)
        if self.try_(order("recode", [unit], [{"code": code}], self.on)):
            self.since(unit, code=code)

    @rule(which=st.integers(0, 9), parent=st.sampled_from([2, 3, 1]))
    def move(self, which: int, parent: int) -> None:
        unit = self.pick(which)
        if self.try_(order("move", [unit], [{"parent": parent}], self.on)):
            self.since(unit, parent=parent)

    @rule(one=st.integers(0, 9), other=st.integers(0, 9), code=st.sampled_from(CODES))
    def merge_into_a_new_one(self, one: int, other: int, code: str) -> None:
        first, second = self.pick(one), self.pick(other)
        target = {"name": "Mới", "form": "xã", "code": code, "parent": 2}
        if self.try_(order("merge", [first, second], [target], self.on)):
            into = self.new("Mới", code, 2)
            self.gone(first, into)
            self.gone(second, into)

    @rule(one=st.integers(0, 9), other=st.integers(0, 9))
    def take_in(self, one: int, other: int) -> None:
        into, gone = self.pick(one), self.pick(other)
        if self.try_(order("merge", [gone], [{"unit": into}], self.on)):
            self.gone(gone, into)

    @rule(one=st.integers(0, 9), code=st.sampled_from(CODES), name=st.sampled_from(NAMES))
    def give_up_a_part(self, one: int, code: str, name: str) -> None:
        whole = self.pick(one)
        children = [c for c in self.oracle if self.oracle[c].get(self.on, ("", "", 0))[2] == whole]
        given = {self.oracle[child][self.on][1]: code for child in children[:1]}
        parts = [{"unit": whole}, {"name": name, "form": "xã", "code": code, "parent": 2}]
        if self.try_(order("split", [whole], parts, self.on, children=given)):
            part = self.new(name, code, 2)
            self.came.add((whole, part))
            for child in children[:1]:
                self.since(child, parent=part)

    @invariant()
    def every_day_is_as_written_down(self) -> None:
        if not hasattr(self, "oracle"):
            return
        for unit, by_day in self.oracle.items():
            for day in self.days:
                found = self.atlas.at(unit, day)
                assert (self._told(found) if found else None) == by_day.get(day)
        assert set(self.atlas.branches) == self.came
        assert set(self.oracle) == set(self.atlas.spans)

    @invariant()
    def nothing_impossible_is_true(self) -> None:
        if hasattr(self, "atlas"):
            assert list(faults(self.atlas, self.atlas.spans)) == []

    @invariant()
    def codes_are_unique_on_every_day(self) -> None:
        if not hasattr(self, "oracle"):
            return
        for day in self.days:
            borne = [by_day[day][1] for by_day in self.oracle.values() if day in by_day]
            assert len(borne) == len(set(borne))


TestActs = Acts.TestCase
