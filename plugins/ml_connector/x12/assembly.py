"""Puts segments together into groups and transaction sets, whatever is missing between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ml_connector.x12.model import Group, Segment, TransactionSet, X12Error

_ENVELOPE = frozenset({"GS", "ST", "SE", "GE", "IEA", "TA1"})


class Assembly:
    """Groups, acknowledgments and trailer of one interchange.

    A header closes what its predecessor left open; what then has no trailer is left so. A run of
    segments outside any transaction set is one fault.

    Args:
        position: byte offset of the segment with an index.
    """

    def __init__(self, position: Callable[[int], int]) -> None:
        self.groups: list[Group] = []
        self.acknowledgments: list[Segment] = []
        self.trailer: Segment | None = None
        self.faults: list[X12Error] = []
        self._position = position
        self._group: tuple[Segment, int] | None = None
        self._sets: list[TransactionSet] = []
        self._set: tuple[int, int] | None = None
        self._stray = -1

    def take(self, segments: Sequence[Segment]) -> None:
        """Takes all segments behind the ISA."""
        for index, segment in enumerate(segments):
            if segment[0] in _ENVELOPE or self._set is None:
                self._envelope(segments, index)
        self._close_group(segments, len(segments), None)

    def _envelope(self, segments: Sequence[Segment], index: int) -> None:
        match segments[index][0]:
            case "GS":
                self._close_group(segments, index, None)
                self._group = segments[index], self._position(index)
            case "ST" if self._group is not None:
                self._close_set(segments, index)
                self._set = index, self._position(index)
            case "SE" if self._set is not None:
                self._close_set(segments, index + 1)
            case "GE" if self._group is not None:
                self._close_group(segments, index, segments[index])
            case "IEA":
                self._close_group(segments, index, None)
                self.trailer = segments[index]
            case "TA1" if self._group is None:
                self.acknowledgments.append(segments[index])
            case name if self._set is None:
                self._outside(name, index)
            case _:  # a TA1 inside a set: an unknown segment, which the checker tells
                return

    def _close_set(self, segments: Sequence[Segment], end: int) -> None:
        if self._set is not None:
            start, position = self._set
            self._sets.append(TransactionSet(tuple(segments[start:end]), position))
            self._set = None

    def _close_group(self, segments: Sequence[Segment], end: int, trailer: Segment | None) -> None:
        self._close_set(segments, end)
        if self._group is not None:
            header, position = self._group
            self.groups.append(Group(header, tuple(self._sets), trailer, position))
            self._group, self._sets = None, []

    def _outside(self, name: str, index: int) -> None:
        if self._stray != index - 1:
            what = name if name.isascii() and name.isalnum() and len(name) <= 3 else "a segment without an id"
            position = self._position(index)
            self.faults.append(
                X12Error(f"Here stands {what}, outside any transaction set.", position=position)
            )
        self._stray = index
