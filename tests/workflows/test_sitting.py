"""Many papers with one PIN: each succeeds or fails alone, and the key is opened once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.errors import Conflict, Refused
from engine.papers.book import Paper
from engine.signing.authority import Authority
from engine.signing.signer import Signer
from engine.store import BlobStore
from tests.workflows.staging import Stage, stage
from tests.workflows.test_papers import PIN, authority, keyring
from workflows.bureau import TEMPLATES
from workflows.keys import Keyring
from workflows.papers import PaperDesk
from workflows.sign_ins import Attempt
from workflows.sitting import Sitting
from workflows.verification import verify

__all__ = ["authority"]


class Counting(Keyring):
    """A keyring that remembers how often a key was asked for."""

    opened: list[str]

    @contextmanager
    def signer(
        self, reference: str, pin: str, enrolled: frozenset[str] = frozenset()
    ) -> Iterator[Signer]:
        self.opened.append(reference)
        with super().signer(reference, pin, enrolled) as signer:
            yield signer


@pytest.fixture
def here(session: Session) -> Stage:
    return stage(session)


@pytest.fixture
def desk(here: Stage, tmp_path: Path, authority: Authority) -> PaperDesk:
    keys = Counting(keyring(here, tmp_path / "keys", authority).folder)
    object.__setattr__(keys, "opened", [])
    return PaperDesk(here.house, BlobStore(tmp_path / "blobs"), keys, TEMPLATES)


@pytest.fixture
def papers(here: Stage) -> list[int]:
    """Two decisions, ready to be signed."""
    found = []
    for area in here.country.areas[:2]:
        paper = here.draft("police", "commune_decision", [here.to_proposed(area)])
        here.act("chair", paper, "approve_content")
        here.act("clerk", paper, "approve_format")
        found.append(paper)
    return found


def opened(desk: PaperDesk) -> list[str]:
    assert isinstance(desk.keys, Counting)
    return desk.keys.opened


def test_one_opened_key_signs_all_and_seals_all(
    here: Stage, desk: PaperDesk, papers: list[int]
) -> None:
    with here.now():
        with Sitting(desk, here.session, here.people["chair"], PIN) as ceremony:
            assert [ceremony.sign(paper).state for paper in papers] == ["signed"] * 2
        with Sitting(desk, here.session, here.people["clerk"], PIN) as ceremony:
            assert [ceremony.issue(paper).state for paper in papers] == ["issued"] * 2
    assert len(opened(desk)) == 2
    numbers = here.session.scalars(select(Paper.number).where(Paper.id.in_(papers))).all()
    assert sorted(number for number in numbers if number) == [1, 2]
    for paper in papers:
        content, _ = desk.export(here.session, paper)
        with here.now():
            assert verify(here.session, desk, content).verdict == "genuine"


def test_a_paper_that_fails_leaves_the_others_right(
    here: Stage, desk: PaperDesk, papers: list[int]
) -> None:
    with here.now(), Sitting(desk, here.session, here.people["chair"], PIN) as ceremony:
        ceremony.sign(papers[0])
        with pytest.raises(Conflict):
            ceremony.sign(papers[0])
        here.session.rollback()
        assert ceremony.sign(papers[1]).state == "signed"
    assert len(opened(desk)) == 1


def test_a_wrong_pin_is_tried_once_for_the_whole_batch(
    here: Stage, desk: PaperDesk, papers: list[int]
) -> None:
    with here.now(), Sitting(desk, here.session, here.people["chair"], "999999") as ceremony:
        for paper in papers:
            with pytest.raises(Refused) as refused:
                ceremony.sign(paper)
            assert refused.value.code == "wrong_pin"
            here.session.rollback()
    assert len(opened(desk)) == 1
    assert here.session.scalar(select(func.count()).select_from(Attempt)) == 1
    assert {here.state(paper) for paper in papers} == {"format_approved"}


def test_what_is_not_believed_moves_nothing(
    here: Stage, desk: PaperDesk, papers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.signing import pdf

    sign = pdf.sign_person
    monkeypatch.setattr(pdf, "sign_person", lambda *a, **k: sign(*a, **k) + b"\n")
    ceremony = Sitting(desk, here.session, here.people["chair"], PIN)
    with here.now(), ceremony, pytest.raises(Refused) as refused:
        ceremony.sign(papers[0])
    assert refused.value.code == "signature_not_valid"
    assert here.state(papers[0]) == "format_approved"
