"""The statement: what it says comes back, and a changed bit of it is no statement."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Refused
from engine.log.note import Signer
from engine.statement import base41, form
from engine.statement.form import Statement

SIGNER = Signer.create("test")
BASE, CODE = "https://binhxet.example.vn", "k3m9x7w2qz"


def statement(**changed: object) -> Statement:
    told = Statement(
        kind=1,
        level=2,
        streak=0,
        year=2026,
        day=date(2026, 11, 5),
        authority=301,
        areas=1,
        number="15/QĐ-UBND",
        place="Thôn 1, xã Nga An",
        data=hashlib.sha256(b"data").digest()[:20],
        signed=hashlib.sha256(b"signed").digest()[:20],
        issued=datetime(2026, 11, 5, 2, 15, tzinfo=UTC),
        log_size=70_000,
        log_root=hashlib.sha256(b"root").digest()[:8],
        key_id=SIGNER.verifier.id,
    )
    return replace(told, **changed)  # type: ignore[arg-type]


def address(told: Statement) -> str:
    return form.address(BASE, CODE, told, SIGNER)


@given(
    kind=st.integers(0, 255),
    streak=st.integers(0, 255),
    authority=st.integers(0, 2**31 - 1),
    areas=st.integers(0, 2**20),
    log_size=st.integers(0, 2**31),
    number=st.text(max_size=20).filter(lambda text: len(text.encode()) < 256),
    place=st.text(max_size=10),
)
def test_what_is_said_comes_back(**told: object) -> None:
    said = statement(**told)
    read = form.read(address(said))
    assert (read.code, read.statement) == (CODE, said)
    assert read.by(SIGNER.verifier)


def test_a_statement_fits_a_code_that_a_telephone_reads_from_paper() -> None:
    """61 modules in 30 mm, with 4 of margin: 0.46 mm each. The worst that is printed: 69."""
    assert len(base41.decode(address(statement()).partition("#")[2][:-1])) <= 190
    long = statement(place="Ấ" * 200, number="1234567/QĐ-UBND", areas=300, authority=99_999)
    assert len(base41.decode(address(long).partition("#")[2][:-1])) <= 220


def test_every_changed_letter_is_noticed() -> None:
    text = address(statement())
    begins = text.index("#") + 1
    for place in range(begins, len(text)):
        other = "0" if text[place] != "0" else "A"
        changed = text[:place] + other + text[place + 1 :]
        try:
            read = form.read(changed)
        except Refused as refused:
            assert refused.code == "statement_unreadable"
            continue
        assert not read.by(SIGNER.verifier), place


def test_a_statement_speaks_for_its_own_address_only() -> None:
    text = address(statement())
    assert not form.read(text.replace(CODE, "k3m9x7w2q9")).by(SIGNER.verifier)
    assert not form.read(text).by(Signer.create("test").verifier)
    assert form.read(text.replace(BASE, "http://elsewhere.invalid")).by(SIGNER.verifier)


def test_a_checkpoint_is_never_a_statement() -> None:
    """The two are signed over texts that cannot be each other's, were the key ever the same."""
    assert not SIGNER.sign(1, bytes(32)).encode().startswith(form.MARK)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#",
        "https://binhxet.example.vn/p/k3m9x7w2qz",
        "https://binhxet.example.vn/p/#AAAA1",
        "https://binhxet.example.vn/p/k3m9x7w2qz#1",
        "https://binhxet.example.vn/p/k3m9x7w2qz#AAAAAA2",
        "https://binhxet.example.vn/p/k3m9x7w2qz#" + "0" * 300 + "1",
        "https://binhxet.example.vn/p/k3m9x7w2qz#" + "0" * 100_000 + "1",
        "WIFI:S:Thôn 1;T:WPA;P:mật khẩu;;",
    ],
)
def test_other_codes_are_refused(text: str) -> None:
    try:
        read = form.read(text)
    except Refused as refused:
        assert refused.code == "statement_unreadable"
    else:
        assert not read.by(SIGNER.verifier)


@pytest.mark.parametrize("cut_at", range(1, 120, 7))
def test_a_statement_cut_short_is_refused_or_unsigned(cut_at: int) -> None:
    page, _, fragment = address(statement()).partition("#")
    raw = base41.decode(fragment[:-1])
    short = f"{page}#{base41.encode(raw[:-cut_at])}1"
    try:
        assert not form.read(short).by(SIGNER.verifier)
    except Refused as refused:
        assert refused.code == "statement_unreadable"


def test_a_long_place_is_cut_between_letters() -> None:
    assert form.cut("Thôn 1, xã Nga An") == "Thôn 1, xã Nga An"
    cut = form.cut("Tiểu khu Ba Đình Thượng Trung Hạ, thị trấn Nga Sơn")
    assert cut.endswith("…")
    assert len(cut.encode()) <= form.PLACE_BYTES
    assert cut[:-1] in "Tiểu khu Ba Đình Thượng Trung Hạ, thị trấn Nga Sơn"
