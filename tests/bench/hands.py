"""A pair of hands of the batch benchmark: a process of its own that makes papers.

``python -m tests.bench.hands FOLDER WARM FIRST CERTIFICATES DECISIONS``: gets warm by making so
many, says it is ready, and on a line of input makes its papers; then says what they cost and
what it holds.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from tests.bench.district import DECISION, made_up, spend
from tests.bench.press import Press

ROOT = Path(__file__).resolve().parents[2]


def work(folder: Path, warm: int, first: int, certificates: int, decisions: int) -> None:
    press = Press.found(folder)
    for number in range(9000, 9000 + warm):
        press.whole([("certificate", made_up("certificate", number))])
        if number % 10 == 0:
            press.whole([(DECISION, made_up(DECISION, number))])
    before = resident()
    click.echo("ready")
    sys.stdin.readline()
    kinds = ["certificate"] * certificates + [DECISION] * decisions

    def make() -> None:
        for number, kind in enumerate(kinds, start=first):
            press.whole([(kind, made_up(kind, number))])

    spent = spend(make)
    told = {"wall": spent.wall, "processor": spent.processor, "before": before, "after": resident()}
    click.echo(json.dumps(told))


def resident() -> float:
    """The memory this process holds now, in millions of bytes."""
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmRSS:")).split()[1]) / 1e3


def together(
    folder: Path, warm: int, shares: Sequence[tuple[int, int, int]]
) -> list[dict[str, float]]:
    """Several at once: what each told. A share is a first number, certificates, decisions."""
    hands = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.bench.hands", str(folder), str(warm), *map(str, share)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for share in shares
    ]
    try:
        for one in hands:
            if one.stdout is None or one.stdout.readline() != "ready\n":
                raise RuntimeError("a process of the benchmark did not start")
        for one in hands:
            _tell(one)
        return [json.loads(one.communicate()[0]) for one in hands]
    finally:
        for one in hands:
            one.kill()
            one.wait()


def _tell(one: subprocess.Popen[str]) -> None:
    if one.stdin is not None:
        one.stdin.write("go\n")
        one.stdin.flush()


if __name__ == "__main__":
    work(Path(sys.argv[1]), *map(int, sys.argv[2:6]))
