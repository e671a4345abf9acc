"""The command line: its words, its exit codes, its refusals, and the moves it makes."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from engine import clock
from engine.db import writing
from engine.errors import Refused
from engine.outbox import Task
from engine.papers import fonts
from tests.web import world
from tests.web.calling import Shell
from tests.web.conftest import REGISTRATION
from web.cli import binhxet
from web.cli.frame import Group, LazyGroup, help_key
from web.cli.inputs import JsonObject
from web.cli.inputs import texts as plain
from web.cli.office import Office
from web.cli.words import FILE, LANGUAGES
from workflows.lawfiles import LAW

ROOT = Path(__file__).resolve().parent.parent.parent
HEAVY = ("sqlalchemy", "flask", "weasyprint", "pyhanko", "huey", "pydantic", "granian", "alembic")
AREA = "16144-01"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A terminal where nothing is installed yet."""
    return Shell(tmp_path)


@pytest.fixture
def district(district_url: str, tmp_path: Path) -> Shell:
    """A terminal over the small district, on either database."""
    return Shell(tmp_path, {"BINHXET_DATABASE_URL": district_url})


def _commands(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Command]]:
    name = f"{path} {command.name}".strip()
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        inner = "" if isinstance(command, LazyGroup) else name
        for word in command.list_commands(context):
            found = command.get_command(context, word)
            assert found is not None
            yield from _commands(found, inner)


# ------------------------------------------------------------------ words and speed


def test_every_command_and_option_is_told_in_both_languages_and_no_word_is_stale() -> None:
    told = tomllib.loads(FILE.read_text(encoding="utf-8"))
    commands = dict(_commands(binhxet))
    options = {
        key
        for command in commands.values()
        for parameter in command.params
        if (key := help_key(parameter))
    }
    assert set(told["help"]) == set(commands)
    assert set(told["option"]) == options
    for table in told.values():
        for key, sentences in table.items():
            assert set(sentences) == set(LANGUAGES), key
            places = [sorted(_places(sentence)) for sentence in sentences.values()]
            assert places[0] == places[1], key


def _places(sentence: str) -> set[str]:
    from string import Formatter

    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_every_command_helps_and_what_answers_answers_in_json(shell: Shell) -> None:
    silent = {
        "demo",
        "serve",
        "worker",
        "bench",
        "workflows draw",
        "outbox retry",
        "token-agent serve",
    }
    for path, command in _commands(binhxet):
        words = [] if path == "binhxet" else path.split()
        assert "--help" in shell(*words, "--help").out
        if not isinstance(command, Group) and path not in silent:
            assert "as_json" in {parameter.name for parameter in command.params}, path


def test_help_speaks_the_language_that_was_asked_for(shell: Shell) -> None:
    assert "Các quy trình đang có" in shell("workflows", "list", "--help").out
    assert "The workflows there are" in shell("--lang", "en", "workflows", "list", "--help").out
    assert "Workflows: the law as data" in shell("--lang", "en", "--help").out
    english = Shell(shell.var, {"BINHXET_LANG": "en"})
    assert "The workflows there are" in english("workflows", "list", "--help").out


