"""The law-to-test table: each clause that a law file cites, and the tests that hold it.

``clauses.txt`` names tests under each clause, as ``path::test``. ``python -m tests.law.clauses``
(part of ``make check``) ends with 1 if a clause has no test, a test is not there or names
neither the clause nor its norm nor a file or rule that cites it, or the table has a clause
that no file cites any more. Nothing is run: test files are only read.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LAW = ROOT / "workflows" / "law"
TABLE = Path(__file__).with_name("clauses.txt")
CITING = ("basis", "clause")
PLACES = ("register", "assess", "meet", "submit", "appraise", "decide")
"""What definitions put into the places of shared parts: clauses, too."""


def cited(folder: Path = LAW) -> dict[str, list[str]]:
    """Every clause cited in a folder of law, with the files that cite it."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*.toml")):
        for clause in _clauses(tomllib.loads(path.read_text(encoding="utf-8"))):
            files = found.setdefault(clause, [])
            if (name := path.relative_to(folder).as_posix()) not in files:
                files.append(name)
    return found


def _clauses(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _clauses(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _clauses(inner, key)
    elif isinstance(value, str) and _cites(key) and not value.startswith("{"):
        yield value


def _cites(key: str) -> bool:
    return key in (*CITING, *PLACES) or key.endswith("_clause")


def table(text: str) -> dict[str, list[str]]:
    """The table: a clause on a line of its own, its tests indented under it."""
    found: dict[str, list[str]] = {}
    clause = ""
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" "):
            found[clause].append(line.strip())
        else:
            clause = line
            found.setdefault(clause, [])
    return found


@cache
def tests_in(path: Path) -> frozenset[str]:
    """The names of the tests in a file; none if it is not there."""
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


@cache
def source_of(path: Path, test: str) -> str:
    """A test with what its module says of it: the module's docstring, and whatever of the
    module's own the test uses or is given."""
    text = path.read_text(encoding="utf-8")
    tree, lines = ast.parse(text), text.splitlines()
    known = {name: node for node in tree.body for name in _names(node)}
    found, open_ = {}, [test]
    while open_:
        name = open_.pop()
        if name in found or name not in known:
            continue
        node = known[name]
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
        found[name] = "\n".join(lines[first - 1 : node.end_lineno])
        open_ += [one.id for one in ast.walk(node) if isinstance(one, ast.Name)]
        open_ += [one.arg for one in ast.walk(node) if isinstance(one, ast.arg)]
    return "\n".join([ast.get_docstring(tree) or "", *found.values()])


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [one.id for one in targets if isinstance(one, ast.Name)]


def mentions(source: str, clause: str, files: Iterable[str]) -> bool:
    """Whether a test's source names a clause: in its words, by the number of its norm
    (``30/2020``, ``luat-10-2022``), or a file that cites it by its name."""
    numbers = re.findall(r"(?<![/\d])(\d+)/(\d{4}\b|[A-ZĐ]+-)", clause)
    wanted = [f"{number}[/-]{rest}" for number, rest in numbers]
    # A name without a number (votes, place) is a word like any other: the file is told whole.
    stems = [(Path(file).stem, Path(file).name) for file in files]
    wanted += [re.escape(stem if re.search(r"\d", stem) else name) for stem, name in stems]
    told = "|".join(wanted)
    return clause in source or bool(told and re.search(rf"(?<![\w])({told})", source))


def faults(law: Mapping[str, list[str]], told: Mapping[str, list[str]]) -> list[str]:
    """What is wrong with the table, a line each."""
    lines = [
        f"{', '.join(files)}: no test names the clause “{clause}”"
        for clause, files in law.items()
        if not told.get(clause)
    ]
    lines += [f"clauses.txt: no law file cites “{clause}”" for clause in told if clause not in law]
    for clause, names in told.items():
        for name in names:
            path, _, test = name.partition("::")
            if test not in tests_in(ROOT / path):
                lines.append(f"clauses.txt: “{clause}”: there is no test {name}")
            elif clause in law and not mentions(source_of(ROOT / path, test), clause, law[clause]):
                lines.append(f"clauses.txt: “{clause}”: it is not named by {name}")
    return lines


def main() -> int:
    """Prints what is wrong; 1 if something is."""
    wrong = faults(cited(), table(TABLE.read_text(encoding="utf-8")))
    for line in wrong:
        print(line)  # noqa: T201 - a check speaks to whoever runs it
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
