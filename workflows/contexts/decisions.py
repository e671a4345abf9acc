"""The outgoing papers, over the nominations they list; and the certificate of one.

However many nominations a paper lists, the number of queries is the same, but for areas that
are no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.binding import ContextFunction
from engine.errors import Refused
from engine.history import Fact
from engine.move import Move
from workflows import assessment, cases
from workflows.actors import at_level
from workflows.contexts import pieces
from workflows.contexts.amendments import replaced
from workflows.contexts.words import (
    authority_name,
    filled,
    grounds,
    noun,
    places,
    told_of,
    words,
)
from workflows.cycles import cycle
from workflows.names import unstopped
from workflows.standing import latest_decisions
from workflows.streaks.running import too_short, wanted
from workflows.units import Unit, chain, districts_around

LOWER: Mapping[str, Sequence[str]] = {
    "district": ("commune_decision",),
    "province": ("commune_decision", "district_decision"),
}
"""The decisions that one of a higher level rests on."""
DECIDING: Mapping[str, Sequence[str]] = {
    "commune": ("commune_decision",),
    "district": ("district_decision",),
    "province": ("district_decision", "province_decision"),
}
"""The decisions on which a certificate of each level stands; the province's of a district that
is no more bears the district's kind."""


def _head(move: Move, office: Unit, first: cases.Case) -> pieces.Values:
    return {
        **pieces.head(move, first.year, first.title),
        "authority": pieces.authority(office),
        "symbol": move.house.kinds[move.evidence["kind"]].symbol,
        "signatory": pieces.signatory(move, office),
        "replaces": replaced(move),
    }


def _office(move: Move) -> Unit:
    return cases.unit(move, move.scopes["authority"])


def _decision(move: Move, office: Unit, listed: Sequence[cases.Case]) -> pieces.Values:
    """What decisions of every level share."""
    called = noun([case.area for case in listed])
    # A district's decision that the province has taken over goes to those a province's does.
    kind = at_level(move.evidence["kind"], office.kind)
    told = told_of(kind, districts=districts_around(move.session, office, move.today))
    names = places(office, listed=called)
    return {
        **_head(move, office, listed[0]),
        "grounds": grounds(listed[0].definition, "decision"),
        "proposal": words()["appraisers"][office.kind]["proposal"].format_map(names),
        "measures": filled(told["measures"], names),
        "noun": called,
        "executors": filled(told["executors"], names),
        "recipients": filled(told["recipients"], names),
    }


def commune_decision(move: Move) -> pieces.Values:
    """Quyết định công nhận của xã, with its list."""
    office, listed = _office(move), cases.listed(move)
    return {
        **_decision(move, office, listed),
        "commune": office.title,
        "areas": [
            {
                "position": position,
                "name": pieces.named(move.session, case.area, move.today),
                "households": cases.households(case.facts),
                **_voted(case, "present", "yes"),
            }
            for position, case in enumerate(listed, start=1)
        ],
    }


def higher_decision(move: Move) -> pieces.Values:
    """Quyết định của huyện hoặc của tỉnh, resting on decisions of the communes. Raises
    ``Refused`` (``streak_fell``) where the years it would name do not run any more."""
    office, listed = _office(move), cases.listed(move)
    streak = wanted(listed[0].definition.id, office.kind)
    short = too_short(move.session, [case.id for case in listed], office.kind) if streak else []
    if short:
        raise Refused(*(one.refusal for one in short))
    lower = _decided(move, listed, LOWER[office.kind])
    return {
        **_decision(move, office, listed),
        "unit": office.title,
        "streak": streak,
        "areas": [
            {
                "position": position,
                "name": pieces.named(move.session, case.area, move.today),
                "commune": case.commune.title,
                "households": cases.households(case.facts),
                **_voted(case, "yes"),
                "years": _years(case.year, streak),
                **lower[case.id],
            }
            for position, case in enumerate(listed, start=1)
        ],
    }


def _voted(case: cases.Case, *names: str) -> dict[str, int]:
    """Figures of the residents' vote; 0 where there was none."""
    if "record_count" not in case.facts:
        return dict.fromkeys(names, 0)
    count = cases.count_of(case.facts)
    return {name: getattr(count, name) for name in names}


def _years(year: int, streak: int) -> list[int]:
    return list(range(year - max(streak, 1) + 1, year + 1))


