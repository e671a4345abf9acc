"""A change of a definition: two people, a day ahead, sound, and then for ever."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.commands import perform
from engine.db import writing
from engine.definition import Definition
from engine.errors import Conflict, EngineError, Forbidden, Refused
from engine.history import Event, verify
from engine.rebinding import ADOPT, Rebinding
from engine.releases import DefinitionRelease
from engine.subjects import Subject, Waiting
from tests.workflows.definitions.conftest import on_stage, shipped
from tests.workflows.officials import appoint
from tests.workflows.staging import Stage, told
from workflows.assessment import window_for
from workflows.cycles import Cycle
from workflows.definitions import adopting, drafts, migrating
from workflows.definitions.following import followers
from workflows.definitions.releasing import release
from workflows.people import Appointment
from workflows.practice import practice

ID = "district-certification"
SLOWER = ('waiting_on = ["commune_appraiser@commune"]\ndue = { working_days = 5 }',
          'waiting_on = ["commune_appraiser@commune"]\ndue = { working_days = 9 }')  # fmt: skip


def changed(*pairs: tuple[str, str]) -> str:
    text = shipped()
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after, 1)
    return text


def people(play: Stage) -> tuple[int, int]:
    """One who edits and one who releases."""
    with writing(play.session):
        return tuple(  # type: ignore[return-value]
            appoint(play.session, name, "admin", play.country.province, "Quản trị")
            for name in ("maker", "checker")
        )


def draft_of(play: Stage, maker: int, text: str) -> drafts.DefinitionDraft:
    base = play.house.named(ID)
    with play.now():
        draft = drafts.begin(play.session, ID, base.digest, shipped(), maker)
        drafts.save(play.session, draft.id, draft.version, text, maker)
    return draft


def released(
    play: Stage, draft: drafts.DefinitionDraft, by: int, days: int = 1, **told: Any
) -> Any:
    wanted = {
        "version": draft.version,
        "person_id": by,
        "effective_from": play.today + timedelta(days=days),
        "basis": "Quyết định 12/QĐ-UBND",
    }
    with play.now():
        return release(play.session, play.house, draft.id, **(wanted | told))


def refused(play: Stage, draft: drafts.DefinitionDraft, by: int, **told_: Any) -> list[str]:
    with pytest.raises(EngineError) as error:
        released(play, draft, by, **told_)
    assert play.session.scalar(select(func.count(DefinitionRelease.id))) == 0
    return told(error.value)


def test_a_released_change_begins_with_the_next_cycle_and_never_changes(play: Stage) -> None:
    maker, checker = people(play)
    old = play.to_submitted()
    made = released(play, draft_of(play, maker, changed(SLOWER)), checker)
    digest = made.digest
    # The year that began before stays under its own definition, also for what is opened now.
    play.wait(2)
    with play.now():
        assert play.house.named(ID).digest == digest
    same_year = play.open(play.country.areas[1])
    window = window_for(play.criteria, play.year + 1)
    with writing(play.session):
        play.session.add(
            Cycle(
                year=play.year + 1,
                definition_id=ID,
                criteria_id=play.criteria,
                starts_on=window.starts_on,
                ends_on=window.ends_on,
            )
        )
    play.today, play.year = window.starts_on + timedelta(days=30), play.year + 1
    next_year = play.open(play.country.areas[2])
    query = select(Subject.id, Subject.definition_digest)
    pinned = {row.id: row.definition_digest for row in play.session.execute(query)}
    assert pinned[old] == pinned[same_year] != digest
    assert pinned[next_year] == digest
    for change in (update(DefinitionRelease).values(text="x"), delete(DefinitionRelease)):
        with pytest.raises(DBAPIError, match="never changes"):
            play.session.execute(change)
        play.session.rollback()


def test_live_cases_move_each_with_a_row_that_names_both_digests(play: Stage) -> None:
    maker, checker = people(play)
    mover = play.to_submitted()
    stayer = play.open(play.country.areas[1])
    play.register(stayer)
    gone = changed(SLOWER).replace('"registered"', '"enrolled"')
    made = released(play, draft_of(play, maker, gone), checker)
    old, new = play.house.named(ID, play.today), play.house.definition(made.digest)
    due = play.session.scalar(select(Subject.due_at).where(Subject.id == mover))
    with play.now():
        early = migrating.rehearse(play.session, play.house, checker, old, new)
        assert [r.code for r in early[0].refusals] == ["definition_not_begun"]
        assert not_asked(play, maker, old, new) == ["definition_not_begun"]
        assert play.session.scalar(select(Event.id).where(Event.action == ADOPT)) is None
    play.wait(1)
    with play.now():
        fates = migrating.rehearse(play.session, play.house, checker, old, new)
        assert [(f.subject_id, [r.code for r in f.refusals]) for f in fates] == [
            (mover, []),
            (stayer, ["state_not_there"]),
        ]
        alone = (play.session, play.house, maker, old, new)
        adopting.ask(*alone)
        assert adopting.ask(*alone) is adopting.standing(play.session, play.house, old, new)[0]
        with pytest.raises(Refused, match="second_person_needed"):  # it takes another
            migrating.migrate(*alone)
        assert play.session.scalar(select(Event.id).where(Event.action == ADOPT)) is None
        migrating.migrate(play.session, play.house, checker, old, new)
        again = migrating.migrate(play.session, play.house, checker, old, new)
    assert [fate.subject_id for fate in again] == [stayer]
    subject = play.session.get(Subject, mover)
    assert subject is not None
    assert (subject.definition_digest, subject.state) == (new.digest, "submitted")
    assert due is not None
    assert subject.due_at is not None
    assert subject.due_at > due
    assert play.session.scalars(
        select(Waiting.due_at).where(Waiting.subject_id == mover)
    ).all() == [subject.due_at]
    event = play.session.scalars(select(Event).where(Event.action == ADOPT)).one()
    named = {"from": old.digest, "to": new.digest, "asked_by": maker}
    assert (event.data, event.person_id) == (named, checker)
    assert verify(play.session) == []
    play.appraise(mover)  # and it goes on under the new one
    assert verify(play.session) == []


def not_asked(play: Stage, person: int, old: Definition, new: Definition) -> list[str]:
    with pytest.raises(Refused) as error:
        adopting.ask(play.session, play.house, person, old, new)
    return told(error.value)


def test_a_request_counts_for_some_days_and_while_its_asker_is_in_office(
    sqlite_play: Stage,
) -> None:
    play = sqlite_play
    maker, checker = people(play)
    made = released(play, draft_of(play, maker, changed(SLOWER)), checker)
    old, new = play.house.named(ID, play.today), play.house.definition(made.digest)
    play.wait(1)
    ends = play.today + timedelta(days=practice().definitions.asked_days)
    with play.now():
        adopting.ask(play.session, play.house, maker, old, new)
        assert adopting.asked_by(play.session, play.house, checker, old, new) == maker
        assert not_asked(play, maker, new, old) == ["definition_not_newer", "definition_ended"]
        held = select(Appointment).where(Appointment.person_id == maker)
        with writing(play.session):
            play.session.scalars(held).one().ends_on = play.today
        assert [one.digest for one in followers(play.house, old)][-1] == new.digest
    for today in (play.today + timedelta(days=1), ends + timedelta(days=1)):
        play.today = today
        with play.now(), pytest.raises(Refused, match="second_person_needed"):
            adopting.asked_by(play.session, play.house, checker, old, new)


def test_only_an_administrator_moves_cases(sqlite_play: Stage) -> None:
    maker, checker = people(sqlite_play)
    subject = sqlite_play.to_submitted()
    made = released(sqlite_play, draft_of(sqlite_play, maker, changed(SLOWER)), checker)
    sqlite_play.wait(1)
    wish = Rebinding(sqlite_play.people["chair"], subject, made.digest, migrating.ADMINS)
    with sqlite_play.now(), pytest.raises(Forbidden):
        perform(sqlite_play.session, sqlite_play.house, wish)


def test_a_case_does_not_skip_a_safeguard_by_moving(sqlite_play: Stage) -> None:
    """A vote that was never held does not become held by a change of definition."""
    maker, checker = people(sqlite_play)
    old = sqlite_play.house.named(ID, sqlite_play.today)
    skipping = changed(
        (
            'from = ["minuted"]\nto = "submitted"',
            'from = ["minuted", "registered"]\nto = "submitted"',
        )
    )
    play = sqlite_play
    draft = draft_of(play, maker, skipping)
    assert "draft_unsound" in refused(play, draft, checker)
    subject = play.open()
    play.register(subject)
    made = released(play, draft_of(play, maker, changed(SLOWER)), checker)
    renamed = changed(SLOWER).replace('"registered"', '"minuted_"').replace(
        '"minuted"', '"registered"'
    ).replace('"minuted_"', '"minuted"')  # fmt: skip
    swapped = released(play, draft_of(play, maker, renamed), checker, days=2)
    play.wait(2)
    with play.now():
        fates = migrating.rehearse(
            play.session, play.house, checker, old, play.house.definition(swapped.digest)
        )
    assert made.digest != swapped.digest
    assert [r.code for r in fates[0].refusals] == ["safeguard_not_done"]
    assert "resident_vote" in fates[0].refusals[0].params["step"]


def test_every_reason_against_a_release_is_told_at_once(sqlite_play: Stage) -> None:
    play = sqlite_play
    maker, checker = people(play)
    draft = draft_of(play, maker, changed(SLOWER))
    told_ = {"basis": " ", "effective_from": play.today}
    assert refused(play, draft, maker, **told_) == [
        "release_by_maker",
        "required",
        "release_too_soon",
    ]
    early = {"effective_from": date(2017, 1, 1)}
    assert "release_outside_its_time" in refused(play, draft, checker, **early)
    assert refused(play, draft_of(play, maker, shipped()), checker) == ["release_changes_nothing"]
    assert refused(play, draft_of(play, maker, "x ="), checker) == ["draft_malformed"]
    renamed = changed(('id = "district-certification"', 'id = "my-own"'), SLOWER)
    assert refused(play, draft_of(play, maker, renamed), checker) == ["release_under_other_id"]
    broken = changed(('guards = ["every_criterion_assessed", "facts_have_sources"]', "guards = []"))
    assert refused(play, draft_of(play, maker, broken), checker) == ["draft_unsound"]


def test_releases_of_one_id_follow_each_other(sqlite_play: Stage) -> None:
    play = sqlite_play
    maker, checker = people(play)
    released(play, draft_of(play, maker, changed(SLOWER)), checker, days=10)
    later = changed(SLOWER, ("Đang lập bản đăng ký", "Đang lập đăng ký"))
    for days in (5, 10):
        with pytest.raises(Refused) as error:
            released(play, draft_of(play, maker, later), checker, days=days)
        assert told(error.value) == ["release_overlaps"]
    second = released(play, draft_of(play, maker, later), checker, days=11)
    assert play.house.named(ID, play.today + timedelta(days=10)).digest != second.digest
    assert play.house.named(ID, play.today + timedelta(days=11)).digest == second.digest


def test_what_another_person_saved_meanwhile_is_not_lost(session: Session) -> None:
    play = on_stage(session)
    maker, checker = people(play)
    draft = draft_of(play, maker, "first")
    version = draft.version
    with play.now():
        assert drafts.save(session, draft.id, version, "first", checker) == version
        after = drafts.save(session, draft.id, version, "second", checker)
        with pytest.raises(Conflict) as error:
            drafts.save(session, draft.id, version, "third", maker)
    assert told(error.value) == ["draft_stale"]
    with play.now(), pytest.raises(Refused, match="not_text"):
        drafts.save(session, draft.id, after, "second\0", maker)
    kept = drafts.find(session, draft.id)
    assert (kept.text, kept.version, kept.editors) == ("second", after, sorted([maker, checker]))
