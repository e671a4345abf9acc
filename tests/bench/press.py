"""What the desk does with a paper's file, without its moves: the same functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.papers.render import Renderer
from engine.signing import believing
from engine.signing import pdf as acts
from engine.signing.software import SoftwareSigner, open_key
from engine.store import BlobStore
from tests.bench import world
from tests.bench.district import KEY_FILES, PIN
from workflows.bureau import build
from workflows.papers import Number, PaperDesk, signing
from workflows.statements import Ground

GROUND = Ground(
    code="bench0000p",
    kind=5,
    level=2,
    values={"year": world.TODAY.year, "area": "Thôn 1", "commune": "xã Nga An"},
    values_digest="0" * 64,
    authority=1,
    log_size=1,
    log_root=bytes(32),
)
NUMBER = Number(0, 15, "15/QĐ-UBND", world.TODAY, GROUND)

Papers = Sequence[tuple[str, dict[str, Any]]]


@dataclass
class Press:
    """Keys held, one after another: lay out, sign, issue; each version believed and kept."""

    renderer: Renderer
    store: BlobStore
    keys: list[SoftwareSigner]
    desk: PaperDesk

    @classmethod
    def found(cls, folder: Path) -> Press:
        """That of the district founded in a folder, in whatever process."""
        bureau = build(blob_folder=folder / "blobs", keys_folder=folder / "keys", specimen=True)
        keys = [open_key((folder / "keys" / name).read_bytes(), PIN) for name in KEY_FILES]
        return cls(bureau.desk.renderer, bureau.desk.store, keys, bureau.desk)

    def lay_out(self, papers: Papers) -> list[bytes]:
        return [self.kept(self.renderer.render(kind, values)) for kind, values in papers]

    def sign(self, contents: Sequence[bytes]) -> list[bytes]:
        key = self.keys[0]
        return [
            self._believed(one, acts.sign_person(one, key, at=world.NOW, **signing()), key)
            for one in contents
        ]

    def issue(self, contents: Sequence[bytes]) -> list[bytes]:
        key = self.keys[1]
        return [
            self._believed(one, acts.issue(one, key, at=world.NOW, **self._sealing(one)), key)
            for one in contents
        ]

    def _sealing(self, content: bytes) -> dict[str, Any]:
        """Number, date and strip, worked out for each paper as at the desk."""
        return self.desk.sealing(NUMBER, content, world.NOW)

    def whole(self, papers: Papers) -> list[bytes]:
        return self.issue(self.sign(self.lay_out(papers)))

    def _believed(self, before: bytes, content: bytes, key: SoftwareSigner) -> bytes:
        if believing.problems(before, content, key.credential, world.NOW):
            raise RuntimeError("a paper of the benchmark is not to be believed")
        return self.kept(content)

    def kept(self, content: bytes) -> bytes:
        """Flushed into the store, as every version is."""
        self.store.put(content)
        return content
