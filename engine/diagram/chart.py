"""A definition as a Mermaid state diagram, for documents and other programs."""

from __future__ import annotations

import unicodedata

from engine.definition import START, Definition
from engine.diagram.lettering import plain

PLAIN = frozenset(" ,.()/-–—'?!")
"""What means nothing to Mermaid, besides letters and digits."""


def mermaid(definition: Definition, language: str) -> str:
    """The text of a ``stateDiagram-v2``: every state and transition, labels in a language."""
    lines = ["stateDiagram-v2", "    direction TB"]
    for state in definition.states:
        lines.append(f'    state "{_safe(state.label[language])}" as {_node(state.id)}')
    for move in definition.transitions:
        for source in move.sources or (START,):
            label = _safe(move.label[language])
            lines.append(f"    {_node(source)} --> {_node(move.target)} : {label}")
    lines += [f"    {_node(state.id)} --> [*]" for state in definition.states if state.final]
    return "\n".join(lines) + "\n"


def _node(state: str) -> str:
    """A prefix, because ids such as ``note`` and ``state`` are words of Mermaid's."""
    return f"s_{state}" if state else "[*]"


def _safe(text: str) -> str:
    """Text in which nothing can end a label or begin something else."""
    return "".join(sign if _harmless(sign) else f"#{ord(sign)};" for sign in plain(text))


def _harmless(sign: str) -> bool:
    return sign.isalnum() or sign in PLAIN or unicodedata.category(sign).startswith("M")
