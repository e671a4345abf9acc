"""A stage for whole procedures: officials in office, a roll, a year, and a clock.

Signatures are made up: what a signed file would prove (its digest, whose certificate) is
handed in as evidence. The tests of the desk and of the demonstration sign for real.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from engine import clock, registers
from engine.commands import Outcome, perform
from engine.db import writing
from engine.errors import EngineError
from engine.history import Event, Facts, fold
from engine.house import House
from engine.move import Command
from engine.papers.book import Paper, PaperVersion
from engine.subjects import Link, Subject
from tests import recall
from tests.workflows.officials import HOUSEHOLDS, OFFICES, appoint, fill_roll
from tests.workflows.places import Country, settle
from workflows import decisions, library
from workflows.actors import find_actor
from workflows.assessment import criteria_set, window_for
from workflows.bindings import LAW
from workflows.cycles import Cycle
from workflows.nominations import open_nomination
from workflows.wording import say

T = TypeVar("T")


@dataclass
class Stage:
    """Everything a procedure needs, and the moves of each office with sensible inputs."""

    session: Session
    country: Country
    house: House
    year: int
    regime: str
    criteria: str
    today: date
    at: time = time(9)
    people: dict[str, int] = field(default_factory=dict)
    point: recall.Point | None = None
    told: tuple[Any, ...] = ()

    # ------------------------------------------------------------------ time and moves

    def now(self) -> AbstractContextManager[None]:
        return clock.fixed_at(clock.vietnam(self.today, self.at))

    def wait(self, days: int) -> None:
        self.today += timedelta(days=days)

    def open(self, area: int | None = None, who: str = "head") -> int:
        area = self.country.areas[0] if area is None else area
        with self.now():
            made = open_nomination(
                self.session, self.house, self._person(who, area), area, self.year
            )
        return made.subject_id

    def act(self, who: str, subject: int, action: str, **data: Any) -> Outcome:
        """A move by somebody, by the version they see now."""
        version = self.session.scalar(select(Subject.version).where(Subject.id == subject))
        person = self._person(who, self._area_of(subject))
        with self.now():
            return perform(
                self.session, self.house, Command(person, subject, action, version, data)
            )

    def refused(self, who: str, subject: int, action: str, **data: Any) -> list[str]:
        """The codes with which a move is refused; nothing may have changed by it."""
        before = self.state(subject), self.count_events()
        try:
            self.act(who, subject, action, **data)
        except EngineError as error:
            self.session.rollback()
            assert (self.state(subject), self.count_events()) == before
            return told(error)
        raise AssertionError(f"{action} was allowed")

    def system(self, subject: int, action: str) -> Outcome:
        with self.now():
            return perform(self.session, self.house, Command(None, subject, action))

    def once(self, step: Hashable, make: Callable[[], T]) -> T:
        """A stretch of the way, made by moves the first time and recalled from then on, if
        nothing but such stretches came before. What ``make`` returns must not be changed."""
        if self.told != self._telling():
            self.point = None

        def made() -> tuple[T, date, time]:
            return make(), self.today, self.at

        told, point = recall.once(self.session, self.point, step, made)
        result, self.today, self.at = told
        self.point, self.told = point, self._telling()
        return result

    def _telling(self) -> tuple[Any, ...]:
        """What may be set on a stage and changes what its moves do."""
        people = tuple(self.people.items())
        return (id(self.house), self.country, self.year, self.today, self.at, people)

    # ------------------------------------------------------------------ what is so now

    def state(self, subject: int) -> str:
        return str(self.session.scalar(select(Subject.state).where(Subject.id == subject)))

    def count_events(self) -> int:
        return len(self.session.scalars(select(Event.id)).all())

    def facts(self, subject: int) -> Facts:
        events = self.session.scalars(
            select(Event).where(Event.subject_id == subject).order_by(Event.version)
        ).all()
        return fold(self.house.definition(events[-1].definition_digest), events)

    def papers(self, subject: int, kind: str) -> list[int]:
        """The papers of a kind that list a subject, the oldest first."""
        return list(
            self.session.scalars(
                select(Paper.id)
                .join(Link, Link.paper_id == Paper.id)
                .where(Link.subject_id == subject, Paper.kind == kind)
                .order_by(Paper.id)
            )
        )

    def kind(self, paper: int) -> str:
        return str(self.session.scalar(select(Paper.kind).where(Paper.id == paper)))

    def values(self, paper: int) -> Mapping[str, Any]:
        return dict(self.session.scalars(select(Paper.values).where(Paper.id == paper)).one())

    # ------------------------------------------------------------------ the hamlet

    def register(self, subject: int, **data: Any) -> Outcome:
        day = self.today.isoformat()
        told = {
            "registered_on": day,
            "households_registered": HOUSEHOLDS,
            "resolution_number": "03-NQ/CB",
            "resolution_on": day,
        }
        return self.act("head", subject, "register", **(told | data))

    def findings(self, **cells: Any) -> dict[str, dict[str, Any]]:
        """Every criterion met, with its proof; ``cells`` overwrite those of the first."""
        proof = {
            "met": True,
            "fact": "Không có vụ việc.",
            "source": "Sổ theo dõi của Công an xã",
            "dated": self.today.isoformat(),
        }
        rows = [criterion.row for criterion in criteria_set(self.criteria).criteria]
        table = {row: dict(proof) for row in rows}
        table[rows[0]] |= cells
        return table

    def assess(self, subject: int) -> Outcome:
        findings = self.findings()
        return self.act("head", subject, "complete_self_assessment", findings=findings)

    def invite(self, subject: int, days: int = 3) -> Outcome:
        meeting = datetime.combine(self.today + timedelta(days=days), time(19, 30))
        return self.act(
            "head",
            subject,
            "give_notice",
            meeting_at=meeting.isoformat(),
            place="Nhà văn hóa Thôn 1",
            means=["Giấy mời", "Loa truyền thanh"],
            agenda=["Báo cáo tự đánh giá.", "Bỏ phiếu"],
        )

    def count(self, yes: int, present: int = HOUSEHOLDS, **data: Any) -> dict[str, Any]:
        """The inputs of a ballot that adds up."""
        return {
            "method": "secret_ballot",
            "present": present,
            "issued": present,
            "returned": present,
            "valid": present,
            "invalid": 0,
            "yes": yes,
            "no": present - yes,
            "ended_at": datetime.combine(self.today, time(21)).isoformat(),
            "chair": "Người Chủ Trì",
            "secretary": "Người Thư Ký",
            "tellers": ["Kiểm Một", "Kiểm Hai", "Kiểm Ba"],
            "witnesses": ["Chứng Một", "Chứng Hai"],
            "front_representative": "Người Mặt Trận",
            "attendees": ["Bí thư chi bộ: Người Bí Thư"],
        } | data

    def vote(self, subject: int, yes: int = 60, present: int = HOUSEHOLDS) -> None:
        """From the self-assessment to the minutes, whatever the result."""
        self.invite(subject)
        self.wait(3)
        self.at = time(22)
        self.act("head", subject, "record_count", **self.count(yes, present))
        passed = 2 * yes > HOUSEHOLDS
        self.act("head", subject, "adopt_minutes" if passed else "record_failed_vote")
        self.at = time(9)
        self.wait(1)

    def to_submitted(self, area: int | None = None) -> int:
        return self.once(("to_submitted", area), lambda: self._to_submitted(area))

    def _to_submitted(self, area: int | None) -> int:
        subject = self.open(area)
        self.register(subject)
        self.assess(subject)
        self.vote(subject)
        self.act("head", subject, "submit")
        return subject

    # ------------------------------------------------------------------ the commune

    def verdicts(self, **cells: Any) -> dict[str, dict[str, Any]]:
        rows = [criterion.row for criterion in criteria_set(self.criteria).criteria]
        table: dict[str, dict[str, Any]] = {row: {"met": True} for row in rows}
        table[rows[0]] |= cells
        return table

    def appraise(self, subject: int) -> Outcome:
        return self.act("police", subject, "record_appraisal", verdicts=self.verdicts())

    def opinion(self, **data: Any) -> dict[str, Any]:
        return {
            "opinion_form": "meeting",
            "held_on": self.today.isoformat(),
            "members": 20,
            "members_present": 18,
            "members_agreed": 18,
        } | data

    def to_proposed(self, area: int | None = None) -> int:
        return self.once(("to_proposed", area), lambda: self._to_proposed(area))

    def _to_proposed(self, area: int | None) -> int:
        subject = self.to_submitted(area)
        self.appraise(subject)
        self.act("committee", subject, "record_committee_opinion", **self.opinion())
        return subject

    def to_posted(self, area: int | None = None) -> int:
        return self.once(("to_posted", area), lambda: self._to_posted(area))

    def _to_posted(self, area: int | None) -> int:
        subject = self.to_proposed(area)
        self.issue("police", "commune_decision", [subject], chair="chair", clerk="clerk")
        self.post(subject)
        return subject

    def post(self, subject: int) -> Outcome:
        until = self.today + timedelta(days=6)
        return self.act(
            "clerk",
            subject,
            "post_publicly",
            posting_place="Trụ sở UBND xã",
            posted_on=self.today.isoformat(),
            posted_until=until.isoformat(),
        )

    def to_district(self, area: int | None = None) -> int:
        return self.once(("to_district", area), lambda: self._to_district(area))

    def _to_district(self, area: int | None) -> int:
        subject = self.to_posted(area)
        self.wait(7)
        self.act("clerk", subject, "forward_to_district")
        return subject

    # ------------------------------------------------------------------ papers

    def draft(self, who: str, kind: str, subjects: Sequence[int]) -> int:
        with self.now():
            person = self._person(who, self.country.areas[0])
            made = decisions.draft(self.session, self.house, person, kind, list(subjects))
        return made.subject_id

    def issue(self, who: str, kind: str, subjects: Sequence[int], *, chair: str, clerk: str) -> int:
        """A paper from its draft to its issue, with made-up signatures."""
        step = ("issue", who, kind, tuple(subjects), chair, clerk)
        return self.once(step, lambda: self._issue(who, kind, subjects, chair, clerk))

    def _issue(self, who: str, kind: str, subjects: Sequence[int], chair: str, clerk: str) -> int:
        paper = self.draft(who, kind, subjects)
        self.act(chair, paper, "approve_content")
        self.act(clerk, paper, "approve_format")
        self.sign_and_seal(paper, chair, clerk)
        return paper

    def sign_and_seal(self, paper: int, chair: str, clerk: str) -> None:
        self.sign(paper, chair)
        self.seal(paper, clerk)

    def seal(self, paper: int, clerk: str) -> None:
        row = self.session.execute(
            select(Paper.kind, Paper.authority_id).where(Paper.id == paper)
        ).one()
        series = self.house.kinds[row.kind].series
        evidence = {
            "base": made_up(paper, "signed"),
            "sha256": made_up(paper, "issued"),
            "size": 3,
            "authority_id": row.authority_id,
            "number": registers.upcoming(self.session, row.authority_id, series, self.today),
            "issued_on": self.today.isoformat(),
        }
        self.with_evidence(clerk, paper, "issue", evidence)

    def render(self, paper: int) -> None:
        """Keeps a made-up file, to be signed."""
        row = {"paper_id": paper, "stage": "rendered", "sha256": made_up(paper, "rendered")}
        with writing(self.session), self.now():
            at = clock.now()
            self.session.execute(insert(PaperVersion).values(row | {"size": 1, "at": at}))

    def sign(self, paper: int, chair: str) -> None:
        self.render(paper)
        signed = {"base": made_up(paper, "rendered"), "sha256": made_up(paper, "signed"), "size": 2}
        self.with_evidence(chair, paper, "sign", signed | {"person_id": self.people[chair]})

    def with_evidence(
        self, who: str, paper: int, action: str, evidence: Mapping[str, Any]
    ) -> Outcome:
        command = Command(self.people[who], paper, action, evidence=evidence)
        with self.now():
            return perform(self.session, self.house, command)

    # ------------------------------------------------------------------ people

    def _person(self, who: str, area: int) -> int:
        return self.people[f"head {area}" if who == "head" else who]

    def _area_of(self, subject: int) -> int:
        event = self.session.scalars(
            select(Event.data).where(Event.subject_id == subject, Event.version == 1)
        ).first()
        return int((event or {}).get("area", self.country.areas[0]))


def told(error: EngineError) -> list[str]:
    """The codes of an error, each of which can be said in both languages."""
    for refusal in error.refusals:
        for language in ("vi", "en"):
            assert "{" not in say(refusal, language)
    return [refusal.code for refusal in error.refusals]


def made_up(paper: int, stage: str) -> str:
    """The digest that a file of this stage would have."""
    return hashlib.sha256(f"{paper} {stage}".encode()).hexdigest()


def house() -> House:
    """The law as it is, over templates that do not matter here."""
    law = library.law()
    return House(
        definitions=law.definitions,
        binding=LAW,
        kinds=law.kinds,
        find_actor=find_actor,
        template_digest=lambda kind: hashlib.sha256(kind.encode()).hexdigest(),
        calendar=law.calendar,
        specimen=True,
    )


def stage(
    session: Session,
    *,
    regime: str = "district-certification",
    criteria: str = "tt-124-2021",
    today: date = date(2026, 9, 14),
) -> Stage:
    """A commune with all its offices, three areas with a roll each, and a year begun."""
    (country, people), point = recall.once(
        session,
        recall.beginning(session),
        ("stage", regime, criteria, today),
        lambda: _furnish(session, regime, criteria, today),
    )
    made = Stage(session, country, house(), today.year, regime, criteria, today)
    made.people |= people
    made.point, made.told = point, made._telling()
    return made


def _furnish(
    session: Session, regime: str, criteria: str, today: date
) -> tuple[Country, dict[str, int]]:
    country, people = settle(session), {}
    window = window_for(criteria, today.year)
    with writing(session):
        units = {
            "commune": country.commune,
            "district": country.district,
            "province": country.province,
        }
        for name, (role, level, title) in OFFICES.items():
            people[name] = appoint(session, name, role, units[level], title)
        for area in (*country.areas, *country.other_areas):
            name = f"head {area}"
            people[name] = appoint(session, name, "hamlet_head", area, "Trưởng thôn")
            fill_roll(session, area, today.year)
        session.add(
            Cycle(
                year=today.year,
                definition_id=regime,
                criteria_id=criteria,
                starts_on=window.starts_on,
                ends_on=window.ends_on,
            )
        )
    return country, people
