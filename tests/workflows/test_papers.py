"""The desk: real papers, really signed and sealed, and what an outsider's check says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.errors import Conflict, EngineError, Forbidden, NotFound, Refused
from engine.papers.book import Paper, PaperVersion
from engine.registers import Entry, take
from engine.signing.authority import Authority
from engine.store import BlobStore
from tests.workflows.officials import hold
from tests.workflows.staging import Stage, stage
from workflows.bureau import TEMPLATES
from workflows.keys import ROOTS, Keyring, authority_reference, person_reference
from workflows.papers import PaperDesk
from workflows.people import Appointment
from workflows.sign_ins import PER_PAIR, WINDOW
from workflows.sitting import Sitting
from workflows.verification import verify

PIN = "135790"


@dataclass
class Office:
    """A stage with one paper ready to be signed, and the desk where it is."""

    stage: Stage
    desk: PaperDesk
    paper: int
    nomination: int

    def sign(self, who: str = "chair", pin: str = PIN, key: str | None = None) -> str:
        with self.stage.now():
            person = self.stage.people[who]
            made = self.desk.sign(self.stage.session, person, self.paper, pin=pin, key=key)
        return made.state

    def issue(self, who: str = "clerk", pin: str = PIN, key: str | None = None) -> str:
        with self.stage.now():
            person = self.stage.people[who]
            made = self.desk.issue(self.stage.session, person, self.paper, pin=pin, key=key)
        return made.state

    def content(self, stage_name: str) -> bytes:
        digest = self.stage.session.scalar(
            select(PaperVersion.sha256).where(
                PaperVersion.paper_id == self.paper, PaperVersion.stage == stage_name
            )
        )
        assert digest is not None
        return self.desk.store.get(digest)

    def check(self, content: bytes) -> str:
        with self.stage.now():
            return verify(self.stage.session, self.desk, content).verdict


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create(mark="MẪU", name="Kiểm thử", since=date(2024, 1, 1))


def keyring(here: Stage, folder: Path, authority: Authority) -> Keyring:
    """The keys of two leaders and of the commune's seal."""
    keys = Keyring(folder)
    keys.folder.mkdir()
    (keys.folder / ROOTS).write_bytes(authority.roots_pem())
    for who in ("chair", "district_chair"):
        reference = person_reference(here.people[who])
        person = authority.person(
            reference=reference,
            name=who,
            title="Chủ tịch",
            organisation="UBND",
            since=date(2024, 1, 1),
            years=5,
            algorithm="ec",
        )
        keys.path(reference).write_bytes(person.sealed(PIN))
    reference = authority_reference(here.country.commune)
    seal = authority.agency(
        reference=reference, name="UBND xã", since=date(2024, 1, 1), years=5, algorithm="ec"
    )
    keys.path(reference).write_bytes(seal.sealed(PIN))
    return keys


@pytest.fixture
def office(session: Session, tmp_path: Path, authority: Authority) -> Iterator[Office]:
    here = stage(session)
    keys = keyring(here, tmp_path / "keys", authority)
    desk = PaperDesk(here.house, BlobStore(tmp_path / "blobs"), keys, TEMPLATES)
    nomination = here.to_proposed()
    paper = here.draft("police", "commune_decision", [nomination])
    here.act("chair", paper, "approve_content")
    here.act("clerk", paper, "approve_format")
    yield Office(here, desk, paper, nomination)


def test_a_decision_is_signed_numbered_sealed_and_genuine(office: Office) -> None:
    """Law: Nghị định 30/2020/NĐ-CP."""
    assert office.sign() == "signed"
    assert office.check(office.content("rendered")) == "not_issued"
    assert office.check(office.content("signed")) == "not_issued"
    assert office.issue() == "issued"
    content = office.content("issued")
    with office.stage.now():
        found = verify(office.stage.session, office.desk, content)
    assert (found.issued, found.unchanged, found.in_force, found.verdict) == (
        True,
        True,
        True,
        "genuine",
    )
    assert [(s.role, s.valid) for s in found.signatures] == [("person", True), ("seal", True)]
    assert found.number == "01/QĐ-UBND"
    assert office.stage.state(office.nomination) == "commune_recognised"
    # A signed but not issued revision is no issued paper, now that one exists either.
    assert office.check(office.content("signed")) == "not_issued"


