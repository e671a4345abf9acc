"""Revoking and correcting a result that was taken over: ``history revoke`` and ``correct``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from web.cli.foretold import unreached_lines
from web.cli.frame import answer, argument, command, option
from web.cli.inputs import NUMBER, JsonObject, as_user, on_day, texts
from web.cli.records import history
from web.cli.refusals import No
from web.cli.words import text

if TYPE_CHECKING:
    from workflows.takeover.acts import Act


def _parts() -> list[Any]:
    return [
        argument("unit", metavar="CODE"),
        argument("year", type=NUMBER, metavar="YEAR"),
        on_day(),
        as_user(),
        option("--data", type=JsonObject(), default="{}", metavar="JSON"),
        option("--dry-run", is_flag=True),
    ]


@command("history revoke", *_parts(), group=history, answers=True)
def revoke(**asked: Any) -> None:
    _act("revocation", **asked)


@command("history correct", *_parts(), group=history, answers=True)
def correct(**asked: Any) -> None:
    _act("correction", **asked)


def _act(
    kind: Act,
    *,
    unit: str,
    borne_on: datetime | None,
    year: int,
    user: str,
    data: dict[str, Any],
    dry_run: bool,
    as_json: bool,
) -> None:
    from engine.errors import Forbidden, Refusal, Refused
    from web.cli.office import open_office
    from web.cli.reports import unit_of
    from workflows.results import result
    from workflows.takeover import amending

    office = open_office()
    session = office.session
    found = unit_of(office, unit, borne_on)
    known = result(session, found.id, year)
    if known is None:
        raise No("no_result_then", unit=unit, year=year)
    place, actor = amending.place_of(session, known.id), office.actor(user)
    entry = amending.read_entry(kind, texts(data, amending.INPUTS[kind]))
    foretold = amending.foresee(session, place, recognised=entry.recognised)
    told = {"act": None, "result": known.id, **_told(foretold)}
    if not dry_run:
        told["act"] = amending.record(session, actor, known.id, entry)
    elif amending.office_of(actor, place) is None:
        raise Forbidden(Refusal("not_yours", {"by": list(amending.rules().by[place.level])}))
    elif why := [*filter(None, [amending.closed(known)]), *amending.against(session, place, entry)]:
        raise Refused(*why)
    answer(told, as_json, lambda: _lines(told))


def _told(foretold: Any) -> dict[str, Any]:
    lost = [asdict(one) for one in foretold.losses]
    papers = [
        {
            "id": one.paper_id,
            "kind": one.kind,
            "number": one.number,
            "issued_on": one.issued_on.isoformat(),
            "authority_name": one.authority,
            "areas": list(one.areas),
        }
        for one in foretold.dependents
    ]
    later = [asdict(one) for one in foretold.unreached]
    return {"lost": lost, "unreached": later, "dependents": papers}


def _lines(told: dict[str, Any]) -> list[str]:
    lost = [text("streak_falls", **one) for one in told["lost"]]
    papers = [text("rests_on_year", **one) for one in told["dependents"]]
    return [
        *lost,
        *unreached_lines(told),
        *papers,
        text("act_recorded" if told["act"] else "nothing_written"),
    ]
