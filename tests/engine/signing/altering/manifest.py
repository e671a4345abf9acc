"""The folder of altered files: making it, and reading what is expected of each."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from tests.engine.signing.altering.keys import FOLDER, ROOTS
from tests.engine.signing.altering.registry import ATTACKS

MANIFEST = FOLDER / "manifest.toml"
MODULES = ("content", "saved", "signatures", "shadow", "spoofed")
HEAD = """\
# One entry for each altered file: what was done to the genuine paper, and the reason and the
# verdict that the check of a file must give. "pdfsig" is what an ordinary reader says of it
# (valid and trusted signatures of those it finds), for information. Made by
# `python -m tests.engine.signing.altering`.
"""


@dataclass(frozen=True)
class Entry:
    """One line of the manifest, with the file it is about."""

    name: str
    story: str
    reason: str
    verdict: str
    sha256: str

    @property
    def content(self) -> bytes:
        return (FOLDER / f"{self.name}.pdf").read_bytes()


def entries() -> Iterator[Entry]:
    """Every altered file; raises ``KeyError`` for a manifest that lacks something."""
    told = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))
    for name, one in told["altered"].items():
        yield Entry(name, one["story"], one["reason"], one["verdict"], one["sha256"])


def genuine(name: str = "genuine") -> bytes:
    """One of the papers that hold."""
    return (FOLDER / f"{name}.pdf").read_bytes()


def build() -> tuple[int, int]:
    """Writes all files and the manifest; how many files, and their bytes."""
    from tests.engine.signing.altering.originals import ORIGINALS

    for module in MODULES:
        import_module(f"tests.engine.signing.altering.{module}")
    for old in FOLDER.glob("*.pdf"):
        old.unlink()
    written = {name: make().issued for name, make in ORIGINALS.items()}
    written |= {name: attack.make() for name, attack in ATTACKS.items()}
    for name, content in written.items():
        (FOLDER / f"{name}.pdf").write_bytes(content)
    MANIFEST.write_text(HEAD + "".join(_sections()), encoding="utf-8")
    return len(written), sum(map(len, written.values()))


def _sections() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        store = _trust(Path(folder))
        for name, attack in sorted(ATTACKS.items()):
            path = FOLDER / f"{name}.pdf"
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            yield (
                f'\n[altered.{name}]\nstory = "{attack.story}"\nreason = "{attack.reason}"\n'
                f'verdict = "{attack.verdict}"\npdfsig = "{_pdfsig(path, store)}"\n'
                f'sha256 = "{digest}"\n'
            )


def _trust(folder: Path) -> Path:
    """The store that pdfsig asks, with our root alone."""
    base = ["certutil", "-d", f"sql:{folder}"]
    subprocess.run([*base, "-N", "--empty-password"], check=True)
    subprocess.run([*base, "-A", "-n", "root", "-t", "CT,C,C", "-i", str(ROOTS)], check=True)
    return folder


def _pdfsig(path: Path, store: Path) -> str:
    """In how many of the signatures it finds does poppler see no fault?"""
    done = subprocess.run(
        ["pdfsig", "-nssdir", str(store), str(path)],
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        timeout=60,
        check=False,
    )
    told = [part for part in done.stdout.split("Signature #")[1:] if "not signed" not in part]
    if not told:
        return "none found"
    valid = sum("Signature is Valid" in one and "is Trusted" in one for one in told)
    whole = "Total document signed" in told[-1]
    return f"{valid} of {len(told)} valid{', whole file' if whole else ''}"
