"""Units on the command line: looked up by day, changed by a file, loaded from a sheet."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web import world
from tests.web.calling import Shell
from workflows.exchange import xlsx

ACTS = """
[[orders]]
act = "rename"
units = ["16144"]
into = [{ name = "Nga An Mới" }]
[orders.deed]
number = "1/NQ"
effective_on = 2026-01-01
"""
REUSED = """
[[orders]]
act = "recode"
units = ["16096"]
into = [{ code = "99001" }]
deed = { number = "1/QĐ", effective_on = 2018-01-01 }
[[orders]]
act = "recode"
units = ["16144"]
into = [{ code = "16096" }]
deed = { number = "2/QĐ", effective_on = 2018-02-01 }
"""
COMMITTEE = '{"year": 2025, "source": "Sổ của xã", "figures": {"groups": 1, "members": 9}}'
HEADINGS = ["Loại", "Mã", "Tên", "Mã cấp trên", "Từ ngày"]


@pytest.fixture
def district(district_url: str, tmp_path: Path) -> Shell:
    return Shell(tmp_path, {"BINHXET_DATABASE_URL": district_url})


def test_a_file_of_acts_is_tried_applied_and_passed_over(district: Shell, tmp_path: Path) -> None:
    file = tmp_path / "acts.toml"
    file.write_text(ACTS)
    tried = district("units", "apply", file, "--dry-run", "--json").json
    assert (tried["orders"], len(tried["changes"]), tried["dry_run"]) == (1, 1, True)
    assert "Nga An" in district("units", "apply", file, "--dry-run").out
    assert district("units", "apply", file, "--json").json["handed_over"] == 0
    again = district("units", "apply", file, "--json").json
    assert (again["orders"], again["again"]) == (0, 1)
    told = district("units", "show", "16144", "--on", "2026-06-01", "--json").json
    assert [span["name"] for span in told["spans"]] == ["Xã Nga An", "Xã Nga An Mới"]
    assert told["spans"][1]["number"] == "1/NQ"
    assert "Nga An Mới" in district("units", "show", "16144").out
    assert "unknown_unit" in district("units", "show", "16144", "--on", "1990-01-01", expect=1).err
    assert district("units", "hand-over", "--json").json["left"] == []


def test_a_report_is_of_the_unit_that_bore_the_code_on_a_day(
    district: Shell, tmp_path: Path
) -> None:
    file = tmp_path / "acts.toml"
    file.write_text(REUSED)
    district("units", "apply", file)
    words = ("report", "recognition", "--from", 2016, "--to", 2017, "--unit", "16096")
    then = district(*words, "--on", "2017-12-31", "--json").json
    assert [row["registered"] for row in then] == [1, 1]
    assert district(*words, "--json").json != then
    words = ("report", "annual", "--from", 2017, "--unit", "16096")
    told = [district(*words, *on, "--json").json["place"] for on in ((), ("--on", "2017-12-31"))]
    assert told[0] == "Xã Nga An" != told[1]
    assert "unknown_unit" in district(*words, "--on", "1990-01-01", expect=1).err
    entering = ("records", "enter", "committee", "--as", "police", "--data", COMMITTEE)
    district(*entering, "--unit", "16144", "--on", "2018-01-31")
    words = ("records", "list", "--unit", "16096", "--json")
    assert [len(district(*words, *on).json) for on in ((), ("--on", "2017-12-31"))] == [1, 0]
    assert "unknown_unit" in district("streak", "16144-01", "--on", "1990-01-01", expect=1).err


def test_a_file_that_may_not_be_is_refused_with_its_key(district: Shell, tmp_path: Path) -> None:
    file = tmp_path / "acts.toml"
    file.write_text(ACTS.replace('"16144"', '"99999"'))
    answer = district("units", "apply", file, "--lang", "en", expect=1)
    assert "orders.0.units.0: On 01/01/2026 there was no unit" in answer.err
    file.write_text(ACTS + "colour = 1\n")
    assert "unknown_key" in district("units", "apply", file, expect=1).err


def test_who_opens_a_year_is_told_whom_it_leaves_out(district: Shell, tmp_path: Path) -> None:
    file = tmp_path / "units.xlsx"
    schools = [
        ["trường", f"GD-{n}", f"Trường Mẫu {n}", under, "1/1/2020"]
        for n, under in enumerate(["401", "401", "16144"])
    ]
    file.write_bytes(xlsx.write("A", HEADINGS, schools))
    district("load", "units", file)
    act = tmp_path / "acts.toml"
    told = ACTS.replace('"16144"', '"GD-0"').replace('name = "Nga An Mới"', 'category = "primary"')
    act.write_text(told)
    (change,) = district("units", "apply", act, "--json").json["changes"]
    assert change["before"] == "Trường Mẫu 0 (GD-0)"
    assert change["after"] == "Trường Mẫu 0 (GD-0, tiểu học)"
    year = ("cycles", "open", world.YEAR, "--regime", "two-tier-2025", "--kind", "school")
    told = district(*year, "--json", "--lang", "en")
    assert [one["kind"] for one in told.json] == ["school"]
    assert "school: 2 units of this kind under huyện Nga Sơn" in told.err
    assert "16144" not in told.err


def test_a_sheet_is_tried_loaded_and_known(district: Shell, tmp_path: Path) -> None:
    file = tmp_path / "units.xlsx"
    file.write_bytes(
        xlsx.write("A", HEADINGS, [["thôn", "16144-99", "Thôn 99", "16144", "1/1/2020"]])
    )
    assert district("load", "units", file, "--dry-run", "--json").json["accepted"] == 1
    assert district("load", "units", file, "--json").json["new"] == 1
    assert district("load", "units", file, "--json").json["same"] == 1
    file.write_bytes(xlsx.write("A", HEADINGS, [["thôn", "16144-98", "", "1614", "1/1/2020"]]))
    told = district("load", "units", file, "--json", expect=1).json
    assert [(one["cell"], one["code"]) for one in told["refused"]] == [("C2", "cell_empty")]
    assert "A!C2: " in district("load", "units", file, expect=1).out


@pytest.mark.parametrize("ending", ["xlsx", "ods", "csv"])
def test_a_template_is_written(tmp_path: Path, ending: str) -> None:
    shell = Shell(tmp_path)
    file = tmp_path / f"t.{ending}"
    assert shell("template", "units", file, "--json").json["size"] == file.stat().st_size
    assert "format_unknown" in shell("template", "units", tmp_path / "t.doc", expect=1).err
