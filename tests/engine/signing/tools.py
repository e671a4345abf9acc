"""What other people's programs say of a file."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from engine.signing.coverage import facts

_PLAIN = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env=_PLAIN, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def qpdf(file: Path) -> str:
    """``qpdf --check``; fails on errors and on warnings."""
    return _run("qpdf", "--check", str(file))


def text(file: Path) -> str:
    return _run("pdftotext", "-layout", str(file), "-")


def pdfsig(file: Path, nss: Path) -> list[str]:
    """Poppler's words on each signed field: one text each."""
    told = _run("pdfsig", "-nssdir", str(nss), str(file))
    return [part for part in told.split("Signature #")[1:] if "not signed" not in part]


def openssl(pdf: bytes, root: Path, folder: Path) -> list[str]:
    """``openssl cms -verify`` over the covered bytes of each signature, oldest first."""
    answers = []
    for number, covered in enumerate(facts(pdf).covered):
        first, second = covered.gap
        container = bytes.fromhex(pdf[first + 1 : second - 1].decode())
        content, envelope = folder / f"{number}.bin", folder / f"{number}.p7s"
        content.write_bytes(pdf[:first] + pdf[second : covered.end])
        envelope.write_bytes(container)
        command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", str(envelope)]
        command += ["-content", str(content), "-CAfile", str(root), "-out", os.devnull]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        answers.append(done.stderr.strip())
    return answers


def picture(file: Path, folder: Path, dpi: int = 72, page: int = 1) -> Path:
    """A page as PNG, the first and one pixel a point by default."""
    stem, first = folder / "page", ["-f", str(page)]
    _run("pdftoppm", "-png", "-r", str(dpi), *first, "-singlefile", str(file), str(stem))
    return stem.with_suffix(".png")


def fonts(file: Path) -> str:
    """``pdffonts``: a table with the columns emb, sub and uni near the end of each row."""
    return _run("pdffonts", str(file))
