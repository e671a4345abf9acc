"""Whatever file is opened, there is an answer, and it costs no more than it may."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from errno import EACCES, EMFILE, EPERM
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array

from engine.errors import Refused
from engine.papers.archive import carried
from engine.signing import cage, walls
from engine.signing.cage import Limits, answer, ask
from engine.signing.certificates import Roots, load_roots
from engine.signing.examination import MOST_SIGNATURES
from engine.signing.findings import Examined
from tests.engine.signing.altering.keys import FOLDER, roots_pem
from tests.engine.signing.altering.manifest import genuine
from tests.engine.signing.bombs import BOMBS, GIGABYTE, packed

ROOTS = Roots.common(load_roots(roots_pem()))
SMALL = Limits(memory=512 * 2**20, seconds=1)
READ = {"", "damaged", "too_complex", "cut_off"}

# One process that has loaded everything forks for each file: a new one for each would cost
# most of its time in starting.
HARNESS = """
import json, os, resource, sys
from engine.signing import cage, shortcut, walls
from engine.errors import Refused
from engine.papers.archive import carried
from engine.signing.certificates import Roots, load_roots

roots, original, memory, seconds, *files = sys.argv[1:]
walls.load()
given = Roots.common(load_roots(open(roots, "rb").read())), open(original, "rb").read()
for file in files:
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        content, code = open(file, "rb").read(), 9
        walls.confine(int(memory), int(seconds))
        try:
            found = cage.answer(content, *given)
            print(json.dumps([file, found.examined.problem, len(found.examined.signed)]))
            sys.stdout.flush()
            code = 0
        finally:
            os._exit(code)
    _, status, used = os.wait4(child, 0)
    print(json.dumps([file, status, used.ru_maxrss * 1024, used.ru_utime + used.ru_stime]))
"""


def test_no_bomb_costs_more_than_the_limits(tmp_path: Path) -> None:
    roots, original = FOLDER / "pki" / "roots.pem", FOLDER / "genuine.pdf"
    files = []
    for name, make in BOMBS.items():
        files.append(tmp_path / name)
        files[-1].write_bytes(make())
    limits = [str(SMALL.memory), str(SMALL.seconds)]
    done = subprocess.run(
        [sys.executable, "-c", HARNESS, str(roots), str(original), *limits, *map(str, files)],
        capture_output=True,
        check=True,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    answers = {Path(line[0]).name: line[1:] for line in told if len(line) == 3}
    ends = {Path(line[0]).name: line[1:] for line in told if len(line) == 4}
    assert set(ends) == set(BOMBS)
    for name, (status, memory, seconds) in ends.items():
        assert memory <= SMALL.memory, name
        assert seconds <= SMALL.seconds + 1, name
        assert status or answers[name][0] in READ, name
        assert status or answers[name][1] == 0, name  # nothing in it is taken for a signature
    assert sum(status == 0 for status, *_ in ends.values()) > len(BOMBS) / 2


def test_the_bombs_are_small_and_what_they_hold_is_not() -> None:
    assert all(len(make()) < 7 * 2**20 for make in BOMBS.values())
    assert len(packed(GIGABYTE)) < 2**21


def test_a_child_answers_as_this_process_would() -> None:
    original = genuine()
    # One whose words are in an encoding that no other file has: the child cannot load it late.
    late = (FOLDER / "form-date-changed.pdf").read_bytes()
    assert ask(late, ROOTS, original, inside=True) == answer(late, ROOTS, original, inside=True)
    content = (FOLDER / "page-added.pdf").read_bytes()
    found = ask(content, ROOTS, original)
    assert found == answer(content, ROOTS, original)
    assert found.differences == ("appended", "page_added")
    assert [one.ours for one in found.examined.signed] == [True, True]


def test_what_runs_out_of_memory_or_time_is_too_complex() -> None:
    large = genuine() + bytes(2**25)  # more than what the child has left over from its start
    for content, limits in ((large, Limits(memory=64 * 2**20)), (genuine(), Limits(seconds=0))):
        assert ask(content, ROOTS, limits=limits).examined == Examined("too_complex")
    # This process itself has given nothing up.
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_child_that_answers_nonsense_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    for nonsense in ("print('{}')", "print('no json')", "raise SystemExit(3)"):
        monkeypatch.setattr(cage, "_COMMAND", [sys.executable, "-c", nonsense])
        assert ask(b"%PDF-", ROOTS).examined == Examined("too_complex")


def test_a_file_that_breaks_a_reader_is_told_from_one_that_runs_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    child = (
        "import sys; from engine.signing import cage, examination\n"
        "def breaks(*_): raise {0}\n"
        "examination.examine = breaks; cage._child(sys.stdin.buffer, sys.stdout.buffer)"
    )
    for raised, problem in (("LookupError", "damaged"), ("MemoryError", "too_complex")):
        monkeypatch.setattr(cage, "_COMMAND", [sys.executable, "-c", child.format(raised)])
        assert ask(genuine(), ROOTS).examined == Examined(problem)
    assert [record.args for record in caplog.records] == [(len(genuine()), "'LookupError'")]


def test_a_hole_in_the_list_of_fields_is_passed_over() -> None:
    out = BytesIO()
    with pikepdf.open(BytesIO(genuine())) as pdf:
        pdf.Root.AcroForm.Fields = Array([None, 7, *pdf.Root.AcroForm.Fields])
        pdf.save(out)
    found = answer(out.getvalue(), ROOTS).examined
    assert (found.problem, found.number) == ("", "15/QĐ-UBND")


def test_a_child_sees_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINHXET_SECRET_KEY", "top secret")
    look = "import os; raise SystemExit('BINHXET_SECRET_KEY' in os.environ)"
    told = subprocess.run([sys.executable, "-c", look], env=cage._environment(), check=False)
    assert told.returncode == 0


WALLED = """
import os, socket, sys
from engine.signing import walls