def test_the_command_line_loads_nothing_it_does_not_need() -> None:
    program = (
        "import sys\n"
        "from web.cli import binhxet\n"
        "binhxet.main(['--help'], prog_name='binhxet', standalone_mode=False)\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


# ------------------------------------------------------------------ exit codes


@pytest.mark.parametrize(
    "words",
    [
        ["no-such-command"],
        ["nominations", "show"],
        ["nominations", "show", "seven"],
        ["nominations", "show", "99999999999999999999"],
        ["nominations", "list", "--year", "99999999999999999999"],
        ["nominations", "list", "--offset", "99999999999999999999"],
        ["papers", "show", "99999999999999999999"],
        ["papers", "export", "99999999999999999999", "x.pdf"],
        ["decisions", "draft", "minutes", "99999999999999999999", "--as", "police"],
        ["outbox", "retry", "99999999999999999999"],
        ["nominations", "moves", "7"],
        ["nominations", "move", "7", "x", "--as", "hamlet", "--data", "[1]"],
        ["nominations", "move", "7", "x", "--as", "hamlet", "--data", "{"],
        ["nominations", "move", "7", "x", "--as", "hamlet", "--data", "@no-such-file"],
        ["verify", "no-such-file.pdf"],
        ["workflows", "check", "no-such-file.toml"],
        ["workflows", "draw", "outgoing", "--format", "png"],
        ["report", "recognition", "--from", "2017", "--to", "2009"],
        ["vote", "rule", "--on", "yesterday", "--households", "1", "--yes", "1"],
        ["--lang", "fr", "workflows", "list"],
    ],
)
def test_a_wrong_call_ends_with_2(shell: Shell, words: list[str]) -> None:
    answer = shell(*words, expect=2)
    assert answer.out == ""
    assert answer.err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{\n "reason": "x",\n}', "dòng 3, cột 1: không phải JSON"),
        ('{\n "lý do": "'.encode() + b'\xe1"}', "dòng 2, cột 12: chữ không theo bảng mã UTF-8"),
        (None, "Không có tệp"),
    ],
)
def test_data_that_cannot_be_read_is_told_with_its_place(
    shell: Shell, tmp_path: Path, content: bytes | None, told: str
) -> None:
    file = tmp_path / "data.json"
    if content is not None:
        file.write_bytes(content)
    answer = shell("nominations", "move", 7, "x", "--as", "a", "--data", f"@{file}", expect=2)
    assert told in answer.err and file.name in answer.err
    assert JsonObject().convert('{"a": 1}', None, None) == {"a": 1}


def test_a_refusal_ends_with_1_a_sentence_and_a_code(district: Shell) -> None:
    answer = district("nominations", "show", 4711, expect=1)
    assert answer.out == ""
    assert "[no_such_subject]" in answer.err
    told = district("nominations", "show", 4711, "--json", expect=1)
    assert told.json["code"] == "no_such_subject"
    assert told.json["detail"] in told.err
    assert told.json["refusals"][0]["code"] == "no_such_subject"


def test_where_no_database_is_it_says_what_to_do(shell: Shell) -> None:
    answer = shell("nominations", "list", expect=1)
    assert "make demo" in answer.err
    assert "[no_database]" in answer.err
    assert not list(shell.var.rglob("*.db"))


def test_a_database_without_tables_is_told_and_no_trace_shown(shell: Shell) -> None:
    url = f"sqlite:///{shell.var}/empty.db"
    create_engine(url).connect().close()
    empty = Shell(shell.var, {"BINHXET_DATABASE_URL": url})
    answer = empty("nominations", "list", "--lang", "en", expect=1)
    assert "[no_tables]" in answer.err
    assert "binhxet migrate" in answer.err