def _decided(
    move: Move, listed: Sequence[cases.Case], kinds: Sequence[str]
) -> Mapping[int, dict[str, str]]:
    """Number and day of the newest decision of these kinds in force on each nomination."""
    ids = [case.id for case in listed]
    found = latest_decisions(move.session, ids, kinds)
    told = {one: (number, day.isoformat()) for one, (number, day) in found.items()}
    named = {one: told.get(one, ("", "")) for one in ids}
    return {one: {"decision": number, "decided_on": day} for one, (number, day) in named.items()}


def certificate(move: Move) -> pieces.Values:
    """Giấy công nhận of one area."""
    office, case = _office(move), cases.listed(move)[0]
    streak = wanted(case.definition.id, office.kind)
    above = {
        kind: unit
        for kind, unit in chain(move.session, case.commune.id).items()
        if unit.id != case.commune.id
    }
    lower = _decided(move, [case], DECIDING[office.kind])[case.id]
    return {
        **_head(move, office, case),
        "area": case.area.title,
        "commune": case.commune.title,
        "unit": ", ".join(above[kind].title for kind in ("district", "province") if kind in above),
        "streak": streak,
        "years": _years(case.year, streak),
        "decision": {"number": lower["decision"], "date": lower["decided_on"]},
    }


def refusal_notice(move: Move) -> pieces.Values:
    """Thông báo không công nhận, by whichever authority refuses."""
    office, case = _office(move), cases.listed(move)[0]
    names, told = places(office, case.area, case.commune), words()["refusal_notice"]
    standing = _standing(move, office, case)
    # What a higher authority confirms each year it certifies; of a run of years it recognises.
    certifies = standing["number"] and not wanted(case.definition.id, office.kind)
    return {
        **_head(move, office, case),
        "act": told["certifying" if certifies else "recognising"],
        "standing": standing,
        "grounds": grounds(case.definition, "title"),
        "area": case.area.title,
        "commune": case.commune.title,
        "reasons": [*_unmet(move, case), *_told(case)],
        "objection": {"until": "", "where": authority_name(office)},
        "recipients": filled(
            told["recipients_above" if standing["number"] else "recipients"], names
        ),
    }


def _standing(move: Move, office: Unit, case: cases.Case) -> dict[str, str]:
    """The decision of a lower authority that a refusal leaves in force, if there is one."""
    kinds = LOWER.get(office.kind, ())
    lower = _decided(move, [case], kinds)[case.id] if kinds else {"decision": "", "decided_on": ""}
    return {"number": lower["decision"], "date": lower["decided_on"]}


def _unmet(move: Move, case: cases.Case) -> list[dict[str, str]]:
    """The criteria that were not found met, with the reasons: by the committee, where it said
    which, else by the appraisal."""
    found = cycle(move.session, case.year, case.title, case.area.kind)
    if found is None:
        return []
    criteria = assessment.criteria_set(found.criteria_id)
    said, appraised = _stop(case), case.facts.get("record_appraisal")
    if said and "refused_criteria" in said.data:
        told = said.data["refused_criteria"]
        reasons = [(c, told[c.row]["unmet_reason"]) for c in assessment.refused(criteria, told)]
    else:
        told = appraised.data["verdicts"] if appraised else {}
        unmet = assessment.unmet(criteria, told) if appraised else []
        reasons = [(c, told[c.row]["verdict_reason"]) for c in unmet]
    return [{"code": c.code, "text": "", "reason": unstopped(why)} for c, why in reasons]


def _stop(case: cases.Case) -> Fact | None:
    """The move that proposed the refusal: the latest that gave any reasons."""
    stops = {t.id for t in case.definition.transitions if t.tone == "stop"}
    told = [f for name, f in case.facts.items() if name in stops and f.data.keys() & _GROUNDS]
    return max(told, key=lambda fact: fact.version, default=None)


_GROUNDS = {"reasons", "refused_criteria"}


def _told(case: cases.Case) -> list[dict[str, str]]:
    """The reasons in words of the move that proposed the refusal."""
    said = _stop(case)
    reasons = pieces.phrases(said.data.get("reasons", ())) if said else ()
    return [{"code": "", "text": "", "reason": reason} for reason in reasons]


CONTEXTS: Mapping[str, ContextFunction] = {
    "commune_decision": commune_decision,
    "refusal_notice": refusal_notice,
    "district_decision": higher_decision,
    "province_decision": higher_decision,
    "certificate": certificate,
}
