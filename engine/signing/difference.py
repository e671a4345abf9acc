"""In what a file differs from the paper it was made of: codes, for people to be told.

It compares what readers show, run and say: pages, notes, fields, layers, scripts, typefaces,
description, attachments. It answers what was changed, never whether it matters.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any

from pikepdf import Array, Dictionary, Name, Pdf, Stream

from engine.signing import embedded

_DEEPEST, _MOST = 40, 200_000
_MAGIC = b"%PDF-"
_IDENTITY = re.compile(rb"/ID\s*\[\s*<[0-9A-Fa-f]{32}>")
_UP = frozenset({"/Parent", "/P", "/Pg", "/StructParent", "/StructParents", "/Prev", "/Popup"})
"""Entries that lead back up, or number a page's parts."""

Facets = Mapping[str, Any]


def differences(original: bytes, given: bytes) -> tuple[str, ...]:
    """Codes for every way in which ``given`` is not ``original``; none for the same bytes.

    ``original`` is a readable paper of ours. Raises nothing.
    """
    if original == given:
        return ()
    found = [*_of_bytes(original, given), *_of_signatures(original, given)]
    try:
        found += _of_content(_facets(original), _facets(given))
    except Exception:  # a file that was tampered with may break any reader in any way
        found.append("damaged")
    if not set(found) - {"two_papers", "other_signature"}:
        found.append("rewritten" if given[: len(original)] != original else "appended")
    return tuple(dict.fromkeys(found))


def _of_bytes(original: bytes, given: bytes) -> Iterator[str]:
    place = given.find(original)
    if original.startswith(given):
        yield "cut_off"
    if place > 0:
        yield "bytes_before"
    if given.count(_MAGIC) > original.count(_MAGIC) and not _repeats(original, given):
        yield "two_papers"
    if place >= 0 and len(given) > place + len(original):
        tail = given[place + len(original) :]
        yield "appended" if b"startxref" in tail or b" obj" in tail else "bytes_after"
    if len(given) == len(original):
        yield "bytes_changed"


def _repeats(original: bytes, given: bytes) -> bool:
    """Whether whatever begins in a file like one of its own is the same paper again, in some
    version: by the identifier that the paper has kept since its first bytes."""
    known = _IDENTITY.search(original)
    begun = [piece for piece in given.split(_MAGIC)[1:] if _IDENTITY.search(piece)]
    return known is not None and all(known[0] in piece for piece in begun) and len(begun) > 1


def _of_signatures(original: bytes, given: bytes) -> Iterator[str]:
    """Signatures that are in the paper, too, but under another field or over other bytes."""
    theirs, ours = _containers(given), _containers(original)
    for field, container in theirs.items():
        if container != ours.get(field):
            yield "copied_signature" if container in ours.values() else "other_signature"


@lru_cache(maxsize=2)
def _containers(pdf: bytes) -> dict[str, bytes]:
    try:
        return {one.field_name: one.pkcs7_content.rstrip(b"\0") for one in embedded.signatures(pdf)}
    except Exception:  # likewise
        return {}


# ------------------------------------------------------------------ what is shown and run


def _of_content(ours: Facets, theirs: Facets) -> Iterator[str]:
    before, after = ours["pages"], theirs["pages"]
    if len(after) > len(before):
        yield "page_added"
    elif len(after) < len(before):
        yield "page_removed"
    kept = [page for page in after if page in before]
    if (len(after) == len(before) and after != before) or len(kept) < min(len(before), len(after)):
        yield "page_changed"
    for facet, code in _CODES.items():
        if ours[facet] != theirs[facet]:
            yield code
    if not set(theirs["typefaces"]) <= set(ours["typefaces"]):  # a page less has fewer
        yield "font_changed"


@dataclass
class _Digest:
    """SHA-256 of an object with all that hangs on it, within bounds."""

    left: int = _MOST

    def of(self, value: Any, depth: int = 0) -> str:
        whole = hashlib.sha256()
        for part in self._parts(value, depth, frozenset()):
            whole.update(part)
        return whole.hexdigest()

    def _parts(self, value: Any, depth: int, above: frozenset[tuple[int, int]]) -> Iterator[bytes]:
        self.left -= 1
        if self.left < 0:
            raise ValueError("more objects than a paper has")
        if isinstance(value, Dictionary | Stream | Array):
            mark = value.objgen
            if depth > _DEEPEST or (mark != (0, 0) and mark in above):
                yield b"~"
                return
            yield from self._inside(value, depth + 1, above | {mark})
        else:
            yield repr(value).encode()

    def _inside(self, value: Any, depth: int, above: frozenset[tuple[int, int]]) -> Iterator[bytes]:
        if isinstance(value, Array):
            yield b"["
            for item in value:
                yield from self._parts(item, depth, above)
            yield b"]"
            return
        entries = value.stream_dict if isinstance(value, Stream) else value
        yield b"<"
        for key, item in sorted(entries.items()):
            if key not in _UP and key not in ("/Length", "/Filter", "/DecodeParms"):
                yield key.encode()
                yield from self._parts(item, depth, above)
        if isinstance(value, Stream):
            yield hashlib.sha256(value.read_bytes()).digest()
        yield b">"


