"""Commands about the log of papers: its checkpoints, its proofs, its recheck, its key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from web.cli.frame import Group, answer, argument, command, leave, option
from web.cli.words import language, text

if TYPE_CHECKING:
    from engine.log.note import Head, Verifier
    from web.cli.office import Office
    from workflows.keys import Keyring

group = Group("log")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _opened() -> tuple[Office, Keyring]:
    """The office and its keys; neither law nor typeface is needed to answer about the log."""
    from web.cli.office import open_office
    from workflows.keys import Keyring

    office = open_office()
    return office, Keyring(office.settings.keys_folder)


@command("log checkpoint", group=group, answers=True)
def checkpoint(as_json: bool) -> None:
    from workflows.logbook import checkpoint_told

    office, keys = _opened()
    told = checkpoint_told(office.session, keys)
    answer(told, as_json, lambda: [str(told["checkpoint"]).rstrip("\n")])


@command("log prove", argument("paper"), group=group, answers=True)
def prove(paper: str, as_json: bool) -> None:
    from workflows.logbook import named, proof_told

    office, keys = _opened()
    told = proof_told(office.session, keys, named(office.session, paper))
    # One file proves one entry: the newest, which names the one before it.
    answer(told, as_json, lambda: [str(told["entries"][-1]["proof"]).rstrip("\n")])


@command(
    "log consistency",
    argument("first", metavar="SIZE", type=click.IntRange(1)),
    group=group,
    answers=True,
)
def consistency(first: int, as_json: bool) -> None:
    from workflows.logbook import continued_told

    office, keys = _opened()
    told = continued_told(office.session, keys, first)
    answer(told, as_json, lambda: [*told["path"], "", str(told["checkpoint"]).rstrip("\n")])


@command("log verify", option("--since", type=FILE), group=group, answers=True)
def verify(since: Path | None, as_json: bool) -> None:
    from engine.store import BlobStore
    from web.answers import refusal
    from workflows.audit import audit

    office, keys = _opened()
    verifier = keys.log_verifier
    kept, given = keys.log_heads(), [_head(since, verifier)] if since else []
    seen = [*kept, *given]
    found = audit(office.session, verifier, BlobStore(office.settings.blob_folder), seen)
    compared = {"kept": len(kept), "since": len(given)}
    told = {
        "whole": not found.findings,
        "origin": verifier.name,
        "size": found.log.size,
        "root": found.log.root.hex(),
        "signed": found.log.signed,
        "checkpoints": found.log.checkpoints,
        "waiting": found.waiting,
        "compared": compared | {"printed": found.printed, "unprinted": found.unprinted},
        "findings": [refusal(one, language()) for one in found.findings],
    }
    answer(told, as_json, lambda: _verdict(told))
    leave(not found.findings)


def _head(path: Path, verifier: Verifier) -> Head:
    """The head in a file, whatever the mail that brought it did to its line ends."""
    lines = path.read_bytes().decode("utf-8", "replace").splitlines()
    return verifier.open("\n".join(lines).rstrip("\n") + "\n")


def _verdict(told: dict[str, Any]) -> list[str]:
    whole = "log_whole" if told["whole"] else "log_not_whole"
    places = {name: told[name] for name in ("size", "signed", "checkpoints")}
    return [
        *(f"{one['detail']} [{one['code']}]" for one in told["findings"]),
        *([text("log_waiting", count=told["waiting"])] if told["waiting"] else []),
        text(whole, **places),
        *_held_to(**told["compared"]),
    ]


def _held_to(kept: int, since: int, printed: int, unprinted: int) -> list[str]:
    """What this check was held to, and what it could not see, for want of a head from
    elsewhere."""
    return [
        *([text("log_printed", count=printed)] if printed else []),
        *([text("log_unprinted", count=unprinted)] if unprinted else []),
        *([] if since else [text("log_own_head" if kept else "log_no_head")]),
    ]


@command(
    "log check",
    argument("file", metavar="PROOF", type=FILE),
    option("--key", "verifier", metavar="KEY"),
    group=group,
    answers=True,
)
def check(file: Path, verifier: str | None, as_json: bool) -> None:
    from engine.errors import Refusal, Refused
    from engine.log import note, tree

    proof = note.read_proof(file.read_bytes().decode("utf-8", "replace"))
    key = note.Verifier.read(verifier) if verifier else _opened()[1].log_verifier
    head = key.open(proof.note)
    leaf = tree.leaf_hash(proof.entry)
    if not tree.includes(leaf, proof.index, head.size, proof.path, head.root):
        raise Refused(Refusal("proof_wrong", {"index": proof.index, "size": head.size}))
    entry = json.loads(proof.entry)
    told = {"origin": head.origin, "size": head.size, "index": proof.index, "entry": entry}
    answer(told, as_json, lambda: [*_facts(entry), text("proof_holds", **told)])


def _facts(entry: dict[str, Any]) -> list[str]:
    return [f"{name}: {value}" for name, value in entry.items() if value is not None]


@command("log key", option("--create", metavar="NAME"), group=group, answers=True)
def key(create: str | None, as_json: bool) -> None:
    from engine.errors import Refusal, Refused
    from engine.log.note import Signer, named
    from web.cli.office import settings
    from workflows.keys import Keyring

    keys = Keyring(settings().keys_folder)
    if create is not None:
        if not named(create):
            raise Refused(Refusal("log_key_name", {"name": create}))
        keys.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        keys.keep_log_key(Signer.create(create))
    verifier = keys.log_verifier
    told = {"name": verifier.name, "key": str(verifier)}
    answer(told, as_json, lambda: [told["key"]])
