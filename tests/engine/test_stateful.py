"""Random people do random things at random times; a plain dictionary says what must happen.

The dictionary knows the toy procedure by heart, not through the engine's definitions, so a
rule that the engine forgets shows here. Most moves fit the state, so that requests live to
their end; the others are made by the wrong person, too late, from elsewhere or with bad data.
At the end the history is judged once more by itself, and counted: nothing may be untried.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, ClassVar

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from engine import clock, deadlines, standing
from engine.calendar import Calendar
from engine.commands import Outcome, perform
from engine.db import writing
from engine.errors import EngineError
from engine.history import Event, verify
from engine.move import Command, Opening
from engine.papers.book import Paper, PaperVersion
from engine.policy import Actor, Office
from engine.registers import Entry, Register
from engine.subjects import Subject, SubjectScope
from tests.engine import procedure

ROLES = ("asker", "reviewer", "decider", "clerk")
# By action: the states it leaves, where it leads, who makes it, and the duty it exercises.
REQUEST: dict[str, tuple[set[str], str, set[str], str | None]] = {
    "ask": ({"draft"}, "asked", {"asker"}, "ask"),
    "review": ({"asked"}, "reviewed", {"reviewer"}, "review"),
    "send_back": ({"asked", "reviewed"}, "draft", {"reviewer"}, "review"),
    "lapse": ({"draft"}, "lapsed", set(), None),
    "enter_grant": ({"reviewed"}, "deciding", set(), None),
    "leave_grant": ({"deciding"}, "reviewed", set(), None),
    "be_granted": ({"deciding"}, "granted", set(), None),
}
LETTER: dict[str, tuple[set[str], str, set[str], str | None]] = {
    "sign": ({"drafted"}, "signed", {"decider"}, "decide"),
    "issue": ({"signed"}, "issued", {"clerk"}, "issue"),
    "discard": ({"drafted"}, "discarded", {"reviewer", "decider"}, None),
}
OPENINGS = {"begin": {"asker"}, "draft": {"reviewer"}}
GOOD: dict[str, dict[str, Any]] = {
    "ask": {"count": 2},
    "review": {"findings": {"a": {"met": True}, "b": {"met": True}}},
    "send_back": {"reason": "x"},
    "discard": {"reason": "x"},
}
BAD: dict[str, dict[str, Any]] = {
    "ask": {"count": 3},
    "review": {"findings": {"a": {"met": True}}},
    "send_back": {"reason": " "},
    "discard": {},
}
# What may be wrong with the data or the evidence of which action.
SPOILT: dict[str, Collection[str]] = {
    "data": BAD.keys(),
    "base": ("sign", "issue"),
    "nothing": ("sign", "issue"),
    "number": ("issue",),
}
OFTEN = {"begin": 2, "ask": 3, "review": 4, "send_back": 1, "draft": 3} | {
    "lay_out": 4,
    "sign": 4,
    "issue": 4,
    "discard": 1,
}
REFUSALS = (
    *("not_yours", "out_of_term", "separation_of_duties", "stale", "not_from_here"),
    *("odd", "required", "paper_not_ready", "signed_other_bytes", "needs_key", "number_taken"),
    "term_passed",
)
NOBODY = 17
PLACES, APPOINTMENTS = count(100), count(1)
START = datetime(2026, 12, 7, 2, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Appointment:
    """From the first to the last day, both included."""

    id: int
    person: int
    role: str
    place: int
    starts_on: date
    ends_on: date

    def holds(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on


@dataclass
class Life:
    """What the dictionary remembers of one subject."""

    state: str
    place: int
    since: datetime
    version: int = 1
    duties: set[tuple[int, str]] = field(default_factory=set)
    listed: tuple[int, ...] = ()
    done: set[str] = field(default_factory=set)
    laid_out: bool = False

    @property
    def actions(self) -> dict[str, tuple[set[str], str, set[str], str | None]]:
        return LETTER if self.listed else REQUEST


@dataclass(frozen=True)
class Trial:
    """One thing somebody tries; ``flaw`` spoils the data or the evidence."""

    action: str
    subject: int
    person: int
    behind: int = 0
    flaw: str = ""


class Lives(RuleBasedStateMachine):
    """Requests and papers of two places, in a database that earlier runs have used too."""

    engine: ClassVar[Engine]
    refused: ClassVar[Counter[str]]
    book: ClassVar[dict[int, Appointment]]

    @initialize(data=st.data())
    def open_the_doors(self, data: st.DataObject) -> None:
        # Each run has places of its own, with registers that start at 01.
        self.places = (next(PLACES), next(PLACES))
        self.own: list[Appointment] = []
        self.house = replace(procedure.house(), find_actor=self.find_actor)
        self.session = Session(self.engine)
        self.model: dict[int, Life] = {}
        self.issued: Counter[tuple[int, int]] = Counter()
        self.now = START
        people = count(1)
        for place in self.places:
            for role in ROLES:
                last = self.today + timedelta(days=data.draw(st.integers(3, 40)))
                first = last + timedelta(days=data.draw(st.integers(1, 4)))
                self.appoint(next(people), role, place, date(2020, 1, 1), last)
                self.appoint(next(people), role, place, first, date(2099, 1, 1))
        for holder in data.draw(st.lists(st.sampled_from(self.own), min_size=1, max_size=4)):
            # A second office in the same place: what separation of duties is for.
            role = data.draw(st.sampled_from(ROLES))
            first = self.today + timedelta(days=data.draw(st.integers(-5, 5)))
            last = first + timedelta(days=data.draw(st.integers(5, 60)))
            self.appoint(holder.person, role, holder.place, first, last)

    def appoint(self, person: int, role: str, place: int, first: date, last: date) -> None:
        made = Appointment(next(APPOINTMENTS), person, role, place, first, last)
        self.own.append(made)
        self.book[made.id] = made

    def find_actor(self, _session: Session, person: int, on: date) -> Actor:
        held = [one for one in self.own if one.person == person and one.holds(on)]
        offices = (Office(one.id, one.role, one.place, "place", "") for one in held)
        return Actor(person, f"person {person}", tuple(offices))

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.close()

    @property
    def today(self) -> date:
        return clock.law_date(self.now)

    # -- what people do -------------------------------------------------------------------

    @rule(days=st.integers(0, 8))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days, minutes=1)

    @rule(data=st.data(), moves=st.integers(3, 8))
    def go_on(self, data: st.DataObject, moves: int) -> None:
        """Somebody who may does what the state asks for, a few times; now and then badly."""
        for _ in range(moves):
            if data.draw(st.sampled_from([False, False, False, True])):
                self.do_it_badly(data)
            options = self.fitting()
            if not options:
                return
            often = [action for action in sorted(options) for _ in range(OFTEN[action])]
            action = data.draw(st.sampled_from(often))
            busy = [one for one in options[action] if self.offices(one[1]) > 1]
            subject, person = data.draw(st.sampled_from(busy or options[action]))
            if action == "begin":
                self.begin(subject, person)
            elif action == "draft":
                ready = [
                    i
                    for i in self.ready(subject)
                    if not self.torn(self.linked(i), person, "review")
                ]
                some = st.lists(st.sampled_from(ready), min_size=1, max_size=3, unique=True)
                self.draft(subject, person, data.draw(some))
            elif action == "lay_out":
                self.lay_out_without_a_typesetter(subject)
            else:
                if action == "issue" and data.draw(st.sampled_from([False, True])):
                    # Another paper took the number while this one lay on the desk.
                    self.attempt(Trial(action, subject, person, flaw="number"), "Stale")
                self.attempt(Trial(action, subject, person), "done")

    @rule(data=st.data(), person=st.integers(1, NOBODY), behind=st.sampled_from([0, 0, 0, 1]))
    @precondition(lambda self: self.model)
    def meddle(self, data: st.DataObject, person: int, behind: int) -> None:
        """Anybody tries anything that the kind of subject knows."""
        subject = data.draw(st.sampled_from(sorted(self.model)))
        action = data.draw(st.sampled_from(sorted(self.model[subject].actions)))
        flaws = [flaw for flaw, actions in SPOILT.items() if action in actions]
        flaw = data.draw(st.sampled_from(["", *flaws]))
        self.attempt(Trial(action, subject, person, behind, flaw))

    def do_it_badly(self, data: st.DataObject) -> None:
        """Somebody in the right office errs: torn between duties, too late, in the wrong
        state, or with data or evidence that does not hold."""
        how = data.draw(st.sampled_from(["torn", "torn", "stale", "early", *SPOILT]))
        trials = self.acts(torn=how == "torn", early=how == "early")
        trials = [trial for trial in trials if trial[0] in SPOILT.get(how, trial[0])]
        if trials:
            # By action first: the rare ones must be erred in too.
            name = data.draw(st.sampled_from(sorted({action for action, _, _ in trials})))
            fitting = [(subject, who) for action, subject, who in trials if action == name]
            subject, person = data.draw(st.sampled_from(fitting))
            flaw = how if how in SPOILT else ""
            self.attempt(Trial(name, subject, person, int(how == "stale"), flaw))

    @rule(data=st.data(), person=st.integers(1, NOBODY))
    def open_something(self, data: st.DataObject, person: int) -> None:
        place = data.draw(st.sampled_from(self.places))
        requests = [i for i, life in self.model.items() if life.place == place and not life.listed]
        listing: bool = data.draw(st.booleans())
        if requests and listing:
            some = st.lists(st.sampled_from(requests), min_size=1, max_size=2, unique=True)
            self.draft(place, person, data.draw(some))
        else:
            self.begin(place, person)

    @rule()
    def terms_pass(self) -> None:
        with clock.fixed_at(self.now):
            deadlines.expire(self.session, self.house)
        for life in self.model.values():
            if self.over(life):
                self.advance(life, "lapsed")

    # -- the dictionary -------------------------------------------------------------------

    def over(self, life: Life) -> bool:
        """Whether the term of five working days has passed, and nobody came to say so."""
        last = Calendar().add_working_days(clock.law_date(life.since), 5)
        return life.state == "draft" and last < self.today

    def fitting(self) -> dict[str, list[tuple[int, int]]]:
        """By action, the subjects (or places) it fits and who may now do it there."""
        options: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for place in self.places:
            if sum(life.place == place and not life.listed for life in self.model.values()) < 5:
                options["begin"] += [(place, p) for p in self.holders({"asker"}, place)]
            for person in self.holders({"reviewer"}, place):
                if any(not self.torn(self.linked(i), person, "review") for i in self.ready(place)):
                    options["draft"].append((place, person))
        for subject, life in self.model.items():
            if life.state == "drafted" and not life.laid_out:
                options["lay_out"].append((subject, 0))
        for action, subject, person in self.acts():
            life = self.model[subject]
            if not self.over(life) and (action != "sign" or life.laid_out):
                options[action].append((subject, person))
        return {action: found for action, found in options.items() if found}

    def acts(self, *, torn: bool = False, early: bool = False) -> list[tuple[str, int, int]]:
        """Actions on subjects by people in the right office: in a state that fits (or does
        not: ``early``), with no other duty (or with one: ``torn``)."""
        return [
            (action, subject, person)
            for subject, life in self.model.items()
            for action, (sources, _, roles, duty) in life.actions.items()
            if (life.state in sources) != early
            for person in self.holders(roles, life.place)
            if self.torn(self.linked(subject), person, duty) == torn
        ]

    def ready(self, place: int) -> list[int]:
        return [
            i for i, life in self.model.items() if (life.place, life.state) == (place, "reviewed")
        ]

    def offices(self, person: int) -> int:
        return len({one.role for one in self.own if one.person == person})

    def holders(self, roles: Iterable[str], place: int) -> list[int]:
        held = [one for one in self.own if one.role in roles and one.place == place]
        return sorted({one.person for one in held if one.holds(self.today)})

    def linked(self, subject: int) -> list[int]:
        """The subject, what it lists, and the papers that list it or any of that."""
        family = {subject, *self.model[subject].listed}
        listing = [i for i, life in self.model.items() if family & set(life.listed)]
        return [*family, *listing]

    def torn(self, subjects: Iterable[int], person: int, duty: str | None) -> bool:
        """Whether the person held another duty over one of these."""
        held = {d for i in subjects for p, d in self.model[i].duties if p == person}
        return duty is not None and bool(held - {duty})

    def forbidden(self, person: int, roles: set[str], place: int) -> bool:
        if person in self.holders(roles, place):
            return False
        once = [o for o in self.own if (o.person, o.place) == (person, place) and o.role in roles]
        self.refused["out_of_term"] += bool(once)
        return True

    def advance(
        self, life: Life, state: str, person: int | None = None, duty: str | None = None
    ) -> None:
        life.state, life.version, life.since = state, life.version + 1, self.now
        if person and duty:
            life.duties.add((person, duty))

    # -- the engine -----------------------------------------------------------------------

    def try_it(self, command: Command | Opening) -> tuple[str, Outcome | None]:
        """``done`` and the outcome, or the name of the refusal's class."""
        with clock.fixed_at(self.now):
            try:
                return "done", perform(self.session, self.house, command)
            except EngineError as error:
                self.refused[error.code] += 1
                return type(error).__name__, None

    def begin(self, place: int, person: int) -> None:
        told, outcome = self.try_it(Opening(person, "request", "begin", {"place": place}))
        assert told == ("Forbidden" if self.forbidden(person, {"asker"}, place) else "done")
        if outcome:
            self.model[outcome.subject_id] = Life("draft", place, self.now)

    def draft(self, place: int, person: int, listed: Sequence[int]) -> None:
        evidence = {"kind": "grant", "subjects": list(listed)}
        opening = Opening(person, "letter", "draft", {"authority": place}, evidence=evidence)
        told, outcome = self.try_it(opening)
        reasons = [
            (self.forbidden(person, {"reviewer"}, place), "Forbidden"),
            (any(self.torn(self.linked(i), person, "review") for i in listed), "Forbidden"),
            (any(self.model[i].state != "reviewed" for i in listed), "Conflict"),
        ]
        assert told == first(reasons)
        if outcome:
            paper = Life("drafted", place, self.now, listed=tuple(listed))
            paper.duties.add((person, "review"))
            self.model[outcome.subject_id] = paper
            for subject in listed:
                self.advance(self.model[subject], "deciding")

    def attempt(self, trial: Trial, must: str = "") -> None:
        life = self.model[trial.subject]
        sources, target, roles, duty = life.actions[trial.action]
        data = BAD if trial.flaw == "data" else GOOD
        told, _ = self.try_it(
            Command(
                trial.person,
                trial.subject,
                trial.action,
                life.version - trial.behind,
                data.get(trial.action, {}),
                evidence=self.evidence(trial),
            )
        )
        late = (trial.action, trial.flaw) == ("issue", "number")
        unready = trial.action == "sign" and not life.laid_out
        reasons = [
            (self.forbidden(trial.person, roles, life.place), "Forbidden"),
            (self.torn(self.linked(trial.subject), trial.person, duty), "Forbidden"),
            (trial.behind > 0, "Stale"),
            (life.state not in sources, "Conflict"),
            (self.over(life) and trial.action != "lapse", "Refused"),
            (unready or bool(trial.flaw and not late), "Refused"),
            (late, "Stale"),
        ]
        assert told == (must or first(reasons))
        if told == "done":
            self.follow(trial, life, target, duty)

    def follow(self, trial: Trial, life: Life, target: str, duty: str | None) -> None:
        self.advance(life, target, trial.person, duty)
        if not life.listed:
            life.done = set() if trial.action == "send_back" else life.done | {trial.action}
        told = {"issued": "granted", "discarded": "reviewed"}.get(target)
        for subject in life.listed if told else ():
            self.advance(self.model[subject], str(told))
        if target == "issued":
            self.issued[life.place, self.today.year] += 1

    def evidence(self, trial: Trial) -> dict[str, Any]:
        """What a signing desk would have established, spoilt as the trial says."""
        paper, life = trial.subject, self.model[trial.subject]
        wrong = "f" * 64 if trial.flaw == "base" else ""
        if trial.flaw == "nothing" or trial.action not in ("sign", "issue"):
            return {}
        if trial.action == "sign":
            rendered = wrong or f"{paper:064x}"
            return {"base": rendered, "sha256": f"{paper:063x}s", "size": 2} | {
                "person_id": trial.person
            }
        number = self.issued[life.place, self.today.year] + 1
        return {
            "base": wrong or f"{paper:063x}s",
            "sha256": f"{paper:063x}i",
            "size": 3,
            "authority_id": life.place,
            "number": number + (trial.flaw == "number"),
            "issued_on": self.today.isoformat(),
        }

    def lay_out_without_a_typesetter(self, paper: int) -> None:
        row = {"paper_id": paper, "stage": "rendered", "sha256": f"{paper:064x}"}
        with writing(self.session):
            self.session.execute(insert(PaperVersion).values(size=1, at=self.now, **row))
        self.model[paper].laid_out = True

    # -- what always holds ----------------------------------------------------------------

    @invariant()
    def the_database_agrees_with_the_dictionary(self) -> None:
        rows = self.session.execute(
            select(Subject.id, Subject.state, Subject.version).where(Subject.id.in_(self.model))
        )
        found = {row.id: (row.state, row.version) for row in rows}
        assert found == {i: (life.state, life.version) for i, life in self.model.items()}
        self.session.rollback()

    @invariant()
    def nothing_is_granted_without_asking_and_review(self) -> None:
        for life in self.model.values():
            if life.state in ("granted", "deciding"):
                assert life.done == {"ask", "review"}


