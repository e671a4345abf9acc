"""Records and reports at the command line: entering, refusing, listing, files."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.web.calling import Shell

WORKS = '{"year": 2025, "source": "Sổ của xã", "figures": {"groups": 5, "members": ">160"}}'


@pytest.fixture
def shell(district_url: str, tmp_path: Path) -> Shell:
    """A terminal over the small district, on either database."""
    return Shell(tmp_path, {"BINHXET_DATABASE_URL": district_url})


def test_a_record_is_entered_listed_corrected_and_withdrawn(shell: Shell) -> None:
    enter = ("records", "enter", "security_group", "--unit", "16144-01", "--as")
    made = shell(*enter, "hamlet", "--data", WORKS, "--json").json["id"]
    assert shell(*enter, "hamlet", "--data", WORKS, expect=1).err.strip().endswith("doubled]")
    assert "not_yours" in shell(*enter, "chair", "--data", WORKS, expect=1).err
    wrong = '{"year": "x", "figures": {"boats": 1, "members": "ten"}}'
    told = shell(*enter, "hamlet", "--data", wrong, "--json", expect=1).json
    assert {one["code"] for one in told["refusals"]} == {
        "record_date_unreadable",
        "record_measure_unknown",
        "record_number_unreadable",
    }
    assert "boats" in shell("records", "list", "--unit", "16144", "--kind", "boats", expect=1).err
    assert shell("records", "enter", "boats", *enter[3:], "hamlet", "--data", "{}", expect=1)
    (row,) = shell("records", "list", "--unit", "16144", "--below", "--json").json
    assert (row["id"], row["figures"]) == (made, {"groups": "5", "members": ">160"})
    assert row["confidence"] == "secondary"
    better = WORKS.replace("160", "170").replace("}}", '}, "confidence": "assumed"}')
    better = shell(*enter, "hamlet", "--data", better, "--corrects", made)
    (row,) = shell("records", "list", "--unit", "16144-01", "--json").json
    assert row["confidence"] == "assumed"
    assert "2" in better.out
    shell("records", "withdraw", 2, "--as", "hamlet", "--reason", "ghi nhầm")
    assert shell("records", "list", "--unit", "16144-01", "--json").json == []
    kinds = {one["id"]: one for one in shell("records", "kinds", "--json").json}
    assert kinds["settled"]["period"] == "span"


def test_reports_are_answered_and_written(shell: Shell, tmp_path: Path) -> None:
    asked = ("--unit", "401", "--from", 2016, "--to", 2017)
    told = shell("report", "decade", *asked, "--format", "json").json
    (recognition,) = [one for one in told["sections"] if one["id"] == "recognition"]
    yearly = recognition["tables"][0]
    assert [row[0]["text"] for row in yearly["rows"]] == ["2016", "2017"]
    assert yearly["rows"][0][1]["value"] == 6
    assert told["sources"][0]["address"].startswith("/reports/results?")
    assert "I. Đặc điểm tình hình" in shell("report", "decade", *asked).out
    file = tmp_path / "report.xlsx"
    for kind in ("recognition", "decade"):
        written = shell("report", kind, *asked, "--format", "xlsx", "--out", file, "--json").json
        assert written == {"file": str(file), "size": file.stat().st_size}
        assert load_workbook(file).sheetnames
    lines = shell("report", "recognition", *asked, "--format", "json").json
    assert [one["registered"] for one in lines] == [6, 6]
    assert shell("report", "annual", *asked, expect=1).err
    assert shell("report", "decade", "--unit", "0", *asked[2:], expect=1).err
    assert shell("report", "recognition", *asked[2:], "--format", "xlsx", expect=2).err
