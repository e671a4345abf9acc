"""The log of papers: what is logged of an issue, when, and each way to falsify it found."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.orm import Session

from engine import clock, outbox
from engine.db import writing
from engine.errors import Conflict, NotFound, Refused
from engine.history import FORM, Event, seal
from engine.log import book, note, tree
from engine.log.book import Checkpoint, Leaf
from engine.log.note import Head, Signer
from engine.move import Move
from engine.outbox import Task
from engine.papers.acts import log_act
from engine.papers.book import Paper, PaperVersion
from engine.statement import form
from engine.store import BlobStore
from tests.engine.statement.test_form import statement
from tests.unguarded import unguard
from tests.workflows.staging import Stage, stage
from workflows import logbook, owed
from workflows.audit import Audit, audit
from workflows.bureau import TEMPLATES
from workflows.keys import LOG_HEAD, LOG_KEY, LOG_VERIFIER, Keyring, authority_reference
from workflows.papers import PaperDesk
from workflows.wording import say

NAME = "log.example/papers"
SAYS = Signer.create("statements")


@dataclass
class Archive:
    """A stage with three issued papers, their files in the store, and a log's key."""

    stage: Stage
    desk: PaperDesk
    papers: list[int]

    @property
    def session(self) -> Session:
        return self.stage.session

    def issue(self, area: int) -> int:
        """One more decision, issued with a made-up file that is in the store."""
        here = self.stage
        subject = here.to_proposed(here.country.areas[area])
        paper = here.issue("police", "commune_decision", [subject], chair="chair", clerk="clerk")
        content = f"paper {paper} {self.printed(paper)}".encode()
        with writing(self.session):
            unguard(self.session.connection(), "paper_versions")
            self.session.execute(
                update(PaperVersion)
                .where(PaperVersion.paper_id == paper, PaperVersion.stage == "issued")
                .values(sha256=self.desk.store.put(content), size=len(content))
            )
        return paper

    def printed(self, paper: int) -> str:
        """The code on a paper that is issued now: it tells what the log is."""
        code = self.session.get_one(Paper, paper).code
        head = book.last_checkpoint(self.session)
        said = statement(
            log_size=head.size if head else 0,
            log_root=bytes.fromhex(head.root) if head else tree.EMPTY,
        )
        return form.address("https://papers.example", code, said, SAYS)

    def forge(self, *statements: str, papers: Iterable[int] = ()) -> None:
        """Another log, rightly signed, of what these papers are after the statements."""
        (self.desk.keys.folder / LOG_HEAD).unlink()
        self.tamper("DELETE FROM checkpoints", "DELETE FROM log_leaves", *statements)
        for paper in papers:
            issued = PaperVersion.paper_id == paper, PaperVersion.stage == "issued"
            version = self.session.scalars(select(PaperVersion.id).where(*issued)).one()
            logbook.record(self.session, self.desk.keys, {"version": version})

    def work(self) -> None:
        """The worker does what waits to be logged."""
        with self.stage.now():
            for task in self.waiting():
                outbox.deliver(self.session, self.desk.handlers, task)

    def waiting(self) -> list[int]:
        query = select(Task.id).where(Task.name == logbook.TASK, Task.done_at.is_(None))
        return list(self.session.scalars(query))

    def leaves(self) -> list[Leaf]:
        self.session.rollback()
        return list(self.session.scalars(select(Leaf).order_by(Leaf.position)))

    def leaf_file(self, index: int) -> str:
        """The digest of the file that a leaf tells of."""
        return str(json.loads(self.leaves()[index].leaf)["sha256"])

    def told(self, *seen: Head) -> Audit:
        self.session.rollback()
        return audit(self.session, self.desk.keys.log_verifier, self.desk.store, seen)

    def found(self, *seen: Head) -> list[str]:
        return sorted(one.code for one in self.told(*seen).findings)

    def tamper(self, *statements: str) -> None:
        connection: Connection
        with self.session.get_bind().engine.begin() as connection:
            unguard(connection, "log_leaves", "checkpoints", "papers", "paper_versions")
            for statement in statements:
                connection.execute(text(statement))

    def revoke(self, paper: int) -> None:
        """A move to ``revoked``, as the workflow of papers will make it."""
        version = 1 + max(
            self.session.scalars(select(Event.version).where(Event.subject_id == paper))
        )
        last = self.session.scalars(
            select(Event).where(Event.subject_id == paper, Event.version == version - 1)
        ).one()
        row = {
            "form": FORM,
            "subject_id": paper,
            "version": version,
            "at": clock.now(),
            "person_id": None,
            "office": None,
            "action": "revoke",
            "duty": None,
            "from_state": last.to_state,
            "to_state": "revoked",
            "data": {},
            "definition_id": last.definition_id,
            "definition_digest": last.definition_digest,
            "key": None,
            "previous_hash": last.hash,
        }
        ids, at = {"paper": paper, "act": version}, row["at"]
        with writing(self.session):
            self.session.execute(insert(Event).values(**row, hash=seal(row)))
            self.session.execute(
                insert(Task).values(
                    name=logbook.TASK, ids=ids, created_at=at, due_at=at, attempts=0
                )
            )


