"""What the law of the day asks of the residents' meeting and its count."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from engine.clock import law_date
from engine.errors import NotFound, Refusal
from engine.move import Move
from engine.terms import last_day_ahead
from workflows import cases, voting
from workflows.guards.common import Asked
from workflows.names import same_name, titled

BALLOTS = ("issued", "returned", "valid", "invalid")
COUNTED = ("method", "present", *BALLOTS, "yes", "no")


def notice_days_before(move: Move) -> Iterator[Refusal]:
    """As many calendar days before the meeting as the law of its day asks."""
    meeting = datetime.fromisoformat(move.data["meeting_at"])
    if meeting <= move.at:
        yield Refusal("meeting_in_the_past", field="meeting_at")
        return
    try:
        rule = voting.rule_on(law_date(meeting))
    except NotFound as error:
        yield from error.refusals
        return
    earliest = move.today + timedelta(days=rule.notice_days)
    if law_date(meeting) < earliest:
        params = {"days": rule.notice_days, "earliest": earliest.isoformat()}
        yield Refusal("notice_too_short", params, rule.notice_clause, "meeting_at")


def meeting_before_the_deadline(move: Move) -> Iterator[Refusal]:
    """The residents meet while the state that follows still waits for the count: a file whose
    term ends before its meeting would lapse unheard."""
    latest = last_day_ahead(move)
    if latest and law_date(datetime.fromisoformat(move.data["meeting_at"])) > latest:
        yield Refusal("meeting_after_deadline", {"latest": latest.isoformat()}, field="meeting_at")


def roll_frozen(move: Move) -> Iterator[Refusal]:
    """The number of all households stands since registration."""
    fact = move.fact("register")
    if fact is None or not fact.data.get("households"):
        yield Refusal("empty_roll")


def notice_given(move: Move) -> Iterator[Refusal]:
    """There is a notice that counts, given in time."""
    fact = move.fact("give_notice")
    if fact is None:
        yield Refusal("no_notice")
        return
    rule, day = cases.vote_rule(move.facts), law_date(cases.meeting_at(move.facts))
    if (day - law_date(fact.at)).days < rule.notice_days:
        yield Refusal("notice_was_too_short", {"days": rule.notice_days}, rule.notice_clause)


def meeting_has_been_held(move: Move) -> Iterator[Refusal]:
    """The hour of the meeting has come."""
    if move.fact("give_notice") and move.at < cases.meeting_at(move.facts):
        meeting = cases.meeting_at(move.facts).isoformat(timespec="minutes")
        yield Refusal("meeting_not_held_yet", {"meeting_at": meeting})


def meeting_ended_after_it_began(move: Move) -> Iterator[Refusal]:
    """It ended after it began, and not in the future."""
    ended = datetime.fromisoformat(move.data["ended_at"])
    if move.fact("give_notice") and ended <= cases.meeting_at(move.facts):
        yield Refusal("ended_before_it_began", field="ended_at")
    if ended > move.at:
        yield Refusal("date_in_the_future", {"today": move.today.isoformat()}, field="ended_at")


def counting_team_complete(move: Move) -> Iterator[Refusal]:
    """Tellers and household witnesses as many as the law asks, different people all, and
    neither the chair nor the hamlet head among them: nobody counts the votes on their own
    proposal."""
    rule = cases.vote_rule(move.facts)
    tellers, witnesses = move.data["tellers"], move.data["witnesses"]
    for code, field, size in (
        ("wrong_number_of_tellers", "tellers", rule.tellers),
        ("wrong_number_of_witnesses", "witnesses", rule.witnesses),
    ):
        if not size.holds(len(move.data[field])):
            params = {"minimum": size.minimum, "maximum": size.maximum}
            yield Refusal(code, params, rule.team_clause, field)
    for name in witnesses:
        if any(same_name(name, teller) for teller in tellers):
            yield Refusal("witness_is_teller", {"name": name}, rule.team_clause, "witnesses")
    for name in (*tellers, *witnesses):
        if same_name(name, titled(move.data["chair"])[1]):
            yield Refusal("chair_counts", {"name": name}, rule.team_clause, "tellers")
        elif same_name(name, move.actor.name):
            yield Refusal("head_counts", {"name": name}, rule.team_clause, "tellers")


def counts_within_roll(move: Move) -> Iterator[Refusal]:
    """No figure above the number of all households, nor above the one it is part of."""
    yield from voting.impossible(voting.Count.of(move.data), _all(move))


def _all(move: Move) -> int:
    return cases.households(move.facts)


def counts_reconcile_or_explained(move: Move) -> Iterator[Refusal]:
    """The figures of the way the vote was taken are there, and add up or are explained."""
    by_ballot = move.data["method"] == "secret_ballot"
    for name in BALLOTS:
        if by_ballot and move.data[name] is None:
            yield Refusal("ballots_not_counted", field=name)
        elif not by_ballot and move.data[name] is not None:
            yield Refusal("hands_have_no_ballots", field=name)
    complete = all((move.data[name] is not None) == by_ballot for name in BALLOTS)
    count = voting.Count.of(move.data)
    if complete and not move.data["mismatch_note"]:
        told = {refusal.field for refusal in voting.impossible(count, _all(move))}
        yield from (r for r in voting.reconcile(count) if r.field not in told)


def majority_of_all_households(move: Move) -> Iterator[Refusal]:
    """The mark of the law of the meeting's day, of all households of the area."""
    found = cases.verdict(move.facts)
    if found.passes:
        return
    count = cases.count_of(move.facts)
    params = {
        "yes": count.yes,
        "present": count.present,
        "needs": found.needs,
        "households": cases.households(move.facts),
        "next": found.next,
    }
    code = "too_few_present" if found.next == "ballot_round" else "too_few_in_favour"
    yield Refusal(code, params, found.clause)


def majority_not_reached(move: Move) -> Iterator[Refusal]:
    """A vote that passed may not be minuted as failed."""
    found = cases.verdict(move.facts)
    if found.passes:
        params = {"yes": cases.count_of(move.facts).yes, "needs": found.needs}
        yield Refusal("majority_reached", params, found.clause)


GUARDS: Asked = {
    "notice_days_before": (notice_days_before, ("meeting_at",)),
    "meeting_before_the_deadline": (meeting_before_the_deadline, ("meeting_at",)),
    "roll_frozen": (roll_frozen, ()),
    "notice_given": (notice_given, ()),
    "meeting_has_been_held": (meeting_has_been_held, ()),
    "meeting_ended_after_it_began": (meeting_ended_after_it_began, ("ended_at",)),
    "counting_team_complete": (counting_team_complete, ("chair", "tellers", "witnesses")),
    "counts_within_roll": (counts_within_roll, COUNTED),
    "counts_reconcile_or_explained": (counts_reconcile_or_explained, (*COUNTED, "mismatch_note")),
    "majority_of_all_households": (majority_of_all_households, ()),
    "majority_not_reached": (majority_not_reached, ()),
}