def test_any_other_bytes_are_not_the_paper(office: Office) -> None:
    office.sign()
    office.issue()
    content = office.content("issued")
    assert office.check(content + b"\n%more\n") == "altered"
    middle = len(content) // 3
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    assert office.check(flipped) in ("altered", "unreadable")
    assert office.check(b"no paper at all") == "unreadable"
    assert office.check(b"") == "unreadable"


@pytest.mark.parametrize("who", ["clerk", "police", "committee", "district_chair"])
def test_only_the_leader_of_the_authority_signs(office: Office, who: str) -> None:
    """Law: Nghị định 30/2020/NĐ-CP."""
    with pytest.raises(Forbidden):
        office.sign(who)
    assert office.stage.state(office.paper) == "format_approved"


@pytest.mark.parametrize("who", ["chair", "police", "district_clerk"])
def test_only_the_clerk_of_the_authority_issues(office: Office, who: str) -> None:
    office.sign()
    with pytest.raises(Forbidden):
        office.issue(who)
    assert office.stage.session.scalars(select(Entry)).all() == []


def test_a_wrong_pin_changes_nothing(office: Office) -> None:
    with pytest.raises(Refused) as caught:
        office.sign(pin="000000")
    assert caught.value.code == "wrong_pin"
    assert office.stage.state(office.paper) == "format_approved"
    office.sign()
    with pytest.raises(Refused):
        office.issue(pin="000000")
    assert office.stage.state(office.paper) == "signed"
    assert office.stage.session.scalars(select(Entry)).all() == []


def test_after_too_many_wrong_pins_even_the_right_one_waits(office: Office) -> None:
    for _ in range(PER_PAIR):
        with pytest.raises(Refused) as caught:
            office.sign(pin="000000")
        assert caught.value.code == "wrong_pin"
    with pytest.raises(Refused) as caught:
        office.sign()
    assert (caught.value.code, caught.value.refusals[0].field) == ("too_many_pins", "pin")
    assert office.stage.state(office.paper) == "format_approved"
    session, chair = office.stage.session, office.stage.people["chair"]
    later = clock.vietnam(office.stage.today, office.stage.at) + WINDOW + timedelta(seconds=1)
    with clock.fixed_at(later):
        assert office.desk.sign(session, chair, office.paper, pin=PIN).state == "signed"


def test_right_pins_are_not_counted(office: Office) -> None:
    for _ in range(PER_PAIR - 1):
        with pytest.raises(Refused):
            office.sign(pin="000000")
    assert office.sign() == "signed"
    for _ in range(PER_PAIR):
        with pytest.raises(Refused) as caught:
            office.issue(pin="000000")
        assert caught.value.code == "wrong_pin"
    with pytest.raises(Refused) as caught:
        office.issue()
    assert caught.value.code == "too_many_pins"


def test_what_a_guard_says_is_no_matter_of_who_may(office: Office) -> None:
    session, people = office.stage.session, office.stage.people
    theirs = select(Appointment).where(Appointment.person_id == people["chair"])
    former = session.scalars(theirs).one()
    former.ends_on = office.stage.today - timedelta(days=1)
    hold(session, people["district_chair"], former.role, former.unit_id, former.title)
    session.commit()
    with pytest.raises(Refused) as caught:
        office.sign("district_chair")
    assert caught.value.code == "signatory_differs"
    assert office.stage.state(office.paper) == "format_approved"


def test_the_seal_cannot_come_before_the_signature(office: Office) -> None:
    """Law: Nghị định 30/2020/NĐ-CP."""
    with pytest.raises(Conflict):
        office.issue()


