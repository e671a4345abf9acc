"""Drives nominations through the main regime, by the commands that the pages use.

The story is data (``drive.toml``): who does what, how many days ago. The clock is set back
for each step; everything else is real, the signatures included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from functools import cached_property
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock, outbox
from engine.commands import Outcome, perform, prospect
from engine.db import writing
from engine.definition import Definition
from engine.move import Command
from engine.papers.book import Paper
from engine.subjects import Link, Subject
from workflows import decisions, logbook
from workflows.bureau import Bureau
from workflows.demo.data import Progress, facts
from workflows.demo.schedule import Schedule, name_of, of_commune, plan
from workflows.households import Household
from workflows.nominations import Nomination, open_nomination
from workflows.opening import opened
from workflows.people import Account
from workflows.regimes import regime
from workflows.units import Unit

CALCULATED = ({"days"}, {"days", "at"}, {"percent"}, {"percent", "less"})


@dataclass(frozen=True, slots=True)
class Done:
    """One step that was made, for those who watch."""

    day: date
    username: str
    label: str
    state: str


@dataclass
class Drive:
    """The story of one area, or of a commune's own title, told up to a step."""

    session: Session
    bureau: Bureau
    area: Unit
    schedule: Schedule
    nomination: int = 0
    papers: dict[str, int] = field(default_factory=dict)
    beside: list[int] = field(default_factory=list)
    """Further nominations that its drafts are over."""
    steps: Sequence[Mapping[str, Any]] = field(default_factory=lambda: facts("drive")["steps"])

    @cached_property
    def households(self) -> int:
        """How many households the area's roll has."""
        query = select(func.count()).where(Household.area_id == self.area.id)
        return self.session.scalar(query) or 0

    def run(self, last: str | None = None) -> Iterator[Done]:
        """Makes the steps in order, up to and including the move called ``last``."""
        for step in self.steps:
            with clock.fixed_at(self._instant(step, step["days"], step["at"])):
                yield self._done(step, self.make(step))
            if last is not None and name_of(step) == last:
                return

    def make(self, step: Mapping[str, Any]) -> Outcome:
        """Makes one step, at the time that the clock has."""
        outcome: Outcome = getattr(self, f"_{step['what']}")(step, self._person(step))
        return outcome

    def _open(self, step: Mapping[str, Any], person: int) -> Outcome:
        year, house = self.schedule.year, self.bureau.house
        outcome = open_nomination(self.session, house, person, self.area.id, year)
        self.nomination = outcome.subject_id
        return outcome

    def _move(self, step: Mapping[str, Any], person: int) -> Outcome:
        data = {name: self._value(step, value) for name, value in step.get("data", {}).items()}
        if "table" in step:
            data[step["table"]] = self._table(step, person)
        return perform(
            self.session,
            self.bureau.house,
            Command(person, self.nomination, step["action"], self._version(), data),
        )

    def _draft(self, step: Mapping[str, Any], person: int) -> Outcome:
        over = [self.nomination, *self.beside]
        outcome = decisions.draft(self.session, self.bureau.house, person, step["kind"], over)
        self.papers["latest"] = self.papers[step["kind"]] = outcome.subject_id
        return outcome

    def _paper(self, step: Mapping[str, Any], person: int) -> Outcome:
        paper = self._paper_of(step)
        desk, pin = self.bureau.desk, facts("drive")["pin"]
        match step["action"]:
            case "sign":
                return desk.sign(self.session, person, paper, pin=pin)
            case "issue":
                outcome = desk.issue(self.session, person, paper, pin=pin)
                # The worker's part, at once: the next paper prints the checkpoint after this.
                logbook.record(self.session, desk.keys)
                return outcome
        command = Command(person, paper, step["action"], None)
        return perform(self.session, self.bureau.house, command)

    def _paper_of(self, step: Mapping[str, Any]) -> int:
        """The paper a step is about: the one drafted last, or the newest of the named kind
        that lists the nomination (the system drafts certificates itself)."""
        if "kind" not in step:
            return self.papers["latest"]
        found = self.session.scalar(
            select(Paper.id)
            .join(Link, Link.paper_id == Paper.id)
            .where(Link.subject_id == self.nomination, Paper.kind == step["kind"])
            .order_by(Paper.id.desc())
        )
        if found is None:
            raise LookupError(f"no paper of kind {step['kind']}")
        self.papers[step["kind"]] = found
        return found

    def _table(self, step: Mapping[str, Any], person: int) -> dict[str, Any]:
        told = facts("drive")["findings"]
        dated = self.schedule.dated(clock.today())
        actor = self.bureau.house.find_actor(self.session, person, clock.today())
        move = prospect(self.session, self.bureau.house, self.nomination, step["action"], actor)
        rows = self.bureau.house.binding.rows["criteria"](move)
        if step["table"] == "verdicts":
            return {row.id: {"met": True, "verdict_reason": told["remark"]} for row in rows}
        return {
            row.id: {
                "met": True,
                "fact": told.get(row.label.partition(". ")[0], told["default"]),
                "source": told["source"],
                "dated": dated.isoformat(),
            }
            for row in rows
        }

    def _version(self) -> int | None:
        return self.session.scalar(select(Subject.version).where(Subject.id == self.nomination))

    def _person(self, step: Mapping[str, Any]) -> int:
        wanted = step["by"].format(area=self.area.code)
        alike = wanted.partition("-")[0] if "{area}" in step["by"] else self._own(wanted)
        found = self.session.scalars(
            select(Account.person_id)
            .where(Account.username.in_((wanted, alike)))
            .order_by(func.length(Account.username).desc())
        ).first()
        if found is None:
            raise LookupError(f"nobody signs in as {wanted}")
        return found

    def _own(self, office: str) -> str:
        """What an office is called in the area's commune, unless that is the home commune."""
        return f"{office}-{self.area.code.partition('-')[0]}"

    def _instant(self, step: Mapping[str, Any], days: int, at: str) -> Any:
        return clock.vietnam(self.schedule.day(step, days), time.fromisoformat(at))

    def _value(self, step: Mapping[str, Any], value: Any) -> Any:
        """A value of the story, its reckoned ones worked out."""
        if not isinstance(value, Mapping) or set(value) not in CALCULATED:
            return value
        if "percent" in value:
            return self.households * value["percent"] // 100 - value.get("less", 0)
        if "at" in value:
            return self._instant(step, value["days"], value["at"]).isoformat()
        return self.schedule.day(step, value["days"]).isoformat()

    def _done(self, step: Mapping[str, Any], outcome: Outcome) -> Done:
        row = self.session.execute(
            select(Subject.definition_digest).where(Subject.id == outcome.subject_id)
        ).one()
        definition: Definition = self.bureau.house.definition(row.definition_digest)
        label = definition.transition(step.get("action", decisions.DRAFT)).label.vi
        if "kind" in step:
            label = f"{label} ({self.bureau.house.kinds[step['kind']].label.vi})"
        state = definition.by_state[outcome.state].label.vi
        return Done(clock.today(), step["by"].format(area=self.area.code), label, state)


