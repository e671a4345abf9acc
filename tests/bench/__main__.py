"""``python -m tests.bench [NAME…]``: measures, prints a table, writes ``bench.json``.

Ends with 1 when a figure is over its limit. Every ratio is of two things measured in turn in
the same run; absolute times of one machine say nothing about another.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from engine import clock
from tests.bench.ground import Ground, ground
from tests.bench.measure import Figure, table

BENCHES = (
    "moves",
    "pages",
    "streaks",
    "papers",
    "batch",
    "verify",
    "memory",
    "demo",
    "reports",
)
LIBRARIES = ("SQLAlchemy", "psycopg", "Flask", "WeasyPrint", "pyHanko", "granian", "transitions")
Bench = Callable[[Ground], Iterator[Figure]]


def main(arguments: Sequence[str]) -> int:
    """Runs the named benchmarks, or all; 0 if every limit was kept."""
    chosen = _chosen(arguments)
    var = Path(chosen.var).absolute()
    figures = list(run(chosen.names or BENCHES, var))
    click.echo(table(figures))
    path = var / "bench.json"
    told = record() | {"figures": merged(path, [one.record() for one in figures])}
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    click.echo(path)
    return 1 if any(figure.within is False for figure in figures) else 0


def _chosen(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="binhxet bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--var", default=os.environ.get("VAR", "var"))
    chosen = parser.parse_args(arguments)
    for name in chosen.names:
        if name not in BENCHES:
            parser.error(f"no benchmark {name}; there are: {', '.join(BENCHES)}")
    return chosen


def run(names: Sequence[str], var: Path, *, tiny: bool = False) -> Iterator[Figure]:
    """The figures of these benchmarks, measured in a folder that is removed at the end."""
    os.environ["BINHXET_ENV"] = "test"
    var.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=var))
    try:
        with ground(folder, tiny=tiny) as made:
            for name in names:
                click.echo(f"{name} …", err=True)
                bench: Bench = import_module(f"tests.bench.{name}").figures
                yield from bench(made)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def record() -> dict[str, Any]:
    """What ``bench.json`` tells of this run besides its figures."""
    return {
        "on": clock.today().isoformat(),
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
            "load": [round(load, 2) for load in os.getloadavg()],
        },
        "versions": {name: version(name) for name in LIBRARIES},
    }


def merged(path: Path, measured: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was measured today among what the file kept of before: each name once, in the
    place it had. Every figure tells its day, for not all are of the last run."""
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        before = {"figures": []}
    figures = {one["name"]: {"on": before.get("on")} | one for one in before["figures"]}
    today = clock.today().isoformat()
    return list((figures | {one["name"]: {"on": today} | one for one in measured}).values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