def test_the_same_key_signs_once(office: Office) -> None:
    assert office.sign(key="press") == office.sign(key="press") == "signed"
    assert office.issue(key="again") == office.issue(key="again") == "issued"
    stages = office.stage.session.scalars(
        select(PaperVersion.stage).where(PaperVersion.paper_id == office.paper)
    ).all()
    assert sorted(stages) == ["issued", "rendered", "signed"]


def test_a_key_of_another_person_in_the_right_place_is_refused(office: Office) -> None:
    chair, other = (
        office.desk.keys.path(person_reference(office.stage.people[who]))
        for who in ("chair", "district_chair")
    )
    chair.write_bytes(other.read_bytes())
    with pytest.raises(Refused) as caught:
        office.sign()
    assert caught.value.code == "certificate_of_another"
    assert office.stage.state(office.paper) == "format_approved"


def test_a_missing_key_is_told(office: Office) -> None:
    office.desk.keys.path(person_reference(office.stage.people["chair"])).unlink()
    with pytest.raises(Refused) as caught:
        office.sign()
    assert caught.value.code == "no_key"


def test_a_number_taken_meanwhile_is_prepared_again_with_the_next(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.sign()
    prepare = Sitting._sealed
    stolen: list[int] = []
    sealed: list[str] = []

    def steal_the_first(self: Sitting, *args: object, **kwargs: object) -> object:
        evidence = prepare(self, *args, **kwargs)  # type: ignore[arg-type]
        sealed.append(evidence["sha256"])
        if not stolen:
            session = office.stage.session
            session.rollback()
            commune = office.stage.country.commune
            day = office.stage.today
            stolen.append(take(session, commune, "decisions", day, void_reason="spoiled"))
            session.commit()
        return evidence

    monkeypatch.setattr(Sitting, "_sealed", steal_the_first)
    assert office.issue() == "issued"
    paper = office.stage.session.get_one(Paper, office.paper)
    assert (stolen, paper.number_text) == ([1], "02/QĐ-UBND")
    assert office.content("issued") != b""
    assert office.check(office.content("issued")) == "genuine"
    # What was sealed under the number of another paper is nowhere any more.
    assert [office.desk.store.path(one).exists() for one in sealed] == [False, True]


def test_a_disk_that_fails_leaves_the_paper_where_it_was(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: BlobStore, _content: bytes) -> str:
        raise OSError(28, "no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(BlobStore, "put", full)
        with pytest.raises(OSError, match="no space"):
            office.sign()
    assert office.stage.state(office.paper) == "format_approved"
    assert office.sign() == "signed"


def test_rendering_twice_makes_the_same_version_once(office: Office) -> None:
    session = office.stage.session
    with office.stage.now():
        first = office.desk.render(session, office.paper)
        assert office.desk.render(session, office.paper) == first
    versions = session.scalars(
        select(PaperVersion).where(PaperVersion.paper_id == office.paper)
    ).all()
    assert [(v.stage, v.sha256) for v in versions] == [("rendered", first)]
    with pytest.raises(NotFound):
        office.desk.render(session, 999)


def test_two_that_render_at_once_make_one_version(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, desk, look = office.stage.session, office.desk, PaperDesk._digest_at
    with office.stage.now():
        first = desk.render(session, office.paper)
        asked: list[str] = []

        def seen_too_early(self: PaperDesk, session: Session, paper: int, stage: str) -> str | None:
            asked.append(stage)
            return look(self, session, paper, stage) if len(asked) > 2 else None

        monkeypatch.setattr(PaperDesk, "_digest_at", seen_too_early)
        assert desk.render(session, office.paper) == first
    assert len(asked) == 3
    versions = session.scalars(
        select(PaperVersion.sha256).where(PaperVersion.paper_id == office.paper)
    ).all()
    assert versions == [first]


def test_a_template_changed_since_the_draft_is_not_used(office: Office) -> None:
    changed = dict.fromkeys(office.desk.house.kinds, "0" * 64)
    house = replace(office.desk.house, template_digest=changed.__getitem__)
    with pytest.raises(EngineError) as caught:
        replace(office.desk, house=house).render(office.stage.session, office.paper)
    assert caught.value.code == "template_changed"
