"""From groups to the bytes of a file, with the faults that real files have."""

from __future__ import annotations

import re
from dataclasses import replace

from .x12 import Envelope, Groups, Marks, write

COUNTS = {"wrong_se": "SE", "wrong_ge": "GE", "wrong_iea": "IEA"}


def file(envelope: Envelope, groups: Groups, words: frozenset[str]) -> bytes:
    """One interchange as it goes over the wire."""
    marks = envelope.marks
    if "pipe" in words:
        marks = replace(marks, element="|")
    if "lf" in words:
        marks, envelope = replace(marks, terminator="\n"), replace(envelope, line_end="")
    if "old_repetition" in words:
        envelope = replace(envelope, version="005010", repetition="U")
    envelope = replace(envelope, marks=marks)
    text = _damaged(write(envelope, groups), marks, words)
    data = text.encode("utf-8")
    return b"\xef\xbb\xbf" + data if "bom" in words else data


def _damaged(text: str, marks: Marks, words: frozenset[str]) -> str:
    between, end = re.escape(marks.element), re.escape(marks.terminator)
    for word, name in COUNTS.items():
        if word in words:
            pattern = rf"(?<={name}{between})\d+"
            text = re.sub(pattern, lambda match: str(int(match.group()) + 1), text, count=1)
    if "no_se" in words:
        text = re.sub(rf"SE{between}[^{end}]*{end}[\r\n]*", "", text, count=1)
    if "indented" in words:
        text = re.sub(rf"{end}[\r\n]*(?=[A-Z])", lambda _: f"{marks.terminator}\n  ", text)
    if "collapsed" in words:
        text = re.sub(r" +", " ", text[:106]) + text[106:]
    if "unterminated" in words:
        text = text.rstrip("\r\n").removesuffix(marks.terminator)
    return text
