"""Which files of law apply on a day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from web.cli.frame import Group, answer, argument, command, leave, option, table
from web.cli.inputs import NUMBER
from web.cli.words import language, text

SUBJECTS = ("area", "commune", "school", "agency", "enterprise")


@command(
    "applies",
    option("--on", "law_day", type=click.DateTime(["%Y-%m-%d"]), required=True, metavar="DATE"),
    option("--kind", "subject", type=click.Choice(SUBJECTS), default="area"),
    answers=True,
)
def applies(law_day: datetime, subject: str, as_json: bool) -> None:
    from workflows.regimes import applies as applied

    found = applied(law_day.date(), subject).record()
    told = {name: one.record() if one else None for name, one in found.items()}
    answer(told, as_json, lambda: table([_line(name, one) for name, one in found.items()]))
    leave(found["recognition"] is not None)


def _line(name: str, one: Any) -> list[str]:
    from workflows.wording import names

    if one is None:
        return [text(f"applies_{name}"), "–", text("applies_none")]
    sure = names()["confidence"][one.confidence][language()]
    cited = "; ".join(one.citation)
    return [text(f"applies_{name}"), one.id, f"{one.title[language()]} ({cited}; {sure})"]


cycles = Group("cycles")


@command("cycles list", group=cycles, answers=True)
def listing(as_json: bool) -> None:
    from sqlalchemy import select

    from web.cli.office import open_office
    from workflows.cycles import Cycle

    order = (Cycle.year.desc(), Cycle.title, Cycle.kind)
    rows = open_office().session.scalars(select(Cycle).order_by(*order)).all()
    told = [_cycle(one) for one in rows]
    answer(told, as_json, lambda: table([[str(v) for v in one.values()] for one in told]))


@command(
    "cycles open",
    argument("year", type=NUMBER, metavar="YEAR"),
    option("--regime", "regime_id", metavar="ID", required=True),
    option("--added", multiple=True, metavar="CRITERIA"),
    option("--kind", "subjects", type=click.Choice(SUBJECTS), multiple=True),
    option("--vote", is_flag=True),
    group=cycles,
    answers=True,
)
def opening(
    year: int,
    regime_id: str,
    added: tuple[str, ...],
    subjects: tuple[str, ...],
    vote: bool,
    as_json: bool,
) -> None:
    from web.cli.office import open_office
    from workflows.assessment import criteria_set
    from workflows.cycles import open_year, without_subjects, without_workflow
    from workflows.library import law
    from workflows.regimes import regime, with_vote
    from workflows.wording import say

    office, sets = open_office(), [criteria_set(one) for one in added]
    known = {one.id for one in law().definitions}
    ruling = with_vote(regime(regime_id), known, year) if vote else regime(regime_id)
    made = open_year(office.session, ruling, year, sets, subjects)
    left_out = without_workflow(office.session, made, known)
    for left in (*left_out, *without_subjects(office.session, made)):
        click.echo(f"{left.field}: {say(left, language())} [{left.code}]", err=True)
    told = [_cycle(one) for one in made]
    answer(told, as_json, lambda: table([[str(v) for v in one.values()] for one in told]))


def _cycle(one: Any) -> dict[str, Any]:
    return {
        "year": one.year,
        "title": one.title,
        "kind": one.kind,
        "definition": one.definition_id,
        "criteria": one.criteria_id,
        "from": one.starts_on.isoformat(),
        "to": one.ends_on.isoformat(),
    }
