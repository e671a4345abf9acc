"""What the other procedure asks: registration in time, and the officers' assessment meeting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.errors import Refusal
from engine.move import Move
from workflows import cases
from workflows.guards.common import Asked, dated_in_year, given_day, not_future
from workflows.names import same_name
from workflows.practice import practice
from workflows.shares import share_of


def registered_in_time(move: Move) -> Iterator[Refusal]:
    """Registered, and told, by the last day; later only by a decision that says why."""
    rules, year = cases.rules_of(move), cases.nomination(move).year
    if rules is None or rules.registration is None or move.data["late_reason"]:
        return
    last = rules.registration.of(year)
    if max(given_day(move, "registered_on"), move.today) > last:
        params = {"last": last.isoformat()}
        yield Refusal("registered_late", params, rules.registration.basis[0], "late_reason")


def documents_in_order(move: Move) -> Iterator[Refusal]:
    """Days that have come, the registration inside the days assessed, and no day too early."""
    yield from not_future(move, "registered_on", "resolution_on", "plan_on")
    yield from dated_in_year(move, "resolution_on", "plan_on")


def meeting_in_time(move: Move) -> Iterator[Refusal]:
    """The meeting was held, and, where the regime says so, after the last day it judges."""
    yield from not_future(move, "met_on")
    rules, ends = cases.rules_of(move), cases.window_of(move).ends_on
    waits = rules is not None and rules.meeting is not None and rules.meeting.after_window
    if waits and given_day(move, "met_on") <= ends:
        yield Refusal("meeting_before_window_ends", {"ends_on": ends.isoformat()}, field="met_on")


def required_roles_present(move: Move) -> Iterator[Refusal]:
    """Everybody who must be there is named, and nobody stands for two."""
    rules = cases.rules_of(move)
    if rules is None or rules.meeting is None:
        return
    named: list[str] = []
    for role in rules.meeting.roles:
        name = (move.data["roles"].get(role.id) or {}).get("name") or ""
        place, params = f"roles.{role.id}.name", {"role": role.title.vi, "name": name}
        if not name and not role.optional:
            yield Refusal("role_missing", params, rules.meeting.basis[0], place)
        elif any(same_name(name, other) for other in named):
            yield Refusal("two_roles_one_person", params, rules.meeting.basis[0], place)
        named += [name] if name else []
    if len(named) > move.data["present"]:
        yield Refusal("fewer_present_than_named", {"count": len(named)}, field="present")


def meeting_agreed(move: Move) -> Iterator[Refusal]:
    """Enough of those present agreed."""
    present, agreed = move.data["present"], move.data["agreed"]
    majority = practice().officers.majority
    params: dict[str, Any] = {"count": agreed, "present": present}
    if agreed > present:
        yield Refusal("more_than_present", params, field="agreed")
    elif not majority.reached(agreed, present):
        params["needs"] = majority.needs(present)
        yield Refusal("too_few_agree", params, field="agreed")


def share_of_subjects_reached(move: Move) -> Iterator[Refusal]:
    """Enough subjects under the commune are recognised and, where the regime asks it, all of
    them registered; counted in integers over all kinds together."""
    row = cases.nomination(move)
    found = share_of(move.session, row.area_id, row.year, row.title, move.today)
    if found is None:
        return
    share, total = found.share, found.subjects.total
    params: dict[str, Any] = {"count": total.registered, "subjects": total.subjects}
    if not share.enough_registered(total.registered, total.subjects):
        yield Refusal("subjects_not_registered", params, share.basis[0])
    if not share.recognised.reached(total.recognised, total.subjects):
        params |= {"count": total.recognised, "needs": found.needed}
        yield Refusal("share_not_reached", params, share.basis[0])


GUARDS: Asked = {
    "registered_in_time": (registered_in_time, ("registered_on", "late_reason")),
    "documents_in_order": (documents_in_order, ("registered_on", "resolution_on", "plan_on")),
    "meeting_in_time": (meeting_in_time, ("met_on",)),
    "required_roles_present": (required_roles_present, ("roles", "present")),
    "meeting_agreed": (meeting_agreed, ("present", "agreed")),
    "share_of_subjects_reached": (share_of_subjects_reached, ()),
}
