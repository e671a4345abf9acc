"""The law-to-test table is whole, and says where it is not."""

from __future__ import annotations

from pathlib import Path

from tests.law.clauses import TABLE, cited, faults, mentions, source_of, table

HERE = "tests/law/test_clauses.py::test_a_clause_without_a_test_is_told_with_its_file"


def test_every_clause_in_the_law_has_a_test_that_names_it() -> None:
    assert faults(cited(), table(TABLE.read_text(encoding="utf-8"))) == []


def test_a_clause_without_a_test_is_told_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "new.toml").write_text('clause = "Điều 9 Luật mới"\nbasis = ["Luật mới"]')
    law = cited(tmp_path)
    assert law == {"Điều 9 Luật mới": ["new.toml"], "Luật mới": ["new.toml"]}
    assert faults(law, {"Luật mới": [HERE]}) == [
        "new.toml: no test names the clause “Điều 9 Luật mới”"
    ]


def test_a_test_names_the_clause_or_what_cites_it() -> None:
    clause, files = "Điều 9 Nghị định 30/2020/NĐ-CP", ["papers/outgoing.toml", "tt-23-2012.toml"]
    for told in ("by Decree 30/2020, art. 9", "nd-30-2020", "outgoing.toml", "tt-23-2012"):
        assert mentions(f"def test_it(): ... # {told}", clause, files)
    for told in ("", "Decree 130/2020", "outgoing", "Điều 9"):
        assert not mentions(f"def test_it(): ... # {told}", clause, files)
    source = source_of(Path(__file__), "test_a_test_names_the_clause_or_what_cites_it")
    assert "The law-to-test table is whole" in source, "what the module says counts"
    assert "HERE" not in source.replace('"HERE"', ""), "what it does not use does not"


def test_a_test_that_is_gone_and_a_clause_that_nobody_cites_are_told() -> None:
    told = table(f"# remark\nLuật mới\n  {HERE}\n  tests/law/gone.py::test_it\nLuật cũ\n  {HERE}\n")
    assert faults({"Luật mới": ["new.toml"]}, told) == [
        "clauses.txt: no law file cites “Luật cũ”",
        "clauses.txt: “Luật mới”: there is no test tests/law/gone.py::test_it",
    ]
