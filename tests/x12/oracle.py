"""The independent checker beside the published samples, run by path and never copied."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path
from typing import Any


class Oracle:
    """Judges a file with a grammar and an engine that share nothing with ours."""

    def __init__(self, facts: Path) -> None:
        specification = importlib.util.spec_from_file_location("x12check", facts / "x12check.py")
        assert specification is not None
        assert specification.loader is not None
        self._module: Any = importlib.util.module_from_spec(specification)
        vars(self._module)["open"] = _contents  # its own leaves files open, and warnings are errors here
        specification.loader.exec_module(self._module)
        self.noted = {segment for notes in self._module.NOTES.values() for segment in notes}
        """Segments of which it knows how their elements depend on each other."""

    def errors(self, data: bytes, *, codes: bool = False) -> list[str]:
        """What is wrong; with ``codes`` also what is on none of its long lists of codes."""
        findings, _ = self._module.check(data, "rssbus", codes)
        return [str(finding) for finding in findings if finding.sev == "error"]


def _contents(path: str) -> io.StringIO:
    return io.StringIO(Path(path).read_text("utf-8"))