@pytest.fixture
def unlogged(session: Session, tmp_path: Path) -> Iterator[Archive]:
    """Three papers issued, nothing logged yet."""
    here = stage(session)
    keys = Keyring(tmp_path / "keys")
    keys.folder.mkdir()
    keys.keep_log_key(Signer.create(NAME))
    desk = PaperDesk(here.house, BlobStore(tmp_path / "blobs"), keys, TEMPLATES)
    made = Archive(here, desk, [])
    made.papers = [made.issue(0), made.issue(1)]
    yield made


@pytest.fixture
def archive(unlogged: Archive) -> Archive:
    """The same, logged: two leaves under one head."""
    unlogged.work()
    unlogged.session.close()
    return unlogged


# ------------------------------------------------------------------ what is logged, and when


def test_an_issue_leaves_a_task_and_the_worker_logs_it(unlogged: Archive) -> None:
    assert len(unlogged.waiting()) == 2
    told = audit(unlogged.session, unlogged.desk.keys.log_verifier, unlogged.desk.store)
    assert (told.findings, told.waiting) == ((), 2)
    unlogged.work()
    assert unlogged.waiting() == []
    told = audit(unlogged.session, unlogged.desk.keys.log_verifier, unlogged.desk.store)
    assert (told.findings, told.waiting, told.log.size, told.log.signed) == ((), 0, 2, 2)


def test_a_leaf_tells_what_was_issued_and_nothing_of_people(archive: Archive) -> None:
    paper = archive.session.get_one(Paper, archive.papers[0])
    version = archive.session.scalars(
        select(PaperVersion).where(
            PaperVersion.paper_id == paper.id, PaperVersion.stage == "issued"
        )
    ).one()
    told = json.loads(archive.leaves()[0].leaf)
    at = told.pop("at")
    assert at == archive.leaves()[0].at.isoformat(timespec="microseconds")
    assert told == {
        "form": 1,
        "index": 0,
        "event": "issued",
        "previous": None,
        "paper": paper.code,
        "kind": "commune_decision",
        "number": "01/QĐ-UBND",
        "issued_on": paper.issued_on.isoformat() if paper.issued_on else "",
        "authority": authority_reference(archive.stage.country.commune),
        "values": paper.values_digest,
        "sha256": version.sha256,
        "size": version.size,
    }


def test_one_task_logs_all_that_waits_and_the_others_find_it_done(unlogged: Archive) -> None:
    first, second = unlogged.waiting()
    with unlogged.stage.now():
        assert outbox.deliver(unlogged.session, unlogged.desk.handlers, second)
        assert len(unlogged.leaves()) == 2
        assert not outbox.deliver(unlogged.session, unlogged.desk.handlers, first)
    assert len(unlogged.leaves()) == 2
    assert len(unlogged.session.scalars(select(Checkpoint)).all()) == 1
    # In the order in which they were issued, whoever came first.
    assert [leaf.paper_id for leaf in unlogged.leaves()] == unlogged.papers[::-1]


def test_a_task_may_run_again(archive: Archive) -> None:
    version = archive.leaves()[0].version_id
    assert version is not None
    logbook.record(archive.session, archive.desk.keys, {"version": version})
    logbook.record(archive.session, archive.desk.keys)
    assert len(archive.leaves()) == 2
    assert archive.found() == []


