"""PDFBox's preflight, another program's judgement, where it is installed.

It knows PDF/A-1, level B, alone. What it complains of in our papers may be only what part 1
forbids and part 3 allows: attached files, transparency groups, streams of cross-references, a
subset without its list of glyphs, and the number of the part itself.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.papers.reading import Reading

JARS = ["preflight", "pdfbox2", "fontbox2", "xmpbox", "commons-io", "commons-logging"]
PATH = [Path("/usr/share/java") / f"{jar}.jar" for jar in (*JARS, "javax.activation", "jaxb-api")]
ALLOWED_BY_PART_3 = {"1.2.9", "1.4", "1.4.7", "2.2.1", "3.1.11", "7.11.2"}
INSTALL = "apt-get install default-jre-headless libpdfbox2-java libactivation-java libjaxb-api-java"

pytestmark = pytest.mark.skipif(
    not (shutil.which("java") and all(jar.exists() for jar in PATH)),
    reason=f"optional: {INSTALL}",
)


@pytest.mark.parametrize("name", ["commune_decision", "certificate"])
def test_preflight_finds_what_part_3_allows_and_nothing_else(
    read: Callable[[str], Reading], tmp_path: Path, name: str
) -> None:
    file = tmp_path / "paper.pdf"
    file.write_bytes(read(name).content)
    program = "org.apache.pdfbox.preflight.Validator_A1b"
    command = ["java", "-cp", ":".join(map(str, PATH)), program, str(file)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120).stdout
    found = {line.split(" : ")[0] for line in told.splitlines() if re.match(r"[\d.]+ : ", line)}
    assert "7.11.2" in found, told
    assert found <= ALLOWED_BY_PART_3, told
