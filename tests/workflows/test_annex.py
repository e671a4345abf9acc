"""A list in a file of its own: tied to its paper, signed with it, and checked like it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine import clock, outbox
from engine.errors import EngineError
from engine.log.book import Leaf
from engine.log.note import Signer as LogSigner
from engine.papers.archive import carried
from engine.papers.book import (
    ANNEX_ISSUED,
    ANNEX_PUBLIC,
    ANNEX_RENDERED,
    LEVELS,
    PUBLIC,
    Paper,
    PaperVersion,
)
from engine.signing import cage, pdf
from engine.signing.authority import Authority, Issued
from engine.signing.certificates import der
from engine.signing.inspection import inspect
from engine.signing.software import SoftwareSigner
from engine.store import BlobStore
from tests.unguarded import unguard
from tests.workflows.amending import REVOCATION, draft
from tests.workflows.staging import Stage, stage, told
from tests.workflows.test_archive import ONE_DATABASE, FakeLists, FakeTime
from workflows import annexing, archive, audit, deferred, logbook, offline, renewal
from workflows.bureau import TEMPLATES
from workflows.checked import Checked
from workflows.keys import (
    ROOTS,
    ROOTS_OF,
    Keyring,
    RemoteKeyring,
    authority_reference,
    person_reference,
)
from workflows.papers import PaperDesk
from workflows.signing_sessions import SigningSession
from workflows.times import Times
from workflows.trust import Bundle, export
from workflows.verification import verify

PIN, BASE, SINCE = "135790", "https://binhxet.example.vn", date(2024, 1, 1)
BY = ("district_police", "district_chair", "district_clerk")


@dataclass
class Office:
    """A district whose lists all go into files of their own."""

    stage: Stage
    desk: PaperDesk
    keys: Mapping[str, Issued]
    time: FakeTime

    @property
    def session(self) -> Session:
        return self.stage.session

    def draft(self, area: int = 0) -> int:
        """A decision on one area, ready to be signed."""
        here = self.stage
        nomination = here.to_district(here.country.areas[area])
        told_ = {"favourable": True, "assessment": "Đủ điều kiện"}
        here.act("district_police", nomination, "record_district_appraisal", **told_)
        return self.approved(here.draft("district_police", "district_decision", [nomination]))

    def approved(self, paper: int) -> int:
        self.stage.act("district_chair", paper, "approve_content")
        self.stage.act("district_clerk", paper, "approve_format")
        with self.stage.now():
            self.desk.render(self.session, paper)
        return paper

    def issue(self, paper: int) -> int:
        people = self.stage.people
        with self.stage.now():
            self.desk.sign(self.session, people["district_chair"], paper, pin=PIN)
            self.desk.issue(self.session, people["district_clerk"], paper, pin=PIN)
            logbook.record(self.session, self.desk.keys)
        return paper

    def climb(self, later: timedelta = timedelta(minutes=2)) -> None:
        """The worker takes everything up the levels, and logs it."""
        session, names = self.session, {archive.TASK, logbook.TASK}
        with clock.fixed_at(clock.vietnam(self.stage.today, self.stage.at) + later):
            while left := [*outbox.due(session, clock.now(), only=names)]:
                outbox.deliver(session, self.desk.handlers, min(left))

    def file(self, paper: int, stage_name: str) -> bytes:
        query = select(PaperVersion.sha256).where(
            PaperVersion.paper_id == paper, PaperVersion.stage == stage_name
        )
        return self.desk.store.get(self.session.scalars(query).one())


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create(mark="MẪU", name="Kiểm thử", since=SINCE)


@pytest.fixture
def made(session: Session, tmp_path: Path, authority: Authority) -> Iterator[Callable[..., Office]]:
    def office(keyring: type[Keyring] = Keyring) -> Office:
        here, keys = stage(session), keyring(tmp_path / "keys")
        here.house = replace(here.house, longest_list=0)
        keys.folder.mkdir()
        for name in (ROOTS, ROOTS_OF.format(kind="time")):
            (keys.folder / name).write_bytes(authority.roots_pem())
        keys.keep_log_key(LogSigner.create("test.invalid/papers"))
        fresh: dict[str, Any] = {"since": SINCE, "years": 5, "algorithm": "ec"}
        person = person_reference(here.people["district_chair"])
        agency = authority_reference(here.country.district)
        named = {"name": "MẪU", "title": "Chủ tịch", "organisation": "UBND"}
        issued = {
            "sign": authority.person(reference=person, **named, **fresh),
            "issue": authority.agency(reference=agency, name="UBND huyện", **fresh),
        }
        for one, reference in zip(issued.values(), (person, agency), strict=True):
            if keyring is Keyring:
                keys.path(reference).write_bytes(one.sealed(PIN))
        store = BlobStore(tmp_path / "blobs")
        time = FakeTime(authority, since=date(2026, 1, 1), years=2)
        times = Times(time, FakeLists(authority))
        desk = PaperDesk(here.house, store, keys, TEMPLATES, times, address=BASE)
        return Office(here, desk, issued, time)

    yield office


def test_paper_and_annex_are_issued_together_and_checked_alike(made: Callable[..., Office]) -> None:
    office = made()
    paper = office.issue(office.draft())
    first, annex = office.file(paper, ANNEX_RENDERED), office.file(paper, ANNEX_ISSUED)
    issued = office.file(paper, "issued")
    row = office.session.get_one(Paper, paper)
    # The leader signed which annex it is; the agency signed that one, at the same moment.
    (named,) = carried(issued).enclosed
    assert named["file"] == f"phu-luc-{row.code}.pdf" == row.values["annex"]["file"]
    assert (named["size"], annex[: named["size"]]) == (len(first), first)
    found = verify(office.session, office.desk, annex)
    assert (found.verdict, found.part, found.number) == ("genuine", "annex", row.number_text)
    assert [(one.role, one.valid) for one in found.signatures] == [("annex", True)]
    seal = verify(office.session, office.desk, issued).signatures[-1]
    assert found.signatures[0].time == seal.time
    assert verify(office.session, office.desk, first).reasons == ("draft",)
    # An entry of its own in the log; nothing owed, and the paper's newest file stays its own.
    events = office.session.scalars(
        select(Leaf.event).where(Leaf.paper_id == paper).order_by(Leaf.position)
    ).all()
    assert sorted(events) == ["annex", "issued"]
    assert found.log_index is not None
    audited = audit.audit(office.session, office.desk.keys.log_verifier, office.desk.store)
    # The first entry is the commune's decision, which was only played.
    ours = [one for one in audited.findings if one.params["index"] > 0]
    assert (ours, audited.waiting) == ([], 0)
    assert office.desk.export(office.session, paper)[0] == issued
    assert annexing.export(office.session, office.desk, row) == (annex, named["file"])
    assert archive.level(office.session, paper) == "B-B"
    _other_annexes_are_told(office, paper, annex)
    _offline(office, issued, annex)
    # What becomes of the paper becomes of its annex.
    later = draft(office.stage, "revocation", paper, by=BY, **REVOCATION)
    office.issue(office.approved(later))
    assert verify(office.session, office.desk, annex).verdict == "not_in_force"


def _other_annexes_are_told(office: Office, paper: int, annex: bytes) -> None:
    code = office.session.get_one(Paper, paper).code
    other = office.issue(office.draft(1))
    swapped = office.file(other, ANNEX_ISSUED)
    assert verify(office.session, office.desk, swapped, code=code).verdict == "other_paper"
    first = office.file(paper, ANNEX_RENDERED)
    stranger = Authority.create(mark="MẪU", name="Người lạ", since=SINCE).agency(
        reference="unit:1", name="UBND huyện", since=SINCE, years=5, algorithm="ec"
    )
    signer = SoftwareSigner(stranger.credential, stranger.key)
    with office.stage.now():
        forged = pdf.sign_annex(first, signer, number="01/QĐ-UBND", reason="x", at=clock.now())
    for file in (annex + b"% more\n", annex.replace(b"/Type /Sig", b"/Type /Sjg"), forged):
        told_ = verify(office.session, office.desk, file, ask=cage.answer)
        assert (told_.verdict, told_.part, told_.code) == ("altered", "annex", code)
    # With its very first bytes changed nothing says any more whose annex it was.
    changed = annex.replace(b"%PDF-1.7", b"%PDF-1.6", 1)
    assert verify(office.session, office.desk, changed, ask=cage.answer).verdict == "altered"


def _offline(office: Office, issued: bytes, annex: bytes) -> None:
    with office.stage.now():
        bundle = Bundle.read(json.dumps(export(office.session, office.desk)).encode())
        assert offline.check_file(issued, bundle, ask=cage.answer).verdict == "genuine"
        alone = check_annex(annex, bundle)
        both = check_annex(annex, bundle, issued)
        assert [one.code for one in alone.problems] == ["annex_needs_paper"]
        assert (alone.verdict, alone.ok, alone.unchanged) == ("annex", False, True)
        assert (both.verdict, both.issued, both.in_force) == ("genuine", True, True)
        other = office.file(_other(office, issued), "issued")
        wrong = check_annex(annex, bundle, other)
        assert (wrong.verdict, wrong.unchanged, wrong.issued) == ("other_annex", True, False)
        assert [one.code for one in wrong.problems] == ["annex_of_other_paper"]


def _other(office: Office, issued: bytes) -> int:
    codes = office.session.scalars(
        select(PaperVersion.paper_id).where(PaperVersion.stage == ANNEX_ISSUED)
    ).all()
    return next(one for one in codes if office.file(one, "issued") != issued)


@ONE_DATABASE
def test_an_annex_climbs_like_its_paper_and_is_renewed(made: Callable[..., Office]) -> None:
    office = made()
    session, paper = office.session, office.issue(office.draft())
    annex, issued = office.file(paper, ANNEX_ISSUED), office.file(paper, "issued")
    office.climb()
    for stage_name in ANNEX_PUBLIC:
        file = office.file(paper, stage_name)
        assert file.startswith(annex)
        with office.stage.now():
            found = verify(session, office.desk, file)
        assert (found.verdict, found.part, found.level) == ("genuine", "annex", LEVELS[stage_name])
        assert (found.newer is None) == (stage_name == ANNEX_PUBLIC[-1])
        assert found.log_index is not None
        _alone_and_beside(office, file, issued)
    assert archive.level(session, paper, annexing.ANNEX) == "B-LTA"
    events = session.scalars(select(Leaf.event).where(Leaf.paper_id == paper)).all()
    assert events.count("annex_version") == events.count("version") == len(PUBLIC) - 1
    # Its stamp ends like the paper's own, and both are renewed.
    office.time.since, later = date(2027, 1, 1), timedelta(days=300)
    with clock.fixed_at(clock.vietnam(office.stage.today, office.stage.at) + later):
        due = renewal.renew(session, office.desk)
        parts = [one.part for one in due if one.paper_id == paper]
    assert sorted(parts) == ["annex", "paper"]
    office.climb(later)
    with clock.fixed_at(datetime(2028, 6, 1, tzinfo=UTC)):
        newest = annexing.export(session, office.desk, session.get_one(Paper, paper))
        assert newest is not None
        found = verify(session, office.desk, newest[0])
        old = verify(session, office.desk, annex)
    assert (found.verdict, found.level, len(found.signatures)) == ("genuine", "B-LTA", 4)
    assert (old.verdict, old.newer is not None) == ("genuine", True)


def check_annex(content: bytes, bundle: Bundle, paper: bytes | None = None) -> Checked:
    """These files are our own: no trap, so no cage."""
    return offline.check_file(content, bundle, paper=paper, ask=cage.answer)


def _alone_and_beside(office: Office, annex: bytes, issued: bytes) -> None:
    here = office.stage
    with clock.fixed_at(clock.vietnam(here.today, here.at) + timedelta(seconds=1)):
        bundle = Bundle.read(json.dumps(export(office.session, office.desk)).encode())
        alone, both = check_annex(annex, bundle), check_annex(annex, bundle, issued)
        assert (alone.verdict, both.verdict, both.unchanged) == ("annex", "genuine", True)
        spoilt = check_annex(annex + b"% more\n", bundle, issued)
        assert spoilt.verdict == "altered"


def test_one_step_at_the_token_signs_both(made: Callable[..., Office]) -> None:
    office = made(RemoteKeyring)
    paper, here, session = office.draft(), office.stage, office.session

    def offered(who: str, action: str) -> Any:
        sent = [der(office.keys[action].credential.certificate)]
        sent += [der(one) for one in office.keys[action].credential.chain]
        return deferred.begin(session, office.desk, here.people[who], paper, action, sent)

    def signed(part: Any, action: str, who: str, offer: Any, name: str = "") -> bytes:
        key, person = office.keys[action], here.people[who]
        file = deferred.document(session, office.desk, person, paper, offer.code, name)
        seen = inspect(file, part.attributes, key.credential)
        assert (seen.digest.hex(), seen.covered.hex()) == (part.digest, part.covered)
        return SoftwareSigner(key.credential, key.key).sign(part.attributes)

    def finish(who: str, offer: Any, *signatures: bytes) -> str:
        own, *beside = signatures
        person = here.people[who]
        args = (session, office.desk, person, paper, offer.code, own, ())
        return deferred.finish(*args, *beside).state

    with here.now():
        offer = offered("district_chair", "sign")
        assert offer.annex is None
        finish("district_chair", offer, signed(offer, "sign", "district_chair", offer))
        offer = offered("district_clerk", "issue")
        own = signed(offer, "issue", "district_clerk", offer)
        beside = signed(offer.annex, "issue", "district_clerk", offer, annexing.ANNEX)
        for wrong, code in (((own,), "annex_not_signed"), ((own, own), "signature_mismatch")):
            with pytest.raises(EngineError) as refused:
                finish("district_clerk", offer, *wrong)
            session.rollback()
            assert (told(refused.value), here.state(paper)) == ([code], "signed")
        assert finish("district_clerk", offer, own, beside) == "issued"
        assert finish("district_clerk", offer, own, beside) == "issued"  # told again
    _both_stand_and_nothing_else_is_left(office, paper)


def _both_stand_and_nothing_else_is_left(office: Office, paper: int) -> None:
    session = office.session
    for stage_ in ("issued", ANNEX_ISSUED):
        with office.stage.now():
            found = verify(session, office.desk, office.file(paper, stage_))
        assert found.verdict == "genuine"
    named = set(session.scalars(select(PaperVersion.sha256)))
    kept = {path.name for path in office.desk.store.folder.rglob("*") if path.is_file()}
    assert kept <= named  # nothing that was only prepared is left
    assert session.scalars(select(SigningSession.done_at)).all().count(None) == 0


def test_an_annex_that_is_not_the_named_one_is_not_signed(made: Callable[..., Office]) -> None:
    office = made()
    paper, here = office.draft(), office.stage
    with here.now():
        office.desk.sign(office.session, here.people["district_chair"], paper, pin=PIN)
        old = (PaperVersion.paper_id == paper, PaperVersion.stage == ANNEX_RENDERED)
        unguard(office.session.connection(), "paper_versions")
        office.session.execute(delete(PaperVersion).where(*old))
        other = office.desk.store.put(b"%PDF-1.7 another list")
        row = {"paper_id": paper, "stage": ANNEX_RENDERED, "sha256": other, "size": 21}
        office.session.add(PaperVersion(**row, at=clock.now()))
        office.session.commit()
        with pytest.raises(EngineError) as refused:
            office.desk.issue(office.session, here.people["district_clerk"], paper, pin=PIN)
    assert told(refused.value) == ["annex_of_another"]
    office.session.rollback()
    assert here.state(paper) == "signed"