def first(reasons: Iterable[tuple[bool, str]]) -> str:
    return next((name for holds, name in reasons if holds), "done")


# -- what is left ---------------------------------------------------------------------------


def check_registers(session: Session) -> None:
    """Each register runs from one without a gap; each issued paper is in one of them, once,
    in the register of its authority and year, and went through every stage."""
    registers = {one.id: one for one in session.scalars(select(Register))}
    numbers: dict[int, list[int]] = defaultdict(list)
    papers: dict[int | None, Entry] = {}
    for entry in session.scalars(select(Entry).order_by(Entry.id)):
        numbers[entry.register_id].append(entry.number)
        assert entry.paper_id not in papers
        papers[entry.paper_id] = entry
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())
    assert max(map(len, numbers.values())) > 1
    assert len({registers[one].authority_id for one in numbers}) > 2
    issued = session.scalars(select(Subject.id).where(Subject.state == "issued")).all()
    assert set(issued) == papers.keys()
    for paper in session.scalars(select(Paper).where(Paper.id.in_(issued))):
        register = registers[papers[paper.id].register_id]
        assert paper.issued_on is not None
        assert (paper.number, paper.authority_id, paper.issued_on.year) == (
            papers[paper.id].number,
            register.authority_id,
            register.year,
        )
    stages: dict[int, set[str]] = defaultdict(set)
    for version in session.scalars(select(PaperVersion)):
        stages[version.paper_id].add(version.stage)
    assert all(stages[paper] == {"rendered", "signed", "issued"} for paper in issued)


