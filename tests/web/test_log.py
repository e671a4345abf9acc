"""The log of papers for everybody: by command, by address, on the page of a paper."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.log import note, tree
from engine.log.note import Signer, Verifier
from engine.store import BlobStore
from tests.databases import opened
from tests.engine.log import shelf
from tests.unguarded import unguard
from tests.web.calling import Shell
from tests.web.conftest import Site, make_site
from tests.web.test_api import fits
from web.extensions import db
from web.openapi import PREFIX, SCHEMAS
from workflows import logbook
from workflows.keys import Keyring

NAME = "log.example/papers"


@dataclass
class Kept:
    """An installation in which papers were issued, with a terminal and a browser."""

    url: str
    var: Path
    site: Site

    @property
    def shell(self) -> Shell:
        return Shell(self.var, {"BINHXET_DATABASE_URL": self.url})

    @property
    def keys(self) -> Keyring:
        return Keyring(self.var / "test" / "keys")

    def log(self, first: int, count: int) -> None:
        """Issues and logs so many papers; a new head is signed."""
        store = BlobStore(self.var / "test" / "blobs")
        with opened(self.url) as engine, Session(engine) as session:
            shelf.put(session, count, first=first)
            for number in range(first, first + count):
                store.put(shelf.content(number))
                logbook.record(session, self.keys, {"version": number})

    def tamper(self, *statements: str) -> None:
        with opened(self.url) as engine, engine.begin() as connection:
            unguard(connection, "log_leaves", "checkpoints", "papers", "paper_versions")
            for statement in statements:
                connection.execute(text(statement))

    def get(self, address: str) -> Any:
        """The answer of the API to somebody unnamed."""
        answer = self.site.client().get(f"{PREFIX}/log/{address}")
        assert answer.status_code == 200, answer.text
        return answer.json


@pytest.fixture
def empty(district_url: str, tmp_path: Path) -> Iterator[Kept]:
    """Nothing was logged yet."""
    app = make_site(district_url, tmp_path)
    made = Kept(district_url, tmp_path, Site(app))
    made.keys.folder.mkdir(parents=True, exist_ok=True)
    made.keys.keep_log_key(Signer.create(NAME))
    yield made
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def kept(empty: Kept) -> Kept:
    """Five papers are in the log."""
    empty.log(1, 5)
    return empty


# ------------------------------------------------------------------ by command


def test_a_checkpoint_is_printed_as_it_was_signed(kept: Kept) -> None:
    printed = kept.shell("log", "checkpoint").out
    head = kept.keys.log_verifier.open(printed)
    told = kept.shell("log", "checkpoint", "--json").json
    assert told["checkpoint"] == printed
    assert (told["origin"], told["size"], told["root"]) == (NAME, 5, head.root.hex())
    assert Verifier.read(told["key"]).open(printed) == head


def test_a_proof_is_checked_elsewhere_with_nothing_but_the_key(kept: Kept, tmp_path: Path) -> None:
    file = tmp_path / "paper.tlog-proof"
    file.write_text(kept.shell("log", "prove", "code3").out, "utf-8")
    key = kept.shell("log", "key").out.strip()
    elsewhere = Shell(tmp_path / "elsewhere")
    told = elsewhere("log", "check", file, "--key", key, "--json").json
    assert (told["origin"], told["index"], told["size"]) == (NAME, 2, 5)
    assert told["entry"]["paper"] == "code3"
    lines = elsewhere("--lang", "en", "log", "check", file, "--key", key).out
    assert "number: 03/QD" in lines
    assert "It holds: entry 2" in lines
    assert kept.shell("log", "prove", "3", "--json").json["paper"] == "code3"
    assert kept.shell("log", "check", file).code == 0


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("index 2", "index 3", "proof_wrong"),
        ("index 2", "index 9", "proof_wrong"),
        ("\n5\n", "\n6\n", "checkpoint_forged"),
        ("index", "place", "proof_unreadable"),
        (NAME, "log.example/other", "checkpoint_of_another"),
    ],
)
def test_a_changed_proof_does_not_hold(
    kept: Kept, tmp_path: Path, old: str, new: str, code: str
) -> None:
    proof = kept.shell("log", "prove", "code3").out
    file = tmp_path / "paper.tlog-proof"
    file.write_text(proof.replace(old, new), "utf-8")
    assert file.read_text("utf-8") != proof
    assert kept.shell("log", "check", file, "--json", expect=1).json["code"] == code


def test_an_entry_with_another_text_is_not_in_the_log(kept: Kept, tmp_path: Path) -> None:
    (entry,) = kept.get("proof/code3")["entries"]
    proof = note.read_proof(entry["proof"])
    forged = proof.entry.replace(b"03/QD", b"77/QD")
    file = tmp_path / "forged"
    file.write_text(note.proof(proof.index, proof.path, proof.note, forged), "utf-8")
    assert kept.shell("log", "check", file, "--json", expect=1).json["code"] == "proof_wrong"


def test_an_untouched_log_is_whole_and_continues_what_was_kept(kept: Kept, tmp_path: Path) -> None:
    old = tmp_path / "old"
    # As a mail program leaves it.
    old.write_bytes(kept.shell("log", "checkpoint").out.replace("\n", "\r\n").encode() + b"\r\n")
    kept.log(6, 3)
    told = kept.shell("log", "verify", "--since", old, "--json").json
    assert told == {
        "whole": True,
        "origin": NAME,
        "size": 8,
        "root": kept.shell("log", "checkpoint", "--json").json["root"],
        "signed": 8,
        "checkpoints": 8,
        "waiting": 0,
        "compared": {"kept": 1, "since": 1, "printed": 0, "unprinted": 8},
        "findings": [],
    }
    lines = kept.shell("--lang", "en", "log", "verify").out
    assert "The log is whole: 8 entries" in lines
    assert "In the files of 8 issued papers no printed checkpoint can be read" in lines
    assert "only --since with a checkpoint kept elsewhere can tell" in lines
    lines = kept.shell("log", "consistency", "5").out
    assert kept.shell("log", "consistency", "5", "--json").json["path"][0] in lines


@pytest.mark.parametrize(
    ("statement", "codes"),
    [
        (
            "UPDATE log_leaves SET leaf = replace(leaf, '03/QD', '77/QD') WHERE paper_id = 3",
            {"log_leaf_edited", "log_rewritten", "log_paper_differs"},
        ),
        (
            "DELETE FROM log_leaves WHERE paper_id = 3",
            {"log_gap", "log_rewritten", "log_paper_missing"},
        ),
        ("DELETE FROM log_leaves WHERE paper_id > 3", {"log_cut", "log_paper_missing"}),
    ],
    ids=["edit", "middle", "tail"],
)
def test_a_rewritten_log_is_told_with_each_fault(
    kept: Kept, statement: str, codes: set[str]
) -> None:
    kept.tamper(statement)
    told = kept.shell("log", "verify", "--json", expect=1).json
    assert not told["whole"]
    assert {one["code"] for one in told["findings"]} == codes
    lines = kept.shell("--lang", "en", "log", "verify", expect=1).out
    assert "NOT whole" in lines
    for one in codes:
        assert f"[{one}]" in lines


def test_a_log_of_the_same_key_with_other_entries_is_a_fork(kept: Kept, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text(kept.keys.log_signer.sign(4, bytes(32)), "utf-8")
    told = kept.shell("log", "verify", "--since", other, "--json", expect=1).json
    assert [one["code"] for one in told["findings"]] == ["log_fork"]


def test_what_is_no_checkpoint_of_this_log_is_refused(kept: Kept, tmp_path: Path) -> None:
    file = tmp_path / "given"
    for content, code in (
        (b"\xff\x00", "checkpoint_unreadable"),
        (Signer.create(NAME).sign(4, bytes(32)).encode(), "checkpoint_of_another"),
        (
            kept.shell("log", "checkpoint").out.replace("\n5\n", "\n4\n").encode(),
            "checkpoint_forged",
        ),
    ):
        file.write_bytes(content)
        told = kept.shell("log", "verify", "--since", file, "--json", expect=1).json
        assert told["code"] == code


def test_before_anything_is_logged(empty: Kept) -> None:
    shell = empty.shell
    assert shell("log", "checkpoint", "--json", expect=1).json["code"] == "no_checkpoint"
    assert shell("log", "prove", "nothing", "--json", expect=1).json["code"] == "no_such_paper"
    assert shell("log", "consistency", "1", "--json", expect=1).json["code"] == "no_checkpoint"
    assert shell("log", "verify", "--json").json["size"] == 0


def test_a_log_gets_one_key(district_url: str, tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"BINHXET_DATABASE_URL": district_url})
    for words in (("key",), ("verify",)):
        assert shell("log", *words, "--json", expect=1).json["code"] == "no_log_key"
    bad = shell("log", "key", "--create", "two words", "--json", expect=1).json
    assert bad["code"] == "log_key_name"
    made = shell("log", "key", "--create", NAME, "--json").json
    assert made == shell("log", "key", "--json").json
    assert Verifier.read(made["key"]).name == NAME
    again = shell("log", "key", "--create", NAME, "--json", expect=1).json
    assert again["code"] == "log_key_exists"


# ------------------------------------------------------------------ by address


def test_anybody_gets_the_checkpoint_and_the_proofs(kept: Kept) -> None:
    head = kept.get("checkpoint")
    fits(head, SCHEMAS["Checkpoint"])
    verifier = Verifier.read(head["key"])
    signed = verifier.open(head["checkpoint"])
    told = kept.get("proof/code4")
    fits(told, SCHEMAS["LogProof"])
    (entry,) = told["entries"]
    path = [base64.b64decode(step) for step in entry["path"]]
    leaf = tree.leaf_hash(entry["leaf"].encode())
    assert tree.includes(leaf, entry["index"], signed.size, path, signed.root)
    assert json.loads(entry["leaf"])["paper"] == "code4"
    old = signed
    kept.log(6, 2)
    more = kept.get("consistency/5")
    fits(more, SCHEMAS["LogConsistency"])
    new = verifier.open(more["checkpoint"])
    steps = [base64.b64decode(step) for step in more["path"]]
    assert tree.extends(5, more["second"], steps, old.root, new.root)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("proof/nothing", "no_such_paper"),
        ("consistency/0", "log_shorter"),
        ("consistency/99", "log_shorter"),
    ],
)
def test_what_is_not_there_is_told(kept: Kept, address: str, code: str) -> None:
    answer = kept.site.client().get(f"{PREFIX}/log/{address}")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.json is not None
    assert answer.json["code"] == code


# ------------------------------------------------------------------ on the page


def test_the_page_of_a_paper_tells_where_it_is_logged(kept: Kept) -> None:
    page = kept.site.client().get("/p/code3").text
    assert "Mục số 2" in page
    assert f"{PREFIX}/log/proof/code3" in page
    assert f"{PREFIX}/log/checkpoint" in page


def test_the_page_says_when_it_is_not_logged_yet(kept: Kept) -> None:
    with opened(kept.url) as engine, Session(engine) as session:
        shelf.put(session, 1, first=6)
    BlobStore(kept.var / "test" / "blobs").put(shelf.content(6))
    page = kept.site.client().get("/p/code6").text
    assert "Đang chờ ghi vào nhật ký" in page
    assert f"{PREFIX}/log/proof" not in page
