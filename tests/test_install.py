"""What `make` relies on to install: locks that hold anywhere, and packages asked for once."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("run", "dev")


DIVIDER = "# --- for tests and checks only ---"


def lock(name: str) -> str:
    """What the product needs, or what the tests and checks need besides."""
    run, dev = (ROOT / "requirements.lock").read_text().split(f"{DIVIDER}\n")
    return {"run": run, "dev": dev}[name]


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", lock(name), re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_place_to_fetch_from(name: str) -> None:
    assert re.findall(r"://|^-|\bfile:|@ ", lock(name), re.MULTILINE) == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_has_its_hashes(name: str) -> None:
    blocks = re.split(r"^(?=\w)", lock(name), flags=re.MULTILINE)[1:]
    assert blocks
    assert len(blocks) == len(pins(name))
    assert [block for block in blocks if "--hash=sha256:" not in block] == []


def test_both_parts_agree() -> None:
    run, dev = pins("run"), pins("dev")
    assert {
        name: (run[name], dev[name]) for name in run.keys() & dev if run[name] != dev[name]
    } == {}


def test_help_names_every_command() -> None:
    answer = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    told = set(re.findall(r"^  make (\w+)", answer.stdout, re.MULTILINE))
    assert {"demo", "test", "run", "check", "bench", "help"} <= told


class Machine:
    """A machine of stand-ins: what is installed there, who asks, and what apt was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.installed: set[str] = set()
        self.root = True
        self.sudo = False

    def run(self, purpose: str) -> subprocess.CompletedProcess[str]:
        listed = "|".join(sorted(self.installed)) or "none"
        self._program("dpkg-query", f'case "${{@: -1}}" in {listed}) echo -n installed;; esac')
        self._program("id", f"echo {0 if self.root else 1000}")
        self._program("sudo", 'test "$1" = -n && shift && exec "$@"' if self.sudo else "exit 1")
        self._program("apt-cache", '[[ "${@: -1}" != fonts-croscore ]]')
        self._program("apt-get", f'echo "$@" >>{self.folder}/apt.log')
        return subprocess.run(
            ["bash", ROOT / ".ci" / "system-packages", purpose],
            env={"PATH": f"{self.folder}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )

    def apt(self) -> list[str]:
        """The commands apt-get was given, without its options."""
        log = self.folder / "apt.log"
        lines = log.read_text().splitlines() if log.exists() else []
        options = ("-", "DPkg::")
        return [
            " ".join(word for word in line.split() if not word.startswith(options))
            for line in lines
        ]

    def _program(self, name: str, body: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/usr/bin/env bash\n{body}\n")
        path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


LIBRARIES = {"libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"}


def test_what_is_there_is_not_asked_for(machine: Machine) -> None:
    machine.installed = LIBRARIES | {"fonts-liberation2"}
    assert machine.run("demo").returncode == 0
    assert machine.apt() == []


@pytest.mark.parametrize(("root", "sudo"), [(True, False), (False, True)])
def test_what_is_missing_is_installed(machine: Machine, root: bool, sudo: bool) -> None:
    machine.installed = {"libpango-1.0-0", "libpangoft2-1.0-0"}
    machine.root, machine.sudo = root, sudo
    assert machine.run("demo").returncode == 0
    assert machine.apt() == ["update", "install libharfbuzz-subset0 fonts-liberation2"]


def test_who_may_not_install_is_told_the_command(machine: Machine) -> None:
    machine.installed = LIBRARIES
    machine.root = False
    answer = machine.run("demo")
    assert answer.returncode == 1
    assert "apt-get install --no-install-recommends fonts-croscore\n" in answer.stderr
    assert machine.apt() == []
