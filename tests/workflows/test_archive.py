"""Papers after their issue: up to B-LTA from the queue, whatever the time server does, renewed
before a stamp ends, and still proved in 2046."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, ReasonFlags
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from engine import clock, outbox
from engine.db import writing
from engine.errors import Away, Refusal, Refused
from engine.house import House
from engine.log.book import Leaf
from engine.log.note import Signer as LogSigner
from engine.outbox import PATIENT, Task
from engine.papers.book import LEVELS, PaperStamp, PaperVersion, StampEvidence
from engine.signing.authority import Authority, revocation_list
from engine.signing.certificates import Kind, der
from engine.signing.evidence import NONE, Evidence
from engine.signing.software import SoftwareSigner, open_key
from engine.signing.timekeeper import Timekeeper
from engine.store import BlobStore
from tests.engine.signing.blank import blank
from tests.engine.signing.pki import Pki, served
from tests.unguarded import unguard
from tests.workflows.staging import Stage, stage
from workflows import archive, foresight, logbook, renewal
from workflows.audit import audit
from workflows.bureau import TEMPLATES
from workflows.keyholders import Holder
from workflows.keys import ROOTS, ROOTS_OF, Keyring, authority_reference, person_reference
from workflows.papers import PaperDesk
from workflows.times import Asking, Times
from workflows.verification import Verification, verify

PIN = "135790"
SINCE = date(2024, 1, 1)
ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
"""For rules that the kind of database has no part in."""

LADDER = ["issued", "timestamped", "evidenced", "archived"]


@dataclass
class FakeTime:
    """A time authority whose key is of a year of its own; ``away`` makes it silent."""

    authority: Authority
    since: date = SINCE
    years: int = 5
    away: bool = False
    room: int = 2560
    asked: int = 0

    def answer(self, request: bytes) -> bytes:
        self.asked += 1
        if self.away:
            raise Away(Refusal("service_away", {"host": "tsa", "why": "timeout"}))
        made = self.authority.time_authority(
            name="Dấu thời gian MẪU", since=self.since, years=self.years
        )
        return Timekeeper(SoftwareSigner(made.credential, made.key)).answer(request)


@dataclass
class FakeLists:
    """The lists of an authority's own, as of the clock; silent when ``away``."""

    authority: Authority
    away: bool = False
    revoked: dict[int, tuple[datetime, ReasonFlags]] = field(default_factory=dict)
    made: dict[datetime, dict[Certificate, bytes]] = field(default_factory=dict)

    def evidence(self, path: Sequence[Certificate]) -> Evidence:
        if self.away:
            return NONE
        at = clock.now()
        if at not in self.made:
            told = {o.credential.certificate: o for o in self.authority.issuers}
            self.made[at] = {
                own: revocation_list(issuer, at, revoked=self.revoked)
                for own, issuer in told.items()
            }
        lists = (self.made[at][one] for one in path[1:])
        return Evidence(tuple(der(one) for one in path), tuple(lists))


@dataclass
class Shelf:
    """A stage, its desk, and one issued paper."""

    stage: Stage
    desk: PaperDesk
    time: FakeTime
    lists: FakeLists
    paper: int = 0
    later: timedelta = timedelta(0)

    @property
    def session(self) -> Session:
        return self.stage.session

    @property
    def now(self) -> datetime:
        return clock.vietnam(self.stage.today, self.stage.at) + self.later

    def act(self, what: Callable[[], Any]) -> Any:
        with clock.fixed_at(self.now):
            return what()

    def sign(self) -> str:
        person = self.stage.people["chair"]
        return str(
            self.act(lambda: self.desk.sign(self.session, person, self.paper, pin=PIN)).state
        )

    def issue(self) -> str:
        person = self.stage.people["clerk"]
        made = self.act(lambda: self.desk.issue(self.session, person, self.paper, pin=PIN))
        return str(made.state)

    def work(self) -> None:
        """The worker does all that is due of what this is about: the log and the stamps."""
        names, tried = {archive.TASK, logbook.TASK}, set[int]()

        def one_by_one() -> None:
            while left := {*outbox.due(self.session, clock.now(), only=names)} - tried:
                task = min(left)
                tried.add(task)
                outbox.deliver(self.session, self.desk.handlers, task)

        self.act(one_by_one)

    def stages(self) -> list[str]:
        self.session.rollback()
        query = select(PaperVersion.stage).where(PaperVersion.paper_id == self.paper)
        found = self.session.scalars(query.order_by(PaperVersion.id))
        return [one for one in found if one in LADDER]

    def content(self, place: int = -1) -> bytes:
        self.session.rollback()
        query = select(PaperVersion.sha256).where(
            PaperVersion.paper_id == self.paper, PaperVersion.stage.in_(LADDER)
        )
        return self.desk.store.get(
            self.session.scalars(query.order_by(PaperVersion.id)).all()[place]
        )

    def check(self, content: bytes) -> Verification:
        found = self.act(lambda: verify(self.session, self.desk, content))
        assert isinstance(found, Verification)
        return found

    def task(self) -> Task:
        self.session.rollback()
        query = select(Task).where(Task.name == archive.TASK).order_by(Task.id.desc())
        return self.session.scalars(query.execution_options(populate_existing=True)).first()

    def at(self, year: int, month: int = 6) -> None:
        """Moves the clock there; the time authority has a new certificate then."""
        moment = datetime(year, month, 1, tzinfo=UTC)
        self.later += moment - self.now
        self.time.since = date(year, 1, 1)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create(mark="MẪU", name="Kiểm thử", since=SINCE, years=40)


