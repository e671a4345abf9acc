"""Files by their content."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from engine.errors import NotFound, StoreAway
from engine.store import BlobStore


def test_what_is_put_is_got_by_its_digest(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "blobs")
    digest = store.put(b"content")
    assert digest == hashlib.sha256(b"content").hexdigest()
    assert store.put(b"content") == digest
    assert store.get(digest) == b"content"
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [store.path(digest)]


def test_an_unknown_digest_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        BlobStore(tmp_path).get("0" * 64)
    assert caught.value.code == "no_such_file"


def test_a_file_the_disk_damaged_is_not_handed_out(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    digest = store.put(b"content")
    store.path(digest).write_bytes(b"Content")
    with pytest.raises(NotFound) as caught:
        store.get(digest)
    assert caught.value.code == "file_damaged"


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreAway, match="store_away"):
        BlobStore(tmp_path).put(b"content")
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_a_broken_store_says_so_whatever_is_asked_of_it(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("no folder")
    store = BlobStore(tmp_path / "blobs")
    assert not store.takes()
    for ask in (lambda: store.put(b"content"), lambda: store.get("0" * 64)):
        with pytest.raises(StoreAway):
            ask()
    (tmp_path / "blobs").unlink()
    assert store.takes()
    assert [*store.folder.iterdir()] == []
