"""Commands that answer questions: a file's four answers, the chains, the reports, the vote."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.clock import VIETNAM
from web.cli.frame import Group, answer, argument, command, leave, option, table
from web.cli.inputs import NUMBER
from web.cli.refusals import No
from web.cli.words import language, text

if TYPE_CHECKING:
    from engine.history import Break
    from web.cli.office import Office
    from workflows.checked import Checked
    from workflows.trust import Bundle
    from workflows.units import Unit
    from workflows.verification import Verification

history = Group("history")
report = Group("report")
vote = Group("vote")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@command(
    "verify",
    argument("file", type=FILE, required=False),
    option("--paper", metavar="CODE", default=""),
    option("--offline", is_flag=True),
    option("--trust", type=FILE, metavar="BUNDLE"),
    option("--qr", "code", metavar="TEXT"),
    option("--of", type=FILE, metavar="PAPER"),
    answers=True,
)
def verify(
    file: Path | None,
    paper: str,
    offline: bool,
    trust: Path | None,
    code: str | None,
    of: Path | None,
    as_json: bool,
) -> None:
    if offline:
        _verify_offline(file, trust, code, of, as_json)
        return
    if file is None or trust or code or of:
        raise click.UsageError(text("file_or_offline"))
    found = _verified(file, paper)
    told = found.record(language())
    answer(told, as_json, lambda: _four_answers(told))
    leave(found.ok)


def _verified(file: Path, paper: str) -> Verification:
    """The answers; a file larger than any paper is not even read."""
    from web.cli.office import open_office
    from workflows.verification import LARGEST, refused
    from workflows.verification import verify as ask

    if file.stat().st_size > LARGEST:
        return refused("too_large")
    office = open_office()
    return ask(office.session, office.bureau.desk, file.read_bytes(), code=paper)


def _verify_offline(
    file: Path | None, trust: Path | None, code: str | None, of: Path | None, as_json: bool
) -> None:
    """The same for who has no network: neither database nor office is opened."""
    from web.answers import refusal
    from workflows.trust import Bundle

    if trust is None or (file is None and code is None):
        raise click.UsageError(text("offline_needs"))
    bundle = Bundle.read(trust.read_bytes())
    found = _checked_alone(file, bundle, code, of)
    told = found.record() | {
        "problems": [refusal(one, language()) for one in found.problems],
        "warnings": [refusal(one, language()) for one in found.warnings],
    }
    answer(told, as_json, lambda: _offline_answers(told))
    leave(found.ok)


def _checked_alone(file: Path | None, bundle: Bundle, code: str | None, of: Path | None) -> Checked:
    from workflows.offline import check_code, check_file, too_large
    from workflows.verification import LARGEST

    if file is None:
        return check_code(code or "", bundle)
    if any(one.stat().st_size > LARGEST for one in (file, of) if one):
        return too_large(bundle)
    return check_file(file.read_bytes(), bundle, code, of.read_bytes() if of else None)


def _offline_answers(told: dict[str, Any]) -> list[str]:
    made = datetime.fromisoformat(told["trust"]["made_at"]).astimezone(VIETNAM)
    day, age = f"{made:%d/%m/%Y}", told["trust"]["age_days"]
    lines = _four_answers(told)
    if told["unchanged"] is None and told["verdict"] == "genuine":
        lines[-1] = text("code_genuine")
    if told["verdict"] == "unreadable" and _of_a_code(told):
        lines[-1] = f"{text('code_unreadable')} [unreadable]"
    return [
        *(_statement_lines(told["statement"]) if told["statement"] else []),
        *lines[:-1],
        *(f"{one['detail']} [{one['code']}]" for one in (*told["problems"], *told["warnings"])),
        text("trust_age", day=day, age=age),
        lines[-1],
    ]


def _of_a_code(told: dict[str, Any]) -> bool:
    """Whether what could not be read is a scanned code: there is no file then."""
    return any(one["code"] == "statement_unreadable" for one in told["problems"])


def _statement_lines(said: dict[str, Any]) -> list[str]:
    kind = (said["kind_name"] or {}).get(language(), "")
    place = f"{said['place']} ({said['areas']})" if said["areas"] > 1 else said["place"]
    return [
        " · ".join(filter(None, (kind, said["number"], said["date"], place, str(said["year"]))))
    ]


def change_lines(change: dict[str, Any]) -> list[str]:
    """What a later paper did to this one, and of a correction each place."""
    days = {name: _day(change[name]) for name in ("issued_on", "effect_on")}
    told = days | {"number": change["number"], "reason": change["reason"] or ""}
    return [
        "    " + text(f"changed_{change['act']}", **told).rstrip(" :"),
        *("        " + text("changed_place", **one) for one in change["errata"]),
    ]


def _day(iso: str | None) -> str:
    return f"{date.fromisoformat(iso):%d/%m/%Y}" if iso else ""


def _four_answers(told: dict[str, Any]) -> list[str]:
    def line(question: str, holds: bool | None) -> str:
        return f"{'–' if holds is None else '✓' if holds else '✗'} {text(question)}"

    annex = told.get("part") == "annex" and told["number"]
    return [
        *([text("is_annex", number=told["number"])] if annex else []),
        line("is_issued", told["issued"]),
        *_why(told, "issued"),
        line("is_unchanged", told["unchanged"]),
        *_why(told, "unchanged"),
        line("is_signed", _signed(told)),
        *_why(told, "signatures"),
        *(signature_line(one) for one in told["signatures"]),
        line("is_in_force", told["in_force"]),
        *_why(told, "in_force"),
        *(line for change in told.get("changes", ()) for line in change_lines(change)),
        *([text("is_older", **told["newer"])] if told.get("newer") else []),
        *([text("is_logged", index=told["log_index"])] if told["logged"] else []),
        f"{text('verdict_' + told['verdict'])} [{told['verdict']}]",
    ]


def signature_line(one: dict[str, Any]) -> str:
    """One signature or stamp: whose, when (in Vietnam), its level, and what is wrong with it."""
    time = datetime.fromisoformat(one["time"]).astimezone(VIETNAM) if one["time"] else None
    when = f"{time:%H:%M:%S %d/%m/%Y}" if time else ""
    facts = ", ".join(filter(None, (one["name"], when, one["level"])))
    return f"    {one['role']}: {facts} {' '.join(one['problems'])}".rstrip()


def _signed(told: dict[str, Any]) -> bool | None:
    """None where there was no file to be signed."""
    signatures = told["signatures"]
    if told["unchanged"] is None and not signatures:
        return None
    ended = [one for one in signatures if one["role"] == "timestamp"]
    ended = [one for one in ended if one["problems"] == ["expired"]]
    return bool(signatures) and all(one["valid"] for one in signatures if one not in ended)


def _why(told: dict[str, Any], name: str) -> list[str]:
    """The reasons against one of the answers."""
    return [f"    {one['detail']}" for one in told.get("reasons", ()) if one["answers"] == name]


@command("history verify", group=history, answers=True)
def verify_history(as_json: bool) -> None:
    from sqlalchemy import func, select

    from engine.history import Event
    from engine.subjects import Subject
    from web.cli.office import open_office
    from workflows import revision
    from workflows.retelling import verify as recheck

    office = open_office()
    _ = office.engine
    if revision.current(office.settings.database_url) != revision.head():
        raise No("unmigrated_database")  # what keeps the rest whole is not all there
    breaks = recheck(office.session, office.bureau.house)
    subjects = office.session.scalar(select(func.count()).select_from(Subject)) or 0
    events = office.session.scalar(select(func.count()).select_from(Event)) or 0
    told = {
        "whole": not breaks,
        "subjects": subjects,
        "events": events,
        "breaks": [_break(one) for one in breaks],
    }
    answer(
        told,
        as_json,
        lambda: [
            *(
                f"{one.subject_id}: {one.version} [{one.code}] {one.detail}".rstrip()
                for one in breaks
            ),
            text(
                "chains_whole" if told["whole"] else "chains_broken",
                subjects=subjects,
                events=events,
            ),
        ],
    )
    leave(not breaks)


def _break(one: Break) -> dict[str, Any]:
    told = {"subject": one.subject_id, "version": one.version}
    return told | {"code": one.code, "detail": one.detail}


@command(
    "report recognition",
    option("--from", "first", type=click.IntRange(1900, 2999), required=True, metavar="Y"),
    option("--to", "last", type=click.IntRange(1900, 2999), required=True, metavar="Y"),
    option("--unit", metavar="CODE"),
    option("--on", "borne_on", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE"),
    option("--format", "form", type=click.Choice(["json", "xlsx", "pdf", "docx"])),
    option("--out", type=click.Path(path_type=Path), metavar="FILE"),
    group=report,
    answers=True,
)
def recognition(
    first: int,
    last: int,
    unit: str | None,
    borne_on: datetime | None,
    form: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    from web.cli.office import open_office
    from web.cli.reports import unit_of, write
    from workflows.quoted import recognition_table
    from workflows.streaks import AT_LEAST

    if last < first:
        raise click.UsageError(text("years_reversed"))
    office = open_office()
    found = unit_of(office, unit, borne_on) if unit else None
    if form not in (None, "json"):
        if found is None:
            raise click.UsageError(text("unit_needed"))
        write(office, "recognition", (first, last), found, form, out, as_json=as_json)
        return
    as_json = as_json or form == "json"
    told = recognition_table(office.session, first, last, found.id if found else None)
    heads = [text("year"), text("registered"), text("recognised"), text("taken_of"), "%"]
    heads += [f"≥ {years}" for years in AT_LEAST]
    heads += [text("quoted")] if any("quoted" in row for row in told) else []
    missing = _mark_absent(office, found, (first, last), told) if found else []
    answer(told, as_json, lambda: [*_recognition_lines(heads, told), *missing])


def _mark_absent(
    office: Office, unit: Unit, span: tuple[int, int], told: list[dict[str, Any]]
) -> list[str]:
    """Marks the years in which the unit was not there; who holds their figures, in words."""
    from workflows.reports.absence import absences, remarks, without

    gone = without(told, absences(office.session, unit, *span))
    for year, one in gone.items():
        held = [
            {"code": kin.code, "name": kin.title, "from": kin.starts_on, "to": kin.ends_on}
            for kin in one.kin
        ]
        told[year - span[0]] |= {"there": False, "figures_with": held}
    return list(remarks(unit, gone, language()))


def _recognition_lines(heads: list[str], told: list[dict[str, Any]]) -> list[str]:
    """The table, and below it what the shares are taken of."""
    from workflows.streaks.denominators import told_of
    from workflows.wording import names

    lines = table([heads, *(_year(row, len(heads)) for row in told)])
    for years, one in told_of([row for row in told if row.get("there", True)]):
        sure = names()["confidence"][one["confidence"]][language()]
        cited = "; ".join(one["basis"]) or "–"
        lines.append(text(f"share_of_{one['of']}", years=years, basis=cited, sure=sure))
    return lines


def _year(row: dict[str, Any], width: int) -> list[str]:
    if not row.get("there", True):
        return [str(row["year"]), *["–"] * (width - 1)]
    cells = [row["year"], row["registered"], row["recognised"], row["denominator"]["count"]]
    cells.append(row["percent"] or "–")
    cells += row["streaks"].values()
    quoted = "; ".join(
        text("quoted_otherwise" if one["differs"] else "quoted_same", **one)
        for one in row.get("quoted", ())
    )
    return [*(str(cell) for cell in cells), quoted][:width]


@command(
    "vote rule",
    option("--on", type=click.DateTime(["%Y-%m-%d"]), required=True, metavar="DATE"),
    option("--households", type=NUMBER, required=True, metavar="N"),
    option("--yes", "yes", type=NUMBER, required=True, metavar="Y"),
    option("--present", type=NUMBER, metavar="P"),
    option("--matter", metavar="M"),
    group=vote,
    answers=True,
)
def rule(
    on: datetime, households: int, yes: int, present: int | None, matter: str | None, as_json: bool
) -> None:
    from workflows.voting import SELF_MANAGEMENT, decide, rule_on

    found = rule_on(on.date(), matter or SELF_MANAGEMENT)
    verdict = decide(found, households, yes, present)
    told = {
        "passes": verdict.passes,
        "needs": verdict.needs,
        "next": verdict.next,
        "clause": verdict.clause,
        "rule": found.id,
    }
    answer(
        told,
        as_json,
        lambda: [
            f"{text(f'vote_{verdict.next}', needs=verdict.needs, yes=yes)} [{verdict.next}]",
            verdict.clause,
        ],
    )
    leave(verdict.passes)


@command(
    "streak",
    argument("area"),
    option("--year", type=click.IntRange(1900, 2999), metavar="Y"),
    option("--on", "borne_on", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE"),
    answers=True,
)
def streak(area: str, year: int | None, borne_on: datetime | None, as_json: bool) -> None:
    from web.cli.office import open_office
    from workflows.streaks import standing
    from workflows.streaks.telling import latest_year, tell
    from workflows.units import by_code

    office = open_office()
    on = borne_on.date() if borne_on else None
    found = by_code(office.session, area, "area", on)
    if found is None:
        other = by_code(office.session, area, on=on)
        if other is not None:
            raise No("unit_no_area", unit=area, name=other.title)
        raise No("unknown_unit", unit=area)
    asked = year if year is not None else latest_year(office.session, found.id)
    told = tell(office.session, standing(office.session, found.id, asked), language())
    answer(told.record(), as_json, lambda: [told.sentence()])