def check_offices(session: Session, book: dict[int, Appointment]) -> None:
    """Every move of a person was made in an appointment valid that day, at a unit of the
    subject, in an office that may make it; the system holds none."""
    who = OPENINGS | {name: roles for name, (_, _, roles, _) in (REQUEST | LETTER).items()}
    units = {(one.subject_id, one.unit_id) for one in session.scalars(select(SubjectScope))}
    for event in session.scalars(select(Event)):
        if event.person_id is None:
            assert event.office is None
            assert not who.get(event.action)
            continue
        assert event.office is not None
        held = book[event.office["appointment"]]
        assert held.holds(clock.law_date(event.at))
        assert (held.person, held.role, held.place) == (
            event.person_id,
            event.office["role"],
            event.office["unit"],
        )
        assert held.role in who[event.action]
        assert (event.subject_id, held.place) in units


def check_duties(session: Session) -> None:
    """Told again from the first event on: nobody took a second duty over what was linked."""
    listed: dict[int, set[int]] = {}
    held: dict[int, set[tuple[int, str]]] = defaultdict(set)
    for event in session.scalars(select(Event).order_by(Event.id)):
        if not event.from_state and "subjects" in event.data:
            listed[event.subject_id] = set(event.data["subjects"])
        if event.duty is None or event.person_id is None:
            continue
        family = {event.subject_id} | listed.get(event.subject_id, set())
        family |= {paper for paper, subjects in listed.items() if subjects & family}
        duties = {duty for one in family for who, duty in held[one] if who == event.person_id}
        assert duties <= {event.duty}
        held[event.subject_id].add((event.person_id, event.duty))