def drive_one(
    session: Session, bureau: Bureau, commune_id: int, until: date, say: Callable[[Done], None]
) -> Drive:
    """The whole story of the chosen area of a commune, told step by step."""
    story = facts("drive")
    area = session.scalars(
        select(Unit).where(Unit.parent_id == commune_id, Unit.sort == story["area"])
    ).one()
    drive = Drive(session, bureau, area, plan(until))
    for done in drive.run():
        say(done)
    outbox.deliver_all(session, bureau.desk.handlers)
    return drive


def drive_commune(session: Session, bureau: Bureau, commune_id: int, until: date) -> Drive:
    """The beginning of a commune's own title of this year, under the law that knows one: its
    committee opens the file and registers."""
    story = facts("drive")["commune_title"]
    steps, schedule = story["steps"], of_commune(until)
    opened(session, story["regime"], schedule.year, kinds=("commune",))
    last = regime(story["regime"]).kinds["commune"].registration
    *others, register = steps
    if last and schedule.day(register, register["days"]) <= last.of(schedule.year):
        told = {name: told for name, told in register["data"].items() if name != "late_reason"}
        steps = [*others, register | {"data": told}]
    drive = Drive(session, bureau, session.get_one(Unit, commune_id), schedule, steps=steps)
    for _done in drive.run():
        pass
    return drive


def drive_others(
    session: Session, bureau: Bureau, commune_id: int, home_id: int, until: date, seen: Progress
) -> None:
    """Brings every other area of the district to a step of its own, so that each office
    finds work waiting."""
    others = facts("drive")["others"]
    areas = session.scalars(
        select(Unit).where(Unit.kind == "area").order_by(Unit.parent_id, Unit.sort)
    ).all()
    near = {str(area.sort): area for area in areas if area.parent_id == commune_id}
    # Signing needs transactions of its own. In the order of the file, which is that of the
    # dates on the papers: a register takes no number back in time.
    for sort, last in others["with_papers"].items():
        _bring(session, bureau, near[sort], until, last)
    started = set(session.scalars(select(Nomination.area_id)))
    # One transaction for all the rest: hundreds of moves need not each wait for the disk.
    with writing(session):
        for count, area in enumerate(areas, start=1):
            last = others["home"] if area.id == home_id else others["rest"]
            if area is near.get(str(area.sort)):
                last = others["without_papers"].get(str(area.sort), last)
            if area.id not in started:
                _bring(session, bureau, area, until, last)
            seen("nominations", count, len(areas))


def _bring(session: Session, bureau: Bureau, area: Unit, until: date, last: str) -> None:
    for _done in Drive(session, bureau, area, plan(until, last)).run(last):
        pass
