"""Whatever is done to issued papers, in whatever order, a plain dictionary says what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from engine.papers.book import Paper
from engine.registers import Entry, Register
from tests.databases import Databases, opened
from tests.workflows.amending import COMMUNE, DISTRICT, amend, certify, decided, draft
from tests.workflows.places import Country
from tests.workflows.staging import Stage, house, stage
from workflows import recount, resting, retelling, standing
from workflows.nominations import Nomination
from workflows.people import Appointment, Person
from workflows.results import Result, counting
from workflows.streaks import yearly_table
from workflows.units import Unit

ACTS = ("correction", "replacement", "revocation")
SIDES = {"commune_decision": COMMUNE}


def build(engine: Engine) -> None:
    """Two areas recognised and certified, and a third one proposed."""
    with Session(engine) as session:
        play = stage(session)
        _, subjects = decided(play)
        certify(play, subjects)
        play.to_proposed(play.country.areas[2])


def reopen(session: Session) -> Stage:
    """The stage over a copy of that database."""
    units = {unit.code: unit.id for unit in session.scalars(select(Unit))}
    areas = tuple(units[f"16144-0{n}"] for n in (1, 2, 18))
    country = Country(units["38"], units["401"], units["402"], units["16144"], 0, areas, ())
    last = session.scalar(select(func.max(Paper.issued_on)))
    assert last is not None
    made = Stage(session, country, house(), 2026, "district-certification", "tt-124-2021", last)
    people = session.execute(select(Person.name, Person.id).join(Appointment))
    made.people = {name.removeprefix("Mẫu "): person for name, person in people}
    made.wait(10)
    return made


@dataclass
class Sheet:
    """A paper as the dictionary knows it."""

    kind: str
    lists: tuple[int, ...]
    number: str
    felled_by: str = ""


@dataclass
class Model:
    """All papers that ever stood, in the order of their issue, and what is proposed."""

    papers: dict[int, Sheet] = field(default_factory=dict)
    proposed: set[int] = field(default_factory=set)

    def standing(self) -> list[int]:
        return [paper for paper, sheet in self.papers.items() if not sheet.felled_by]

    def _of(self, kind: str, subject: int) -> list[Sheet]:
        return [s for s in self.papers.values() if s.kind == kind and subject in s.lists]

    def recognised(self, subject: int) -> tuple[bool, str | None, str] | None:
        """What the year must count as: recognised, level, number."""
        commune = self._of("commune_decision", subject)
        district = [s for s in self._of("district_decision", subject) if not s.felled_by]
        if not commune:
            return None
        if commune[-1].felled_by:
            return False, None, commune[-1].felled_by
        top = (district or commune)[-1]
        return True, "district" if district else "commune", top.number

    def lost(self, subject: int) -> bool:
        told = self.recognised(subject)
        return told is not None and not told[0]


def read(play: Stage) -> Model:
    model = Model()
    query = select(Paper).where(Paper.number_text.is_not(None)).order_by(Paper.issued_on, Paper.id)
    for paper in play.session.scalars(query):
        lists = tuple(sorted(resting.listed_in(play.session, paper.id)))
        model.papers[paper.id] = Sheet(paper.kind, lists, paper.number_text or "")
    every = set(play.session.scalars(select(Nomination.id)))
    model.proposed = every - {s for sheet in model.papers.values() for s in sheet.lists}
    return model


def step(play: Stage, model: Model, data: st.DataObject) -> None:
    """One act, chosen among those that the dictionary says are possible."""
    paper = data.draw(st.sampled_from(model.standing()), label="paper")
    sheet = model.papers[paper]
    side = SIDES.get(sheet.kind, DISTRICT)
    kept = [s for s in sheet.lists if not model.lost(s)]
    firm = sheet.kind != "certificate" or not resting.has_lost_ground(play.session, paper)
    acts = [act for act in ACTS if act != "replacement" or (kept and firm)]
    act = data.draw(st.sampled_from(acts), label="act")
    chosen: Sequence[int] | None = None
    if act == "replacement":
        chosen = data.draw(st.sets(st.sampled_from(kept), min_size=1).map(sorted), label="kept")
        if sheet.kind == "commune_decision" and data.draw(st.booleans(), label="add"):
            chosen = sorted({*chosen, *model.proposed})
    if data.draw(st.integers(0, 4), label="given up") == 0:
        later = draft(play, act, paper, by=side, nominations=chosen)
        play.act(side[1], later, "discard", reason="Không cần nữa")
        return
    later = amend(play, act, paper, by=side, nominations=chosen)
    number = str(play.session.scalar(select(Paper.number_text).where(Paper.id == later)))
    if act == "correction":
        return
    sheet.felled_by = number
    if act == "replacement":
        model.papers[later] = Sheet(sheet.kind, tuple(chosen or ()), number)
        model.proposed -= set(chosen or ())


def judge(play: Stage, model: Model) -> None:
    """What must hold after any sequence of acts, on the day of the play."""
    with play.now():
        _judge(play, model)


def _judge(play: Stage, model: Model) -> None:
    session = play.session
    session.expire_all()
    assert retelling.verify(session, play.house) == []
    for register in session.scalars(select(Register)):
        query = select(Entry.number).where(Entry.register_id == register.id)
        numbers = sorted(session.scalars(query))
        assert numbers == list(range(1, register.last + 1))
    every = session.scalars(select(Nomination)).all()
    sheets = recount.sheets_of(session, [one.id for one in every])
    for one in every:
        row = session.scalars(
            select(Result).where(Result.nomination_id == one.id, counting())
        ).first()
        told = (row.recognised, row.level, row.decision_number) if row else None
        assert told == model.recognised(one.id)
        folded = recount.fold(sheet.on(play.today) for sheet in sheets.get(one.id, ()))
        assert told == (folded and (folded.recognised, folded.level, folded.number))
        assert (play.state(one.id) == "revoked") == model.lost(one.id)
    for paper, sheet in model.papers.items():
        done = standing.changes(session, paper)
        assert standing.in_force(play.state(paper), done, play.today) == (not sheet.felled_by)
        if sheet.felled_by:
            assert done[-1].number == sheet.felled_by
    assert {one.paper_id for one in resting.shaken(session)} <= set(model.standing())
    (year,) = yearly_table(session, play.year, play.year)
    recognised = [one for one in every if (model.recognised(one.id) or (False,))[0]]
    assert (year["registered"], year["recognised"]) == (len(every), len(recognised))


@given(data=st.data())
@settings(
    max_examples=6,
    # An example is a dozen transactions: what failed is told whole instead of made smaller.
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_results_are_the_fold_of_the_papers_in_force_after_any_acts(
    databases: Databases, database_kind: str, data: st.DataObject
) -> None:
    url = databases.copy(database_kind, build)
    with opened(url) as engine, Session(engine) as session:
        play = reopen(session)
        model = read(play)
        judge(play, model)
        for _ in range(data.draw(st.integers(1, 6), label="acts")):
            if model.standing():
                step(play, model, data)
                play.wait(1)
        judge(play, model)
    databases.drop(url)
