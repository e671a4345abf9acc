"""A definition as a picture: the one that staff see, and two for other programs."""

from __future__ import annotations

from engine.diagram.bpmn import bpmn_file
from engine.diagram.chart import mermaid
from engine.diagram.drawing import svg

__all__ = ["bpmn_file", "mermaid", "svg"]
