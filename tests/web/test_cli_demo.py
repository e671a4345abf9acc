"""The demonstration by its command, and what the command line does with its papers."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock, outbox
from engine.store import BlobStore
from tests import postgres
from tests.databases import opened
from tests.web.calling import Shell
from tests.web.test_api import fits
from web.cli.inputs import PIN_VARIABLE, read_pin
from web.cli.refusals import No
from web.openapi import PREFIX, SCHEMAS
from workflows import lateness
from workflows.bureau import build
from workflows.demo import password

ROOT = Path(__file__).resolve().parent.parent.parent
PIN = "246810"
HOME = "16144"
REPORT = "demonstration.txt"
ROLES = ["person", "seal", "timestamp", "timestamp"]


@pytest.fixture(autouse=True)
def fixed_clock() -> None:
    """The real clock: the demonstration ends today, and its year is the one before now."""


def _build(folder: Path) -> None:
    """Runs the command as anybody would, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "web.cli", "demo", "--no-serve", "--var", str(folder)],
        cwd=ROOT,
        env={**os.environ, "BINHXET_ENV": "demo"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (folder / REPORT).write_text(done.stdout, encoding="utf-8")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The demonstration, built once in a test session, whichever process comes first."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    with postgres.locked(shared / "demonstration.lock"):
        folder = shared / "demonstration"
        if not (folder / REPORT).exists():
            shutil.rmtree(folder, ignore_errors=True)
            _build(folder)
    return folder


@pytest.fixture
def demo(built: Path, tmp_path: Path) -> Iterator[Shell]:
    """A terminal over a copy of the demonstration, to be changed at will."""
    var = tmp_path / "var"
    shutil.copytree(built, var)
    yield Shell(var, {"BINHXET_ENV": "demo", PIN_VARIABLE: ""})
    shutil.rmtree(var)


def _files(built: Path) -> list[Path]:
    return sorted((built / "demo" / "papers").glob("*.pdf"))


def _papers(built: Path) -> list[Path]:
    """Those of the one nomination's story."""
    return [path for path in _files(built) if "-01-" in path.name]


def test_a_line_for_each_move_then_the_papers_and_their_verdicts(built: Path) -> None:
    lines = (built / REPORT).read_text(encoding="utf-8").splitlines()
    moves = [line for line in lines if "→" in line]
    assert len(moves) >= 20
    for name in ("hamlet", "police", "committee", "chair", "clerk", "district-chair"):
        assert any(name in line for line in moves), name
    verdicts = [line for line in lines if ".pdf:" in line]
    assert len(verdicts) == len(_files(built)) == len(_papers(built)) + 2 >= 5
    assert all("Giấy tờ thật" in line for line in verdicts)
    assert lines.index(verdicts[0]) > lines.index(moves[-1])


def test_only_the_owner_opens_the_folder_with_the_password_hashes(built: Path) -> None:
    assert stat.S_IMODE((built / "demo").stat().st_mode) == 0o700


def test_a_second_run_builds_nothing_anew(demo: Shell) -> None:
    before = {path: path.stat().st_mtime_ns for path in _files(demo.var)}
    answer = demo("demo", "--no-serve")
    assert "→" not in answer.out
    assert answer.out.count("Giấy tờ thật") == len(before)
    assert {path: path.stat().st_mtime_ns for path in _files(demo.var)} == before


def test_a_paper_that_does_not_verify_is_told_and_ends_with_1(demo: Shell) -> None:
    paper = _papers(demo.var)[0]
    paper.write_bytes(paper.read_bytes() + b"\n")
    answer = demo("demo", "--no-serve", expect=1)
    assert "[demo_papers_bad]" in answer.err
    assert answer.out.count("Giấy tờ thật") == len(_files(demo.var)) - 1


def test_four_answers_about_each_paper(built: Path) -> None:
    shell = Shell(built, {"BINHXET_ENV": "demo"})
    for paper in _papers(built):
        told = shell("verify", paper, "--json").json
        assert told["issued"] and told["unchanged"] and told["in_force"]
        assert told["verdict"] == "genuine"
        assert told["logged"]
        assert f"mục {told['log_index']}." in shell("verify", paper).out
        assert [one["role"] for one in told["signatures"]] == ROLES
        assert (told["level"], told["newer"]) == ("B-LTA", None)
        for one in told["signatures"]:
            assert {"role", "name", "time", "level", "valid"} <= set(one)
            assert one["valid"]


def test_a_long_list_is_an_annex_in_a_file_of_its_own(built: Path) -> None:
    shell = Shell(built, {"BINHXET_ENV": "demo"})
    paper, annex = (path for path in _files(built) if "-01-" not in path.name)
    told = shell("verify", annex, "--json").json
    assert (told["verdict"], told["part"], told["level"]) == ("genuine", "annex", "B-B")
    assert [one["role"] for one in told["signatures"]] == ["annex"]
    assert shell("verify", paper, "--json").json["paper"] == told["paper"]
    enclosed = shell("papers", "data", paper, "--json").json
    assert annex.name in json.dumps(enclosed)


def test_each_version_of_a_paper_says_its_level(demo: Shell, tmp_path: Path) -> None:
    paper = demo("verify", _papers(demo.var)[0], "--json").json
    listed = demo("papers", "list", "--json", "--limit", 1000).json
    (found,) = (
        one["id"]
        for one in listed
        if one["number"] == paper["number"]
        and demo("papers", "show", one["id"], "--json").json["code"] == paper["paper"]
    )
    shown = demo("papers", "show", found, "--json").json
    assert shown["level"] == "B-LTA"
    levels = {file["stage"]: file["level"] for file in shown["files"]}
    assert levels == {
        "rendered": None,
        "signed": None,
        "issued": "B-B",
        "timestamped": "B-T",
        "evidenced": "B-LT",
        "archived": "B-LTA",
    }
    (issued,) = (file["sha256"] for file in shown["files"] if file["stage"] == "issued")
    first = tmp_path / "first.pdf"
    first.write_bytes(BlobStore(demo.var / "demo" / "blobs").get(issued))
    told = demo("verify", first, "--json").json
    assert (told["verdict"], told["level"]) == ("genuine", "B-B")
    assert told["newer"]["level"] == "B-LTA"
    assert told["newer"]["sha256"] in demo("verify", first).out


def test_which_papers_need_a_new_time_stamp_and_why(demo: Shell) -> None:
    wanted = len(_papers(demo.var))
    assert "Không văn bản nào" in demo("papers", "renew", "--dry-run").out
    far = ("papers", "renew", "--before", "2060-01-01")
    told = demo(*far, "--dry-run", "--json").json
    assert [one["why"] for one in told] == ["ends"] * wanted
    assert {one["level"] for one in told} == {"B-LTA"}
    assert f"{wanted} văn bản cần" in demo(*far, "--dry-run").out
    assert len(demo(*far, "--json").json) == wanted
    assert demo(*far, "--json").json == []  # they are at it
    waiting = demo("outbox", "list", "--all", "--json").json
    assert sum(one["task"] == "stamp" for one in waiting) >= wanted


def test_all_that_was_issued_is_in_the_log_and_proved(built: Path, tmp_path: Path) -> None:
    shell = Shell(built, {"BINHXET_ENV": "demo"})
    told = shell("log", "verify", "--json").json
    assert told["whole"] and told["waiting"] == 0
    assert told["size"] == told["signed"] >= len(_papers(built))
    proof = tmp_path / "proof"
    for paper in _papers(built):
        code = shell("verify", paper, "--json").json["paper"]
        proof.write_text(shell("log", "prove", code).out, encoding="utf-8")
        entry = shell("log", "check", proof, "--json").json["entry"]
        assert entry["sha256"] == hashlib.sha256(paper.read_bytes()).hexdigest()


def test_a_changed_or_foreign_file_is_no(demo: Shell, tmp_path: Path) -> None:
    paper = _papers(demo.var)[0]
    changed = tmp_path / "changed.pdf"
    changed.write_bytes(paper.read_bytes() + b"%")
    told = demo("verify", changed, "--json", expect=1).json
    assert (told["issued"], told["unchanged"], told["verdict"]) == (False, False, "altered")
    foreign = tmp_path / "foreign.txt"
    foreign.write_text("Quyết định")
    assert demo("verify", foreign, "--json", expect=1).json["verdict"] == "unreadable"
    record = next((demo.var / "demo" / "records").glob("*.pdf"))
    assert not demo("verify", record, "--json", expect=1).json["issued"]


def test_a_paper_is_shown_listed_and_exported_as_it_was_issued(demo: Shell, tmp_path: Path) -> None:
    listed = demo("papers", "list", "--json", "--limit", 1000).json
    issued = [one for one in listed if one["number"]]
    written = [path.read_bytes() for path in _papers(demo.var)]
    exported = []
    for one in issued:
        shown = demo("papers", "show", one["id"], "--json").json
        fits(shown, SCHEMAS["Paper"])
        assert shown["number"] == one["number"]
        file = tmp_path / f"{one['id']}.pdf"
        assert demo("papers", "export", one["id"], file, "--json").json["file"] == str(file)
        exported.append(file.read_bytes())
    assert all(content in exported for content in written)
    nowhere = demo("papers", "export", issued[0]["id"], tmp_path / "no" / "x.pdf", expect=1)
    assert "[not_written]" in nowhere.err
    assert issued[0]["number"] in demo("papers", "list").out
    assert issued[0]["number"] in demo("papers", "show", issued[0]["id"]).out
    kind = issued[0]["kind"]
    some = demo("papers", "list", "--kind", kind, "--state", issued[0]["state"], "--json").json
    assert {one["kind"] for one in some} == {kind}
    assert demo("papers", "show", 4711, "--json", expect=1).json["code"] == "no_such_subject"


OPINION = {
    "opinion_form": "written",
    "held_on": clock.today().isoformat(),
    "members": 23,
    "members_present": 23,
    "members_agreed": 23,
}


def _draft(demo: Shell) -> tuple[int, list[int]]:
    """A decision over what waits for one: the committee favours one area more than it did."""
    (appraised,) = demo(
        "nominations", "list", "--commune", HOME, "--state", "appraised", "--json"
    ).json
    favour = ("record_committee_opinion", "--as", "committee", "--data", json.dumps(OPINION))
    demo("nominations", "move", appraised["id"], *favour)
    waiting = demo("decisions", "waiting", "commune_decision", "--as", "police", "--json").json
    ids = [int(one["id"]) for one in waiting]
    assert len(ids) >= 2
    words = ("decisions", "draft", "commune_decision", *ids, "--as", "police", "--json")
    return int(demo(*words).json["id"]), ids


def _ready(demo: Shell) -> tuple[int, list[int]]:
    """A decision over several nominations, approved and waiting for the chair's signature."""
    paper, ids = _draft(demo)
    demo("papers", "move", paper, "approve_content", "--as", "chair")
    demo("papers", "move", paper, "approve_format", "--as", "clerk")
    return paper, ids


def _late(_session: object, _house: object, papers: Collection[int], on: date) -> Any:
    """A fake last day, the day before: the law of the demonstration's district names none."""
    one = lateness.Late(1, "", on.year, on - timedelta(days=1), "Điều 9")
    return {paper: [one] for paper in papers}


def test_a_decision_over_many_is_drafted_signed_and_issued(
    demo: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper, ids = _ready(demo)
    decided = demo("papers", "list", "--kind", "commune_decision", "--json").json
    own = next(one for one in decided if one["id"] == paper)["authority_name"]
    taken = sum(1 for one in decided if one["number"] and one["authority_name"] == own)
    sign = ("papers", "move", paper, "sign", "--as", "chair", "--json")
    assert demo(*sign, expect=1).json["code"] == "no_pin"
    told = demo(*sign, "--data", json.dumps({"pin": PIN}), expect=1)
    assert told.json["code"] == "no_data_here"
    assert demo(*sign, "--pin-stdin", stdin="000000\n", expect=1).json["code"] == "wrong_pin"
    assert demo(*sign, "--dry-run").json["late"] == []
    issue = ("papers", "move", paper, "issue", "--as", "clerk")
    assert demo(*issue, "--dry-run", "--json", expect=1).json["code"] == "not_from_here"
    approve = ("papers", "move", paper, "approve_content", "--as", "chair", "--dry-run", "--json")
    assert demo(*approve, expect=1).json["code"] == "no_dry_run_here"
    signed = demo(*sign, "--pin-stdin", "--key", "once", stdin=f"{PIN}\n").json
    assert signed["state"] == "signed"
    again = demo(*sign, "--pin-stdin", "--key", "once", stdin=f"{PIN}\n").json
    assert again == {**signed, "again": True}
    with_variable = Shell(demo.var, {**demo.settings, PIN_VARIABLE: PIN})
    monkeypatch.setattr(lateness, "ahead", _late)
    assert "Đã quá ngày cuối" in demo(*issue, "--dry-run").out
    issued = with_variable(*issue)
    assert "Đã quá ngày cuối" in issued.err
    assert "issued" in issued.out and "(Điều 9)" in issued.out
    shown = demo("papers", "show", paper, "--json").json
    assert shown["number"].startswith(f"{taken + 1:02d}/")
    assert [one["id"] for one in shown["nominations"]] == ids
    for number in ids:
        told = demo("nominations", "show", number, "--json").json
        assert {one["id"]: one["number"] for one in told["papers"]}[paper] == shown["number"]
    file = tmp_path / "decision.pdf"
    demo("papers", "export", paper, file)
    assert demo("verify", file).code == 0
    assert demo("history", "verify").code == 0


def test_a_commune_is_on_its_way_to_a_title_of_its_own(built: Path) -> None:
    shell = Shell(built, {"BINHXET_ENV": "demo"})
    told = shell("nominations", "list", "--as", "committee", "--state", "registered", "--json").json
    (title,) = (one for one in told if one["area_code"] == HOME)
    assert title["regime"] == "two-tier-2025-commune"
    moves = shell("nominations", "moves", title["id"], "--as", "committee", "--json").json["moves"]
    assert "complete_self_assessment" in {one["action"] for one in moves if one["open"]}


def test_one_person_does_not_make_and_check(demo: Shell) -> None:
    paper, ids = _draft(demo)
    moves = demo("papers", "moves", paper, "--as", "police", "--json").json["moves"]
    approve = next(move for move in moves if move["action"] == "approve_content")
    assert not approve["open"]
    refused = demo("papers", "move", paper, "approve_content", "--as", "police", "--json", expect=1)
    assert refused.json["code"] == approve["refusals"][0]["code"]
    words = ("decisions", "draft", "commune_decision", ids[0], "--as", "police", "--json")
    assert demo(*words, expect=1).json["code"] == "listed_not_ready"
    assert "approve_content" in demo("papers", "moves", paper, "--as", "chair").out


def test_on_a_full_disk_the_move_stands_the_paper_waits_and_the_list_shows_it(
    demo: Shell,
) -> None:
    paper, _ids = _draft(demo)
    full = demo.var / "full"
    full.touch()  # a file where a folder should be: nothing can be written into it
    _work(demo, paper, blobs=full / "blobs")
    (task,) = _failures_of(demo, paper)
    assert "NotADirectoryError" in task["error"]
    shown = demo("papers", "show", paper, "--json").json
    assert (shown["state"], shown["files"]) == ("drafted", [])
    demo("outbox", "retry", task["id"])
    _work(demo, paper, blobs=demo.var / "demo" / "blobs")
    assert _failures_of(demo, paper) == []
    shown = demo("papers", "show", paper, "--json").json
    assert [file["stage"] for file in shown["files"]] == ["rendered"]


def _failures_of(demo: Shell, paper: int) -> list[Any]:
    failed = demo("outbox", "list", "--json").json
    return [task for task in failed if task["ids"] == {"paper": paper}]


def _work(demo: Shell, paper: int, blobs: Path) -> None:
    """What the worker does for a paper, with its files in that folder."""
    bureau = build(blob_folder=blobs, keys_folder=demo.var / "demo" / "keys", specimen=True)
    with opened(f"sqlite:///{demo.var}/demo/binhxet.db") as engine, Session(engine) as session:
        waiting = outbox.due(session, clock.now(), limit=1000)
        for task in session.scalars(select(outbox.Task).where(outbox.Task.id.in_(waiting))).all():
            if task.ids == {"paper": paper}:
                outbox.deliver(session, bureau.desk.handlers, task.id)


def test_a_pin_is_not_taken_from_the_arguments_where_it_is_secret() -> None:
    assert read_pin(pin=PIN, from_stdin=False, demonstration=True) == PIN
    with pytest.raises(No, match="pin_as_argument"):
        read_pin(pin=PIN, from_stdin=False, demonstration=False)


def test_programs_read_and_sign_papers(demo: Shell) -> None:
    from web import create_app
    from web.extensions import db
    from web.settings import Settings

    paper, _ids = _ready(demo)
    app = create_app(Settings(env="demo", var=demo.var))

    def call(name: str, **body: Any) -> tuple[int, Any]:
        if body:
            body = {"version": call(name)[1]["version"], **body}
        secret = base64.b64encode(f"{name}:{password()}".encode()).decode()
        answer = app.test_client().open(
            f"{PREFIX}/papers/{paper}{'/moves' if body else ''}",
            method="POST" if body else "GET",
            json=body or None,
            headers={"Authorization": f"Basic {secret}"},
        )
        return answer.status_code, json.loads(answer.data)

    status, told = call("chair")
    assert status == 200
    fits(told, SCHEMAS["Paper"])
    status, told = call("chair", action="sign", pin="000000")
    assert (status, told["code"]) == (422, "wrong_pin")
    fits(told, SCHEMAS["Problem"])
    status, told = call("chair", action="sign", pin=PIN, data={"pin": PIN})
    assert (status, told["code"]) == (400, "bad_body")
    status, told = call("chair", action="sign")
    assert (status, told["code"]) == (422, "needs_key")
    status, told = call("clerk", action="sign", pin=PIN)
    assert (status, told["code"]) == (403, "not_yours")
    status, told = call("chair", action="sign", pin=PIN, version=None)
    assert (status, told["code"]) == (422, "version_needed")
    status, told = call("chair", action="sign", pin=PIN, key="program-2")
    assert (status, told["state"]) == (200, "signed")
    fits(told, SCHEMAS["Outcome"])
    status, told = call("clerk", action="issue")
    assert (status, told["code"]) == (422, "needs_key")
    assert "Điều 14" in told["clause"]
    status, told = call("clerk", action="issue", pin=PIN)
    assert (status, told["state"]) == (200, "issued")
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
