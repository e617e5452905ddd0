"""Putting segments together."""

from __future__ import annotations

from ml_connector.x12.model import Segment


def segment(name: str, *elements: str) -> Segment:
    """A segment without the empty elements at its end."""
    used = len(elements)
    while used and not elements[used - 1]:
        used -= 1
    return (name, *elements[:used])