@pytest.fixture
def unsigned(session: Session, tmp_path: Path, authority: Authority) -> Shelf:
    """A paper ready to be signed; its time authority and its lists are at hand."""
    here = stage(session)
    keys = Keyring(tmp_path / "keys")
    keys.folder.mkdir()
    for name in (ROOTS, ROOTS_OF.format(kind="time")):
        (keys.folder / name).write_bytes(authority.roots_pem())
    keys.keep_log_key(LogSigner.create("test.invalid/papers"))
    told: dict[str, Any] = {"name": "Chủ tịch", "title": "Chủ tịch", "organisation": "UBND"}
    chair = person_reference(here.people["chair"])
    person = authority.person(reference=chair, since=SINCE, algorithm="ec", **told)
    unit = authority_reference(here.country.commune)
    seal = authority.agency(reference=unit, name="UBND xã", since=SINCE, algorithm="ec")
    keys.path(chair).write_bytes(person.sealed(PIN))
    keys.path(unit).write_bytes(seal.sealed(PIN))
    time, lists = FakeTime(authority), FakeLists(authority)
    desk = PaperDesk(here.house, BlobStore(tmp_path / "blobs"), keys, TEMPLATES, Times(time, lists))
    made = Shelf(here, desk, time, lists)
    made.paper = here.draft("police", "commune_decision", [here.to_proposed()])
    with writing(session):  # what is under test begins after the layout
        first = {"sha256": desk.store.put(blank()), "size": len(blank()), "at": made.now}
        session.execute(insert(PaperVersion).values(paper_id=made.paper, stage="rendered", **first))
    here.act("chair", made.paper, "approve_content")
    here.act("clerk", made.paper, "approve_format")
    return made


@pytest.fixture
def shelf(unsigned: Shelf) -> Shelf:
    """The same, issued; the worker has done nothing yet."""
    unsigned.sign()
    unsigned.issue()
    unsigned.later = timedelta(minutes=2)
    return unsigned


# ------------------------------------------------------------------ up the levels


def test_a_paper_climbs_to_b_lta_and_each_step_is_logged(shelf: Shelf) -> None:
    assert shelf.check(shelf.content()).level == "B-B"
    issued = shelf.content()
    shelf.work()
    assert shelf.stages() == LADDER
    for place, stage_name in enumerate(LADDER):
        found = shelf.check(shelf.content(place))
        assert (found.verdict, found.level) == ("genuine", LEVELS[stage_name])
        assert shelf.content(place).startswith(issued)
        assert found.log_index is not None
    leaves = shelf.session.scalars(select(Leaf).order_by(Leaf.position)).all()
    assert [leaf.event for leaf in leaves] == ["issued", "version", "version", "version"]
    told = audit(shelf.session, shelf.desk.keys.log_verifier, shelf.desk.store)
    assert (told.findings, told.waiting) == ((), 0)


@ONE_DATABASE
def test_what_the_log_does_not_tell_of_is_issued_for_a_day_only(shelf: Shelf) -> None:
    fresh = shelf.check(shelf.content())
    assert (fresh.verdict, fresh.issued, fresh.reasons) == ("genuine", True, ("not_logged_yet",))
    shelf.later += timedelta(days=2)
    late = shelf.check(shelf.content())
    assert (late.verdict, late.issued, late.reasons) == ("not_issued", False, ("not_logged",))
    assert (late.unchanged, late.in_force) == (True, False)
    shelf.work()
    logged = shelf.check(shelf.content(0))
    assert (logged.verdict, logged.issued, logged.reasons) == ("genuine", True, ())


