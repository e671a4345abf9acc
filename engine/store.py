"""Files by their content: a blob is named by its SHA-256 and never changes.

What was issued is kept for ever; only what was being prepared is ever dropped.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.errors import NotFound, Refusal, StoreAway

log = logging.getLogger("binhxet.store")


@dataclass(frozen=True)
class BlobStore:
    """Blobs in a folder of the local disk. Writing the same bytes twice is harmless, and a
    blob is either whole or not there: it is written aside, flushed, then renamed."""

    folder: Path

    def path(self, sha256: str) -> Path:
        """Where the blob of that digest lies, whether or not it exists."""
        return self.folder / sha256[:2] / sha256

    def put(self, content: bytes) -> str:
        """Keeps the bytes for good and returns their SHA-256 in hexadecimal.

        Raises ``StoreAway`` (``store_away``) when the disk refuses; then nothing is left behind.
        """
        digest = hashlib.sha256(content).hexdigest()
        with self._reached():
            if not self.path(digest).exists():
                self._write(self.path(digest), content)
        return digest

    def _write(self, target: Path, content: bytes) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(aside).replace(target)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
        self._flush(target.parent)

    def get(self, sha256: str) -> bytes:
        """The bytes of that digest; raises ``NotFound`` (``no_such_file``), or
        ``file_damaged`` when the disk no longer holds what was written, and ``StoreAway``."""
        with self._reached():
            try:
                content = self.path(sha256).read_bytes()
            except FileNotFoundError:
                raise NotFound(Refusal("no_such_file", {"sha256": sha256})) from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise NotFound(Refusal("file_damaged", {"sha256": sha256}))
        return content

    def drop(self, sha256: str) -> None:
        """Removes a blob that nothing names; harmless when it is gone already. Raises
        ``StoreAway``."""
        with self._reached():
            self.path(sha256).unlink(missing_ok=True)

    def takes(self) -> bool:
        """Whether the disk takes a file now: tried, not asked."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder) as file:
                file.write(b".")
        except OSError:
            return False
        return True

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            log.exception("the store of files does not answer folder=%s", self.folder)
            raise StoreAway(Refusal("store_away")) from error

    @staticmethod
    def _flush(folder: Path) -> None:
        # The rename itself must survive a power cut, or the database would name a file that
        # is not there.
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
