"""Certificates as authorities outside issue them: whose they are two people here have said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from engine.errors import EngineError
from engine.signing.authority import Authority, Issued
from tests.unguarded import unguard
from tests.workflows.officials import appoint
from tests.workflows.staging import told
from tests.workflows.test_deferred import FRESH, Room, authority, room
from workflows import enrolling, trust
from workflows.enrolling import Whose
from workflows.enrolments import CertificateEnrolment
from workflows.keys import person_reference
from workflows.offline import check_file
from workflows.statement_keys import StatementKeys
from workflows.trust import Bundle
from workflows.verification import verify

__all__ = ["authority", "room"]

BASIS = "Biên bản bàn giao 03/BB-UBND"
CITIZEN: dict[str, Any] = {"name": "Mẫu chair", "title": "Chủ tịch", "organisation": "UBND"}


def citizen(authority: Authority, number: str = "CCCD:038066000001") -> Issued:
    """A person's certificate as a public authority would write it."""
    return authority.person(reference=number, algorithm="ec", **CITIZEN, **FRESH)


def body(authority: Authority) -> Issued:
    """An agency's, likewise: its tax number."""
    return authority.agency(reference="MST:2800000001", name="UBND", algorithm="ec", **FRESH)


class Hall:
    """The room with an administrator, in an installation that believes no names."""

    def __init__(self, room: Room) -> None:
        self.room, self.people = room, room.stage.people
        room.desk = replace(room.desk, named=False)
        province = room.stage.country.province
        self.people["admin"] = appoint(room.session, "admin", "admin", province, "Quản trị")
        room.session.commit()
        self.chair, self.seal = citizen(room.authority), body(room.authority)

    def verdict(self, content: bytes) -> str:
        """What the check says of a file on the day of the stage, before it is logged."""
        with self.room.stage.now():
            return verify(self.room.session, self.room.desk, content).verdict

    def whose(self, who: str) -> Whose:
        if who == "commune":
            return Whose("agency", self.room.stage.country.commune)
        return Whose("person", self.people[who])

    def enter(self, issued: Issued, holder: str, by: str = "admin", basis: str = BASIS) -> int:
        parts = (issued.credential.certificate, *issued.credential.chain)
        file = b"".join(one.public_bytes(Encoding.PEM) for one in parts)
        whose, session = self.whose(holder), self.room.session
        with self.room.stage.now():
            return enrolling.enter(session, self.room.desk, self.people[by], whose, file, basis)

    def confirm(self, id_: int, by: str) -> None:
        with self.room.stage.now():
            enrolling.confirm(self.room.session, self.people[by], id_)

    def end(self, id_: int, by: str, reason: str = "Mất thiết bị") -> None:
        with self.room.stage.now():
            enrolling.end(self.room.session, self.people[by], id_, reason)

    def enrol(self, issued: Issued, holder: str, confirmer: str) -> int:
        made = self.enter(issued, holder)
        self.confirm(made, confirmer)
        return made

    def refused(self, act: Any) -> list[str]:
        with pytest.raises(EngineError) as caught:
            act()
        self.room.session.rollback()
        return told(caught.value)

    def begins(self, who: str, issued: Issued) -> list[str]:
        return self.room.refused(lambda: self.room.begin(who, issued))


@pytest.fixture
def hall(room: Room) -> Hall:
    return Hall(room)


def test_a_certificate_from_outside_signs_once_two_people_said_whose_it_is(hall: Hall) -> None:
    room = hall.room
    assert hall.begins("chair", hall.chair) == ["certificate_not_enrolled"]
    entered = hall.enter(hall.chair, "chair")
    assert hall.begins("chair", hall.chair) == ["certificate_not_enrolled"]
    hall.confirm(entered, "clerk")
    sealed = hall.enrol(hall.seal, "commune", "chair")
    assert room.act("chair", hall.chair).state == "signed"
    assert room.act("clerk", hall.seal).state == "issued"
    content = room.content()
    assert hall.verdict(content) == "genuine"
    with room.stage.now():
        StatementKeys(room.desk.keys.folder).signer(make=True)
        bundle = trust.export(room.session, room.desk)
    assert "CCCD" not in json.dumps(bundle)
    found = check_file(content, Bundle.read(json.dumps(bundle).encode()))
    assert [one.code for one in found.problems] in ([], ["bundle_older"])
    # What was signed before the end stays good; nothing more is signed after it.
    room.stage.wait(1)
    hall.end(entered, "chair")
    hall.end(sealed, "admin")
    assert hall.verdict(content) == "genuine"


