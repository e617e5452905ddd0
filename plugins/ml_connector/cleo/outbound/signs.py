"""Credits for partners that read their sign from the amounts instead of, or besides, the type."""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.x12.model import Segment

_TURNED = {"IT1": (2,), "TDS": (1, 2, 3, 4), "TXI": (2,), "CTT": (2,)}
"""Elements that carry an amount or a quantity: IT102, TDS01 to TDS04, TXI02, CTT02."""

_OTHER = {"A": "C", "C": "A"}
"""A charge has no minus: what is charged on a credit becomes an allowance."""

_TYPE = 7


def negative(segments: Sequence[Segment], *, kind: str) -> list[Segment]:
    """A credit with negative amounts.

    Args:
        segments: of a credit with positive ones.
        kind: BIG07.
    """
    return [_segment(one, kind) for one in segments]


def _segment(segment: Segment, kind: str) -> Segment:
    name = segment[0]
    if name == "BIG":
        return (*segment[:_TYPE], kind, *segment[_TYPE + 1 :])
    if name == "SAC":
        return (name, _OTHER.get(segment[1], segment[1]), *segment[2:])
    places = _TURNED.get(name, ())
    return tuple(_minus(value) if place in places else value for place, value in enumerate(segment))


def _minus(text: str) -> str:
    if text.startswith("-"):
        return text[1:]
    return f"-{text}" if text.strip("0.") else text
