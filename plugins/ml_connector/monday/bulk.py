"""The bulk import: a CSV with UPSERT on the key column, a job that is waited for, a report row by row.

Documented: 10,000 rows a job, 100 starts and 19,000 created or updated items an hour, addresses valid
for ten minutes. A job whose file never arrived does nothing; so its id is made durable before the file
leaves, and whoever takes over asks what became of it.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml_connector.core import codec
from ml_connector.core.errors import ConfigurationError, ConnectorError, ContractChanged, InDoubt, Unavailable
from ml_connector.monday import operations
from ml_connector.monday.api import MondayApi
from ml_connector.monday.batches import outcome_problem

JOB_ROWS = 10_000
DONE, UNKNOWN = "COMPLETED", "UNKNOWN"
WAITING = "UPLOAD_PENDING"
RUNNING = frozenset({WAITING, "PROCESSING"})
FAILED = frozenset({"FAILED", "REJECTED"})
REFUSED, LEFT_OUT = "validation_error", "failed"
"""States of a row in the report."""

_INTERNAL = "INTERNAL_ERROR"
LONG = 60.0
"""An import that takes so long is asked for less and less often, down to once in as long."""

UPLOAD_SECONDS = 600.0
"""So long after its start a job takes its file; one that got none by then never will."""


@dataclass(frozen=True, slots=True)
class Row:
    """One item of an import: its natural key, its name and its cells by column id."""

    key: str
    name: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Job:
    """A job that was started; the address takes the file for ten minutes."""

    id: str
    upload_url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    """What the report says of one row: the item's id, or the error; and the row itself.

    Attributes:
        refused: the row itself is at fault; another error, such as a spent hour, says nothing about it.
        left_out: it was not written, such as for a spent hour.
    """

    item: str | None
    error: str | None
    refused: bool = False
    left_out: bool = False
    cells: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Status:
    """How far a job is.

    Attributes:
        lines: by serial number from 1, once it has completed and the report could be read.
        unread: it has a report, which could not be read now.
        created: rows that became new items; None where that is not told.
    """

    state: str
    reason: str | None = None
    lines: Mapping[int, Line] | None = None
    unread: bool = False
    created: int | None = None

    @property
    def running(self) -> bool:
        """Whether it may still write items."""
        return self.state in RUNNING

    @property
    def failure(self) -> ConnectorError | None:
        """Why the job as a whole did not end well: the next one would fare alike."""
        if self.state not in FAILED:
            return None
        text = f"the bulk import ended as {self.state}: {self.reason or 'no reason given'}"
        return Unavailable(text) if (self.reason or "").startswith(_INTERNAL) else ConfigurationError(text)


class Importer:
    """Imports items of one board.

    Args:
        poll: seconds between two questions.
        sleep: replaceable in tests.
    """

    def __init__(
        self, api: MondayApi, *, poll: float, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._api, self._poll, self._sleep = api, poll, sleep

    async def start(self, board: str, group: str, key_column: str, attempt: str) -> Job:
        """Start a job; nothing happens until its file arrives.

        Raises:
            Unavailable: no answer; a job that may have been started has no file and does nothing.
        """
        variables = {
            "board": board, "group": group,
            "match": {"match_column_id": key_column, "behaviour": "UPSERT"},
        }  # fmt: skip
        key = codec.digest([attempt, operations.START_IMPORT.name, variables])
        operation = operations.START_IMPORT
        try:
            answer = await self._api.mutate(operation.name, operation.document, variables, key=key)
        except InDoubt as error:
            raise Unavailable(str(error)) from None
        started = answer.data.get("ingest_items")
        if not isinstance(started, dict) or not started.get("job_id") or not started.get("upload_url"):
            failure = outcome_problem(answer, "ingest_items", "the bulk import was not started")
            raise Unavailable(str(failure)) if isinstance(failure, InDoubt) else failure
        return Job(str(started["job_id"]), str(started["upload_url"]))

    async def send(self, job: Job, key_column: str, rows: Sequence[Row]) -> None:
        """Send the file.

        Raises:
            InDoubt: nobody knows whether it arrived; the job's status tells.
        """
        await self._api.upload(job.upload_url, as_csv(key_column, rows))

    async def status(self, job_id: str) -> Status:
        """How far a job is, with its report once it is done."""
        operation = operations.IMPORT_STATUS
        answer = await self._api.query(operation.name, operation.document, {"job": job_id})
        found = answer.data.get("fetch_job_status")
        if not isinstance(found, dict) or not found.get("status"):
            error = outcome_problem(answer, "fetch_job_status", f"import {job_id}")
            if isinstance(error, ConfigurationError):  # forgotten: jobs are not kept for ever
                return Status(UNKNOWN, str(error))
            raise Unavailable(str(error)) if isinstance(error, InDoubt) else error
        state = str(found["status"])
        words = (found.get("failure_reason"), found.get("failure_message"))
        reason = ": ".join(str(word) for word in words if word) or None
        if state != DONE or not found.get("report_url"):
            return Status(state, reason)
        try:
            report = await self._api.download(str(found["report_url"]))
        except Unavailable:
            return Status(state, "the report could not be read", unread=True)
        return Status(state, reason, read_report(report), created=(found.get("counts") or {}).get("created"))

    async def wait(self, job_id: str, seconds: float) -> Status:
        """Ask until the job is done, or for so long."""
        waited = 0.0
        pause = min(self._poll, 2.0)  # small imports are done at once
        while True:
            status = await self.status(job_id)
            if not status.running or waited >= seconds:
                return status
            await self._sleep(pause)
            waited += pause
            # each question is a call of the day
            pause = self._poll if waited < LONG else max(self._poll, min(pause * 2, LONG))


def as_csv(key_column: str, rows: Sequence[Row]) -> bytes:
    """The file: names, keys, then every column that a row names; what a row does not name stays as it is."""
    columns = list(dict.fromkeys(column for row in rows for column in row.cells))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")  # otherwise a single \r in a cell would not be quoted
    writer.writerow(["name", key_column, *columns])
    writer.writerows([row.name, row.key, *(row.cells.get(column, "") for column in columns)] for row in rows)
    return text.getvalue().encode()


def read_report(report: bytes) -> dict[int, Line]:
    """The report by serial number.

    Raises:
        ContractChanged: it is not the table that is documented.
    """
    reader = csv.DictReader(io.StringIO(report.decode("utf-8-sig")))
    if missing := {"serialNo", "status", "itemId", "error"} - set(reader.fieldnames or ()):
        raise ContractChanged(f"the report of an import has no column {', '.join(sorted(missing))}")
    return {int(row["serialNo"]): _line(row) for row in reader}


def _line(row: Mapping[str, Any]) -> Line:
    if row["status"] == "success" and row["itemId"]:
        return Line(str(row["itemId"]), None, cells=row)
    error = str(row["error"] or row["status"] or "refused without a reason")
    return Line(None, error, refused=row["status"] == REFUSED, left_out=row["status"] == LEFT_OUT)