def test_a_revocation_is_logged_and_points_at_the_issue(archive: Archive) -> None:
    with archive.stage.now():
        archive.revoke(archive.papers[0])
    assert archive.found() == []
    archive.work()
    last = archive.leaves()[-1]
    told = json.loads(last.leaf)
    assert (told["event"], told["previous"], told["index"]) == ("revoked", 0, 2)
    assert archive.found() == []
    entries = logbook.prove(archive.session, archive.papers[0])
    assert [entry.event for entry in entries] == ["issued", "revoked"]


def test_a_move_asks_to_be_logged_by_its_place_in_the_history() -> None:
    """The effect that the workflow of papers names at a correction or a revocation."""
    asked = []
    move = SimpleNamespace(
        subject_id=3, version=6, later=lambda name, **ids: asked.append((name, ids))
    )
    log_act(cast(Move, move))
    assert asked == [(logbook.TASK, {"paper": 3, "act": 7})]


def test_a_further_version_of_the_file_is_logged(archive: Archive) -> None:
    paper = archive.papers[0]
    with writing(archive.session):
        version = archive.session.execute(
            insert(PaperVersion)
            .values(
                paper_id=paper,
                stage="stamped",
                sha256=archive.desk.store.put(b"stamped"),
                size=7,
                at=clock.now(),
            )
            .returning(PaperVersion.id)
        ).scalar_one()
    assert archive.found() == ["log_paper_missing"]
    logbook.record(archive.session, archive.desk.keys, {"version": version})
    told = json.loads(archive.leaves()[-1].leaf)
    assert (told["event"], told["previous"]) == ("version", 0)
    assert archive.found() == []


def test_without_a_key_it_is_logged_and_people_see_that_it_is_not_signed(
    unlogged: Archive,
) -> None:
    (unlogged.desk.keys.folder / LOG_KEY).unlink()
    unlogged.work()
    assert len(unlogged.leaves()) == 2
    assert unlogged.session.scalars(select(Checkpoint)).all() == []
    errors = [task.last_error for task in outbox.failures(unlogged.session)]
    assert errors
    assert all("no_log_key" in (error or "") for error in errors)


# ------------------------------------------------------------------ proofs


def test_a_proof_holds_with_nothing_but_the_key(archive: Archive) -> None:
    (entry,) = logbook.prove(archive.session, archive.papers[1])
    proof = note.read_proof(entry.text)
    head = archive.desk.keys.log_verifier.open(proof.note)
    leaf = tree.leaf_hash(proof.entry)
    assert tree.includes(leaf, proof.index, head.size, proof.path, head.root)
    told = entry.record()
    assert told["hash"] == leaf.hex()
    assert [base64.b64decode(step) for step in told["path"]] == list(proof.path)


def test_heads_continue_each_other(archive: Archive) -> None:
    old = archive.desk.keys.log_heads()[0]
    archive.issue(2)
    archive.work()
    path, kept = logbook.continued(archive.session, old.size)
    new = archive.desk.keys.log_verifier.open(kept.note)
    assert tree.extends(old.size, new.size, path, old.root, new.root)
    assert archive.desk.keys.log_heads() == [new]
    for size in (0, 99):
        with pytest.raises(NotFound, match="log_shorter"):
            logbook.continued(archive.session, size)


def test_where_a_paper_stands(unlogged: Archive) -> None:
    session, paper = unlogged.session, unlogged.papers[0]
    assert logbook.standing(session, paper) is None
    with pytest.raises(NotFound, match="no_checkpoint"):
        logbook.prove(session, paper)
    unlogged.work()
    found = logbook.standing(session, paper)
    assert found is not None
    assert (found.index, found.proved) == (0, True)
    late = unlogged.issue(2)
    with pytest.raises(NotFound, match="not_logged"):
        logbook.prove(session, late)


def test_a_paper_is_found_by_code_and_by_number(archive: Archive) -> None:
    paper = archive.papers[0]
    code = archive.session.get_one(Paper, paper).code
    assert logbook.named(archive.session, code).id == paper
    assert logbook.named(archive.session, str(paper)).id == paper
    for name in ("nothing", "", "99999", "9" * 30, "٣"):
        with pytest.raises(NotFound, match="no_such_paper"):
            logbook.named(archive.session, name)


# ------------------------------------------------------------------ falsifying

