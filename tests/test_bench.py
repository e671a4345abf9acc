"""The benchmarks: that each runs, at a size that measures nothing, and what their table says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from engine.history import verify
from tests.bench import __main__ as command
from tests.bench import world
from tests.bench.ground import Ground
from tests.bench.measure import Figure, paired, table
from tests.databases import Databases
from tests.workflows import staging


# pyHanko leaves the font of a stamp open until the garbage collector closes it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", command.BENCHES)
def test_each_benchmark_runs_and_yields_figures(
    name: str, databases: Databases, tmp_path: Path
) -> None:
    ground = Ground(tmp_path, databases, tiny=True)
    figures = list(import_module(f"tests.bench.{name}").figures(ground))
    assert figures
    # What may not be at all is counted exactly, also where times mean nothing.
    assert all(figure.value > 0 if figure.limit != 0 else figure.within for figure in figures)
    assert all(figure.floor for figure in figures if figure.floor_name)
    assert len({(figure.name, figure.floor_name) for figure in figures}) == len(figures)


def test_a_world_is_lawful_and_as_large_as_it_was_ordered(session: Session) -> None:
    made = world.build(session, staging.house(), 500)
    assert sum(map(len, made.areas.values())) == 500
    assert len(made.districts) == 2
    assert not verify(session)


def test_two_things_are_timed_in_turn() -> None:
    calls: list[str] = []
    figure = paired(
        "a", lambda: calls.append("a"), "b", lambda: calls.append("b"), rounds=3, warm=1
    )
    assert calls == ["a", "b"] * 4
    assert (figure.name, figure.floor_name, figure.unit) == ("a", "b", "ms")


@pytest.mark.parametrize(
    ("figure", "ratio", "within"),
    [
        (Figure("move", 6.0, "ms", "floor", 2.0, 3.0), 3.0, True),
        (Figure("move", 6.1, "ms", "floor", 2.0, 3.0), 3.05, False),
        (Figure("move", 6.0, "ms", "floor", 2.0), 3.0, None),
        (Figure("memory", 150.0, "MB", limit=150.0), None, True),
        (Figure("memory", 151.0, "MB", limit=150.0), None, False),
        (Figure("pages", 0, "", limit=0), None, True),
        (Figure("pages", 1, "", limit=0), None, False),
    ],
)
def test_a_figure_keeps_its_limit_or_not(
    figure: Figure, ratio: float | None, within: bool | None
) -> None:
    assert figure.ratio == (pytest.approx(ratio) if ratio else None)
    assert figure.within is within
    assert ("OVER" in table([figure])) is (within is False)


def _canned(value: float) -> Iterator[Figure]:
    yield Figure("move", value, "ms", "floor", 2.0, 3.0)
    yield Figure("memory", 100.0, "MB")


@pytest.mark.parametrize(("value", "code"), [(5.0, 0), (7.0, 1)])
def test_the_command_prints_a_table_writes_it_down_and_ends_by_the_limits(
    value: float,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(command, "run", lambda *_args: _canned(value))
    assert command.main(["--var", str(tmp_path), "moves"]) == code
    assert "memory" in capsys.readouterr().out
    kept = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    move = kept["figures"][0]
    assert {"name", "value", "unit", "floor", "ratio", "limit", "within"} <= set(move)
    assert (move["value"], move["within"]) == (value, code == 0)
    assert kept["machine"]["cores"] >= 1
    assert set(kept["versions"]) == set(command.LIBRARIES)


def test_one_benchmark_leaves_the_figures_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = iter(
        (
            [Figure("move", 1.0, "ms"), Figure("paper", 2.0, "ms")],
            [Figure("move", 3.0, "ms"), Figure("page", 4.0, "ms")],
        )
    )
    monkeypatch.setattr(command, "run", lambda *_args: iter(next(runs)))
    for name in ("papers", "moves"):
        command.main(["--var", str(tmp_path), name])
    kept = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))["figures"]
    assert [(one["name"], one["value"]) for one in kept] == [
        ("move", 3.0),
        ("paper", 2.0),
        ("page", 4.0),
    ]
    assert all(one["on"] for one in kept)


def test_what_has_no_limit_says_why() -> None:
    assert "no limit, because it grows" in table([Figure("page", 1, "ms", unlimited="it grows")])


def test_the_benchmarks_leave_nothing_but_their_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tests.bench.moves.figures", lambda ground: iter([Figure("folder", 1, str(ground.folder))])
    )
    (figure,) = command.run(["moves"], tmp_path / "var", tiny=True)
    assert not Path(figure.unit).exists()
    assert list((tmp_path / "var").iterdir()) == []


def test_an_unknown_benchmark_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["speed"])
    assert ended.value.code == 2
    assert "no benchmark speed" in capsys.readouterr().err
