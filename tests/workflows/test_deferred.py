"""Keys elsewhere: what is prepared, what may come back, and that a refusal changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.commands import Outcome
from engine.errors import EngineError
from engine.papers import handed_out
from engine.papers.archive import carried
from engine.papers.book import Paper, PaperVersion
from engine.registers import Entry, take
from engine.signing import authority as authorities
from engine.signing import cage
from engine.signing.authority import Authority, Issued
from engine.signing.certificates import der
from engine.signing.inspection import inspect
from engine.signing.pdf import Prepared, complete
from engine.signing.software import SoftwareSigner
from engine.statement import form
from engine.store import BlobStore
from tests.workflows.staging import Stage, stage, told
from workflows import deferred
from workflows.bureau import TEMPLATES
from workflows.checked import Checked
from workflows.keys import ROOTS, RemoteKeyring, authority_reference, person_reference
from workflows.offline import check_code, check_file
from workflows.papers import PaperDesk
from workflows.people import Appointment
from workflows.signing_sessions import Offer, SigningSession
from workflows.trust import Bundle, export
from workflows.units import Unit
from workflows.verification import verify

SINCE = date(2024, 1, 1)
FRESH = {"since": SINCE, "years": 5}


def _person(authority: Authority, stage_: Stage, who: str, **changed: Any) -> Issued:
    reference = person_reference(stage_.people[who])
    told_ = {"reference": reference, "name": who, "title": "Chủ tịch", "organisation": "UBND"}
    return authority.person(**(FRESH | {"algorithm": "ec"} | told_ | changed))


def _agency(authority: Authority, stage_: Stage, **changed: Any) -> Issued:
    reference = authority_reference(stage_.country.commune)
    told_ = {"reference": reference, "name": "UBND xã"}
    return authority.agency(**(FRESH | {"algorithm": "ec"} | told_ | changed))


@dataclass
class Room:
    """A stage with a paper ready to be signed, and holders with their own keys."""

    stage: Stage
    desk: PaperDesk
    authority: Authority
    paper: int
    keys: dict[str, Issued] = field(default_factory=dict)

    @property
    def session(self) -> Session:
        return self.stage.session

    def begin(self, who: str, issued: Issued | None = None, action: str | None = None) -> Offer:
        key = issued or self.keys[who]
        return self.begin_with(who, _sent(key), action)

    def begin_with(self, who: str, sent: Sequence[bytes], action: str | None = None) -> Offer:
        with self.stage.now():
            person = self.stage.people[who]
            return deferred.begin(self.session, self.desk, person, self.paper, action, sent)

    def sign(self, offer: Offer, issued: Issued) -> bytes:
        """What the program beside the token does: look, recompute, sign."""
        with self.stage.now():
            person = self._person(offer)
            file = deferred.document(self.session, self.desk, person, self.paper, offer.code)
        seen = inspect(file, offer.attributes, issued.credential)
        assert (seen.digest.hex(), seen.covered.hex()) == (offer.digest, offer.covered)
        return SoftwareSigner(issued.credential, issued.key).sign(offer.attributes)

    def finish(
        self, who: str, offer: Offer, signature: bytes, sent: Sequence[bytes] = ()
    ) -> Outcome:
        with self.stage.now():
            person = self.stage.people[who]
            return deferred.finish(
                self.session, self.desk, person, self.paper, offer.code, signature, sent
            )

    def act(self, who: str, issued: Issued | None = None) -> Outcome:
        """The whole way, once."""
        key = issued or self.keys[who]
        offer = self.begin(who, key)
        return self.finish(who, offer, self.sign(offer, key))

    def refused(self, act: Callable[[], Any]) -> list[str]:
        """The codes of a refusal, after which the paper is as it was."""
        before = self._whole()
        with pytest.raises(EngineError) as caught:
            act()
        self.session.rollback()
        assert self._whole() == before
        return told(caught.value)

    def _whole(self) -> tuple[Any, ...]:
        versions = select(PaperVersion.sha256).where(PaperVersion.paper_id == self.paper)
        return (
            self.stage.state(self.paper),
            self.stage.count_events(),
            sorted(self.session.scalars(versions)),
            len(self.session.scalars(select(Entry.id)).all()),
        )

    def _person(self, offer: Offer) -> int:
        query = select(SigningSession.person_id).where(SigningSession.code == offer.code)
        return self.session.scalars(query).one()

    def sealed_alone(self, offer: Offer) -> bytes:
        """What the clerk has who finishes the file that was handed out, and keeps it."""
        key = self.keys["clerk"]
        signature = self.sign(offer, key)
        with self.stage.now():
            person = self._person(offer)
            file = deferred.document(self.session, self.desk, person, self.paper, offer.code)
        return complete(Prepared(file, offer.gap, offer.attributes, key.credential), signature)

    def bundle(self) -> Bundle:
        with self.stage.now():
            return Bundle.read(json.dumps(export(self.session, self.desk)).encode())

    def checked(self, content: bytes, bundle: Bundle) -> Checked:
        return check_file(content, bundle, ask=cage.answer)

    def judged(self, content: bytes, bundle: Bundle) -> list[str]:
        """The verdicts on a file, and on the code that is printed on it."""
        with self.stage.now():
            alone = check_code(carried(content).fields["strip"], bundle)
            return [self.checked(content, bundle).verdict, alone.verdict]

    def content(self) -> bytes:
        digest = self.session.scalars(
            select(PaperVersion.sha256)
            .where(PaperVersion.paper_id == self.paper)
            .order_by(PaperVersion.id.desc())
        ).first()
        assert digest is not None
        return self.desk.store.get(digest)

    def prepared(self) -> list[Path]:
        """Files in the store that no version of the paper names."""
        named = set(self.session.scalars(select(PaperVersion.sha256)))
        files = [path for path in self.desk.store.folder.rglob("*") if path.is_file()]
        return [path for path in files if path.name not in named]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create(mark="MẪU", name="Kiểm thử", since=SINCE)


@pytest.fixture
def room(session: Session, tmp_path: Path, authority: Authority) -> Iterator[Room]:
    here = stage(session)
    keys = RemoteKeyring(tmp_path / "keys")
    keys.folder.mkdir()
    (keys.folder / ROOTS).write_bytes(authority.roots_pem())
    desk = PaperDesk(here.house, BlobStore(tmp_path / "blobs"), keys, TEMPLATES)
    nomination = here.to_proposed()
    paper = here.draft("police", "commune_decision", [nomination])
    here.act("chair", paper, "approve_content")
    here.act("clerk", paper, "approve_format")
    with here.now():
        desk.render(session, paper)
    made = Room(here, desk, authority, paper)
    made.keys = {
        "chair": _person(authority, here, "chair"),
        "clerk": _agency(authority, here),
    }
    yield made


def _sent(issued: Issued) -> list[bytes]:
    return [der(one) for one in (issued.credential.certificate, *issued.credential.chain)]


@pytest.mark.parametrize("algorithm", ["rsa", "ec"])
def test_a_paper_signed_elsewhere_is_genuine(room: Room, algorithm: Any) -> None:
    chair = _person(room.authority, room.stage, "chair", algorithm=algorithm)
    clerk = _agency(room.authority, room.stage, algorithm=algorithm)
    assert room.act("chair", chair).state == "signed"
    assert room.act("clerk", clerk).state == "issued"
    with room.stage.now():
        found = verify(room.session, room.desk, room.content())
    assert (found.verdict, found.number) == ("genuine", "01/QĐ-UBND")
    printed = form.read(carried(room.content()).fields["strip"]).statement
    assert (printed.number, printed.day) == (found.number, room.stage.today)
    assert [(one.role, one.valid) for one in found.signatures] == [("person", True), ("seal", True)]
    rows = room.session.scalars(select(SigningSession)).all()
    assert [(one.action, one.done_at is not None) for one in rows] == [
        ("sign", True),
        ("issue", True),
    ]
    assert room.prepared() == []


def test_where_keys_are_elsewhere_no_pin_signs_here(room: Room) -> None:
    def by_pin() -> Outcome:
        with room.stage.now():
            person = room.stage.people["chair"]
            return room.desk.sign(room.session, person, room.paper, pin="246810")

    assert room.refused(by_pin) == ["use_token"]


def test_the_same_answer_twice_moves_once(room: Room) -> None:
    offer = room.begin("chair")
    signature = room.sign(offer, room.keys["chair"])
    first = room.finish("chair", offer, signature, _sent(room.keys["chair"]))
    again = room.finish("chair", offer, signature)
    assert (first.again, again.again) == (False, True)
    assert (again.state, again.version) == (first.state, first.version)


@pytest.mark.parametrize("moment", ["get", "evidence"])
def test_the_same_answer_on_two_ways_at_once_is_one_answer(
    room: Room, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other request is done after this one asked whether anything was done: at ``get`` its
    prepared file is gone already, at ``evidence`` the paper has moved."""
    offer = room.begin("chair")
    signature = room.sign(offer, room.keys["chair"])
    place = type(room.desk.store) if moment == "get" else type(room.desk)
    real = getattr(place, moment)

    def overtaken(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(place, moment, real)
        room.finish("chair", offer, signature)
        return real(*given, **named)

    monkeypatch.setattr(place, moment, overtaken)
    done = room.finish("chair", offer, signature)
    assert (done.state, done.again) == ("signed", True)
    assert room.refused(lambda: room.sign(offer, room.keys["chair"])) == ["session_done"]


def test_a_newer_beginning_takes_the_place_of_an_older(room: Room) -> None:
    old = room.begin("chair")
    signature = room.sign(old, room.keys["chair"])
    room.stage.at = room.stage.at.replace(minute=5)
    new = room.begin("chair")
    assert room.refused(lambda: room.finish("chair", old, signature)) == ["no_such_session"]
    assert len(room.prepared()) == 1
    assert room.finish("chair", new, room.sign(new, room.keys["chair"])).state == "signed"
    assert room.prepared() == []


def test_what_ran_out_is_not_taken(room: Room) -> None:
    offer = room.begin("chair")
    signature = room.sign(offer, room.keys["chair"])
    room.stage.at = room.stage.at.replace(minute=29)
    assert room.sign(offer, room.keys["chair"])
    room.stage.at = room.stage.at.replace(minute=30)
    assert room.refused(lambda: room.finish("chair", offer, signature)) == ["session_expired"]
    assert room.refused(lambda: room.sign(offer, room.keys["chair"])) == ["session_expired"]


def test_a_signature_over_anything_else_is_not_taken(room: Room) -> None:
    offer = room.begin("chair")
    chair = room.keys["chair"]
    signer = SoftwareSigner(chair.credential, chair.key)
    stranger = ec.generate_private_key(ec.SECP256R1())
    for signature in (
        signer.sign(b"other bytes"),
        signer.sign(bytes.fromhex(offer.digest)),
        SoftwareSigner(chair.credential, stranger).sign(offer.attributes),
        b"",
        b"\0" * 64,
        b"\0" * 100_000,
    ):
        refused = room.refused(lambda s=signature: room.finish("chair", offer, s))  # type: ignore[misc]
        assert refused == ["signature_mismatch"]
    # The right one is still good afterwards.
    assert room.finish("chair", offer, room.sign(offer, chair)).state == "signed"


def test_a_certificate_of_anybody_else_is_not_taken(room: Room) -> None:
    other = _person(room.authority, room.stage, "district_chair")
    assert room.refused(lambda: room.begin("chair", other)) == ["certificate_of_another"]
    offer = room.begin("chair")
    signature = room.sign(offer, room.keys["chair"])
    swapped = room.refused(lambda: room.finish("chair", offer, signature, _sent(other)))
    assert swapped == ["certificate_changed"]
    for who in ("district_chair", "clerk"):
        code = room.refused(lambda w=who: room.finish(w, offer, signature))  # type: ignore[misc]
        assert code == ["session_of_another"]
    room.finish("chair", offer, signature)
    district = _agency(
        room.authority,
        room.stage,
        reference=authority_reference(room.stage.country.district),
    )
    assert room.refused(lambda: room.begin("clerk", district)) == ["seal_of_another"]


def test_every_fault_of_a_certificate_has_its_reason(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, here = room.authority, room.stage
    stranger = Authority.create(mark="MẪU", name="Người lạ", since=SINCE)
    assert room.refused(lambda: room.begin("chair", _person(stranger, here, "chair"))) == [
        "untrusted"
    ]
    old = _person(ours, here, "chair", since=date(2024, 1, 1), years=1)
    assert room.refused(lambda: room.begin("chair", old)) == ["expired"]
    new = _person(ours, here, "chair", since=date(2027, 1, 1))
    assert room.refused(lambda: room.begin("chair", new)) == ["not_yet_valid"]
    assert room.refused(lambda: room.begin("chair", room.keys["clerk"])) == ["wrong_kind"]
    bare = _sent(room.keys["chair"])[:1]
    assert room.refused(lambda: room.begin_with("chair", bare)) == ["untrusted"]
    with monkeypatch.context() as patch:
        patch.setattr(authorities, "_LEAF_USES", frozenset({"digital_signature"}))
        unfit = _person(ours, here, "chair")
    assert room.refused(lambda: room.begin("chair", unfit)) == ["wrong_key_usage"]
    with monkeypatch.context() as patch:
        patch.setattr(authorities, "_new_key", lambda _: ed25519.Ed25519PrivateKey.generate())
        odd = _person(ours, here, "chair")
    assert room.refused(lambda: room.begin("chair", odd)) == ["unsupported_key"]


@pytest.mark.parametrize("sent", [[], [b""], [b"no certificate"], [b"x" * 20_000], [b"x"] * 9])
def test_what_is_no_certificate_is_told(room: Room, sent: list[bytes]) -> None:
    assert room.refused(lambda: room.begin_with("chair", sent)) == ["certificate_unreadable"]


def test_where_roots_are_parted_each_kind_needs_its_own(room: Room) -> None:
    folder = room.desk.keys.folder
    stranger = Authority.create(mark="MẪU", name="Người lạ", since=SINCE)
    (folder / "roots-person.pem").write_bytes(stranger.roots_pem())
    assert room.refused(lambda: room.begin("chair")) == ["untrusted"]


def test_a_certificate_that_expires_meanwhile_is_not_taken(room: Room) -> None:
    day = room.stage.today
    ends = _person(room.authority, room.stage, "chair", since=day.replace(year=2025), years=1)
    assert room.refused(lambda: room.begin("chair", ends)) == ["expired"]
    room.stage.today -= timedelta(days=1)
    room.stage.at = room.stage.at.replace(hour=23, minute=45)
    offer = room.begin("chair", ends)
    signature = room.sign(offer, ends)
    room.stage.today, room.stage.at = day, room.stage.at.replace(hour=0, minute=10)
    assert room.refused(lambda: room.finish("chair", offer, signature)) == ["expired"]


def test_a_paper_brings_no_certificate_that_nobody_needs(room: Room) -> None:
    other = _person(room.authority, room.stage, "district_chair")
    own = Authority.create(mark="MẪU", name="Tự lập", since=SINCE)
    extra = [*_sent(other), der(own.persons.credential.certificate)]
    offer = room.begin_with("chair", [*_sent(room.keys["chair"]), *extra])
    assert list(offer.certificates) == _sent(room.keys["chair"])
    room.finish("chair", offer, room.sign(offer, room.keys["chair"]))
    written = room.content()
    assert not any(
        one.hex().upper().encode() in written
        for one in extra
        if one not in _sent(room.keys["chair"])
    )


def test_the_program_knows_its_own_chain_where_the_server_needs_less_of_it(
    room: Room, authority: Authority
) -> None:
    """The authority that issues to persons is itself a root here."""
    issuing = authority.persons.credential.certificate.public_bytes(Encoding.PEM)
    (room.desk.keys.folder / "roots-person.pem").write_bytes(issuing)
    offer = room.begin("chair")
    assert list(offer.certificates) == _sent(room.keys["chair"])[:1]
    assert room.finish("chair", offer, room.sign(offer, room.keys["chair"])).state == "signed"


@pytest.mark.parametrize("who", ["clerk", "police", "district_chair"])
def test_only_who_may_make_the_move_may_begin(room: Room, who: str) -> None:
    key = _person(room.authority, room.stage, who)
    (code,) = room.refused(lambda: room.begin(who, key, "sign"))
    assert code in ("not_yours", "separation_of_duties")
    assert room.session.scalars(select(SigningSession)).all() == []


def test_the_seal_cannot_be_begun_before_the_signature(room: Room) -> None:
    assert room.refused(lambda: room.begin("clerk", action="issue")) == ["not_from_here"]


@pytest.mark.parametrize("ended", ["appointment", "authority"])
def test_an_office_that_ended_meanwhile_signs_nothing(room: Room, ended: str) -> None:
    """A session begun in the last second of an office is no way past its end."""
    room.stage.at = time(23, 59, 59)
    offer = room.begin("chair")
    signature = room.sign(offer, room.keys["chair"])
    last, person = room.stage.today, room.stage.people["chair"]
    ends = {
        "appointment": update(Appointment).where(Appointment.person_id == person),
        "authority": update(Unit).where(Unit.id == room.stage.country.commune),
    }
    room.session.execute(ends[ended].values(ends_on=last))
    room.session.commit()
    room.stage.today, room.stage.at = last + timedelta(days=1), time(0)
    assert room.refused(lambda: room.finish("chair", offer, signature)) == ["not_yours"]


def test_a_paper_that_moved_meanwhile_is_not_signed(room: Room) -> None:
    offer = room.begin("chair")
    signature = room.sign(offer, room.keys["chair"])
    room.stage.act("chair", room.paper, "discard", reason="Sai danh sách")
    assert room.refused(lambda: room.finish("chair", offer, signature)) == ["not_from_here"]


def test_a_paper_that_left_and_came_back_is_signed_anew(room: Room) -> None:
    offer = room.begin("chair")
    signature = room.sign(offer, room.keys["chair"])
    row = update(SigningSession).values(version=SigningSession.version - 1)
    room.session.execute(row)
    room.session.commit()
    assert room.refused(lambda: room.finish("chair", offer, signature)) == ["stale"]


def test_bytes_that_changed_meanwhile_are_not_what_was_signed(room: Room) -> None:
    offer = room.begin("chair")
    signature = room.sign(offer, room.keys["chair"])
    with room.stage.now():
        room.session.add(
            PaperVersion(
                paper_id=room.paper, stage="rendered", sha256="0" * 64, size=1, at=_now(room)
            )
        )
        room.session.commit()
    assert room.refused(lambda: room.finish("chair", offer, signature)) == ["signed_other_bytes"]


def _now(room: Room) -> Any:
    from engine import clock

    return clock.vietnam(room.stage.today, room.stage.at)


def test_a_number_taken_meanwhile_asks_for_a_new_signature(room: Room) -> None:
    room.act("chair")
    offer = room.begin("clerk")
    assert offer.number == "01/QĐ-UBND"
    signature = room.sign(offer, room.keys["clerk"])
    commune, day = room.stage.country.commune, room.stage.today
    take(room.session, commune, "decisions", day, void_reason="spoiled")
    room.session.commit()
    assert room.refused(lambda: room.finish("clerk", offer, signature)) == ["number_taken"]
    assert room.act("clerk").state == "issued"
    paper = room.session.get_one(Paper, room.paper)
    assert paper.number_text == "02/QĐ-UBND"
    with room.stage.now():
        assert verify(room.session, room.desk, room.content()).verdict == "genuine"


def test_a_file_sealed_alone_is_no_issue_with_or_without_a_network(room: Room) -> None:
    """Whoever has the seal can finish what was prepared for it and never send it back."""
    room.act("chair")
    before, stolen = room.bundle(), room.begin("clerk")
    alone = room.sealed_alone(stolen)
    strip = carried(alone).fields["strip"]
    assert room.judged(alone, before) == ["newer_than_bundle"] * 2
    assert room.judged(alone, room.bundle()) == ["cannot_be_said"] * 2
    for minute, verdict in ((30, "cannot_be_said"), (31, "never_issued")):
        room.stage.at = time(9, minute)
        assert check_code(strip, room.bundle()).verdict == verdict
    assert room.act("clerk").state == "issued"
    room.stage.at = time(9, 32)
    later = room.bundle()
    assert carried(alone).fields["number"] == carried(room.content()).fields["number"]
    assert room.judged(alone, later) == ["never_issued"] * 2
    assert room.judged(room.content(), later) == ["genuine"] * 2
    with room.stage.now():
        found, online = room.checked(alone, later), verify(room.session, room.desk, alone)
    assert (found.issued, found.in_force, found.unchanged) == (False, False, True)
    assert [one.code for one in found.problems] == ["statement_never_issued"]
    assert (online.issued, online.verdict) == (False, "altered")
    assert "never_issued" in online.reasons


def test_a_beginning_that_was_replaced_is_void_at_once(room: Room) -> None:
    room.act("chair")
    alone = room.sealed_alone(room.begin("clerk"))
    room.stage.at = time(9, 1)
    second = room.begin("clerk")
    for file, verdict in ((alone, "never_issued"), (room.sealed_alone(second), "cannot_be_said")):
        assert check_code(carried(file).fields["strip"], room.bundle()).verdict == verdict
    # A bundle knows nothing of a statement that is being made, and is as old as that.
    with room.stage.now():
        handed_out.announce(room.session, "x", room.paper, room.stage.country.commune, 2025, "9/QĐ")
    began, room.stage.at = _now(room), time(9, 2)
    assert room.bundle().made_at == began


def test_a_number_of_yesterday_is_not_issued_today(room: Room) -> None:
    room.act("chair")
    room.stage.at = room.stage.at.replace(hour=23, minute=50)
    offer = room.begin("clerk")
    signature = room.sign(offer, room.keys["clerk"])
    room.stage.today += timedelta(days=1)
    room.stage.at = room.stage.at.replace(hour=0, minute=5)
    assert room.refused(lambda: room.finish("clerk", offer, signature)) == ["number_taken"]


def test_a_code_of_nothing_is_told(room: Room) -> None:
    offer = room.begin("chair")
    room.paper += 1
    assert room.refused(lambda: room.finish("chair", offer, b"x")) == ["no_such_session"]