FIRST = '(SELECT paper_id FROM log_leaves WHERE "index" = 0)'
ATTACKS: dict[str, tuple[str, list[str]]] = {
    "another number": (
        "UPDATE papers SET number_text = '77/QĐ-UBND' WHERE id = FIRST",
        ["log_paper_differs"],
    ),
    "back-dated": (
        "UPDATE papers SET issued_on = '2020-01-01' WHERE id = FIRST",
        ["log_paper_differs"],
    ),
    "another content": (
        "UPDATE papers SET \"values\" = '{}' WHERE id = FIRST",
        ["log_paper_differs"],
    ),
    "another authority": (
        "UPDATE papers SET authority_id = 99 WHERE id = FIRST",
        ["log_paper_differs"],
    ),
    "another file": (
        "UPDATE paper_versions SET sha256 = 'x' WHERE paper_id = FIRST AND stage = 'issued'",
        ["log_paper_differs"],
    ),
    "a leaf about another paper": (
        'UPDATE log_leaves SET paper_id = (SELECT paper_id FROM log_leaves WHERE "index" = 1)'
        ' WHERE "index" = 0',
        ["log_paper_differs"],
    ),
    "a leaf that is no JSON": (
        """UPDATE log_leaves SET leaf = 'x' WHERE "index" = 1""",
        ["log_leaf_edited", "log_order", "log_paper_differs", "log_rewritten"],
    ),
    "a leaf that is no object": (
        """UPDATE log_leaves SET leaf = '[]' WHERE "index" = 1""",
        ["log_leaf_edited", "log_order", "log_paper_differs", "log_rewritten"],
    ),
    "the tail": (
        'DELETE FROM log_leaves WHERE "index" = 1',
        ["log_cut", "log_paper_missing"],
    ),
    "a leaf in front": (
        'DELETE FROM log_leaves WHERE "index" = 0',
        ["log_gap", "log_paper_missing", "log_rewritten"],
    ),
}


@pytest.mark.parametrize(("statement", "codes"), ATTACKS.values(), ids=ATTACKS)
def test_each_falsification_is_found(archive: Archive, statement: str, codes: list[str]) -> None:
    assert archive.found() == []
    archive.tamper(statement.replace("FIRST", FIRST))
    assert archive.found() == codes


def test_a_paper_that_vanished_from_everywhere_but_the_register_is_missed(
    archive: Archive,
) -> None:
    archive.tamper("DELETE FROM log_leaves", "DELETE FROM checkpoints")
    assert archive.found() == ["log_paper_missing", "log_paper_missing"]
    assert archive.found(*archive.desk.keys.log_heads()) == [
        "log_cut",
        "log_paper_missing",
        "log_paper_missing",
    ]


def test_a_log_written_anew_with_its_own_key_is_not_the_one_printed_on_later_papers(
    archive: Archive,
) -> None:
    """Nobody kept a checkpoint elsewhere; the third paper did."""
    first, second = archive.papers
    third = archive.issue(2)
    archive.work()
    telling = archive.told()
    assert (telling.findings, telling.printed, telling.unprinted) == ((), 3, 0)
    other = "UPDATE papers SET number_text = '77/QĐ-UBND' WHERE id = FIRST"
    archive.forge(other.replace("FIRST", str(first)), papers=(first, second, third))
    (found,) = archive.told().findings
    paper = archive.session.get_one(Paper, third)
    held = book.root(archive.session, 2)[:8].hex()
    assert found.code == "log_paper_fork"
    assert (found.params["paper"], found.params["number"]) == (paper.code, paper.number_text)
    assert (found.params["size"], found.params["held"]) == (2, f"{held[:8]} {held[8:]}")
    for language in ("vi", "en"):
        assert f"{paper.number_text} " in say(found, language)
        assert found.params["root"] in say(found, language)


def test_a_log_that_leaves_papers_out_is_shorter_than_what_is_printed(archive: Archive) -> None:
    third = archive.issue(2)
    archive.work()
    archive.forge(papers=archive.papers[:1])
    assert archive.found() == ["log_paper_cut", "log_paper_missing", "log_paper_missing"]
    archive.forge(papers=(third,))
    assert archive.found() == ["log_paper_cut", "log_paper_missing", "log_paper_missing"]


