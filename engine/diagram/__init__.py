"""A definition as a picture: the one that staff see, and one for other programs."""

from __future__ import annotations

from engine.diagram.chart import mermaid
from engine.diagram.drawing import svg

__all__ = ["mermaid", "svg"]