def test_another_fault_of_the_database_is_no_reason_to_migrate(shell: Shell) -> None:
    full = OperationalError("INSERT", {}, sqlite3.OperationalError("disk I/O error"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Office, "session", property(lambda _self: _raise(full)))
        answer = shell("nominations", "list", "--lang", "en", expect=1)
    assert "[database_fault]" in answer.err
    assert "disk I/O error" in answer.err
    assert "migrate" not in answer.err


def _raise(error: Exception) -> None:
    raise error


def test_a_missing_typeface_is_told_with_its_command_once(
    district: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "_ROOTS", ())
    answer = district("nominations", "list", "--lang", "en", expect=1)
    assert f"missing: run {fonts.INSTALL}. [missing_font]" in answer.err


def test_an_unknown_person_is_refused(district: Shell) -> None:
    number = _open(district)
    answer = district("nominations", "moves", number, "--as", "nobody", expect=1)
    assert "[unknown_user]" in answer.err


# ------------------------------------------------------------------ nominations


def _open(shell: Shell, by: str = "hamlet", area: str = AREA) -> int:
    words = ("nominations", "open", area, "--year", world.YEAR, "--as", by, "--json")
    return int(shell(*words).json["id"])


def test_a_nomination_is_opened_shown_listed_and_moved(district: Shell) -> None:
    number = _open(district)
    shown = district("nominations", "show", number, "--json").json
    assert {"id", "area", "cycle", "regime", "state", "version", "history", "papers"} <= set(shown)
    assert (shown["id"], shown["area"], shown["cycle"]) == (number, AREA, world.YEAR)
    assert (shown["regime"], shown["version"]) == ("district-certification", 1)
    assert [event["action"] for event in shown["history"]] == ["open_registration"]
    assert shown["papers"] == []
    moves = district("nominations", "moves", number, "--as", "hamlet", "--json").json
    assert (moves["state"], moves["version"]) == (shown["state"], 1)
    register = next(move for move in moves["moves"] if move["action"] == "register")
    assert register["open"]
    assert {field["id"] for field in register["fields"]} == set(REGISTRATION)
    done = district(
        *("nominations", "move", number, "register", "--as", "hamlet", "--json"),
        *("--data", json.dumps(REGISTRATION), "--version", 1),
    ).json
    assert (done["state"], done["version"], done["again"]) == (register["to"], 2, False)
    page = district("nominations", "list", "--json").json
    assert [(one["id"], one["state"]) for one in page] == [(number, register["to"])]
    assert str(number) in district("nominations", "list").out
    text_ = district("nominations", "show", number).out
    assert "Thôn 1" in text_
    assert "02/03/2026 09:00" in text_  # the test's clock, as it is in Vietnam
    assert done["state_name"] in text_


def test_the_same_key_is_done_once(district: Shell) -> None:
    number = _open(district)
    words = ("nominations", "move", number, "register", "--as", "hamlet", "--json", "--key", "k-1")
    first = district(*words, "--data", json.dumps(REGISTRATION)).json
    again = district(*words, "--data", json.dumps(REGISTRATION)).json
    assert again == {**first, "again": True}
    assert district("nominations", "show", number, "--json").json["version"] == 2


def test_data_comes_from_a_file_or_the_standard_input(district: Shell, tmp_path: Path) -> None:
    first, second = _open(district), _open(district, "hamlet-16144-02", "16144-02")
    file = tmp_path / "registration.json"
    file.write_text(json.dumps(REGISTRATION), encoding="utf-8-sig")
    move = ("nominations", "move")
    district(*move, first, "register", "--as", "hamlet", "--data", f"@{file}")
    district(
        *(*move, second, "register", "--as", "hamlet-16144-02", "--data", "-"),
        stdin=json.dumps(REGISTRATION),
    )
    rows = district("nominations", "list", "--json").json
    assert {one["version"] for one in rows} == {2}


def test_bad_input_tells_every_reason_and_moves_nothing(district: Shell) -> None:
    number = _open(district)
    bad = {"registered_on": "tomorrow", "surprise": 1}
    answer = district(
        *("nominations", "move", number, "register", "--as", "hamlet", "--json"),
        *("--data", json.dumps(bad)),
        expect=1,
    )
    codes = {(one["code"], one["field"]) for one in answer.json["refusals"]}
    assert {("not_a_date", "registered_on"), ("unknown_field", "surprise")} <= codes
    assert ("required", "resolution_number") in codes
    assert "resolution_number: " in answer.err
    assert district("nominations", "show", number, "--json").json["version"] == 1


def test_inputs_that_mean_nothing_are_named_not_dropped() -> None:
    assert plain({"number": 5, "reason": None}, ("number", "reason")) == {
        "number": "5",
        "reason": "",
    }
    with pytest.raises(Refused) as caught:
        plain({"nunber": "5", "reason": ["x"]}, ("number", "reason"))
    told = {(one.code, one.field) for one in caught.value.refusals}
    assert told == {("unknown_field", "nunber"), ("not_text", "reason")}


def test_data_nested_too_deeply_is_a_wrong_call(shell: Shell) -> None:
    move = ("nominations", "move", 1, "register", "--as", "hamlet", "--data", "-")
    answer = shell(*move, "--lang", "en", stdin='{"a":' * 100_000, expect=2)
    assert "nested too deeply" in answer.err


def test_the_rows_of_a_table_are_told_by_the_ids_they_are_given_by(district: Shell) -> None:
    number = _open(district)
    words = ("nominations", "move", number, "register", "--as", "hamlet")
    district(*words, "--data", json.dumps(REGISTRATION))
    moves = ("nominations", "moves", number, "--as", "hamlet")
    told = district(*moves, "--json").json["moves"]
    (assess,) = (one for one in told if one["action"] == "complete_self_assessment")
    rows = {row["id"]: row["label"] for row in assess["fields"][0]["rows"]}
    assert rows["4_1"].startswith("4.1. ")
    assert "4_1: 4.1. " in district(*moves).out


def test_who_may_not_is_told_why_and_who_may(district: Shell) -> None:
    number = _open(district)
    listed = district("nominations", "moves", number, "--as", "police", "--json").json
    register = next(move for move in listed["moves"] if move["action"] == "register")
    assert not register["open"]
    assert register["refusals"][0]["code"] == "not_yours"
    answer = district(
        *("nominations", "move", number, "register", "--as", "police", "--json"),
        *("--data", json.dumps(REGISTRATION)),
        expect=1,
    )
    assert answer.json["code"] == "not_yours"


def test_the_command_line_tells_somebody_what_the_pages_would(district: Shell) -> None:
    number = _open(district, "hamlet-16144-02", "16144-02")
    of_another = ("--as", "hamlet", "--json")
    for words in ("moves", "show"):
        answer = district("nominations", words, number, *of_another, expect=1)
        assert answer.json["code"] == "not_your_unit"
    assert district("nominations", "list", *of_another).json == []
    own = _open(district)
    (listed,) = district("nominations", "list", *of_another).json
    assert listed["id"] == own
    assert district("nominations", "moves", own, *of_another).json["moves"]
    everything = district("nominations", "list", "--as", "auditor", "--json").json
    assert {one["id"] for one in everything} == {number, own}


def test_a_stale_version_and_a_move_from_elsewhere_are_refused(district: Shell) -> None:
    number = _open(district)
    words = ("nominations", "move", number, "register", "--as", "hamlet", "--json")
    data = ("--data", json.dumps(REGISTRATION))
    stale = district(*words, *data, "--version", 0, expect=1)
    assert stale.json["code"] == "stale"
    (missed,) = stale.json["since"]
    assert missed == {"version": 1, "action": "open_registration", "to": "draft"}
    assert "1: open_registration → draft" in stale.err
    district(*words, *data)
    assert district(*words, *data, expect=1).json["code"] == "not_from_here"
    unknown = ("nominations", "move", number, "dance", "--as", "hamlet", "--json")
    assert district(*unknown, expect=1).json["code"] == "unknown_action"


def test_the_list_is_filtered_and_paged(district: Shell) -> None:
    numbers = [_open(district)]
    numbers += [
        _open(district, f"hamlet-16144-0{index}", f"16144-0{index}") for index in range(2, 6)
    ]
    listed = ("nominations", "list", "--json")
    assert len(district(*listed, "--year", world.YEAR).json) == 5
    assert district(*listed, "--year", 1999).json == []
    assert district(*listed, "--commune", "16096").json == []
    some = district(*listed, "--commune", "16144", "--limit", 2, "--lang", "en")
    assert [one["area_code"] for one in some.json] == ["16144-01", "16144-02"]
    assert "3 more: use --offset 2." in some.err
    assert district(*listed, "--commune", "16144").err == ""
    rest = district(*listed, "--limit", 2, "--offset", 4).json
    assert [one["id"] for one in rest] == [numbers[-1]]
    assert district(*listed, "--commune", "99999", expect=1).json["code"] == "unknown_unit"


# ------------------------------------------------------------------ records


def test_history_is_whole_and_a_change_is_found(district: Shell) -> None:
    number = _open(district)
    told = district("history", "verify", "--json").json
    assert told == {"whole": True, "subjects": 1, "events": 1, "breaks": []}
    engine = create_engine(district.settings["BINHXET_DATABASE_URL"])
    with engine.begin() as connection:
        # What a database's owner could do, with the triggers out of the way.
        if engine.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER history_stays_as_written"))
        else:
            connection.execute(text("ALTER TABLE history DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE history SET to_state = 'announced'"))
    engine.dispose()
    told = district("history", "verify", "--json", expect=1).json
    assert not told["whole"]
    assert {(one["subject"], one["code"]) for one in told["breaks"]} == {
        (number, "hash"),
        (number, "state"),
    }
    engine = create_engine(district.settings["BINHXET_DATABASE_URL"])
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()
    told = district("history", "verify", "--json", expect=1).json
    assert told["code"] == "unmigrated_database"


def test_the_report_counts_years_and_streaks(district: Shell) -> None:
    words = ("report", "recognition", "--from", 2016, "--to", 2018)
    long = district(*words[:3], 1900, "--to", 2999, "--unit", "16144", "--json", expect=1).json
    assert long["code"] == "report_years_wrong"
    rows = district(*words, "--json").json
    assert [row["year"] for row in rows] == [2016, 2017, 2018]
    assert rows[0] == {
        "year": 2016,
        "registered": 6,
        "recognised": 5,
        "percent": "83.33",
        "denominator": {
            "count": 6,
            "of": "registered",
            "basis": ["Báo cáo 55/BC-BCĐ ngày 12/6/2018, mục III.2.4"],
            "confidence": "secondary",
        },
        "streaks": {"2": 0, "3": 0, "4": 0, "5": 0},
    }
    assert rows[2]["percent"] is None
    one = district(*words, "--unit", "16096", "--json").json
    assert [row["registered"] for row in one] == [1, 1, 0]
    told = district(*words).out
    assert "83.33" in told
    assert "2016–2018: tỷ lệ tính trên số khu dân cư có kết quả" in told
    assert district(*words, "--unit", "x", "--json", expect=1).json["code"] == "unknown_unit"


def test_a_streak_says_what_it_is_made_of_and_why_it_is_not_longer(district: Shell) -> None:
    told = district("streak", AREA, "--json").json
    assert (told["area"], told["year"], told["streak"], told["level"]) == (AREA, 2017, 2, "commune")
    assert [one["year"] for one in told["because"]] == [2016, 2017]
    assert "2015" in told["not_higher_because"]
    english = district("streak", AREA, "--year", 2017, "--lang", "en").out
    assert "Thôn 1: streak 2 in 2017: 2016–2017 recognised (báo cáo); not 3 because" in english
    refused = district("streak", "16144-02", "--year", 2017, "--json").json
    assert (refused["streak"], refused["level"], refused["broken"][0]["year"]) == (0, None, 2017)
    assert district("streak", "x", "--json", expect=1).json["code"] == "unknown_unit"
    assert district("streak", "16144", "--json", expect=1).json["code"] == "unit_no_area"


def test_past_results_are_tried_matched_loaded_and_known(district: Shell, tmp_path: Path) -> None:
    file = tmp_path / "old.csv"
    file.write_text("Năm,Mã xã,Thôn,Kết quả,Số QĐ\n2018,16144,Xóm 1,đạt,7/QĐ-UBND\n")
    tried = district("load", "history", file, "--dry-run", "--json", expect=1).json
    (offered,) = tried["suggestions"]
    assert (offered["key"], offered["candidates"][0]["code"]) == ("16144/Xóm 1", AREA)
    assert '--match "16144/Xóm 1=16144-01"' in district("load", "history", file, expect=1).out
    matches = tmp_path / "matches.json"
    matches.write_text(json.dumps({offered["key"]: AREA}))
    assert district("load", "history", file, "--matches", matches, "--json").json["new"] == 1
    again = district("load", "history", file, "--match", f"16144/Xóm 1={AREA}", "--json").json
    assert (again["new"], again["same"]) == (0, 1)
    assert "7/QĐ-UBND" in district("streak", AREA).out
    district("load", "history", file, "--match", "16144/Xóm 1", expect=2)
    assert district("template", "history", tmp_path / "t.ods", "--json").json["size"] > 0


def _failed_task(url: str) -> int:
    engine = create_engine(url)
    with Session(engine) as session, writing(session):
        task_id = session.scalar(
            insert(Task)
            .values(
                name="render",
                ids={"paper": 1},
                created_at=clock.now(),
                due_at=clock.now(),
                attempts=8,
                failed_at=clock.now(),
                last_error="OSError: No space left on device",
            )
            .returning(Task.id)
        )
    engine.dispose()
    assert task_id is not None
    return task_id


def test_what_failed_is_listed_and_tried_again(district: Shell) -> None:
    assert district("outbox", "list", "--json").json == []
    task_id = _failed_task(district.settings["BINHXET_DATABASE_URL"])
    (task,) = district("outbox", "list", "--json").json
    assert (task["id"], task["task"], task["ids"]) == (task_id, "render", {"paper": 1})
    assert task["given_up"]
    assert "No space left" in district("outbox", "list").out
    district("outbox", "retry", task_id)
    engine = create_engine(district.settings["BINHXET_DATABASE_URL"])
    with Session(engine) as session:
        found = session.scalars(select(Task)).one()
        assert (found.failed_at, found.attempts) == (None, 0)
    engine.dispose()
    assert "[no_such_task]" in district("outbox", "retry", 4711, expect=1).err


# ------------------------------------------------------------------ the law as data


def test_every_workflow_is_listed_and_sound(shell: Shell) -> None:
    listed = shell("workflows", "list", "--json").json
    checked = shell("workflows", "check", "--json").json
    assert {"district-certification", "de-an-375"} <= {one["id"] for one in listed}
    assert [one["id"] for one in checked] == [one["id"] for one in listed]
    follows = {one["id"]: one["follows"] for one in listed if one["follows"]}
    assert follows["district-certification-reasoned"] == "district-certification"
    assert "(kế tiếp của district-certification)" in shell("workflows", "list").out
    assert all(one == {"id": one["id"], "sound": True, "problems": []} for one in checked)


BROKEN = """
[meta]
id = "broken"
subject = "nomination"
title = { vi = "Hỏng", en = "Broken" }
effective = { from = 2026-01-01 }
basis = ["không có"]
confidence = "assumed"

[[states]]
id = "begun"
label = { vi = "Bắt đầu", en = "Begun" }
waiting_on = ["hamlet_head@area"]
[[states]]
id = "stuck"
label = { vi = "Kẹt", en = "Stuck" }
waiting_on = ["hamlet_head@area"]
[[states]]
id = "ended"
label = { vi = "Hết", en = "Ended" }
final = true
outcome = "withdrawn"

[[transitions]]
id = "open"
label = { vi = "Mở", en = "Open" }
from = []
to = "begun"
by = ["hamlet_head@area"]
[[transitions]]
id = "wander"
label = { vi = "Lạc", en = "Wander" }
from = ["begun"]
to = "stuck"
by = ["hamlet_head@area"]
[[transitions]]
id = "end"
label = { vi = "Kết thúc", en = "End" }
from = ["begun"]
to = "ended"
by = ["hamlet_head@area"]
"""


def test_an_unsound_workflow_is_told_as_a_story(shell: Shell) -> None:
    file = shell.var / "broken.toml"
    file.write_text(BROKEN, encoding="utf-8")
    (told,) = shell("workflows", "check", file, "--json", expect=1).json
    assert (told["id"], told["sound"]) == ("broken", False)
    dead_end = next(one for one in told["problems"] if one["story"] == ["open", "wander"])
    assert {"code", "story", "message"} <= set(dead_end)
    answer = shell("workflows", "check", file, expect=1)
    assert answer.out.count(f"{' → '.join(dead_end['story'])} [{dead_end['code']}]") == 1
    assert answer.out.count("open → wander") == sum(bool(one["story"]) for one in told["problems"])
    assert f"[{dead_end['code']}]" in answer.out


def test_a_workflow_of_papers_is_judged_by_those_it_moves(shell: Shell) -> None:
    file = shell.var / "silent.toml"
    told = (LAW / "papers" / "outgoing-standing.toml").read_text(encoding="utf-8")
    file.write_text(told.replace(', "tell_listed"', ""), encoding="utf-8")
    (found,) = shell("workflows", "check", file, "--json", expect=1).json
    untold = {one.get("workflow") for one in found["problems"] if one["code"] == "event_not_told"}
    assert "district-certification" in untold


def test_a_malformed_workflow_is_told_with_file_key_and_reason(shell: Shell) -> None:
    file = shell.var / "malformed.toml"
    file.write_text(BROKEN.replace('to = "begun"', ""), encoding="utf-8")
    (told,) = shell("workflows", "check", file, "--json", expect=1).json
    assert (told["id"], told["sound"]) == ("malformed", False)
    (problem,) = told["problems"]
    assert problem["code"] == "malformed"
    assert (told["file"], problem["file"]) == (str(file), "malformed.toml")
    assert "malformed.toml: transitions.0.to: " in shell("workflows", "check", file, expect=1).out
    assert problem["key"] == "transitions.0.to"
    assert problem["story"] == []


def test_a_workflow_is_drawn(shell: Shell) -> None:
    mermaid = shell("workflows", "draw", "district-certification").out
    assert mermaid.startswith("stateDiagram-v2") or mermaid.startswith("flowchart")
    assert "<svg" in shell("workflows", "draw", "outgoing", "--format", "svg").out
    assert "[unknown_workflow]" in shell("workflows", "draw", "other", expect=1).err


def test_a_vote_is_judged_by_the_law_of_its_day(shell: Shell) -> None:
    words = ("vote", "rule", "--on", "2026-05-01", "--households", 101, "--json")
    passed = shell(*words, "--yes", 51).json
    assert {"passes", "needs", "next", "clause"} <= set(passed)
    assert (passed["passes"], passed["needs"], passed["next"]) == (True, 51, "passed")
    failed = shell(*words, "--yes", 50, expect=1).json
    assert (failed["passes"], failed["next"]) == (False, "failed")
    few = shell(*words, "--yes", 40, "--present", 45, expect=1).json
    assert few["next"] == "ballot_round"
    told = shell(*words, "--yes", 60, "--present", 50, expect=1)
    assert told.json["code"] == "impossible_count"


# ------------------------------------------------------------------ running the product


def test_production_is_refused_with_every_reason(shell: Shell) -> None:
    told = shell("check", "--production", "--json", expect=1).json
    assert {"not_production", "default_secret", "plain_http", "software_keystore"} <= {
        one["code"] for one in told
    }
    assert all(one["detail"] for one in told)
    text_ = shell("check", "--production", "--lang", "en", expect=1).out
    assert "BINHXET_SECRET_KEY" in text_


def test_a_database_is_made_and_brought_up_to_date(shell: Shell) -> None:
    first = shell("migrate", "--json").json
    assert first["from"] is None
    again = shell("migrate", "--json").json
    assert again == {"from": first["to"], "to": first["to"]}
    assert shell("check", "--json").json == []


@pytest.mark.parametrize("word", ["serve", "worker"])
def test_nothing_is_started_on_an_unsafe_installation(shell: Shell, word: str) -> None:
    unsafe = Shell(
        shell.var,
        {"BINHXET_ENV": "production", "BINHXET_DATABASE_URL": f"sqlite:///{shell.var}/x.db"},
    )
    answer = unsafe(word, expect=1)
    for code in ("default_secret", "plain_http", "software_keystore", "no_database"):
        assert f"[{code}]" in answer.err or word == "worker"
    assert "[no_database]" in answer.err


def test_settings_that_cannot_be_read_are_named(shell: Shell) -> None:
    s3 = Shell(shell.var, {"BINHXET_BLOB_URL": "s3://bucket/prefix"})
    assert "[no_such_store]" in s3("nominations", "list", expect=1).err


def test_the_demonstration_is_not_for_production(shell: Shell) -> None:
    real = Shell(shell.var, {"BINHXET_ENV": "production"})
    assert "[demo_in_production]" in real("demo", "--no-serve", expect=1).err
