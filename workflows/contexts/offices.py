"""The papers of the appraisers, printed and signed by hand: report and return notice."""

from __future__ import annotations

from collections.abc import Mapping

from engine.binding import ContextFunction
from engine.clock import law_date
from engine.definition import scope_of
from engine.move import Move
from engine.terms import last_day_ahead
from workflows import assessment, cases
from workflows.contexts import pieces
from workflows.contexts.words import filled, grounds, places, words
from workflows.units import Unit
from workflows.wording import phase_name


def _head(move: Move, case: cases.Case, office: Unit, symbol: str) -> pieces.Values:
    return {
        **pieces.head(move, case.year, case.title),
        "authority": pieces.appraiser_issuer(office),
        "symbol": symbol,
        "date": move.today.isoformat(),
        "area": case.area.title,
        "commune": case.commune.title,
        "received_on": law_date(move.entered_at).isoformat(),
        "signatory": pieces.acting(move, office),
        "collective": "",
    }


def _office(move: Move) -> Unit:
    """The unit of the office that makes this move."""
    return cases.unit(move, move.scopes[scope_of(move.transition.by[0])])


def appraisal_report(move: Move) -> pieces.Values:
    """Báo cáo kết quả thẩm định."""
    case, office, told = cases.case(move), _office(move), words()["appraisal_report"]
    names = places(office, case.area, case.commune)
    claimed = cases.findings(move.facts)
    verdicts = assessment.printed_verdicts(cases.criteria_of(move), move.data["verdicts"], claimed)
    return {
        **_head(move, case, office, told["symbol"]),
        "addressees": filled(told["addressees"], names),
        "grounds": grounds(case.definition, "title"),
        "submitted_by": pieces.person_of(move, "submit", _head_of(case.area)),
        "vote": pieces.vote(move.facts),
        "verdicts": verdicts,
        "met": all(verdict["met"] for verdict in verdicts),
        "remarks": pieces.phrases((move.data["remarks"] or "").splitlines()),
        "recipients": filled(told["recipients"], names),
    }


def _head_of(unit: Unit) -> str:
    """What the head of a unit is called where the office they held is not known."""
    told: str = words()["heads"][unit.kind]
    return told.format(form=unit.form)


def return_notice(move: Move) -> pieces.Values:
    """Phiếu trả hồ sơ: to the area, or to the commune when a higher office returns it."""
    case, office, told = cases.case(move), _office(move), words()["return_notice"]
    names = places(office, case.area, case.commune)
    target = move.definition.by_state[move.transition.target]
    addressees = told[_addressed(case, office)]
    return {
        **_head(move, case, office, told["symbol"]),
        "addressees": filled(addressees, names),
        "step": phase_name(target.phase or "", "vi"),
        "reasons": pieces.phrases(move.data["reasons"]),
        "supplements": pieces.phrases(move.data["supplements"]),
        "due": _last_day(move),
        "recipients": filled(told["recipients"], names),
    }


def _addressed(case: cases.Case, office: Unit) -> str:
    """Whom a return goes to: the head of the area, another unit, or the commune below."""
    if case.area.kind != "area":
        return "to_unit"
    return "to_area" if office.id == case.commune.id else "to_commune"


def _last_day(move: Move) -> str:
    """The last day of the term that begins with the return; blank without one."""
    last = last_day_ahead(move)
    return last.isoformat() if last else ""


CONTEXTS: Mapping[str, ContextFunction] = {
    "appraisal_report": appraisal_report,
    "return_notice": return_notice,
}
