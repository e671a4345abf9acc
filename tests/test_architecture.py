"""The house keeps its shape: floors, sizes, one seam for time, and an engine without words."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("engine", "workflows", "web")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]

MODULE_LINES = 400
FUNCTION_LINES = 40

NOW = {"today", "now", "utcnow", "time", "time_ns", "localtime", "gmtime"}
CLOCKS = {"date", "datetime", "time"}

ALPHABETS = {"engine/papers/letters.py", "engine/diagram/lettering.py"}

TEXTS = {".py", ".toml", ".html", ".css", ".js", ".po", ".csv", ".json", ".md", ".txt"}

# What Vietnamese letters have and English ones lack, once they are taken apart.
VIETNAMESE = re.compile("[đĐ\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323]")


def modules(*floors: str) -> Iterator[Path]:
    """Every module of these floors, but the migrations, which are written by a program and
    never changed."""
    for floor in floors:
        for path in sorted((ROOT / floor).rglob("*.py")):
            if "versions" not in path.parts:
                yield path


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def too_long_functions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Functions whose body has more lines than it may, the docstring not counted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            if lines > FUNCTION_LINES:
                yield node.name, lines


def clock_readings(tree: ast.AST) -> Iterator[str]:
    """``datetime.now()`` and its like, however the module was imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            words = ast.unparse(node.func).split(".")
            if words[-1] in NOW and words[-2] in CLOCKS:
                yield ".".join(words)