walls.load()
walls.confine(2**30, 9)
tries = {
    "read": lambda: open(sys.argv[1]),
    "list": lambda: os.listdir(os.path.dirname(sys.argv[1])),
    "remove": lambda: os.unlink(sys.argv[1]),
    "connect": lambda: socket.socket(),
    "end": lambda: os.kill(os.getppid(), 0),
    "raise": lambda: os.execv("/bin/cat", ["cat", sys.argv[1]]),
}
for name, way in tries.items():
    try:
        way()
    except OSError as error:
        print(name, error.errno)
    else:
        print(name, 0)
"""


def test_a_child_opens_nothing_more_keys_neither(tmp_path: Path) -> None:
    key = tmp_path / "keys" / "unit-1.p12"
    key.parent.mkdir()
    key.write_text("a key")
    done = subprocess.run(
        [sys.executable, "-c", WALLED, str(key)], capture_output=True, text=True, check=False
    )
    told = dict(line.split() for line in done.stdout.splitlines())
    assert {told["read"], told["list"], told["connect"]} <= {str(EMFILE), str(EACCES)}
    assert told["connect"] == str(EMFILE)
    if walls.landlock():
        assert told["remove"] == str(EACCES)
        assert key.exists()
    if walls.landlock() >= 6:
        assert told["end"] == str(EPERM)
    assert "a key" not in done.stdout + done.stderr


def test_who_comes_while_another_file_is_open_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the other one is open in another process, or in another thread."""
    monkeypatch.setattr(cage, "ask", cage.answer)
    hold = f"import fcntl, os; h = os.open({str(tmp_path)!r}, os.O_RDONLY); fcntl.flock(h, 2)"
    waits = f"{hold}; print(flush=True); input()"
    turn = cage.Turn(tmp_path, patience=0.05)
    with subprocess.Popen(
        [sys.executable, "-c", waits], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        other.stdout.readline()
        assert turn(b"", ROOTS).examined == Examined("busy")
        other.kill()
    assert turn(b"", ROOTS).examined == Examined("empty")
    with cage._alone(tmp_path, 0) as mine:
        assert mine
        assert turn(b"", ROOTS).examined == Examined("busy")


def test_the_next_in_line_waits_for_its_turn_and_nobody_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cage, "ask", cage.answer)
    monkeypatch.setattr(cage, "NO_PATIENCE", 0.0)
    turn, waiting = cage.Turn(tmp_path), cage._line
    with ThreadPoolExecutor(1) as pool:
        with cage._alone(tmp_path, 0) as mine:
            assert mine
            next_one = pool.submit(turn, b"", ROOTS)
            for _ in range(5000):
                if waiting.locked():
                    break
                time.sleep(0.001)
            assert turn(b"", ROOTS).examined == Examined("busy")
        assert next_one.result().examined == Examined("empty")
    assert not waiting.locked()


def test_what_is_known_is_not_found_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    content = (FOLDER / "page-added.pdf").read_bytes()
    known = Examined(number="as it was found")
    found = ask(content, ROOTS, genuine(), known)
    assert found.examined is known
    assert found.differences == ("appended", "page_added")
    monkeypatch.setattr(cage, "_COMMAND", ["false"])
    for nothing in (Examined("encrypted"), Examined("busy")):
        assert ask(content, ROOTS, genuine(), nothing).examined is nothing


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"\0" * 2000 + b"%PDF-1.7", "not_a_pdf"),
        (b"PK\3\4 a document", "not_a_pdf"),
        (b"%PDF-1.7 nothing more", "cut_off"),
        (b"%PDF-1.7 nothing more %%EOF", "damaged"),
    ],
)
def test_what_is_no_readable_pdf_is_told_apart(content: bytes, problem: str) -> None:
    assert answer(content, ROOTS).examined == Examined(problem)


def test_more_signatures_than_any_paper_has_are_not_looked_at() -> None:
    found = answer(BOMBS["thousands_of_signatures"](), ROOTS)
    assert found.examined == Examined("too_complex")
    assert MOST_SIGNATURES < 100


def test_an_encrypted_file_holds_nothing_to_read() -> None:
    with pytest.raises(Refused, match="unreadable_pdf"):
        carried((FOLDER / "encrypted.pdf").read_bytes())