def untried(session: Session, refused: Counter[str]) -> Iterator[tuple[str, int]]:
    """Moves of both workflows that happened less than three times; refusals never told."""
    moves = Counter(session.scalars(select(Event.action)))
    for name in (*OPENINGS, *REQUEST, *LETTER):
        if moves[name] < 3:
            yield name, moves[name]
    for code in REFUSALS:
        if not refused[code]:
            yield code, refused[code]


def test_random_lives_keep_every_promise(engine: Engine) -> None:
    own: dict[str, Any] = {"engine": engine, "refused": Counter(), "book": {}}
    machine = type("LivesHere", (Lives,), own)
    # The same lives each time, so that what they try is the same; others when asked to search.
    search = settings.default is not None and settings.default.max_examples > 100
    # No shrinking: each try costs a second of database, and the first failure tells enough.
    profile = settings(
        max_examples=200 if search else 24,
        stateful_step_count=30,
        derandomize=not search,
        phases=(Phase.generate,),
    )
    run_state_machine_as_test(machine, settings=profile)
    with Session(engine) as session:
        assert verify(session) == []
        assert list(standing.verify(session, procedure.house())) == []
        check_registers(session)
        check_offices(session, own["book"])
        check_duties(session)
        assert list(untried(session, own["refused"])) == []
