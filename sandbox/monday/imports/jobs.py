"""Import jobs, and the storage behind their addresses."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import md5, sha256
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.monday.budgets import Window
from sandbox.monday.errors import MondayError, bad_argument, no_column, refused
from sandbox.monday.kinds import KINDS
from sandbox.monday.model import Board, Group

from .load import Load
from .sheet import Unusable, read

if TYPE_CHECKING:
    from sandbox.monday.state import MondayState

LINK_LIFE = 600.0
HOUR = 3600.0


@dataclass(repr=False)
class Job:
    """One import."""

    id: str
    board: Board
    group: Group
    match: str | None
    behaviour: str
    link_until: float
    status: str = "UPLOAD_PENDING"
    content: bytes = b""
    due: float = 0.0
    began: float = 0.0
    reason: str | None = None
    message: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    report: bytes | None = None


class Imports:
    """All jobs of the account."""

    def __init__(self, state: MondayState) -> None:
        self._state = state
        self.jobs: dict[str, Job] = {}
        self._starts = Window(state.clock, length=HOUR)
        self._items = Window(state.clock, length=HOUR)

    def start(
        self, board_id: Any, group_id: Any, on_match: Mapping[str, Any] | None, base: str
    ) -> dict[str, str]:
        """`ingest_items`: a job, and where its file goes."""
        state = self._state
        board = state.store.board(board_id)
        group = state.store.group(board, group_id)
        match = None if on_match is None else on_match["match_column_id"]
        if match is not None:
            column = board.columns.get(match)
            if column is None:
                raise no_column(match)
            if not KINDS[column.type].match:
                raise bad_argument(f"Columns of type {column.type} cannot be matched", match_column_id=match)
        if self._starts.left(state.switches.job_starts_per_hour) == 0:
            wait = {"retryAfterMs": self._starts.resets * 1000}
            raise MondayError("RATE_LIMIT_EXCEEDED", "Too many import jobs", http=429, extra=wait)
        self._starts.used += 1
        behaviour = "" if on_match is None else on_match["behaviour"]
        until = state.clock.seconds() + LINK_LIFE
        job = Job(str(uuid.uuid4()), board, group, match, behaviour, until)
        self.jobs[job.id] = job
        return {"job_id": job.id, "upload_url": f"{base}/upload/{job.id}/{_sign(job.id)}"}

    def upload(self, job_id: str, signature: str, headers: Mapping[str, str], content: bytes) -> web.Response:
        """A PUT to the signed address, which allows the signed headers and no others."""
        job = self.jobs.get(job_id)
        if job is None or signature != _sign(job_id):
            return _denied("SignatureDoesNotMatch", "The signature does not match")
        if self._state.clock.seconds() >= job.link_until:
            return _denied("AccessDenied", "Request has expired")
        if any(name.lower().startswith("x-amz-") for name in headers):
            return _denied("AccessDenied", "There were headers present in the request which were not signed")
        if "Authorization" in headers:
            return _denied("InvalidArgument", "Only one auth mechanism allowed", 400)
        if headers.get("Content-Type") != "text/csv":
            return _denied("SignatureDoesNotMatch", "The signature does not match")
        if job.status == "UPLOAD_PENDING":
            job.status, job.content = "PROCESSING", content
            job.began = self._state.clock.seconds()
            job.due = job.began + self._state.switches.ingest_seconds
            self.work()
        tag = md5(content, usedforsecurity=False).hexdigest()
        return web.Response(headers={"ETag": f'"{tag}"'})

    def work(self) -> None:
        """Finish the jobs whose time has come."""
        for job in self.jobs.values():
            if job.status == "PROCESSING" and job.due <= self._state.clock.seconds():
                self._finish(job)

    def _finish(self, job: Job) -> None:
        state = self._state
        if len(job.content) > state.switches.ingest_bytes:
            self._reject(job, "FILE_TOO_LARGE", "The file is too large")
            return
        try:
            sheet = read(job.content, job.board, job.match, state.switches.ingest_rows)
        except Unusable as wrong:
            self._reject(job, "INVALID_UPLOAD", str(wrong))
            return
        finally:
            job.content = b""
        room = self._items.left(state.switches.ingest_items_per_hour)
        load = Load(
            state.store,
            job.board,
            job.group,
            sheet,
            job.match,
            job.behaviour,
            room,
            state.switches.ingest_lags,
        )
        try:
            load.run()
        except MondayError as full:
            self._reject(job, "BOARD_CAPACITY_EXCEEDED", full.message)
            return
        self._items.used += room - load.room
        job.counts = {"submitted": len(sheet.rows), **load.counts}
        job.report, job.status = load.report(), "COMPLETED"

    def _reject(self, job: Job, reason: str, message: str) -> None:
        job.status, job.reason, job.message = "REJECTED", reason, message

    def status(self, job_id: str, base: str) -> Status:
        """`fetch_job_status`."""
        job = self.jobs.get(job_id)
        if job is None:
            raise refused("ResourceNotFoundException", "Job not found", 404, job_id=job_id)
        return Status(self._shown(job, base))

    def _shown(self, job: Job, base: str) -> dict[str, Any]:
        now, url = self._state.clock.seconds(), None
        if job.report is not None:
            end = str(int(now + LINK_LIFE))
            url = f"{base}/report/{job.id}/{end}/{_sign(job.id, end)}"
        span = job.due - job.began
        progress = min(99, int(100 * (now - job.began) / span)) if job.status == "PROCESSING" and span else 0
        names = ("submitted", "invalid", "skipped", "created", "updated", "failed")
        done = job.status == "COMPLETED"
        return {
            "status": job.status,
            "counts": {name: job.counts.get(name, 0) for name in names},
            "progress_percentage": 100 if done else progress,
            "failure_reason": job.reason,
            "failure_message": job.message,
            "fully_imported": done and not job.counts.get("failed"),
            "report_created": job.report is not None,
            "report_url": url,
        }

    def report(self, job_id: str, end: str, signature: str) -> web.Response:
        """A GET of the signed address of a report."""
        job = self.jobs.get(job_id)
        if job is None or job.report is None or signature != _sign(job_id, end):
            return _denied("SignatureDoesNotMatch", "The signature does not match")
        if self._state.clock.seconds() >= float(end):
            return _denied("AccessDenied", "Request has expired")
        return web.Response(body=job.report, content_type="text/csv")


class Status(dict[str, Any]):
    """An ItemsJobStatus, which is the only member of its union."""

    graphql_type = "ItemsJobStatus"


def _sign(*parts: str) -> str:
    return sha256("/".join(("sandbox", *parts)).encode()).hexdigest()


def _denied(code: str, message: str, status: int = 403) -> web.Response:
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    text = f"<?xml version='1.0' encoding='UTF-8'?>\n{error}"
    return web.Response(text=text, content_type="application/xml", status=status)
