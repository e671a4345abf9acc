"""What the offices of the commune and above must have in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from engine.clock import law_date
from engine.errors import Refusal
from engine.move import Move
from engine.terms import last_day_ahead
from workflows import assessment, cases
from workflows.guards.common import Asked, given_day, not_future
from workflows.practice import practice
from workflows.streaks import granted, streak_of, tiers_of


def every_criterion_appraised(move: Move) -> Iterator[Refusal]:
    """Each criterion has a verdict; a no, or a difference from the area's claim, a reason."""
    claimed = cases.findings(move.facts)
    yield from assessment.unappraised(cases.criteria_of(move), move.data["verdicts"], claimed)


def all_criteria_met(move: Move) -> Iterator[Refusal]:
    """The appraisal found every criterion met."""
    fact = move.fact("record_appraisal")
    if fact is None:
        yield Refusal("not_appraised")
        return
    for criterion in assessment.unmet(cases.criteria_of(move), fact.data["verdicts"]):
        yield Refusal("criterion_not_met", {"criterion": criterion.code})


def opinion_after_appraisal(move: Move) -> Iterator[Refusal]:
    """The committee saw the appraisal before it gave its opinion."""
    yield from not_future(move, "held_on")
    fact = move.fact("record_appraisal")
    if fact and given_day(move, "held_on") < law_date(fact.at):
        params = {"appraised_on": law_date(fact.at).isoformat()}
        yield Refusal("opinion_before_appraisal", params, field="held_on")


def committee_quorum(move: Move) -> Iterator[Refusal]:
    """Enough of all members gave an opinion."""
    members, present = move.data["members"], move.data["members_present"]
    quorum = practice().committee.quorum
    if present > members:
        params: dict[str, Any] = {"count": present, "limit": members}
        yield Refusal("more_than_members", params, field="members_present")
    elif not quorum.reached(present, members):
        params = {"count": present, "needs": quorum.needs(members), "members": members}
        yield Refusal("too_few_members", params, field="members_present")


def committee_majority(move: Move) -> Iterator[Refusal]:
    """Enough of all members agreed."""
    members, agreed = move.data["members"], move.data["members_agreed"]
    majority = practice().committee.majority
    if agreed > move.data["members_present"]:
        params: dict[str, Any] = {"count": agreed, "limit": move.data["members_present"]}
        yield Refusal("more_than_members", params, field="members_agreed")
    elif not majority.reached(agreed, members):
        params = {"count": agreed, "needs": majority.needs(members), "members": members}
        yield Refusal("too_few_members_agree", params, field="members_agreed")


def refusal_names_a_criterion(move: Move) -> Iterator[Refusal]:
    """The committee says which criterion is not met, and why: of one at least that the title
    needs."""
    yield from assessment.unrefused(cases.criteria_of(move), move.data["refused_criteria"])


def not_yet_recognised(move: Move) -> Iterator[Refusal]:
    """An issued decision is not reconsidered here: it is corrected, replaced or revoked."""
    if move.fact("recognise_by_commune"):
        yield Refusal("already_recognised")


def objection_window_long_enough(move: Move) -> Iterator[Refusal]:
    """Posted after the decision, for as many days as practice asks (both ends counted), and
    told while it lasts."""
    if refused := list(not_future(move, "posted_on")):
        yield from refused
        return
    begins, ends = given_day(move, "posted_on"), given_day(move, "posted_until")
    decided = cases.decided_on(move.facts)
    if decided and begins < decided:
        params: dict[str, Any] = {"decided_on": decided.isoformat()}
        yield Refusal("posted_before_decision", params, field="posted_on")
    days = practice().posting.days
    earliest = begins + timedelta(days=days - 1)
    if ends < earliest:
        params = {"days": days, "earliest": earliest.isoformat()}
        yield Refusal("posting_too_short", params, field="posted_until")
    elif ends < move.today:
        # Nobody could object any more: it has to be posted again, for days to come.
        yield Refusal("posting_over_already", {"until": ends.isoformat()}, field="posted_until")


def posting_before_the_deadline(move: Move) -> Iterator[Refusal]:
    """A day is left to pass the file on once the posting is over: else it is always late."""
    last = last_day_ahead(move)
    if last and given_day(move, "posted_until") >= last:
        latest = last - timedelta(days=1)
        yield Refusal("posting_too_long", {"latest": latest.isoformat()}, field="posted_until")


def objection_in_time(move: Move) -> Iterator[Refusal]:
    """It came in while the decision was posted."""
    yield from not_future(move, "objection_on")
    posted = cases.needed(move.facts, "post_publicly").data
    day = given_day(move, "objection_on")
    if not date.fromisoformat(posted["posted_on"]) <= day <= _posted_until(move):
        params = {"posted_on": posted["posted_on"], "until": posted["posted_until"]}
        yield Refusal("objection_out_of_time", params, field="objection_on")


def objection_window_over(move: Move) -> Iterator[Refusal]:
    """The last day of the posting has passed."""
    until = _posted_until(move)
    if move.today <= until:
        yield Refusal("objection_window_open", {"until": until.isoformat()})


def _posted_until(move: Move) -> date:
    return date.fromisoformat(cases.needed(move.facts, "post_publicly").data["posted_until"])


def verdict_favourable(move: Move) -> Iterator[Refusal]:
    """An unfavourable appraisal goes on as a proposed refusal, not as this move."""
    if not move.data["favourable"]:
        yield Refusal("verdict_unfavourable", field="favourable")


def announced_after_decision(move: Move) -> Iterator[Refusal]:
    """Announced once the last paper was issued."""
    yield from not_future(move, "announced_on")
    decided = cases.decided_on(move.facts)
    if decided and given_day(move, "announced_on") < decided:
        params = {"decided_on": decided.isoformat()}
        yield Refusal("announced_before_decision", params, field="announced_on")


def _streak_grants(level: str) -> Callable[[Move], Iterator[Refusal]]:
    def guard(move: Move) -> Iterator[Refusal]:
        found = cases.nomination(move)
        length = streak_of(move.session, found.area_id, found.year)
        reached = granted(length, tiers_of(move.definition.id))
        if reached != level:
            yield Refusal("streak_grants_other", {"streak": length, "level": reached or ""})

    guard.__doc__ = f"The years running, this one included, are what the {level} recognises."
    return guard


GUARDS: Asked = {
    "every_criterion_appraised": (every_criterion_appraised, ("verdicts",)),
    "all_criteria_met": (all_criteria_met, ()),
    "opinion_after_appraisal": (opinion_after_appraisal, ("held_on",)),
    "committee_quorum": (committee_quorum, ("members", "members_present")),
    "committee_majority": (committee_majority, ("members", "members_present", "members_agreed")),
    "refusal_names_a_criterion": (refusal_names_a_criterion, ("refused_criteria",)),
    "not_yet_recognised": (not_yet_recognised, ()),
    "objection_window_long_enough": (
        objection_window_long_enough,
        ("posted_on", "posted_until"),
    ),
    "posting_before_the_deadline": (posting_before_the_deadline, ("posted_until",)),
    "objection_in_time": (objection_in_time, ("objection_on",)),
    "objection_window_over": (objection_window_over, ()),
    "verdict_favourable": (verdict_favourable, ("favourable",)),
    "announced_after_decision": (announced_after_decision, ("announced_on",)),
    "streak_grants_commune": (_streak_grants("commune"), ()),
    "streak_grants_district": (_streak_grants("district"), ()),
    "streak_grants_province": (_streak_grants("province"), ()),
}
