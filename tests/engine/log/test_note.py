"""Checkpoints as text: the two C2SP formats, and everything that is not quite one."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Refused
from engine.log import note
from engine.log.note import Head, Signer, Verifier

ROOT = bytes(range(32))
SIGNER = Signer("log.example/papers", Ed25519PrivateKey.from_private_bytes(bytes(32)))
OTHER = Signer("log.example/papers", Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))
NOTE = SIGNER.sign(7, ROOT)


def refused(text: str, verifier: Verifier = SIGNER.verifier) -> str:
    with pytest.raises(Refused) as caught:
        verifier.open(text)
    return caught.value.code


def test_a_checkpoint_reads_as_the_format_says() -> None:
    head, blank, line, rest = NOTE.rsplit("\n", 3)
    assert head == f"log.example/papers\n7\n{base64.b64encode(ROOT).decode()}"
    assert (blank, rest) == ("", "")
    dash, name, signature = line.split(" ")
    assert (dash, name) == ("\u2014", "log.example/papers")
    assert len(base64.b64decode(signature)) == 4 + 64
    assert SIGNER.verifier.open(NOTE) == Head("log.example/papers", 7, ROOT)


def test_the_example_of_the_format_by_its_authors() -> None:
    """The note in the documentation of Go's package note, with its key."""
    verifier = Verifier.read("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    seed = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
    signer = Signer("PeterNeumann", Ed25519PrivateKey.from_private_bytes(seed))
    assert signer.verifier == verifier
    text = (
        b"If you think cryptography is the answer to your problem,\n"
        b"then you don't know what your problem is.\n"
    )
    assert note.encoded(verifier.id + signer.key.sign(text)) == (
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    )


def test_a_checkpoint_of_another_log_is_not_believed() -> None:
    assert refused(OTHER.sign(7, ROOT)) == "checkpoint_of_another"
    named = Signer("log.example/other", SIGNER.key)
    assert refused(named.sign(7, ROOT)) == "checkpoint_of_another"
    # The key's own signature under the head of a log of another name.
    text = Head("log.example/other", 7, ROOT).text
    signed = note.encoded(SIGNER.verifier.id + SIGNER.key.sign(text.encode()))
    assert refused(f"{text}\n\u2014 {SIGNER.name} {signed}\n") == "checkpoint_of_another"


def test_a_forged_checkpoint_is_found() -> None:
    assert refused(NOTE.replace("\n7\n", "\n8\n")) == "checkpoint_forged"
    short = note.encoded(SIGNER.verifier.id + b"short")
    assert refused(f"{SIGNER.verifier.open(NOTE).text}\n\u2014 {SIGNER.name} {short}\n") == (
        "checkpoint_forged"
    )
    bad = f"\u2014 {SIGNER.name} {note.encoded(SIGNER.verifier.id + bytes(64))}\n"
    assert refused(NOTE + bad) == "checkpoint_forged"


def test_signatures_of_witnesses_are_left_alone() -> None:
    """Other keys may sign too, and clients ignore those they do not know."""
    line = OTHER.sign(7, ROOT).rpartition("\n\n")[2]
    assert SIGNER.verifier.open(NOTE + line).size == 7
    text, _, own = NOTE.rpartition("\n\n")
    assert SIGNER.verifier.open(f"{text}\n\n{line}{own}").size == 7


def test_lines_after_the_root_are_allowed_and_signed() -> None:
    text = Head(SIGNER.name, 7, ROOT).text + "more\n"
    signed = note.encoded(SIGNER.verifier.id + SIGNER.key.sign(text.encode()))
    whole = f"{text}\n\u2014 {SIGNER.name} {signed}\n"
    assert SIGNER.verifier.open(whole).root == ROOT
    assert refused(whole.replace("more", "less")) == "checkpoint_forged"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "hello",
        NOTE[:-1],
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("\n7\n", "\n07\n"),
        NOTE.replace("\n7\n", "\n-7\n"),
        NOTE.replace("\n7\n", "\n٧\n"),
        NOTE.replace("\n7\n", "\n\n"),
        NOTE.replace("\u2014", "-"),
        NOTE.replace("papers ", "papers  "),
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("log", "l\x00g"),
        NOTE.replace("Hh8=", "Hh9="),
        NOTE.replace("Hh8=", "Hh8"),
        f"{NOTE}\u2014 one\n",
        "x" * (note.LONGEST + 1) + NOTE,
    ],
)
def test_what_is_no_checkpoint_is_told(text: str) -> None:
    assert text != NOTE
    assert refused(text) == "checkpoint_unreadable"


