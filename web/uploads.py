"""Files that people add to a form: what they may be, and how they come back with it.

A file is kept by its digest at once, so that a refused form loses nothing. The browser gets
a signed note of it: only what this person uploaded for this form can be handed in again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.datastructures import FileStorage

from web.catalogue import gettext
from web.extensions import bureau
from web.forms import MoveForm
from web.security import LARGEST_MOVE, MEGABYTE

LARGEST = 10 * MEGABYTE
SIZES = {"file": LARGEST // MEGABYTE, "form": LARGEST_MOVE // MEGABYTE}
"""What the pages say of it, in megabytes: one file, and all that is sent at once."""

KEPT = "kept:"
"""Prefix of the controls that hand in again what was uploaded before."""

TYPES: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF-", "application/pdf", "pdf"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
)


def sniff(head: bytes) -> tuple[str, str] | None:
    """Media type and suffix by the first bytes; None for what is not accepted."""
    for magic, mimetype, suffix in TYPES:
        if head.startswith(magic):
            return mimetype, suffix
    return None


def receive(form: MoveForm, form_id: str) -> dict[str, list[Mapping[str, str]]]:
    """The files of a sent form by place: those kept before and still ticked, and the new
    ones. A file that is too big or of another type is refused next to its control."""
    found: dict[str, list[Mapping[str, str]]] = {}
    for cell in form.every():
        if cell.definition.type != "files":
            continue
        files = list(_kept(request.form.getlist(KEPT + cell.place), form_id))
        for upload in request.files.getlist(cell.place):
            problem, kept = _take(upload)
            if problem:
                form.blame(cell.place, problem, None)
            elif kept and kept not in files:
                files.append(kept)
        found[cell.place] = files
    form.kept = {place: [note(file, form_id) for file in files] for place, files in found.items()}
    return found


def _take(upload: FileStorage) -> tuple[str, Mapping[str, str] | None]:
    if not upload.filename:
        return "", None
    name = upload.filename.replace("\\", "/").rsplit("/", 1)[-1][:150]
    content = upload.stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        return gettext("Tệp “%(name)s” lớn hơn 10 MB. Hãy chụp nhỏ lại.", name=name), None
    if not content:
        return gettext("Tệp “%(name)s” không có nội dung.", name=name), None
    if sniff(content) is None:
        return gettext("Tệp “%(name)s” không phải PDF, JPEG hay PNG.", name=name), None
    return "", {"sha256": bureau().store.put(content), "name": name}


def note(file: Mapping[str, str], form_id: str) -> Mapping[str, str]:
    """The file with the signed note that hands it in again."""
    plain = {"sha256": file["sha256"], "name": file.get("name", "")}
    return {**plain, "note": _signer(form_id).dumps(plain)}


def handed_in_again(text: str, form_id: str) -> Mapping[str, str] | None:
    """The file of a signed note; None for what this form never gave out."""
    return next(iter(_kept([text], form_id)), None)


def _kept(notes: Iterable[str], form_id: str) -> Iterable[Mapping[str, str]]:
    for text in notes:
        try:
            file: Any = _signer(form_id).loads(text)
        except BadSignature:
            continue
        yield {"sha256": str(file["sha256"]), "name": str(file["name"])}


def _signer(form_id: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"upload {form_id}")