def foreign_words(tree: ast.AST) -> set[str]:
    """Strings with Vietnamese letters; docstrings may cite the law by its name."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    prose = {
        statement.value
        for node in ast.walk(tree)
        if isinstance(node, documented)
        for statement in node.body
        if isinstance(statement, ast.Expr)
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in prose
        if VIETNAMESE.search(unicodedata.normalize("NFD", node.value))
    }


def test_no_module_is_too_long() -> None:
    lines = {named(p): len(p.read_text().splitlines()) for p in modules(*FLOORS)}
    assert {name: n for name, n in lines.items() if n > MODULE_LINES} == {}
    assert len(lines) > 20


def test_no_function_is_too_long() -> None:
    found = {
        f"{named(path)}:{name}": lines
        for path in modules(*FLOORS)
        for name, lines in too_long_functions(ast.parse(path.read_text()))
    }
    assert found == {}


def test_time_comes_through_one_seam() -> None:
    found = {
        named(path): list(clock_readings(ast.parse(path.read_text()))) for path in modules(*FLOORS)
    }
    assert found.pop("engine/clock.py") == ["datetime.now"]
    assert {name: calls for name, calls in found.items() if calls} == {}


def test_the_engine_has_no_words() -> None:
    """Letters by themselves, as fonts are measured by, are no words."""
    found = {
        named(path): foreign_words(ast.parse(path.read_text()))
        for path in modules("engine")
        if named(path) not in ALPHABETS
    }
    assert {name: words for name, words in found.items() if words} == {}


def test_every_text_is_composed() -> None:
    """One form (NFC) for each Vietnamese letter, so that equal words compare equal."""
    texts = {
        path: path.read_text()
        for folder in (*FLOORS, "templates", "tests", "tools", "requirements")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in TEXTS
    }
    assert len(texts) > 50
    assert [
        named(path) for path, text in texts.items() if not unicodedata.is_normalized("NFC", text)
    ] == []


def test_the_measures_can_fail() -> None:
    """Each of the checks above finds what it looks for."""
    long = "def f():\n" + '    """One\n    two."""\n' + "    x = 1\n" * (FUNCTION_LINES + 1)
    assert list(too_long_functions(ast.parse(long))) == [("f", FUNCTION_LINES + 1)]
    readings = "import datetime\ndatetime.date.today()\ndatetime.datetime.now(UTC)\nclock.now()"
    assert list(clock_readings(ast.parse(readings))) == [
        "datetime.date.today",
        "datetime.datetime.now",
    ]
    words = 'def f():\n    """Nghị định."""\n    return "thôn", "đ", "naïve"'
    assert foreign_words(ast.parse(words)) == {"thôn", "đ"}


HEAVY = (
    *("aiohttp", "pikepdf", "pyhanko", "pyhanko_certvalidator", "pkcs11"),
    *("fontTools", "uharfbuzz", "weasyprint", "lxml", "PIL"),
    *("openpyxl", "docx", "alembic", "mako", "pygments", "holidays", "huey", "psycopg"),
)
"""Libraries that a site at rest does not hold: they are loaded when they are asked for."""


def test_a_site_at_rest_holds_no_library_that_it_does_not_need(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from web import create_app, settings\n"
        "app = create_app(settings.load(env='test', var=Path(sys.argv[1])))\n"
        "assert app.test_client().get('/healthz').status_code == 200\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    held = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(held.stdout.split())
    assert "flask" in loaded
    assert loaded & set(HEAVY) == set()


LAWFUL = {
    "engine": "",
    "engine.machine": "import transitions",
    "engine.jobs": "import huey",
    "engine.papers": "",
    "engine.papers.render": "import weasyprint",
    "engine.papers.typesetter": "from weasyprint import draw",
    "engine.signing": "",
    "engine.signing.pdf": "from pyhanko.sign import signers\nimport pyhanko_certvalidator",
    "engine.signing.pkcs11": "import pkcs11",
    "workflows": "from engine import machine",
    "web": "import workflows",
    "web.pages": "import flask",
}

BREACHES = [
    ("floors", "engine.machine", "import workflows"),
    ("floors", "engine.papers.render", "from web import views"),
    ("floors", "workflows", "import web"),
    ("no-web-below", "engine", "from werkzeug.utils import secure_filename"),
    ("no-web-below", "workflows", "import wtforms"),
    ("no-web-below", "workflows", "from flask_babel import gettext"),
    ("transitions", "engine", "from transitions import Machine"),
    ("transitions", "web", "from transitions.extensions import GraphMachine"),
    ("weasyprint", "engine.papers", "from weasyprint import HTML"),
    ("pyhanko", "web", "from pyhanko.pdf_utils.reader import PdfFileReader"),
    ("pyhanko", "engine.papers.render", "import pyhanko_certvalidator"),
    ("huey", "workflows", "from huey.api import Huey"),
    ("pkcs11", "engine.signing", "from pkcs11 import Mechanism"),
]


def broken_contracts(folder: Path, house: Mapping[str, str]) -> set[str]:
    """The ids of the contracts that a house of these modules breaks."""
    for name, source in house.items():
        package = folder / name.replace(".", "/")
        is_package = name in FLOORS or any(other.startswith(f"{name}.") for other in house)
        path = package / "__init__.py" if is_package else package.with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    answer = subprocess.run(
        [sys.executable, "-P", "-c", code, "--no-cache", "--no-logo"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"},
    )
    names = {contract["name"]: contract["id"] for contract in CONTRACTS["contracts"]}
    verdicts = {
        names[name]: verdict
        for name, verdict in re.findall(r"^(.+) (KEPT|BROKEN)\b", answer.stdout, re.MULTILINE)
    }
    assert set(verdicts) == set(names.values()), answer.stdout + answer.stderr
    broken = {name for name, verdict in verdicts.items() if verdict == "BROKEN"}
    assert answer.returncode == bool(broken)
    return broken


def test_a_lawful_house_breaks_no_contract(tmp_path: Path) -> None:
    assert broken_contracts(tmp_path, LAWFUL) == set()


@pytest.mark.parametrize(("contract", "module", "breach"), BREACHES)
def test_each_breach_breaks_its_contract(
    tmp_path: Path, contract: str, module: str, breach: str
) -> None:
    house = LAWFUL | {module: f"{LAWFUL[module]}\n{breach}"}
    assert broken_contracts(tmp_path, house) == {contract}


def test_every_contract_is_tried() -> None:
    assert {contract["id"] for contract in CONTRACTS["contracts"]} == {b[0] for b in BREACHES}
