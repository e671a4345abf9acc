"""The policy table is the one that was read and agreed, and its extremes are what they must be."""

from __future__ import annotations

from tests.workflows.policy_table import TABLE, rows

OBSERVERS = ("admin@", "auditor@")


def test_the_policy_is_the_one_on_paper() -> None:
    assert list(rows()) == TABLE.read_text(encoding="utf-8").splitlines()


def test_observers_and_administrators_move_nothing() -> None:
    moved = [row for row in rows() if any(word in row for word in OBSERVERS)]
    assert moved == []


def test_no_role_holds_two_duties_over_one_subject() -> None:
    """Law: Nghị định 30/2020/NĐ-CP."""
    duties: dict[tuple[str, str], set[str]] = {}
    for row in rows():
        definition, _state, _action, duty, *allowed = row.split(" ")
        for who in allowed:
            if duty != "-" and who != "system":
                duties.setdefault((definition, who), set()).add(duty)
    assert {who: held for who, held in duties.items() if len(held) > 1} == {}
