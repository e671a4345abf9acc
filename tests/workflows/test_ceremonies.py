"""Ceremonies: begun once, stopped, resumed, never signing twice; one failure is one failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.db import writing
from engine.errors import EngineError, Refusal
from engine.papers.book import Paper, PaperVersion
from engine.signing.authority import Authority, Issued
from engine.store import BlobStore
from engine.subjects import Subject
from tests.unguarded import unguard
from tests.workflows.staging import Stage, stage, told
from workflows import ceremonies, conducting, convening
from workflows.bureau import TEMPLATES
from workflows.ceremonies import Chosen, Held
from workflows.ceremony_rows import Ceremony, CeremonyPaper
from workflows.keys import ROOTS, Keyring, authority_reference, person_reference
from workflows.papers import PaperDesk
from workflows.queries import ceremonies as queries
from workflows.sign_ins import PER_PAIR, Attempt
from workflows.sitting import Sitting

PIN = "135790"
SINCE = date(2024, 1, 1)


@dataclass
class Office:
    """A stage with papers ready to be signed, and the desk where they are."""

    stage: Stage
    desk: PaperDesk
    authority: Authority
    papers: Sequence[int]

    @property
    def session(self) -> Session:
        return self.stage.session

    def make(
        self,
        action: str = "sign",
        who: str = "chair",
        key: str | None = None,
        instead_of: Sequence[str] = (),
    ) -> str:
        """A ceremony over all that waits for the act."""
        with self.stage.now():
            person = self.stage.people[who]
            actor = self.stage.house.find_actor(self.session, person, self.stage.today)
            papers = queries.waiting_for(self.session, self.stage.house, actor, action)
            return convening.make(self.session, person, action, papers, key, instead_of)

    def waiting(self, *only: int) -> list[Chosen]:
        """These papers, as they wait for the chair."""
        here = self.stage
        chair = here.house.find_actor(self.session, here.people["chair"], here.today)
        return queries.waiting_for(self.session, here.house, chair, "sign", only)

    def held(self, code: str, who: str = "chair") -> Held:
        with self.stage.now():
            self.session.rollback()
            return ceremonies.find(self.session, self.stage.people[who], code)

    def conduct(
        self, code: str, who: str = "chair", pin: str = PIN, most: int = 99
    ) -> list[tuple[int, str]]:
        """Conducts until so many papers are done; whoever watches then turns away."""
        with self.stage.now():
            held = self.held(code, who)
            done: list[tuple[int, str]] = []
            with conducting.begun(self.session, self.desk, held, pin) as results:
                for one in results:
                    done.append((one.paper_id, one.outcome))
                    if len(done) == most:
                        break
            return done

    def refused(self, act: Callable[[], Any]) -> list[str]:
        with self.stage.now(), pytest.raises(EngineError) as caught:
            act()
        self.session.rollback()
        return told(caught.value)

    def states(self) -> list[str]:
        return [self.stage.state(paper) for paper in self.papers]

    def signatures(self) -> int:
        signed = select(PaperVersion.id).where(PaperVersion.stage == "signed")
        return len(self.session.scalars(signed).all())

    def key(self, reference: str, issued: Issued) -> None:
        self.desk.keys.path(reference).write_bytes(issued.sealed(PIN))

    def chair(self) -> Issued:
        return self.authority.person(
            reference=person_reference(self.stage.people["chair"]),
            name="chair",
            title="Chủ tịch",
            organisation="UBND",
            since=SINCE,
            years=5,
            algorithm="ec",
        )


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create(mark="MẪU", name="Kiểm thử", since=SINCE)


@pytest.fixture
def office(session: Session, tmp_path: Path, authority: Authority) -> Iterator[Office]:
    here = stage(session)
    keys = Keyring(tmp_path / "keys")
    keys.folder.mkdir()
    (keys.folder / ROOTS).write_bytes(authority.roots_pem())
    desk = PaperDesk(here.house, BlobStore(tmp_path / "blobs"), keys, TEMPLATES)
    papers = []
    for area in here.country.areas:
        paper = here.draft("police", "commune_decision", [here.to_proposed(area)])
        here.act("chair", paper, "approve_content")
        here.act("clerk", paper, "approve_format")
        papers.append(paper)
    made = Office(here, desk, authority, papers)
    made.key(person_reference(here.people["chair"]), made.chair())
    reference = authority_reference(here.country.commune)
    told_ = {"reference": reference, "name": "UBND xã", "since": SINCE, "years": 5}
    made.key(reference, authority.agency(**told_, algorithm="ec"))
    yield made


def test_one_pin_for_all_and_a_failure_in_one_leaves_the_others_right(office: Office) -> None:
    first, second, third = office.papers
    code = office.make()
    office.stage.act("chair", second, "discard", reason="Sai danh sách")
    assert office.conduct(code) == [(first, "done"), (second, "failed"), (third, "done")]
    held = office.held(code)
    assert (held.state, held.done, held.failed) == ("ended", 2, 1)
    row = queries.rows(office.session, held.id, limit=1, offset=1)[0]
    assert [one.code for one in row.refusals] == ["not_from_here"]
    # The clerk's numbers follow one another in the order of the table.
    sealing = office.make("issue", "clerk")
    assert office.conduct(sealing, "clerk") == [(first, "done"), (third, "done")]
    numbers = office.session.execute(select(Paper.id, Paper.number).order_by(Paper.number))
    assert [tuple(one) for one in numbers if one.number] == [(first, 1), (third, 2)]
    assert office.states() == ["issued", "discarded", "issued"]


def test_what_failed_in_a_batch_and_was_signed_outside_is_done(office: Office) -> None:
    first, second, _ = office.papers
    code = office.make()
    office.conduct(code, most=1)
    held = office.held(code)
    with office.stage.now():
        ceremonies.record(office.session, held.id, second, "failed", [Refusal("token_gone")])
    assert (office.held(code).done, office.held(code).failed) == (1, 1)
    with office.stage.now():
        chair = office.stage.people["chair"]
        office.desk.sign(office.session, chair, second, pin=PIN)
    assert (office.held(code).done, office.held(code).failed) == (2, 0)
    rows = queries.rows(office.session, held.id, limit=2)
    assert [(one.paper_id, one.outcome, one.refusals) for one in rows] == [
        (first, "done", ()),
        (second, "done", ()),
    ]


def test_what_was_stopped_or_lost_goes_on_and_signs_nothing_twice(office: Office) -> None:
    first, second, third = office.papers
    code = office.make()
    assert office.conduct(code, most=1) == [(first, "done")]
    held = office.held(code)
    assert (held.state, held.halt, held.waiting) == ("paused", "interrupted", 2)
    # The process died after the signature and before its outcome was noted.
    with writing(office.session) as session:
        session.execute(
            update(CeremonyPaper).where(CeremonyPaper.paper_id == first).values(outcome="waiting")
        )
        session.execute(update(Ceremony).values(halt=None, beat_at=held.started_at))
    assert office.held(code).state == "running"
    assert office.refused(lambda: office.conduct(code)) == ["ceremony_running"]
    office.stage.at = office.stage.at.replace(minute=1)
    assert office.held(code).state == "paused"
    with office.stage.now():
        ceremonies.choose(office.session, office.held(code), [second, third], [third])
    assert office.conduct(code) == [(first, "done"), (third, "done")]
    assert office.signatures() == 2
    assert office.states() == ["signed", "format_approved", "signed"]
    held = office.held(code)
    assert (held.state, held.left_out) == ("ended", 1)
    assert office.refused(lambda: office.conduct(code)) == ["ceremony_ended"]


def test_no_other_certificate_and_no_second_try_of_a_pin(office: Office) -> None:
    code = office.make()
    assert office.refused(lambda: office.conduct(code, pin="000000")) == ["wrong_pin"]
    assert len(office.session.scalars(select(Attempt.id)).all()) == 1
    assert office.held(code).state == "review"
    office.conduct(code, most=1)
    office.key(person_reference(office.stage.people["chair"]), office.chair())
    before = office.states()
    changed = office.refused(lambda: office.conduct(code))
    assert changed == ["ceremony_certificate_changed"]
    assert office.states() == before
    for _ in range(PER_PAIR - 1):
        office.refused(lambda: office.conduct(code, pin="000000"))
    assert office.refused(lambda: office.conduct(code)) == ["too_many_pins"]
    with office.stage.now():
        ceremonies.close(office.session, office.held(code))
    assert (office.held(code).state, office.held(code).left_out) == ("ended", 2)


def test_a_stop_counts_before_the_next_paper_and_a_fault_is_one_papers(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, _ = office.papers
    code = office.make()
    held = office.held(code)
    sign = Sitting.sign

    def broken(sitting: Sitting, paper: int, *given: Any) -> Any:
        if paper == first:
            raise ZeroDivisionError
        ceremonies.halt(office.session, held.id)
        return sign(sitting, paper, *given)

    monkeypatch.setattr(Sitting, "sign", broken)
    assert office.conduct(code) == [(first, "failed"), (second, "done")]
    held = office.held(code)
    assert (held.state, held.halt, held.waiting) == ("paused", "stopped", 1)
    assert office.states() == ["format_approved", "signed", "format_approved"]


def test_a_form_sent_twice_begins_one_ceremony(office: Office) -> None:
    code = office.make(key="k")
    assert office.make(key="k") == code
    person, clerk = (office.stage.people[who] for who in ("chair", "clerk"))
    assert convening.keyed(office.session, person, "k") == code
    assert convening.keyed(office.session, clerk, "k") is None
    # Begun anew over the same papers, it is the same: nobody left anything out.
    newer = office.make(key="m")
    assert (newer, office.make()) == (code, code)
    assert convening.keyed(office.session, person, "m") == code
    assert convening.keyed(office.session, person, "k") is None
    assert office.refused(lambda: office.held(newer, "clerk")) == ["ceremony_of_another"]
    assert office.refused(lambda: convening.make(office.session, person, "sign", [], None)) == [
        "nothing_chosen"
    ]
    # What a program tells of a paper before the start does not keep others from starting.
    with office.stage.now():
        refused = [Refusal("not_from_here")]
        held = office.held(newer)
        ceremonies.record(office.session, held.id, office.papers[0], "failed", refused)
        assert ceremonies.start(office.session, office.held(newer), "f" * 64) == 1
    many = [Chosen(office.papers[0], 1)] * (ceremonies.MOST + 1)
    assert office.refused(lambda: convening.make(office.session, person, "sign", many, None)) == [
        "too_many"
    ]


def test_what_was_looked_at_stays_until_it_is_named_or_there_is_nothing_left_of_it(
    office: Office,
) -> None:
    first, second, third = office.papers
    person = office.stage.people["chair"]

    def passed_by(*papers: int) -> list[tuple[str, int, int]]:
        with office.stage.now():
            chosen = office.waiting(*papers)
            found = convening.unstarted(office.session, person, "sign", chosen)
            assert convening.unstarted(office.session, person, "issue", chosen) == []
        return [(one.code, one.waiting, one.left_out) for one in found]

    looked_at = office.make()
    assert passed_by(first, second, third) == []
    assert passed_by(first) == [(looked_at, 3, 0)]
    with office.stage.now():
        ceremonies.choose(office.session, office.held(looked_at), [first, second], [second])
    assert passed_by(first, second, third) == [(looked_at, 2, 1)]
    other = office.make()
    assert other != looked_at
    assert office.held(looked_at).waiting == 2
    # Just these papers are taken up where none was left out.
    assert passed_by(first, second, third) == []
    newest = office.make(instead_of=[looked_at, other])
    for gone in (looked_at, other):
        assert office.refused(lambda code=gone: office.held(code)) == ["no_such_ceremony"]
    # Signed in another one, nothing is left to do of what was looked at.
    with office.stage.now():
        ceremonies.choose(office.session, office.held(newest), [first], [])
        also = convening.make(office.session, person, "sign", office.waiting(second, third), None)
    office.conduct(also)
    assert passed_by(first) == []
    office.make()
    assert office.refused(lambda: office.held(newest)) == ["no_such_ceremony"]


def test_only_what_waits_for_this_person_is_taken(office: Office) -> None:
    here, session = office.stage, office.session
    with here.now():
        chair, clerk, other = (
            here.house.find_actor(session, here.people[who], here.today)
            for who in ("chair", "clerk", "district_chair")
        )
        wait = queries.waiting_for
        everything = [one.paper_id for one in wait(session, here.house, chair, "sign")]
        assert everything == list(office.papers)
        some = wait(session, here.house, chair, "sign", [office.papers[1], 99_999])
        assert [one.paper_id for one in some] == [office.papers[1]]
        # Another kind of paper is signed as it was drafted; a decision is approved before.
        newest = Subject.id == office.papers[-1]
        unguard(session.connection(), "subjects")
        session.execute(update(Subject).where(newest).values(state="drafted"))
        left = [one.paper_id for one in wait(session, here.house, chair, "sign")]
        assert left == list(office.papers[:-1])
        for actor, act in ((clerk, "issue"), (clerk, "sign"), (other, "sign"), (chair, "issue")):
            assert wait(session, here.house, actor, act) == []