def test_an_ended_certificate_signs_no_more(hall: Hall) -> None:
    entered = hall.enrol(hall.chair, "chair", "clerk")
    offer = hall.room.begin("chair", hall.chair)
    signature = hall.room.sign(offer, hall.chair)
    hall.end(entered, "clerk")
    late = hall.room.refused(lambda: hall.room.finish("chair", offer, signature))
    assert late == ["certificate_not_enrolled"]
    # It may be entered anew, as another row.
    assert hall.enrol(hall.chair, "chair", "clerk") != entered
    assert hall.room.act("chair", hall.chair).state == "signed"


def test_a_paper_signed_outside_the_time_of_an_enrolment_is_not_theirs(hall: Hall) -> None:
    hall.enrol(hall.chair, "chair", "clerk")
    hall.enrol(hall.seal, "commune", "chair")
    hall.room.act("chair", hall.chair)
    hall.room.act("clerk", hall.seal)
    later = hall.room.stage.at.replace(hour=hall.room.stage.at.hour + 1)
    hall.room.stage.at = later
    with hall.room.stage.now():
        from engine import clock

        moved = {"confirmed_at": clock.now() + timedelta(minutes=1)}
    session = hall.room.session
    unguard(session.connection(), "certificate_enrolments")
    session.execute(update(CertificateEnrolment).values(moved))
    session.commit()
    assert hall.verdict(hall.room.content()) == "altered"


def test_another_certificate_of_the_same_subject_is_another(hall: Hall) -> None:
    hall.enrol(hall.chair, "chair", "clerk")
    twin = citizen(hall.room.authority)
    assert hall.begins("chair", twin) == ["certificate_not_enrolled"]


def test_a_certificate_of_a_colleague_is_not_mine(hall: Hall) -> None:
    hall.enrol(hall.chair, "district_chair", "district_clerk")
    assert hall.begins("chair", hall.chair) == ["certificate_not_enrolled"]


def test_what_a_certificate_calls_itself_is_believed_only_where_that_was_chosen(hall: Hall) -> None:
    own = hall.room.keys["chair"]
    assert hall.begins("chair", own) == ["certificate_not_enrolled"]
    hall.room.desk = replace(hall.room.desk, named=True)
    assert hall.room.act("chair", own).state == "signed"


def test_two_people_and_the_second_with_the_right_office(hall: Hall) -> None:
    """Law: Nghị định 30/2020/NĐ-CP."""
    assert hall.refused(lambda: hall.enter(hall.chair, "chair", by="clerk")) == ["not_yours"]
    person, seal = hall.enter(hall.chair, "chair"), hall.enter(hall.seal, "commune")
    for id_, who, code in (
        (person, "admin", "confirmed_by_another"),
        (person, "chair", "confirmed_by_another"),
        (person, "district_clerk", "not_yours"),
        (person, "police", "not_yours"),
        (seal, "clerk", "not_yours"),
        (seal, "district_chair", "not_yours"),
    ):
        assert hall.refused(lambda i=id_, w=who: hall.confirm(i, w)) == [code], (id_, who)
    hall.confirm(person, "clerk")
    assert hall.refused(lambda: hall.confirm(person, "clerk")) == ["enrolment_not_waiting"]
    assert hall.refused(lambda: hall.end(person, "police")) == ["not_yours"]
    assert hall.refused(lambda: hall.end(person, "clerk", " ")) == ["required"]
    hall.end(person, "clerk")
    assert hall.refused(lambda: hall.end(person, "clerk")) == ["enrolment_ended"]


def test_only_a_certificate_that_may_sign_is_entered(hall: Hall, authority: Authority) -> None:
    refused = hall.refused
    hall.enter(hall.chair, "chair")
    assert refused(lambda: hall.enter(hall.chair, "clerk")) == ["enrolled_already"]
    stranger = citizen(Authority.create(mark="MẪU", name="Khác", since=FRESH["since"]))
    assert refused(lambda: hall.enter(stranger, "chair")) == ["untrusted"]
    named = citizen(authority, person_reference(hall.people["police"]))
    assert refused(lambda: hall.enter(named, "chair")) == ["certificate_of_another"]
    assert refused(lambda: hall.enter(hall.seal, "commune", basis="")) == ["required"]
    session, desk, whose = hall.room.session, hall.room.desk, hall.whose("chair")
    for file in (b"", b"no certificate", b"\0" * 70_000):
        act = lambda f=file: enrolling.enter(  # noqa: E731
            session, desk, hall.people["admin"], whose, f, BASIS
        )
        assert refused(act) == ["certificate_unreadable"]


def test_the_database_itself_knows_no_confirmation_by_one_person(hall: Hall) -> None:
    entered = hall.enter(hall.chair, "chair")
    row = hall.room.session.get(CertificateEnrolment, entered)
    assert row is not None
    row.confirmed_by, row.confirmed_at = row.entered_by, row.entered_at
    with pytest.raises(IntegrityError):
        hall.room.session.commit()
    hall.room.session.rollback()