@ONE_DATABASE
def test_an_earlier_version_still_verifies_and_names_the_newer(shelf: Shelf) -> None:
    shelf.work()
    earlier, newest = shelf.check(shelf.content(0)), shelf.check(shelf.content())
    assert newest.newer is None
    assert earlier.newer is not None
    assert earlier.record()["newer"]["level"] == "B-LTA"
    assert shelf.desk.store.get(earlier.newer.sha256) == shelf.content()
    assert earlier.ok


@ONE_DATABASE
def test_the_worker_may_do_it_again_without_harm(shelf: Shelf) -> None:
    shelf.work()
    for _ in range(2):
        shelf.act(lambda: archive.advance(shelf.session, shelf.desk, {"paper": shelf.paper}))
    assert shelf.stages() == LADDER


def test_of_two_workers_at_one_step_one_wins(shelf: Shelf) -> None:
    """The other one is at the server when the first is done."""
    real = shelf.time.answer
    entered: list[int] = []

    def slow(request: bytes) -> bytes:
        if not entered:
            entered.append(1)
            archive.advance(shelf.session, shelf.desk, {"paper": shelf.paper})
        return real(request)

    shelf.time.answer = slow  # type: ignore[method-assign]
    shelf.act(lambda: archive.advance(shelf.session, shelf.desk, {"paper": shelf.paper}))
    assert shelf.stages() == ["issued", "timestamped"]


@ONE_DATABASE
def test_without_a_time_server_it_stays_at_b_b_and_says_so(shelf: Shelf) -> None:
    shelf.desk = replace(shelf.desk, times=Times())
    shelf.work()
    assert shelf.stages() == ["issued"]
    assert archive.level(shelf.session, shelf.paper) == "B-B"
    assert shelf.check(shelf.content()).ok


# ------------------------------------------------------------------ servers that are away


def test_a_time_server_that_is_away_holds_up_nothing_and_loses_nothing(unsigned: Shelf) -> None:
    unsigned.time.away = True
    unsigned.sign()
    assert unsigned.issue() == "issued"
    for _ in range(3 * outbox.ATTEMPTS):  # a day, and longer than any task is tried
        unsigned.later += timedelta(hours=1)
        unsigned.work()
    task = unsigned.task()
    assert (task.failed_at, task.attempts) == (None, PATIENT)
    assert "service_away" in (task.last_error or "")
    assert unsigned.check(unsigned.content()).level == "B-B"
    assert unsigned.check(unsigned.content()).ok
    unsigned.time.away = False
    unsigned.later += timedelta(hours=1)
    unsigned.work()
    assert unsigned.stages() == LADDER


@ONE_DATABASE
def test_lists_that_are_not_to_be_had_leave_it_at_b_t(shelf: Shelf) -> None:
    shelf.lists.away = True
    shelf.work()
    assert shelf.stages() == ["issued", "timestamped"]
    assert archive.level(shelf.session, shelf.paper) == "B-T"
    shelf.lists.away, shelf.later = False, timedelta(hours=1)
    shelf.work()
    assert shelf.stages() == LADDER


@ONE_DATABASE
def test_no_transaction_is_open_while_others_are_asked(shelf: Shelf) -> None:
    real = shelf.time.answer

    def watching(request: bytes) -> bytes:
        assert not shelf.session.in_transaction()
        return real(request)

    shelf.time.answer = watching  # type: ignore[method-assign]
    shelf.act(lambda: archive.advance(shelf.session, shelf.desk, {"paper": shelf.paper}))
    assert shelf.stages() == ["issued", "timestamped"]


@ONE_DATABASE
def test_what_does_not_hold_is_never_kept(shelf: Shelf) -> None:
    """Revoked after it signed and before anybody stamped: not proved, so not claimed."""
    key = shelf.desk.keys.path(person_reference(shelf.stage.people["chair"]))
    certificate = open_key(key.read_bytes(), PIN).credential.certificate
    revoked = (shelf.now - timedelta(minutes=1), ReasonFlags.key_compromise)
    shelf.lists.revoked = {certificate.serial_number: revoked}
    shelf.work()
    assert shelf.stages() == ["issued", "timestamped"]
    assert "revoked" in (shelf.task().last_error or "")


# ------------------------------------------------------------------ renewal, and 2046


def due(shelf: Shelf) -> list[tuple[str, str]]:
    found = shelf.act(lambda: renewal.due(shelf.session))
    return [(one.level, one.why) for one in found]