@given(st.text(max_size=300))
def test_any_text_is_answered(text: str) -> None:
    for given_ in (text, f"{NOTE[:40]}{text}", f"{text}{NOTE}"):
        try:
            assert SIGNER.verifier.open(given_) == SIGNER.verifier.open(NOTE)
        except Refused as error:
            assert error.code.startswith("checkpoint_")


@given(st.integers(0, 2**62), st.binary(min_size=32, max_size=32))
def test_what_was_signed_is_what_is_read(size: int, root: bytes) -> None:
    assert SIGNER.verifier.open(SIGNER.sign(size, root)) == Head(SIGNER.name, size, root)


def test_keys_are_kept_and_read_again() -> None:
    assert Verifier.read(f"{SIGNER.verifier}\n") == SIGNER.verifier
    assert Signer.read(SIGNER.name, SIGNER.pem()).verifier == SIGNER.verifier
    made = Signer.create("log.example/new")
    assert made.verifier.open(made.sign(0, ROOT)).size == 0


@pytest.mark.parametrize(
    "line",
    [
        "",
        "no key",
        str(SIGNER.verifier)[:-4],
        str(SIGNER.verifier).replace("log.example/papers", "log.example/other"),
        f"a b+00000000+{note.encoded(bytes(33))}",
        f"name+00000000+{note.encoded(bytes([2] * 33))}",
    ],
)
def test_what_is_no_key_is_told(line: str) -> None:
    with pytest.raises(Refused, match="log_key_unreadable"):
        Verifier.read(line)


def test_another_kind_of_key_is_refused() -> None:
    pem = generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    for bad in (pem, b"", b"-----BEGIN PRIVATE KEY-----"):
        with pytest.raises(Refused, match="log_key_unreadable"):
            Signer.read(SIGNER.name, bad)
    with pytest.raises(Refused, match="log_key_unreadable"):
        Signer.read("two words", SIGNER.pem())


@pytest.mark.parametrize("name", ["", "two words", "a+b", "tab\t", "\u00a0", "line\n", "x\x00"])
def test_a_key_needs_a_name_of_its_own(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name"):
        Signer.create(name)


def test_a_proof_stands_by_itself() -> None:
    entry, path = '{"số":"01"}'.encode(), [ROOT, bytes(32)]
    text = note.proof(3, path, NOTE, entry)
    assert text.startswith("c2sp.org/tlog-proof@v1\nextra ")
    assert text.endswith(f"\n\n{NOTE}")
    assert note.read_proof(text) == note.Proof(entry, 3, tuple(path), NOTE)
    alone = note.proof(0, [], NOTE, b"")
    assert note.read_proof(alone) == note.Proof(b"", 0, (), NOTE)


PROOF = note.proof(3, [ROOT], NOTE, b"entry")


@pytest.mark.parametrize(
    "text",
    [
        "",
        NOTE,
        PROOF.replace("@v1", "@v2"),
        PROOF.replace("extra", "other"),
        PROOF.replace("index 3", "index 03"),
        PROOF.replace("index 3", "index"),
        PROOF.replace("index 3\n", ""),
        PROOF.replace(note.encoded(ROOT), note.encoded(ROOT[1:]), 1),
        PROOF.replace(note.encoded(ROOT), "?", 1),
        PROOF + "x" * note.LONGEST,
    ],
)
def test_what_is_no_proof_is_told(text: str) -> None:
    with pytest.raises(Refused, match="proof_unreadable"):
        note.read_proof(text)
