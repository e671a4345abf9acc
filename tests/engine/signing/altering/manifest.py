"""The folder of altered files: making it, and reading what is expected of each."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from tests.engine.signing.altering.keys import FOLDER, ROOTS
from tests.engine.signing.altering.registry import ATTACKS

MANIFEST = FOLDER / "manifest.toml"
MODULES = ("content", "saved", "signatures", "shadow", "spoofed", "stamped", "annexed")
HEAD = """\
# One entry for each altered file: what was done to the genuine paper, and the reason and the
# verdict that the check of a file must give, with the register and ("offline") with the trust
# bundle alone; "of" is the paper beside which an annex is checked then. "pdfsig" is what an
# ordinary reader says of it (valid and trusted signatures of those it finds), for information.
# Made by `python -m tests.engine.signing.altering`.
"""


@dataclass(frozen=True)
class Entry:
    """One line of the manifest, with the file it is about."""

    name: str
    story: str
    reason: str
    verdict: str
    offline: str
    of: str
    sha256: str

    @property
    def content(self) -> bytes:
        return (FOLDER / f"{self.name}.pdf").read_bytes()


def entries() -> Iterator[Entry]:
    """Every altered file; raises ``KeyError`` for a manifest that lacks something."""
    told = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))
    for name, one in told["altered"].items():
        said = (one["story"], one["reason"], one["verdict"], one["offline"], one.get("of", ""))
        yield Entry(name, *said, one["sha256"])


def genuine(name: str = "genuine") -> bytes:
    """One of the papers that hold."""
    return (FOLDER / f"{name}.pdf").read_bytes()


def build(wanted: Sequence[str] = ()) -> tuple[int, int]:
    """Writes the files that are wanted, or missing, and the manifest; how many files were
    written, and their bytes. Files of attacks that are no more are removed."""
    for module in MODULES:
        import_module(f"tests.engine.signing.altering.{module}")
    makers = _originals()
    makers |= {name: attack.make for name, attack in ATTACKS.items()}
    for old in FOLDER.glob("*.pdf"):
        if old.stem not in makers:
            old.unlink()
    new = [one for one in makers if _is_wanted(one, wanted)]
    for name in new:  # the originals first: others are made from them
        (FOLDER / f"{name}.pdf").write_bytes(makers[name]())
    MANIFEST.write_text(HEAD + "".join(_sections(new)), encoding="utf-8")
    return len(new), sum((FOLDER / f"{name}.pdf").stat().st_size for name in new)


def _originals() -> dict[str, Callable[[], bytes]]:
    """The files that hold, beside the altered ones."""
    from tests.engine.signing.altering import lasting, originals

    return {
        "genuine": lambda: originals.decision().issued,
        "genuine-certificate": lambda: originals.certificate().issued,
        "genuine-enclosing": lambda: lasting.lasting(lasting.decision()),
        "genuine-annex": lambda: lasting.lasting(
            lasting.annex(lasting.first_annex()), lasting.OF_LIST
        ),
    }


def _is_wanted(name: str, wanted: Sequence[str]) -> bool:
    return name in wanted or "all" in wanted or not (FOLDER / f"{name}.pdf").exists()


def _sections(new: Sequence[str]) -> Iterator[str]:
    told = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))["altered"]
    with tempfile.TemporaryDirectory() as folder:
        store = _trust(Path(folder))
        for name, attack in sorted(ATTACKS.items()):
            path = FOLDER / f"{name}.pdf"
            seen = _pdfsig(path, store) if name in new else told[name]["pdfsig"]
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            beside = f'of = "{attack.of}"\n' if attack.of else ""
            yield (
                f'\n[altered.{name}]\nstory = "{attack.story}"\nreason = "{attack.reason}"\n'
                f'verdict = "{attack.verdict}"\noffline = "{attack.offline}"\n{beside}'
                f'pdfsig = "{seen}"\nsha256 = "{digest}"\n'
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