def test_a_stamp_that_ends_within_a_year_is_renewed_once(shelf: Shelf) -> None:
    shelf.work()
    assert due(shelf) == []
    shelf.at(2028, 6)
    assert due(shelf) == [("B-LTA", "ends")]  # a dry run changes nothing
    assert shelf.stages() == LADDER
    shelf.act(lambda: renewal.renew(shelf.session, shelf.desk))
    assert due(shelf) == []  # somebody is at it
    shelf.work()
    assert shelf.stages() == [*LADDER, "archived"]
    assert due(shelf) == []
    found = shelf.check(shelf.content())
    assert (found.verdict, found.level, len(found.signatures)) == ("genuine", "B-LTA", 5)


@ONE_DATABASE
def test_what_is_short_of_b_lta_is_named_and_taken_up(shelf: Shelf) -> None:
    desk = shelf.desk
    shelf.desk = replace(desk, times=Times())
    shelf.work()
    assert due(shelf) == [("B-B", "short")]
    assert shelf.act(lambda: renewal.renew(shelf.session, shelf.desk)) == []
    shelf.desk = desk
    shelf.act(lambda: renewal.renew(shelf.session, shelf.desk))
    shelf.work()
    assert shelf.stages() == LADDER


@ONE_DATABASE
def test_a_stamp_whose_authority_answers_no_more_is_stamped_over_in_time(shelf: Shelf) -> None:
    """As long as there is time the evidence is asked for, and who looks is told; then a stamp
    without it is better than none. What the file holds is of the day of the old stamp."""
    shelf.work()
    with writing(shelf.session):  # nothing was learnt early either
        shelf.session.execute(delete(StampEvidence))
    shelf.lists.away = True
    shelf.at(2028, 6)
    shelf.act(lambda: renewal.renew(shelf.session, shelf.desk))
    shelf.work()
    assert (shelf.stages(), due(shelf)) == (LADDER, [])
    (stuck,) = shelf.act(lambda: renewal.failing(shelf.session))
    assert (stuck.paper_id, stuck.why) == (shelf.paper, "ends")
    assert stuck.until is not None and stuck.until.year == 2028
    assert "revocation_unknown" in stuck.error
    shelf.at(2028, 11)
    shelf.work()
    assert shelf.stages() == [*LADDER, "archived"]
    shelf.at(2031)
    found = shelf.check(shelf.content())
    assert (found.verdict, found.level) == ("genuine", "B-LTA")
    assert shelf.act(lambda: renewal.failing(shelf.session)) == []


def test_what_was_said_early_serves_when_nobody_answers_any_more(shelf: Shelf) -> None:
    """Asked with each stamp (of two certificates, here), then each month while there is one."""
    shelf.work()
    query = select(StampEvidence.learnt_at)
    assert set(shelf.session.scalars(query)) == {shelf.now}
    shelf.later += timedelta(days=31)
    shelf.lists.away = True
    times, keys = shelf.desk.times, shelf.desk.keys
    for away in (True, False):
        shelf.lists.away = away
        assert shelf.act(lambda: foresight.refresh(shelf.session, times, keys)) == 2
    assert shelf.act(lambda: foresight.refresh(shelf.session, times, keys)) == 0
    assert set(shelf.session.scalars(query)) == {shelf.now}
    shelf.lists.away = True
    shelf.at(2028, 6)
    shelf.act(lambda: renewal.renew(shelf.session, shelf.desk))
    shelf.work()
    assert shelf.stages() == [*LADDER, "archived"]
    shelf.at(2031)
    found = shelf.check(shelf.content())
    assert (found.verdict, found.level) == ("genuine", "B-LTA")


@ONE_DATABASE
def test_also_what_never_got_evidence_is_stamped_over_in_time(shelf: Shelf) -> None:
    shelf.lists.away = True
    shelf.work()
    assert shelf.stages() == ["issued", "timestamped"]
    shelf.at(2028, 11)
    assert due(shelf) == [("B-T", "ends")]
    shelf.act(lambda: renewal.renew(shelf.session, shelf.desk))
    shelf.work()
    shelf.at(2031)
    found = shelf.check(shelf.content())
    assert (found.verdict, found.level) == ("genuine", "B-T")
    assert [one.why for one in shelf.act(lambda: renewal.failing(shelf.session))] == ["short"]


@ONE_DATABASE
def test_an_algorithm_that_grew_weak_is_a_reason(shelf: Shelf) -> None:
    shelf.work()
    with writing(shelf.session):
        unguard(shelf.session.connection(), "paper_stamps")
        shelf.session.execute(update(PaperStamp).values(algorithms="sha1/rsassa_pkcs1v15"))
    assert due(shelf) == [("B-LTA", "weak")]


