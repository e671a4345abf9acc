"""Units through time: looked up, changed by what papers order, and what moves with them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from web.cli.frame import Group, answer, argument, command, leave, option, table
from web.cli.refusals import No
from web.cli.words import language, text

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from workflows.queries.territory import Step, Story
    from workflows.territory.acts import Change, Report, Touched
    from workflows.territory.handing_over import HandedOver
    from workflows.territory.orphans import Late
    from workflows.units import Unit

group = Group("units")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
MOST_PAPERS = 20


@command(
    "units show",
    argument("code"),
    option("--on", "borne_on", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE"),
    group=group,
    answers=True,
)
def show(code: str, borne_on: datetime | None, as_json: bool) -> None:
    from web.cli.office import open_office
    from workflows.queries.territory import story
    from workflows.units import by_code

    office = open_office()
    unit = by_code(office.session, code, on=borne_on.date() if borne_on else None)
    found = story(office.session, unit.id) if unit else None
    if found is None:
        raise No("unknown_unit", unit=code)
    told = _story(found)
    answer(told, as_json, lambda: _story_lines(told))


@command("units check", group=group, answers=True)
def check(as_json: bool) -> None:
    from web.cli.office import open_office
    from workflows.territory.orphans import late_results
    from workflows.territory.succession import going_on_merged

    session = open_office().session
    late, merged = late_results(session), going_on_merged(session)
    told = [*map(_late, late), *(_merged(*one) for one in merged)]
    answer(told, as_json, lambda: _checked(told, len(late), len(merged)))
    leave(not told)


def _checked(told: list[dict[str, Any]], late: int, merged: int) -> list[str]:
    return [*map(_fault_line, told), text("units_checked", count=late, merged=merged)]


def _fault_line(one: dict[str, Any]) -> str:
    return text(one["fault"], **(one | {"years": ", ".join(map(str, one.get("years", ())))}))


def _late(one: Late) -> dict[str, Any]:
    told = {"code": one.code, "unit": one.unit, "ended_on": _day(one.ended_on)}
    return {"fault": "late_results", **told, "years": one.years}


def _merged(before: Unit, after: Unit, on: date) -> dict[str, Any]:
    told = {"code": before.code, "unit": before.heading, "ended_on": _day(before.ends_on)}
    into = {"into": after.heading, "into_code": after.code, "merged_on": _day(on)}
    return {"fault": "merged_goes_on", **told, **into}


def _story(found: Story) -> dict[str, Any]:
    return {
        "id": found.unit.id,
        "kind": found.unit.kind,
        "name": found.unit.heading,
        "children": found.children,
        "spans": [
            {
                "from": _day(one.starts_on),
                "to": _day(one.ends_on),
                "name": one.title,
                "code": one.code,
                "parent": one.parent,
                "category": one.category or None,
                "act": one.act.kind if one.act else None,
                "number": one.act.number if one.act else None,
                "confidence": one.act.confidence if one.act else None,
            }
            for one in found.chapters
        ],
        "predecessors": [_step(one) for one in found.before],
        "successors": [_step(one) for one in found.after],
    }


def _step(one: Step) -> dict[str, Any]:
    told = {"id": one.unit_id, "name": one.title, "code": one.code, "level": one.level}
    return told | {"via": one.via, "kind": one.kind, "on": _day(one.on)}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _story_lines(told: dict[str, Any]) -> list[str]:
    from workflows.territory.categories import names

    spans = [
        [
            one["from"],
            one["to"] or "…",
            one["code"],
            one["name"],
            one["parent"],
            names(told["kind"], language()).get(one["category"], ""),
            one["number"] or "",
        ]
        for one in told["spans"]
    ]
    steps = [
        f"{'→' if one['level'] > 0 else '←'} {one['on']} {one['name']} ({one['code']})"
        f" [{one['kind']}]"
        for one in (*told["predecessors"], *told["successors"])
    ]
    return [*table(spans), *steps]


@command(
    "units apply",
    argument("file", type=FILE),
    option("--dry-run", is_flag=True),
    group=group,
    answers=True,
)
def apply(file: Path, dry_run: bool, as_json: bool) -> None:
    from web.cli.office import open_office
    from workflows.territory import acts, handing_over, reforms

    office = open_office()
    orders, house = reforms.load(file), office.bureau.house
    if dry_run:
        report, moved = handing_over.tried(office.session, house, orders)
    else:
        report = acts.decree(office.session, orders)
        moved = handing_over.hand_over(office.session, house)
    told = _report(report) | _moved(office.session, moved)
    answer(told, as_json, lambda: _report_lines(told))


def _report(report: Report) -> dict[str, Any]:
    changes = [_change(one) for one in report.changes]
    counts = [{"on": _day(on), **found} for on, found in report.counts]
    return {
        "dry_run": report.dry_run,
        "orders": report.orders,
        "again": report.again,
        "offices": report.offices,
        "areas": report.following,
        "changes": changes,
        "counts": counts,
        "papers": [_touched(one) for one in report.papers],
        "results": [_late(one) for one in report.results],
    }


def _touched(one: Touched) -> dict[str, Any]:
    told = {"code": one.code, "kind": one.kind, "number": one.number, "authority": one.authority}
    return told | {"issued_on": _day(one.issued_on), "what": one.what}


def _change(one: Change) -> dict[str, Any]:
    known = one.after or one.before
    return {
        "on": _day(one.on),
        "what": one.what,
        "kind": known.kind if known else "",
        "before": _span(one.before),
        "after": _span(one.after),
    } | ({"above": [_span(span) for span in one.above]} if one.above else {})


def _span(span: Any) -> str | None:
    if span is None:
        return None
    from workflows.territory.categories import names
    from workflows.units import titled

    category = names(span.kind, language()).get(span.category)
    told = f"{span.code}, {category}" if category else span.code
    return f"{titled(span.kind, span.form, span.name)} ({told})"


def _change_line(one: dict[str, Any]) -> str:
    """What changes; where it is only what stands above, that."""
    sides = [one["before"], one["after"]]
    above = one.get("above") or [None, None]
    told = [
        f"{side}, {text('under', unit=up)}" if up else side
        for side, up in zip(sides, above, strict=True)
    ]
    return f"{one['on']} {text('unit_' + one['what'])}: {' → '.join(side for side in told if side)}"


def _report_lines(told: dict[str, Any]) -> list[str]:
    above = [one for one in told["changes"] if one["kind"] != "area"]
    lines = [_change_line(one) for one in above]
    counts = {one["on"]: one for one in told["counts"]}
    lines += [f"{on}: {one.get('commune', 0)} {text('communes')}" for on, one in counts.items()]
    for one in told["papers"][:MOST_PAPERS]:
        issued = date.fromisoformat(one["issued_on"]).strftime("%d/%m/%Y")
        lines.append(text("issued_since", **(one | {"issued_on": issued})))
    if len(told["papers"]) > MOST_PAPERS:
        lines.append(text("issued_since_more", count=len(told["papers"]) - MOST_PAPERS))
    lines += map(_fault_line, told["results"])
    sums = {name: told[name] for name in ("orders", "again", "offices")}
    sums |= {"changes": len(told["changes"]) - len(above), "areas": told["areas"]}
    lines.append(text("acts_tried" if told["dry_run"] else "acts_done", **sums))
    return [*lines, *_moved_lines(told)]


def _moved(session: Session, done: HandedOver) -> dict[str, Any]:
    from workflows.territory.handing_over import places

    named = places(session, done.left) if done.left else {}
    left = [{"id": one, "unit": named.get(one, ""), "why": why} for one, why in done.left.items()]
    return {"handed_over": done.nominations, "papers_ended": done.papers, "left": left}


def _moved_lines(told: dict[str, Any]) -> list[str]:
    numbers = {"nominations": told["handed_over"], "papers": told["papers_ended"]}
    said = "will_hand_over" if told["dry_run"] else "handed_over"
    lines = [text(said, **numbers, left=len(told["left"]))]
    for one in told["left"]:
        known = one["why"] in ("no_successor", "no_void_state")
        why = text(one["why"]) if known else one["why"]
        lines.append(text("left_where_it_is", **(one | {"why": why})))
    return lines


@command("units hand-over", option("--dry-run", is_flag=True), group=group, answers=True)
def hand_over(dry_run: bool, as_json: bool) -> None:
    from web.cli.office import open_office
    from workflows.territory import handing_over

    office = open_office()
    done = handing_over.hand_over(office.session, office.bureau.house, dry_run=dry_run)
    told = {"dry_run": dry_run, **_moved(office.session, done)}
    answer(told, as_json, lambda: _moved_lines(told))
    leave(not done.left)
