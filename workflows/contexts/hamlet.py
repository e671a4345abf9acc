"""The papers of a hamlet, printed and signed by hand: notice, minutes, submission."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.binding import ContextFunction
from engine.clock import law_date
from engine.history import Facts
from engine.move import Move
from workflows import assessment, cases, voting
from workflows.contexts import pieces
from workflows.contexts.words import filled, grounds, places, words
from workflows.names import same_name, titled, unstopped


def _head(move: Move, case: cases.Case) -> pieces.Values:
    return {
        **pieces.head(move, case.year, case.title),
        "authority": pieces.area_issuer(case),
        "symbol": "",
        "area": case.area.title,
        "commune": case.commune.title,
    }


def notice(move: Move) -> pieces.Values:
    """Giấy mời họp."""
    case, told = cases.case(move), words()["notice"]
    names = places(case.commune, case.area, case.commune)
    meeting = pieces.local(datetime.fromisoformat(move.data["meeting_at"]))
    return {
        **_head(move, case),
        "date": move.today.isoformat(),
        "addressees": filled(told["addressees"], names),
        "grounds": grounds(case.definition, "meeting"),
        "households": cases.households(case.facts),
        "meeting": {**meeting, "place": unstopped(move.data["place"])},
        "agenda": pieces.phrases(move.data["agenda"]),
        "preparation": pieces.phrases(move.data["preparation"]),
        "convener": pieces.hamlet_head(move),
        "recipients": filled(told["recipients"], names),
    }


def minutes(move: Move) -> pieces.Values:
    """Biên bản họp; a vote that failed is minuted too."""
    case, facts = cases.case(move), move.facts
    count, notified = cases.needed(facts, "record_count").data, cases.needed(facts, "give_notice")
    meeting = pieces.local(cases.meeting_at(facts))
    ended = pieces.local(datetime.fromisoformat(count["ended_at"]))
    figures = voting.Count.of(count)
    return {
        **_head(move, case),
        "date": meeting["date"],
        "meeting": {**meeting, "ended": ended["time"], "place": notified.data["place"]},
        "notice": {
            "date": law_date(notified.at).isoformat(),
            "means": pieces.phrases(notified.data["means"]),
        },
        **_people(move, count),
        "method": words()["minutes"][count["method"]],
        "rule": cases.vote_rule(facts).words.vi,
        "vote": pieces.vote(facts),
        "mismatch": unstopped(count["mismatch_note"]) if voting.reconcile(figures) else "",
        "findings": assessment.printed_findings(cases.criteria_of(move), cases.findings(facts)),
        "opinions": pieces.phrases(count["opinions"]),
    }


def _people(move: Move, count: Mapping[str, Any]) -> pieces.Values:
    titles = words()["minutes"]
    chairs = same_name(titled(count["chair"])[1], move.actor.name) and move.office
    first, *others = count["tellers"]
    front = pieces.described(count["front_representative"], titles["front"])
    attendees = [pieces.described(line, titles["attendee"]) for line in count["attendees"]]
    return {
        "chair": pieces.described(count["chair"], chairs.title if chairs else titles["chair"]),
        "secretary": pieces.described(count["secretary"], titles["secretary"]),
        "attendees": [front, *attendees],
        "tellers": [
            pieces.person(titles["head_teller"], first),
            *(pieces.person(titles["teller"], name) for name in others),
        ],
        "witnesses": [pieces.person(titles["witness"], name) for name in count["witnesses"]],
        "front": front,
    }


def submission(move: Move) -> pieces.Values:
    """Tờ trình."""
    case, facts, told = cases.case(move), move.facts, words()["submission"]
    names = places(case.commune, case.area, case.commune)
    registered = cases.needed(facts, "register").data
    return {
        **_head(move, case),
        "date": move.today.isoformat(),
        "addressees": filled(told[_addressees(case)], names),
        "grounds": grounds(case.definition, "title"),
        "households": cases.households(facts),
        "registered": registered.get("households_registered", 0),
        "registered_on": registered["registered_on"],
        "vote": pieces.vote(facts),
        "findings": assessment.printed_findings(cases.criteria_of(move), cases.findings(facts)),
        "enclosures": pieces.phrases(move.data["enclosures"]) or _enclosures(facts),
        "submitter": pieces.hamlet_head(move),
        "recipients": filled(told["recipients"], names),
    }


def _addressees(case: cases.Case) -> str:
    return "addressees" if case.area.kind == "area" else "unit_addressees"


def _enclosures(facts: Facts) -> list[str]:
    told = words()["submission"]
    return list(told["enclosures" if "record_count" in facts else "meeting_enclosures"])


def assessment_minutes(move: Move) -> pieces.Values:
    """Biên bản họp đánh giá."""
    case, told = cases.case(move), move.data
    chair = pieces.described(told["chair"], words()["minutes"]["chair"])
    return {
        **_head(move, case),
        "date": told["met_on"],
        "place": unstopped(told["place"]),
        "grounds": grounds(case.definition, "title"),
        "chair": chair,
        "secretary": pieces.described(told["secretary"], words()["minutes"]["secretary"]),
        "attendees": _present(move),
        "present": told["present"],
        "agreed": told["agreed"],
        "findings": assessment.printed_findings(
            cases.criteria_of(move), cases.findings(move.facts)
        ),
        "opinions": pieces.phrases(told["opinions"]),
    }


def _present(move: Move) -> list[dict[str, str]]:
    """Those who must be there, as named."""
    rules = cases.rules_of(move)
    roles = rules.meeting.roles if rules and rules.meeting else ()
    named = move.data["roles"]
    return [
        pieces.person(role.title.vi.removesuffix(" (nếu có)"), name)
        for role in roles
        if (name := (named.get(role.id) or {}).get("name"))
    ]


CONTEXTS: Mapping[str, ContextFunction] = {
    "notice": notice,
    "minutes": minutes,
    "submission": submission,
    "assessment_minutes": assessment_minutes,
}