@ONE_DATABASE
def test_a_simulated_check_in_2046(shelf: Shelf) -> None:
    """A fake clock: every certificate of today has ended, and the stamps of today too."""
    shelf.time.years = 10
    shelf.work()
    for year in (2033, 2042):
        shelf.at(year)
        shelf.act(lambda: renewal.renew(shelf.session, shelf.desk))
        shelf.work()
    shelf.at(2046, 11)
    found = shelf.check(shelf.content())
    assert (found.verdict, found.level) == ("genuine", "B-LTA")
    assert [report.problems for report in found.signatures] == [()] * 6
    for place in range(len(LADDER)):  # each of the versions of today too
        old = shelf.check(shelf.content(place))
        assert (old.verdict, old.newer is not None) == ("genuine", True)


@ONE_DATABASE
def test_a_simulated_check_in_2046_of_what_nobody_renewed(shelf: Shelf) -> None:
    shelf.work()
    shelf.at(2046)
    for place in range(len(LADDER)):  # older ones say no more than the newest
        found = shelf.check(shelf.content(place))
        why = "stamp_lapsed" if place else "no_time_proof"
        assert (found.verdict, found.issued, found.unchanged) == ("lapsed", True, True)
        assert found.reasons == (why, "dated_by_the_log")
        assert not found.ok


# ------------------------------------------------------------------ asked before signing


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pki]:
    with served(tmp_path_factory.mktemp("pki")) as made:
        made.set_time(datetime(2026, 11, 5, tzinfo=UTC))
        yield made


def asking(pki: Pki, folder: Path, how: Asking, **changed: Any) -> PaperDesk:
    """A desk with nothing but the roots, and the servers of the authority."""
    (folder / ROOTS).write_bytes(pki.certificate("root").public_bytes(Encoding.PEM))
    times = Times(revocations=changed.get("revocations", pki.online()), asking=how)
    return PaperDesk(cast(House, None), cast(BlobStore, None), Keyring(folder), TEMPLATES, times)


def refused(pki: Pki, desk: PaperDesk, label: str, kind: Kind = "person") -> list[str]:
    reference = {"person": "person-7", "agency": "authority-3"}[kind]
    with clock.fixed_at(datetime(2026, 11, 5, tzinfo=UTC)):
        try:
            desk.trust(pki.signer(label).credential, Holder(kind, kind, reference))
        except Refused as error:
            return [one.code for one in error.refusals]
    return []


@pytest.mark.parametrize(
    ("label", "kind", "codes"),
    [
        ("good", "person", []),
        ("seal", "agency", []),
        ("revoked-later", "person", []),
        ("revoked", "person", ["revoked"]),
        ("revoked-seal", "agency", ["revoked"]),
        ("held", "person", ["on_hold"]),
        ("of-gone", "person", ["authority_revoked"]),
        ("expired", "person", ["expired"]),
        ("login", "person", ["wrong_key_usage"]),
        ("seal", "person", ["wrong_kind"]),
        ("other", "person", ["certificate_of_another"]),
    ],
)
def test_each_certificate_is_refused_with_its_own_reason(
    pki: Pki, tmp_path: Path, label: str, kind: Kind, codes: list[str]
) -> None:
    assert refused(pki, asking(pki, tmp_path, "require"), label, kind) == codes


@pytest.mark.parametrize(
    ("how", "codes"), [("off", []), ("ask", []), ("require", ["revocation_unknown"])]
)
def test_what_an_unknown_answer_means_is_a_setting(
    pki: Pki, tmp_path: Path, how: Asking, codes: list[str]
) -> None:
    desk = asking(pki, tmp_path, how, revocations=None)
    assert refused(pki, desk, "good") == codes


def test_nothing_is_asked_where_that_is_off(pki: Pki, tmp_path: Path) -> None:
    assert refused(pki, asking(pki, tmp_path, "off"), "revoked") == []


@ONE_DATABASE
def test_a_revoked_key_signs_nothing_and_the_paper_stays(unsigned: Shelf) -> None:
    key = unsigned.desk.keys.path(person_reference(unsigned.stage.people["chair"]))
    certificate = open_key(key.read_bytes(), PIN).credential.certificate
    revoked = (unsigned.now - timedelta(days=1), ReasonFlags.key_compromise)
    unsigned.lists.revoked = {certificate.serial_number: revoked}
    unsigned.desk = replace(unsigned.desk, times=replace(unsigned.desk.times, asking="ask"))
    with pytest.raises(Refused) as caught:
        unsigned.sign()
    assert caught.value.code == "revoked"
    assert unsigned.stage.state(unsigned.paper) == "format_approved"