def test_of_a_file_that_says_nothing_it_is_told_that_it_was_not_compared(archive: Archive) -> None:
    archive.desk.store.path(archive.leaf_file(0)).write_bytes(b"torn")
    told = archive.told()
    assert ([one.code for one in told.findings], told.printed) == (["log_file_damaged"], 1)
    silent = archive.desk.store.put(b"no code of this paper /p/0000#ABC1")
    other = "UPDATE paper_versions SET sha256 = 'SILENT' WHERE stage = 'issued'"
    archive.forge(other.replace("SILENT", silent), papers=archive.papers)
    told = archive.told()
    assert (told.findings, told.printed, told.unprinted) == ((), 0, 2)


def test_what_was_given_up_does_not_count_as_waiting(unlogged: Archive) -> None:
    with writing(unlogged.session):
        unlogged.session.execute(update(Task).values(failed_at=clock.now()))
    assert unlogged.found() == ["log_paper_missing", "log_paper_missing"]


def test_what_no_task_is_for_any_more_gets_one(unlogged: Archive) -> None:
    """Also the move of a paper, and what is neither done nor told as failed."""
    session, house = unlogged.session, unlogged.stage.house
    unlogged.revoke(unlogged.papers[0])
    due = owed.to_log(session)
    assert len(due) == 3
    bare = owed.forgotten(session)
    with writing(session):
        session.execute(update(Task).where(Task.name == logbook.TASK).values(failed_at=clock.now()))
    assert owed.remember(session, house) == len(bare) + len(due)
    assert owed.forgotten(session) == []
    with writing(session):
        session.execute(update(Task).values(failed_at=clock.now(), last_error="away"))
    assert owed.forgotten(session) == []  # people see it, and decide
    with writing(session):
        late = clock.now() + timedelta(days=999)
        session.execute(update(Task).values(failed_at=None, last_error=None, due_at=late))
    assert len(owed.forgotten(session)) >= len(due)  # put off for ever is not at hand either
    with writing(session):
        unguard(session.connection(), "outbox")
        session.execute(delete(Task))
    with unlogged.stage.now():
        assert owed.remember(session, house) >= len(due)
    unlogged.work()
    assert len(unlogged.leaves()) == len(due)
    assert owed.to_log(session, unlogged=True) == {}
    assert owed.forgotten(session) == []


Spoil = Callable[[Path], object]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [(Path.unlink, "log_file_missing"), (lambda path: path.write_bytes(b"x"), "log_file_damaged")],
)
def test_a_file_that_is_gone_or_changed_is_found(archive: Archive, spoil: Spoil, code: str) -> None:
    sha256 = json.loads(archive.leaves()[1].leaf)["sha256"]
    spoil(archive.desk.store.path(sha256))
    assert archive.found() == [code]


def test_who_rewrites_the_database_gets_no_signature(archive: Archive) -> None:
    """The head beside the key remembers what the database was made to forget."""
    archive.tamper('DELETE FROM log_leaves WHERE "index" = 1', "DELETE FROM checkpoints")
    archive.session.rollback()
    with pytest.raises(Conflict, match="log_inconsistent"):
        logbook.sign(archive.session, archive.desk.keys)
    assert archive.session.scalars(select(Checkpoint)).all() == []
    assert book.last_checkpoint(archive.session) is None


# ------------------------------------------------------------------ keys


def test_the_log_s_key_is_private_and_never_replaced(archive: Archive) -> None:
    keys = archive.desk.keys
    assert (keys.folder / LOG_KEY).stat().st_mode & 0o777 == 0o600
    with pytest.raises(Refused, match="log_key_exists"):
        keys.keep_log_key(Signer.create("log.example/new"))
    assert keys.log_verifier.name == NAME
    assert keys.log_signer.verifier == keys.log_verifier
    assert (keys.folder / LOG_VERIFIER).read_text().startswith(NAME)
    assert keys.log_verifier.open((keys.folder / LOG_HEAD).read_text()).size == 2


def test_there_may_be_no_key(tmp_path: Path) -> None:
    keys = Keyring(tmp_path)
    assert keys.log_heads() == []
    for ask in (lambda: keys.log_signer, lambda: keys.log_verifier):
        with pytest.raises(Refused, match="no_log_key"):
            ask()
