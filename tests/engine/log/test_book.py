"""The log as it is kept: one order, nothing twice, closed to every hand; and each way to
rewrite it without the triggers, found by its own name."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, event, func, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from engine import clock
from engine.errors import Conflict
from engine.history import canonical
from engine.log import book, tree
from engine.log.book import Checkpoint, Entry, Leaf
from engine.log.note import Head, Signer
from engine.log.recheck import recheck
from tests.engine.log import shelf
from tests.unguarded import unguard

ROOT = Path(__file__).resolve().parents[3]
SIGNER = Signer("log.example/papers", Ed25519PrivateKey.from_private_bytes(bytes(32)))
OTHER = Signer("log.example/other", SIGNER.key)
SIGNED = 5


@pytest.fixture
def log(session: Session) -> Session:
    """Nine leaves in three batches; checkpoints at five and nine."""
    entries = shelf.put(session, 9)
    for batch, signed in ((entries[:3], False), (entries[3:5], True), (entries[5:], True)):
        with clock.fixed_at(shelf.AT + timedelta(minutes=batch[0].paper_id)):
            book.append(session, batch)
            if signed:
                book.sign(session, SIGNER)
    session.close()
    return session


def leaves(session: Session) -> list[Leaf]:
    return list(session.scalars(select(Leaf).order_by(Leaf.position)))


def head(session: Session, size: int) -> Head:
    note = session.scalar(select(Checkpoint.note).where(Checkpoint.size == size))
    assert note is not None
    return SIGNER.verifier.open(note)


def found(session: Session, *seen: Head) -> list[str]:
    session.expire_all()
    return [one.code for one in recheck(session, SIGNER.verifier, seen).findings]


# ------------------------------------------------------------------ appending


def test_leaves_are_canonical_texts_that_tell_their_place(log: Session) -> None:
    for index, leaf in enumerate(leaves(log)):
        told = json.loads(leaf.leaf)
        assert leaf.position == told["index"] == index
        assert told["form"] == 1
        assert told["event"] == leaf.event == "issued"
        assert told["paper"] == f"code{index + 1}"
        assert told["previous"] is None
        assert canonical(told).decode() == leaf.leaf
        assert leaf.hash == tree.leaf_hash(leaf.leaf.encode()).hex()


def test_the_kept_tree_is_the_tree_of_the_leaves(log: Session) -> None:
    hashes = [bytes.fromhex(leaf.hash) for leaf in leaves(log)]
    for size in range(10):
        edge = tree.Edge()
        for each in hashes[:size]:
            edge.append(each)
        assert book.root(log, size) == edge.root
        for index in range(size):
            path = book.inclusion(log, index, size)
            assert tree.includes(hashes[index], index, size, path, edge.root)
        for first in range(1, size + 1):
            path = book.consistency(log, first, size)
            assert tree.extends(first, size, path, book.root(log, first), edge.root)


def test_what_is_logged_is_not_logged_again(log: Session) -> None:
    again = [shelf.entry(2), shelf.entry(9)]
    assert book.append(log, again) == []
    fresh = shelf.put(log, 1, first=10)
    assert book.append(log, [*again, *fresh, *fresh]) == [9]
    assert found(log) == []


def test_a_move_is_logged_once_and_points_back(log: Session) -> None:
    for _ in range(2):
        book.append(log, [Entry("revoked", 4, {"paper": "code4"}, act=7)])
    book.append(log, [Entry("corrected", 4, {"paper": "code4"}, act=8)])
    last = leaves(log)[9:]
    assert [json.loads(leaf.leaf)["previous"] for leaf in last] == [3, 9]
    assert [(leaf.event, leaf.version_id, leaf.act) for leaf in last] == [
        ("revoked", None, 7),
        ("corrected", None, 8),
    ]
    assert found(log) == []


def test_a_clock_set_back_does_not_set_the_log_back(log: Session) -> None:
    latest = leaves(log)[-1].at
    with clock.fixed_at(latest - timedelta(days=40)):
        book.append(log, shelf.put(log, 1, first=10))
    assert leaves(log)[-1].at == latest
    assert found(log) == []


def test_appending_and_proving_read_few_rows_however_long_the_log(session: Session) -> None:
    counts = []
    for first, count in ((1, 6), (7, 250)):
        book.append(session, shelf.put(session, count, first=first))
        statements: list[str] = []
        note = _counting(statements)
        event.listen(session.get_bind(), "before_cursor_execute", note)
        book.append(session, shelf.put(session, 1, first=10_000 + first))
        size = book.size(session)
        book.inclusion(session, 1, size)
        book.consistency(session, 3, size)
        event.remove(session.get_bind(), "before_cursor_execute", note)
        counts.append(len(statements))
    assert counts[0] == counts[1]


def _counting(statements: list[str]) -> Callable[..., None]:
    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    return note


def test_two_processes_append_in_one_order(database_url: str, session: Session) -> None:
    shelf.put(session, 60)
    session.close()
    spans = [("1", "40"), ("21", "40")]
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.engine.log.shelf", database_url, *span], cwd=ROOT
        )
        for span in spans
    ]
    assert [worker.wait(120) for worker in workers] == [0, 0]
    kept = leaves(session)
    assert [leaf.position for leaf in kept] == list(range(60))
    assert sorted(leaf.paper_id for leaf in kept) == list(range(1, 61))
    assert found(session) == []


# ------------------------------------------------------------------ signing


def test_each_head_is_signed_once_and_continues_the_last(log: Session) -> None:
    kept = log.scalars(select(Checkpoint).order_by(Checkpoint.size)).all()
    assert [one.size for one in kept] == [SIGNED, 9]
    for one in kept:
        told = SIGNER.verifier.open(one.note)
        assert (told.size, told.root.hex()) == (one.size, one.root)
        assert told.root == book.root(log, one.size)
    assert book.sign(log, SIGNER) == kept[-1].note
    assert log.scalar(select(func.count()).select_from(Checkpoint)) == 2


def test_nothing_is_signed_over_nothing(session: Session) -> None:
    assert book.sign(session, SIGNER) is None
    assert book.last_checkpoint(session) is None


@pytest.mark.parametrize(
    "seen", [Head(SIGNER.name, 12, bytes(32)), Head(SIGNER.name, 4, bytes(32))]
)
def test_a_log_that_does_not_continue_what_was_seen_is_not_signed(log: Session, seen: Head) -> None:
    book.append(log, shelf.put(log, 1, first=10))
    with pytest.raises(Conflict, match="log_inconsistent"):
        book.sign(log, SIGNER, [seen])
    good = Head(SIGNER.name, 4, book.root(log, 4))
    assert book.sign(log, SIGNER, [good, Head(SIGNER.name, 0, tree.EMPTY)])
    last = book.last_checkpoint(log)
    assert last is not None
    assert last.size == 10


# ------------------------------------------------------------------ the triggers

FORBIDDEN = [
    "UPDATE log_leaves SET event = 'revoked' WHERE paper_id = 3",
    "DELETE FROM log_leaves WHERE paper_id = 9",
    "DELETE FROM log_leaves",
    "UPDATE checkpoints SET note = 'x' WHERE size = 9",
    "DELETE FROM checkpoints WHERE size = 9",
    "INSERT INTO checkpoints (size, root, at, note) VALUES (4, 'x', '2026-01-01', 'x')",
    "INSERT INTO checkpoints (size, root, at, note) VALUES (9, 'x', '2026-01-01', 'x')",
    """INSERT INTO log_leaves ("index", at, event, paper_id, leaf, hash, nodes)
       VALUES (10, '2026-01-01', 'x', 1, 'x', 'x', '[]')""",
    """INSERT INTO log_leaves ("index", at, event, paper_id, leaf, hash, nodes)
       VALUES (4, '2026-01-01', 'x', 1, 'x', 'x', '[]')""",
    """INSERT INTO log_leaves ("index", at, event, paper_id, version_id, leaf, hash, nodes)
       VALUES (9, '2026-01-01', 'x', 1, 1, 'x', 'x', '[]')""",
]
REPLACING = [
    statement.replace("INSERT", "INSERT OR REPLACE", 1)
    for statement in FORBIDDEN
    if statement.startswith("INSERT")
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_database_refuses_to_rewrite(log: Session, engine: Engine, statement: str) -> None:
    with pytest.raises(DatabaseError), engine.begin() as connection:
        connection.execute(text(statement))
    assert found(log) == []


@pytest.mark.parametrize("statement", REPLACING)
def test_nothing_is_replaced_either(log: Session, engine: Engine, statement: str) -> None:
    if engine.dialect.name == "postgresql":
        own = ('"index"', "leaf") if "log_leaves" in statement else ("size", "note")
        statement = statement.replace(" OR REPLACE", "")
        statement += f" ON CONFLICT ({own[0]}) DO UPDATE SET {own[1]} = 'x'"
    before = [leaf.leaf for leaf in leaves(log)]
    log.close()
    with pytest.raises(DatabaseError), engine.begin() as connection:
        connection.execute(text(statement))
    assert [leaf.leaf for leaf in leaves(log)] == before
    assert found(log) == []


def test_postgresql_does_not_truncate(log: Session, engine: Engine) -> None:
    for table in ("log_leaves", "checkpoints"):
        with pytest.raises(DatabaseError), engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {table}"))
    assert found(log) == []


# ------------------------------------------------------------------ rewriting without them

Tamper = Callable[[Connection], None]


def _run(*statements: str) -> Tamper:
    def tamper(connection: Connection) -> None:
        for statement in statements:
            connection.execute(text(statement))

    return tamper


def _swap(connection: Connection) -> None:
    for old, new in ((3, 100), (4, 3), (100, 4)):
        moved = text('UPDATE log_leaves SET "index" = :new WHERE "index" = :old')
        connection.execute(moved, {"new": new, "old": old})


def _relaid(order: list[int]) -> Tamper:
    """The leaves in another order or fewer of them, with every place, hash and node made to
    fit: only a checkpoint can tell."""

    def tamper(connection: Connection) -> None:
        rows = connection.execute(select(Leaf.__table__).order_by(Leaf.position)).all()
        connection.execute(text("DELETE FROM log_leaves"))
        edge = tree.Edge()
        for index, old in enumerate(order):
            told = json.loads(rows[old].leaf) | {"index": index}
            leaf = canonical(told).decode()
            ended = [node.hex() for node in edge.append(tree.leaf_hash(leaf.encode()))]
            row = dict(rows[old]._mapping) | {"index": index, "leaf": leaf}
            row |= {"hash": ended[0], "nodes": ended[1:]}
            connection.execute(Leaf.__table__.insert().values(row))  # type: ignore[attr-defined]

    return tamper


def tampered(engine: Engine, *tampers: Tamper) -> None:
    with engine.begin() as connection:
        unguard(connection, "log_leaves", "checkpoints")
        for tamper in tampers:
            tamper(connection)


ALL = list(range(9))
ATTACKS: list[tuple[str, Tamper, list[str]]] = [
    (
        "edit",
        _run("""UPDATE log_leaves SET leaf = replace(leaf, 'code3', 'code8') WHERE "index" = 2"""),
        ["log_leaf_edited", "log_rewritten"],
    ),
    (
        "edit of a row",
        _run("UPDATE log_leaves SET event = 'x' WHERE paper_id = 3"),
        ["log_leaf_edited"],
    ),
    (
        "edit of a hash",
        _run("UPDATE log_leaves SET hash = 'x' WHERE paper_id = 3"),
        ["log_leaf_edited"],
    ),
    (
        "middle",
        _run('DELETE FROM log_leaves WHERE "index" = 6'),
        ["log_gap", "log_rewritten"],
    ),
    (
        "two in the middle",
        _run('DELETE FROM log_leaves WHERE "index" IN (2, 3)'),
        ["log_gap", "log_rewritten"],
    ),
    (
        "first",
        _run('DELETE FROM log_leaves WHERE "index" = 0'),
        ["log_gap", "log_rewritten"],
    ),
    ("tail", _run('DELETE FROM log_leaves WHERE "index" > 6'), ["log_cut"]),
    ("everything", _run("DELETE FROM log_leaves"), ["log_cut"]),
    ("reorder", _swap, ["log_order", "log_order", "log_rewritten"]),
    (
        "older",
        _run("UPDATE log_leaves SET at = '2020-01-01 00:00:00' WHERE paper_id = 3"),
        ["log_order", "log_leaf_edited"],
    ),
    (
        "node",
        _run("""UPDATE log_leaves SET nodes = '["00"]' WHERE "index" = 5"""),
        ["log_node_wrong"],
    ),
    (
        "checkpoint",
        _run("UPDATE checkpoints SET root = 'x' WHERE size = 9"),
        ["log_checkpoint_altered"],
    ),
    (
        "note",
        _run("UPDATE checkpoints SET note = 'x' WHERE size = 5"),
        ["log_checkpoint_altered"],
    ),
    ("relaid", _relaid([0, 1, 3, 2, 4, 5, 6, 7, 8]), ["log_order", "log_rewritten"]),
    ("renumbered", _relaid([0, 1, 2, 4, 5, 6, 7, 8]), ["log_rewritten"]),
]


@pytest.mark.parametrize(("tamper", "codes"), [a[1:] for a in ATTACKS], ids=[a[0] for a in ATTACKS])
def test_each_rewriting_is_found_by_name(
    log: Session, engine: Engine, tamper: Tamper, codes: list[str]
) -> None:
    tampered(engine, tamper)
    assert found(log) == codes


FORGET = _run("DELETE FROM checkpoints")
CLEVER = {
    "cut": (_run('DELETE FROM log_leaves WHERE "index" > 6'), 9, "log_cut"),
    "cut and grown": (_relaid([0, 1, 2, 3]), 5, "log_cut"),
    "reordered": (_relaid([0, 1, 2, 3, 4, 5, 7, 6, 8]), 9, "log_fork"),
    "one left out": (_relaid([0, 2, 3, 4, 5, 6, 7, 8]), 5, "log_fork"),
    "everything": (_run("DELETE FROM log_leaves"), 5, "log_cut"),
}


@pytest.mark.parametrize(("tamper", "size", "code"), CLEVER.values(), ids=CLEVER)
def test_who_rewrites_checkpoints_too_is_found_by_an_old_one(
    log: Session, engine: Engine, tamper: Tamper, size: int, code: str
) -> None:
    """Everything fits again, and the new head may even be signed by the stolen key."""
    old = head(log, size)
    tampered(engine, tamper, FORGET)
    log.expire_all()
    book.sign(log, SIGNER)
    assert code in found(log, old)
    assert code not in found(log)
    # And who still knows the old head signs nothing.
    with pytest.raises(Conflict, match="log_inconsistent"):
        book.sign(log, SIGNER, [old])


def test_a_second_log_of_the_same_key_is_a_fork(log: Session) -> None:
    forged = SIGNER.verifier.open(SIGNER.sign(7, bytes(32)))
    honest = Head(SIGNER.name, 7, book.root(log, 7))
    assert found(log, honest) == []
    assert found(log, forged) == ["log_fork"]
    assert found(log, honest, forged) == ["log_fork"]


def test_rows_that_are_gone_prove_nothing(log: Session, engine: Engine) -> None:
    tampered(engine, _run('DELETE FROM log_leaves WHERE "index" = 7'))
    log.expire_all()
    with pytest.raises(Conflict, match="log_broken"):
        book.root(log, 9)


def test_the_names_of_the_attacks_are_all_there_are(log: Session) -> None:
    """Every code that the recheck documents is found by an attack above."""
    documented = {
        word.strip("`")
        for word in (recheck.__globals__["__doc__"] or "").split()
        if word.startswith("``log_")
    }
    tried = {code for attack in ATTACKS for code in attack[2]} | {c[2] for c in CLEVER.values()}
    assert documented == tried


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batches=st.lists(st.integers(1, 7), min_size=1, max_size=6))
def test_any_batches_give_one_log(log: Session, batches: list[int]) -> None:
    first = 10 + book.size(log)
    for count in batches:
        before = book.size(log)
        book.append(log, shelf.put(log, count, first=first))
        assert book.sign(log, SIGNER)
        path = book.consistency(log, before, before + count)
        assert tree.extends(
            before, before + count, path, book.root(log, before), book.root(log, before + count)
        )
        first += count
    assert found(log) == []
