"""perform(): who, from where, with what, and nothing half written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from engine import clock
from engine.commands import Outcome, available, perform, prospect
from engine.db import writing
from engine.errors import Conflict, Forbidden, NotFound, Refused, Stale
from engine.history import Event, verify
from engine.house import House
from engine.move import Command, Opening, read_key
from engine.outbox import Task
from engine.papers.book import Paper, PaperVersion
from engine.rebinding import Rebinding
from engine.registers import Entry
from engine.subjects import Link, Subject, Waiting
from tests.engine import procedure
from tests.engine.procedure import ELSEWHERE, PLACE

ASKER, REVIEWER, DECIDER, CLERK, OTHER_ASKER, OTHER_REVIEWER, NOBODY = range(1, 8)
FINDINGS = {"findings": {"a": {"met": True}, "b": {"met": False, "note": "why"}}}


NOON = datetime(2026, 11, 5, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    """The day that evidence names must still be the day of the move, at midnight too."""
    with clock.fixed_at(NOON):
        yield


@pytest.fixture
def house() -> House:
    return procedure.house()


def begin(session: Session, house: House, place: int = PLACE) -> int:
    person = ASKER if place == PLACE else OTHER_ASKER
    return perform(session, house, Opening(person, "request", "begin", {"place": place})).subject_id


def reviewed(session: Session, house: House) -> int:
    subject = begin(session, house)
    perform(session, house, Command(ASKER, subject, "ask", 1, {"count": 2}))
    perform(session, house, Command(REVIEWER, subject, "review", 2, FINDINGS))
    return subject


def drafted(session: Session, house: House, *subjects: int) -> int:
    evidence = {"kind": "grant", "subjects": list(subjects)}
    opening = Opening(REVIEWER, "letter", "draft", {"authority": PLACE}, evidence=evidence)
    return perform(session, house, opening).subject_id


def rendered_without_a_typesetter(session: Session, paper: int, digest: str = "a" * 64) -> None:
    with writing(session):
        session.execute(
            insert(PaperVersion).values(
                paper_id=paper, stage="rendered", sha256=digest, size=1, at=clock.now()
            )
        )


def signature_made_up(person: int, base: str = "a" * 64) -> dict[str, object]:
    return {"base": base, "sha256": "b" * 64, "size": 2, "person_id": person}


def seal_made_up(number: int, authority: int = PLACE) -> dict[str, object]:
    day = clock.today().isoformat()
    return {"base": "b" * 64, "sha256": "c" * 64, "size": 3, "authority_id": authority} | {
        "number": number,
        "issued_on": day,
    }


def stands(session: Session, subject: int) -> tuple[str, int]:
    row = session.execute(select(Subject.state, Subject.version).where(Subject.id == subject)).one()
    return row.state, row.version


def test_a_move_leaves_state_version_history_and_waiting(session: Session, house: House) -> None:
    subject = begin(session, house)
    outcome = perform(session, house, Command(ASKER, subject, "ask", 1, {"count": "4"}))
    assert outcome == Outcome(subject, "asked", 2)
    assert stands(session, subject) == ("asked", 2)
    events = session.scalars(select(Event).order_by(Event.version)).all()
    assert [(e.action, e.from_state, e.to_state) for e in events] == [
        ("begin", "", "draft"),
        ("ask", "draft", "asked"),
    ]
    assert events[1].data == {"count": 4, "note": None}
    assert events[1].previous_hash == events[0].hash
    assert events[1].office is not None
    assert events[1].office["role"] == "asker"
    waiting = session.execute(select(Waiting.role, Waiting.unit_id)).all()
    assert [tuple(row) for row in waiting] == [("reviewer", PLACE)]
    assert verify(session) == []


def test_every_refusal_comes_at_once_with_its_clause(session: Session, house: House) -> None:
    subject = begin(session, house)
    with pytest.raises(Refused) as caught:
        perform(session, house, Command(ASKER, subject, "ask", 1, {"count": 103}))
    told = [(r.code, r.clause, r.field) for r in caught.value.refusals]
    assert told == [("odd", "art. 1", "count"), ("large", "art. 2", None)]
    assert stands(session, subject) == ("draft", 1)


def test_an_input_that_cannot_be_read_is_told_with_the_clause_and_its_name(
    session: Session, house: House
) -> None:
    subject = begin(session, house)
    with pytest.raises(Refused) as bare:
        perform(session, house, Command(ASKER, subject, "ask", 1, {}))
    (missing,) = bare.value.refusals
    assert (missing.code, missing.clause, missing.field) == ("required", "art. 1", "count")
    assert missing.labels == (house.by_id["request"].by_field["count"].label,)
    perform(session, house, Command(ASKER, subject, "ask", 1, {"count": 2}))
    with pytest.raises(Refused) as untold:
        perform(session, house, Command(REVIEWER, subject, "review", 2, {"findings": {"a": {}}}))
    first = untold.value.refusals[0]
    row, column = first.labels
    assert (first.field, row.en) == ("findings.a.met", "A")
    assert column == house.by_id["request"].by_field["met"].label


def test_bad_input_names_its_field_and_nothing_is_asked_of_it(
    session: Session, house: House
) -> None:
    subject = begin(session, house)
    raw = {"count": "many", "extra": 1}
    with pytest.raises(Refused) as caught:
        perform(session, house, Command(ASKER, subject, "ask", 1, raw))
    assert {(r.code, r.field) for r in caught.value.refusals} == {
        ("unknown_field", "extra"),
        ("not_a_count", "count"),
    }


@pytest.mark.parametrize("person", [REVIEWER, DECIDER, CLERK, OTHER_ASKER, NOBODY])
def test_only_the_office_of_the_place_may_move(session: Session, house: House, person: int) -> None:
    subject = begin(session, house)
    with pytest.raises(Forbidden) as caught:
        perform(session, house, Command(person, subject, "ask", 1, {"count": 2}))
    assert caught.value.code == "not_yours"
    assert stands(session, subject) == ("draft", 1)


def test_an_office_counts_only_from_its_first_day(session: Session, house: House) -> None:
    before = datetime(2019, 12, 31, 16, 59, 59, tzinfo=UTC)
    opening = Opening(ASKER, "request", "begin", {"place": PLACE})
    with clock.fixed_at(before), pytest.raises(Forbidden):
        perform(session, house, opening)
    with clock.fixed_at(before + timedelta(seconds=1)):
        assert perform(session, house, opening).state == "draft"


def test_a_move_from_another_state_is_a_conflict(session: Session, house: House) -> None:
    subject = begin(session, house)
    with pytest.raises(Conflict) as caught:
        perform(session, house, Command(REVIEWER, subject, "review", 1, FINDINGS))
    assert caught.value.code == "not_from_here"


def test_a_stale_version_is_told_what_changed(session: Session, house: House) -> None:
    subject = begin(session, house)
    perform(session, house, Command(ASKER, subject, "ask", 1, {"count": 2}))
    with pytest.raises(Stale) as caught:
        perform(session, house, Command(ASKER, subject, "ask", 1, {"count": 4}))
    assert [event.action for event in caught.value.since] == ["ask"]


def test_the_same_key_gets_the_first_answer_again(session: Session, house: House) -> None:
    opening = Opening(ASKER, "request", "begin", {"place": PLACE}, key="one")
    first, second = (perform(session, house, opening) for _ in range(2))
    assert (second.subject_id, second.again) == (first.subject_id, True)
    ask = Command(ASKER, first.subject_id, "ask", 1, {"count": 2}, key="two")
    assert not perform(session, house, ask).again
    assert perform(session, house, ask) == Outcome(first.subject_id, "asked", 2, again=True)
    assert session.scalar(select(func.count()).select_from(Event)) == 2


def test_a_key_belongs_to_one_move_of_one_person(session: Session, house: House) -> None:
    subject, other = begin(session, house), begin(session, house)
    perform(session, house, Command(ASKER, subject, "ask", 1, {"count": 2}, key="k"))
    with pytest.raises(Conflict) as caught:
        perform(session, house, Command(ASKER, other, "ask", 1, {"count": 2}, key="k"))
    assert caught.value.code == "key_used_elsewhere"


def test_a_key_belongs_to_what_was_told_under_it(session: Session, house: House) -> None:
    """The same inputs spelled another way are the same; others get no first answer."""
    subject = begin(session, house)

    def ask(**told: object) -> Outcome:
        return perform(session, house, Command(ASKER, subject, "ask", 1, told, key="k"))

    def review(findings: Mapping[str, object]) -> Outcome:
        command = Command(REVIEWER, subject, "review", 2, {"findings": findings}, key="r")
        return perform(session, house, command)

    assert not ask(count=2).again
    assert ask(count=" 2 ", note=" ").again
    assert not review(FINDINGS["findings"]).again
    assert review(FINDINGS["findings"]).again
    for other in ({"count": 4}, {"count": 2, "note": "x"}, {}, {"count": 2, "more": 1}):
        with pytest.raises(Conflict, match="key_used_elsewhere"):
            ask(**other)
    row, *_ = FINDINGS["findings"]
    for cells in ({}, {row: {"met": "no"}}, {**FINDINGS["findings"], "x": {"met": "yes"}}):
        with pytest.raises(Conflict, match="key_used_elsewhere"):
            review(cells)


@pytest.mark.parametrize("key", ["", "k" * 81, "a\0b", "a\nb", "a\u200bb", "\udfff"])
def test_a_key_that_cannot_be_kept_is_refused(key: str) -> None:
    with pytest.raises(Refused) as caught:
        read_key(key)
    assert caught.value.code == "key_unfit"


def test_every_command_reads_its_key(session: Session, house: House) -> None:
    subject = begin(session, house)
    for wish in (
        Command(ASKER, subject, "ask", 1, {"count": 2}, key="a\0b"),
        Opening(ASKER, "request", "begin", {"place": PLACE}, key="a\0b"),
        Rebinding(ASKER, subject, "0" * 64, frozenset({"asker"}), key="a\0b"),
    ):
        with pytest.raises(Refused) as caught:
            perform(session, house, wish)
        assert caught.value.code == "key_unfit"


def test_what_does_not_exist_is_not_found(session: Session, house: House) -> None:
    with pytest.raises(NotFound):
        perform(session, house, Command(ASKER, 999, "ask", 1))
    with pytest.raises(NotFound):
        perform(session, house, Command(ASKER, begin(session, house), "vanish", 1))
    with pytest.raises(NotFound):
        perform(session, house, Opening(ASKER, "nothing", "begin", {"place": PLACE}))


def test_a_return_voids_the_facts_after_it(session: Session, house: House) -> None:
    subject = reviewed(session, house)
    with pytest.raises(Refused) as unexplained:
        perform(session, house, Command(REVIEWER, subject, "send_back", 3, {"reason": " "}))
    assert [(r.code, r.field) for r in unexplained.value.refusals] == [("required", "reason")]
    asker = procedure.find_actor(session, ASKER, clock.today())
    assert set(prospect(session, house, subject, "send_back", asker).facts) == {
        "begin",
        "ask",
        "review",
    }
    perform(session, house, Command(REVIEWER, subject, "send_back", 3, {"reason": "again"}))
    assert set(prospect(session, house, subject, "ask", asker).facts) == {"begin", "send_back"}
    assert stands(session, subject) == ("draft", 4)


def test_a_recorded_paper_is_frozen_in_the_same_transaction(session: Session, house: House) -> None:
    subject = reviewed(session, house)
    paper = session.scalars(select(Paper)).one()
    assert paper.kind == "report"
    assert paper.values["findings"]["b"] == {"met": False, "note": "why"}
    assert session.scalars(select(Link.subject_id).where(Link.paper_id == paper.id)).all() == [
        subject
    ]
    assert stands(session, paper.id) == ("recorded", 1)
    assert session.scalars(select(Task.name)).all() == ["render"]


def test_one_paper_moves_every_nomination_it_lists(session: Session, house: House) -> None:
    subjects = [reviewed(session, house) for _ in range(3)]
    paper = drafted(session, house, *subjects)
    assert {stands(session, s)[0] for s in subjects} == {"deciding"}
    rendered_without_a_typesetter(session, paper)
    perform(session, house, Command(DECIDER, paper, "sign", 1, evidence=signature_made_up(DECIDER)))
    perform(session, house, Command(CLERK, paper, "issue", 2, evidence=seal_made_up(1)))
    assert {stands(session, s)[0] for s in subjects} == {"granted"}
    event = session.scalars(select(Event).where(Event.action == "be_granted")).first()
    assert event is not None
    assert event.person_id is None
    assert (event.data["number"], event.data["paper"]) == ("01/GR", paper)
    assert verify(session) == []


def test_a_discarded_paper_lets_its_nominations_go(session: Session, house: House) -> None:
    subject = reviewed(session, house)
    paper = drafted(session, house, subject)
    perform(session, house, Command(DECIDER, paper, "discard", 1, {"reason": "wrong list"}))
    assert stands(session, subject)[0] == "reviewed"
    assert stands(session, drafted(session, house, subject))[0] == "drafted"


def test_a_paper_cannot_take_what_is_not_ready_and_nothing_of_it_stays(
    session: Session, house: House
) -> None:
    ready, early = reviewed(session, house), begin(session, house)
    before = session.scalar(select(func.count()).select_from(Event))
    with pytest.raises(Conflict) as caught:
        drafted(session, house, ready, early)
    assert caught.value.code == "listed_not_ready"
    assert stands(session, ready)[0] == "reviewed"
    assert session.scalar(select(func.count()).select_from(Event)) == before


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        ({}, "needs_key"),
        (signature_made_up(DECIDER, base="f" * 64), "signed_other_bytes"),
        (signature_made_up(CLERK), "certificate_of_another"),
    ],
)
def test_a_signature_counts_only_over_the_bytes_shown_by_the_one_who_signs(
    session: Session, house: House, evidence: dict[str, object], code: str
) -> None:
    paper = drafted(session, house, reviewed(session, house))
    with pytest.raises(Refused) as early:
        perform(session, house, Command(DECIDER, paper, "sign", 1, evidence=evidence))
    assert early.value.code == "paper_not_ready"
    rendered_without_a_typesetter(session, paper)
    with pytest.raises(Refused) as caught:
        perform(session, house, Command(DECIDER, paper, "sign", 1, evidence=evidence))
    assert caught.value.code == code
    assert stands(session, paper) == ("drafted", 1)


def test_a_number_prepared_too_early_is_stale_and_nothing_is_taken(
    session: Session, house: House
) -> None:
    papers = []
    for _ in range(2):
        paper = drafted(session, house, reviewed(session, house))
        rendered_without_a_typesetter(session, paper)
        command = Command(DECIDER, paper, "sign", 1, evidence=signature_made_up(DECIDER))
        perform(session, house, command)
        papers.append(paper)
    perform(session, house, Command(CLERK, papers[0], "issue", 2, evidence=seal_made_up(1)))
    with pytest.raises(Stale) as caught:
        perform(session, house, Command(CLERK, papers[1], "issue", 2, evidence=seal_made_up(1)))
    assert caught.value.code == "number_taken"
    perform(session, house, Command(CLERK, papers[1], "issue", 2, evidence=seal_made_up(2)))
    assert session.scalars(select(Entry.number).order_by(Entry.number)).all() == [1, 2]


def test_an_issue_without_a_sealed_file_is_refused(session: Session, house: House) -> None:
    paper = drafted(session, house, reviewed(session, house))
    rendered_without_a_typesetter(session, paper)
    perform(session, house, Command(DECIDER, paper, "sign", 1, evidence=signature_made_up(DECIDER)))
    with pytest.raises(Refused) as caught:
        perform(session, house, Command(CLERK, paper, "issue", 2))
    assert caught.value.code == "needs_key"
    assert session.scalars(select(Entry)).all() == []


def test_a_seal_of_another_authority_is_refused(session: Session, house: House) -> None:
    paper = drafted(session, house, reviewed(session, house))
    rendered_without_a_typesetter(session, paper)
    perform(session, house, Command(DECIDER, paper, "sign", 1, evidence=signature_made_up(DECIDER)))
    with pytest.raises(Refused) as caught:
        wrong = seal_made_up(1, authority=ELSEWHERE)
        perform(session, house, Command(CLERK, paper, "issue", 2, evidence=wrong))
    assert caught.value.code == "seal_of_another"


def test_one_person_holds_one_duty_over_a_case_and_its_papers(
    session: Session, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = begin(session, house)
    perform(session, house, Command(ASKER, subject, "ask", 1, {"count": 2}))
    monkeypatch.setitem(procedure.PEOPLE, ASKER, ("reviewer", PLACE))
    with pytest.raises(Forbidden) as caught:
        perform(session, house, Command(ASKER, subject, "review", 2, FINDINGS))
    assert caught.value.code == "separation_of_duties"
    perform(session, house, Command(REVIEWER, subject, "review", 2, FINDINGS))
    evidence = {"kind": "grant", "subjects": [subject]}
    opening = Opening(ASKER, "letter", "draft", {"authority": PLACE}, evidence=evidence)
    with pytest.raises(Forbidden):
        perform(session, house, opening)
    paper = drafted(session, house, subject)
    rendered_without_a_typesetter(session, paper)
    monkeypatch.setitem(procedure.PEOPLE, ASKER, ("decider", PLACE))
    with pytest.raises(Forbidden) as linked:
        perform(session, house, Command(ASKER, paper, "sign", 1, evidence=signature_made_up(ASKER)))
    assert linked.value.code == "separation_of_duties"


def test_only_the_system_makes_the_systems_moves(session: Session, house: House) -> None:
    subject = begin(session, house)
    with pytest.raises(Forbidden):
        perform(session, house, Command(ASKER, subject, "lapse", 1))
    with pytest.raises(Refused) as early:
        perform(session, house, Command(None, subject, "lapse"))
    assert early.value.code == "not_yet"
    with clock.fixed_at(clock.now() + timedelta(days=30)):
        assert perform(session, house, Command(None, subject, "lapse")).state == "lapsed"


def test_what_a_person_may_do_now_is_told_with_the_reasons_against_the_rest(
    session: Session, house: House
) -> None:
    subject = begin(session, house)
    asker = procedure.find_actor(session, ASKER, clock.today())
    stranger = procedure.find_actor(session, NOBODY, clock.today())
    assert [(o.transition.id, o.open) for o in available(session, house, subject, asker)] == [
        ("ask", True)
    ]
    (option,) = available(session, house, subject, stranger)
    assert [r.code for r in option.refusals] == ["not_yours"]


def test_a_callers_transaction_takes_all_its_moves_or_none(session: Session, house: House) -> None:
    subject = begin(session, house)
    with pytest.raises(Conflict), writing(session):
        perform(session, house, Command(ASKER, subject, "ask", 1, {"count": 2}))
        perform(session, house, Command(ASKER, subject, "ask", 2, {"count": 2}))
    assert stands(session, subject) == ("draft", 1)


def test_a_key_of_one_letter_is_not_the_key_of_another(session: Session, house: House) -> None:
    one, other = reviewed(session, house), reviewed(session, house)

    def draft(subject: int) -> Outcome:
        evidence = {"kind": "grant", "subjects": [subject]}
        scopes = {"authority": PLACE}
        opening = Opening(REVIEWER, "letter", "draft", scopes, key="k", evidence=evidence)
        return perform(session, house, opening)

    assert not draft(one).again
    assert draft(one).again
    with pytest.raises(Conflict) as caught:
        draft(other)
    assert caught.value.code == "key_used_elsewhere"
    assert stands(session, other)[0] == "reviewed"


def test_duties_count_across_the_papers_that_share_a_nomination(
    session: Session, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = reviewed(session, house)
    monkeypatch.setitem(procedure.PEOPLE, CLERK, ("reviewer", PLACE))
    evidence = {"kind": "grant", "subjects": [subject]}
    opening = Opening(CLERK, "letter", "draft", {"authority": PLACE}, evidence=evidence)
    first = perform(session, house, opening).subject_id
    perform(session, house, Command(CLERK, first, "discard", 1, {"reason": "another"}))
    second = drafted(session, house, subject)
    rendered_without_a_typesetter(session, second)
    monkeypatch.setitem(procedure.PEOPLE, CLERK, ("decider", PLACE))
    with pytest.raises(Forbidden) as caught:
        perform(
            session, house, Command(CLERK, second, "sign", 1, evidence=signature_made_up(CLERK))
        )
    assert caught.value.code == "separation_of_duties"


def test_a_move_and_all_that_follows_happen_at_one_instant(
    session: Session, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = reviewed(session, house)
    instants = iter(datetime(2026, 12, 31, 16, 59, 59 - n, tzinfo=UTC) for n in range(50))
    monkeypatch.setattr(clock, "now", lambda: next(instants))
    paper = drafted(session, house, subject)
    monkeypatch.undo()
    events = session.scalars(select(Event.at).where(Event.action.in_(("draft", "enter_grant"))))
    entered = session.scalar(select(Subject.entered_at).where(Subject.id == paper))
    assert set(events) == {entered}


def test_nobody_is_woken_for_what_was_rolled_back(session: Session, house: House) -> None:
    woken: list[int] = []
    ringing = replace(house, wake=woken.extend)
    subject = begin(session, ringing)
    perform(session, ringing, Command(ASKER, subject, "ask", 1, {"count": 2}))
    with pytest.raises(ZeroDivisionError), writing(session):
        perform(session, ringing, Command(REVIEWER, subject, "review", 2, FINDINGS))
        raise ZeroDivisionError
    assert woken == []
    perform(session, ringing, Command(REVIEWER, subject, "review", 2, FINDINGS))
    assert woken == list(session.scalars(select(Task.id)))