@lru_cache(maxsize=2)
def _facets(pdf: bytes) -> Facets:
    with Pdf.open(BytesIO(pdf)) as opened:
        digest = _Digest()
        pages = [page.obj for page in opened.pages]
        told = {facet: look(opened, digest) for facet, look in _LOOKS.items()}
        return told | {"pages": [_page(page, digest) for page in pages]}


def _page(page: Any, digest: _Digest) -> str:
    resources = page.get(Name.Resources, Dictionary())
    kept = {key: item for key, item in resources.items() if key not in ("/Font", "/Properties")}
    shape = [page.get(key) for key in ("/MediaBox", "/CropBox", "/Rotate", "/UserUnit")]
    return digest.of(
        Array([Array(shape), Dictionary(kept), Array([_painted(page.get(Name.Contents))])])
    )


def _painted(contents: Any) -> Any:
    """A page's content as one thing, whether in one stream or in several."""
    if isinstance(contents, Stream):
        return contents.read_bytes()
    return b"\n".join(part.read_bytes() for part in contents or ())


def _typefaces(opened: Pdf, digest: _Digest) -> list[str]:
    fonts = (page.obj.get("/Resources", Dictionary()).get("/Font") for page in opened.pages)
    return [digest.of(each) for each in fonts if each is not None]


def _notes(opened: Pdf, digest: _Digest) -> list[str]:
    return [digest.of(note) for note in _annotations(opened) if not _is_widget(note)]


def _annotations(opened: Pdf) -> Iterator[Any]:
    for page in opened.pages:
        yield from page.obj.get(Name.Annots, ())


def _is_widget(note: Any) -> bool:
    return bool(note.get(Name.Subtype) == Name.Widget)


def _form(opened: Pdf, digest: _Digest) -> list[str]:
    """Fields with their values and pictures, without the signatures themselves."""
    form = opened.Root.get(Name.AcroForm, Dictionary())
    told = [digest.of(value) for key, value in sorted(form.items()) if key != "/Fields"]
    widgets = [note for note in _annotations(opened) if _is_widget(note)]
    for field in [*form.get(Name.Fields, ()), *widgets]:
        kept = {key: item for key, item in field.items() if key not in ("/V", *_UP)}
        value = None if field.get(Name.FT) == Name.Sig else field.get(Name.V)
        told.append(digest.of(Array([Dictionary(kept), Array([value])])))
    return told


def _scripts(opened: Pdf, digest: _Digest) -> list[str]:
    names = opened.Root.get(Name.Names, Dictionary())
    owners = [opened.Root, *(page.obj for page in opened.pages)]
    told = [owner.get(key) for owner in owners for key in ("/OpenAction", "/AA")]
    return [digest.of(one) for one in (*told, names.get("/JavaScript")) if one is not None]


def _description(opened: Pdf, digest: _Digest) -> list[str]:
    root = opened.Root
    told = [root.get(key) for key in ("/Metadata", "/Lang", "/MarkInfo", "/ViewerPreferences")]
    return [digest.of(one) for one in (*told, opened.trailer.get("/Info"))]


def _attachments(opened: Pdf, digest: _Digest) -> list[str]:
    names = opened.Root.get(Name.Names, Dictionary())
    return [digest.of(one) for one in (opened.Root.get("/AF"), names.get("/EmbeddedFiles"))]


def _in_root(key: str) -> Callable[[Pdf, _Digest], str]:
    return lambda opened, digest: digest.of(opened.Root.get(key))


_LOOKS: Mapping[str, Callable[[Pdf, _Digest], Any]] = {
    "notes": _notes,
    "form": _form,
    "layers": _in_root("/OCProperties"),
    "scripts": _scripts,
    "typefaces": _typefaces,
    "description": _description,
    "attachments": _attachments,
    "evidence": _in_root("/DSS"),
}
_CODES = {
    "notes": "annotation_added",
    "form": "form_changed",
    "layers": "layers_changed",
    "scripts": "script_added",
    "description": "metadata_changed",
    "attachments": "attachment_changed",
    "evidence": "evidence_changed",
}
