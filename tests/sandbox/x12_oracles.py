"""Others' opinions of X12: the checker of the fact sheets, pyx12 and mock-edi."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyx12.x12file
from mockedi import validate, x12


def checked(facts: Path, content: bytes) -> list[str]:
    """Errors that `x12check.py` of the fact sheets finds in a file; warnings are left out."""
    program = [sys.executable, str(facts / "x12" / "x12check.py"), "--json", "/dev/stdin"]
    answer = subprocess.run(program, input=content, capture_output=True, check=False)
    found = json.loads(answer.stdout)["findings"]
    return [f"{row['cls']} {row['where']}: {row['msg']}" for row in found if row["sev"] == "error"]


def envelope_errors(text: str) -> list[str]:
    """What pyx12 finds wrong with counts and control numbers."""
    reader = pyx12.x12file.X12Reader(io.StringIO(text))
    found: list[Any] = []
    for _ in reader:
        found += reader.pop_errors()
    found += reader.pop_errors()
    return [str(error) for error in found]


def complaints(text: str) -> list[str]:
    """What mock-edi finds wrong."""
    report = validate.validate(x12.parse(text))
    return [] if report.clean else [report.group_code, str(report)]
