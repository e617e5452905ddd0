"""Small datasets, a tenant, and a gateway that answers from a list of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ml_connector.core import codec
from ml_connector.core.config.dataset import Dataset
from ml_connector.core.config.loading import load_dataset
from ml_connector.core.config.tenant import TenantConfig
from ml_connector.core.contract import Page, Window
from ml_connector.core.http import HandlerTransport, Redactor, Request, Response, Retry
from ml_connector.peoplesoft.pages import Backoff
from ml_connector.peoplesoft.query import QueryService, make_client
from ml_connector.peoplesoft.reader import PeopleSoftSource
from ml_connector.peoplesoft.settings import PeopleSoftSettings

NOW = datetime(2026, 10, 10, 12, 0, tzinfo=UTC)
DATE = "Sat, 10 Oct 2026 12:00:00 GMT"
MAPPINGS = Path(__file__).parents[2] / "include" / "mappings" / "peoplesoft"
Row = dict[str, Any]

TENANT = TenantConfig.model_validate(
    {
        "tenant": "demo",
        "environment": "test",
        "time_zone": "America/New_York",
        "start": "2026-01-01",
        "connections": {"peoplesoft": "demo__peoplesoft"},
        "business_units": ["US001"],
        "setids": ["SHARE"],
    }
)
SETTINGS = PeopleSoftSettings.from_connection(
    host="https://erp.example.com/proxy",
    login="ML",
    password="opensesame",
    extra={"node": "PSFT_EP"},
)


def shipped(name: str) -> Dataset:
    """A dataset as it is shipped."""
    return load_dataset(MAPPINGS / f"{name}.yaml")


def dataset(**changes: Any) -> Dataset:
    """Orders with lines and notes, which are siblings; lines have parts."""
    values: dict[str, Any] = {
        "dataset": "orders",
        "system": "peoplesoft",
        "unit": "business_unit",
        "key": ["BUSINESS_UNIT", "ID"],
        "alias": "A",
        "fields": {
            "BUSINESS_UNIT": {"required": True},
            "ID": {"required": True},
            "STATUS": {"type": "code", "codes": {"O": "Open", "C": "Closed"}},
            "CHANGED": {"type": "date", "optional": True},
            "ENTERED": {"type": "date", "optional": True},
        },
        "children": {
            "lines": {
                "alias": "B",
                "key": ["LINE"],
                "fields": {"LINE": {"type": "integer"}, "AMT": {"type": "amount"}},
                "children": {
                    "parts": {
                        "alias": "C",
                        "key": ["PART"],
                        "fields": {"PART": {"type": "integer"}, "ACCOUNT": {}},
                    }
                },
            },
            "notes": {
                "alias": "D",
                "key": ["NOTE"],
                "fields": {"NOTE": {"type": "integer", "optional": True}, "TEXT": {"optional": True}},
            },
        },
        "queries": {
            "changes": {
                "name": "ML_ORDERS",
                "prompts": {"BU": "unit", "FROM_DT": "since", "THRU_DT": "until", "ID_OFFSET": "after.ID"},
            },
            "open": {"name": "ML_ORDERS_OPEN", "prompts": {"BU": "unit", "ID_OFFSET": "after.ID"}},
            "by_key": {"name": "ML_ORDER_KEY", "prompts": {"BU": "key.BUSINESS_UNIT", "ID": "key.ID"}},
        },
        "change": {"stamp": "CHANGED", "overlap": "1d", "fallback": "ENTERED"},
        "open_when": {"STATUS": ["O"]},
        "page": {"rows": 5, "minimum": 2, "maximum": 64},
    }
    return Dataset.model_validate(values | changes)


def order_rows(number: int, lines: int = 1, parts: int = 1, notes: int = 1, **root: Any) -> list[Row]:
    """The rows of a join for one order: lines, their parts, times the notes."""
    head = {
        "A.BUSINESS_UNIT": "US001",
        "A.ID": f"{number:08d}",
        "A.STATUS": "O",
        "A.CHANGED": f"2026-10-{number % 9 + 1:02d}",
        "A.ENTERED": "2026-09-01",
    } | {f"A.{name}": value for name, value in root.items()}
    blank_line: Row = {"B.LINE": "", "B.AMT": ""}
    blank_part: Row = {"C.PART": "", "C.ACCOUNT": ""}
    left: list[Row] = [
        {"B.LINE": line, "B.AMT": line * 10}
        | ({"C.PART": part, "C.ACCOUNT": "641000"} if part else blank_part)
        for line in range(1, lines + 1)
        for part in (range(1, parts + 1) if parts else [0])
    ] or [blank_line | blank_part]
    right: list[Row] = [{"D.NOTE": note, "D.TEXT": ""} for note in range(1, notes + 1)] or [
        {"D.NOTE": "", "D.TEXT": ""}
    ]
    return [{**head, **one, **other} for one in left for other in right]


def envelope(rows: Sequence[Mapping[str, Any]], **changes: Any) -> Response:
    """A JSON answer of QAS."""
    numbered = [{"attr:rownumber": number, **row} for number, row in enumerate(rows, 1)]
    query = {"numrows": len(rows), "queryname=": "X", "rows": numbered} | changes
    body = codec.encode({"status": "success", "data": {"query": query}})
    return Response(200, {"Content-Type": "application/json", "Date": DATE}, body)


class Site:
    """A PeopleSoft that has the given rows, in key order.

    Attributes:
        cap: rows of an answer at most, said to nobody.
        fail: called before each answer with the prompts; may return a response instead.
        asked: prompts of each call, with ``maxrows`` and the query's name.
    """

    def __init__(self, rows: Sequence[Row], *, cap: int | None = None) -> None:
        self.rows = list(rows)
        self.cap = cap
        self.fail: Callable[[dict[str, str]], Response | None] = lambda _: None
        self.asked: list[dict[str, str]] = []

    async def answer(self, request: Request) -> Response:
        parts = urlsplit(request.target)
        params = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        names, values = params.get("prompt_uniquepromptname", ""), params.get("prompt_fieldvalue", "")
        prompts = dict(zip(names.split(","), values.split(","), strict=True))
        prompts |= {"maxrows": params.get("maxrows", "0"), "query": unquote(parts.path.split("/")[-3])}
        self.asked.append(prompts)
        failed = self.fail(prompts)
        if failed is not None:
            return failed
        found = [row for row in self.rows if self._fits(row, prompts)]
        limit = min(int(prompts["maxrows"]), self.cap or len(found))
        return envelope(found[:limit])

    @staticmethod
    def _fits(row: Row, prompts: dict[str, str]) -> bool:
        if "ID" in prompts and row["A.ID"] != prompts["ID"]:
            return False
        if "ID_OFFSET" in prompts and row["A.ID"] <= prompts["ID_OFFSET"]:
            return False
        stamp = row.get("A.CHANGED") or row.get("A.ENTERED", "")
        return "FROM_DT" not in prompts or prompts["FROM_DT"] <= stamp < prompts["THRU_DT"]

    def service(self) -> QueryService:
        client = make_client(SETTINGS, transport=HandlerTransport(self.answer), retry=Retry(attempts=1))
        return QueryService(client, Redactor(["opensesame"]))

    def source(self, of: Dataset | None = None) -> PeopleSoftSource:
        return PeopleSoftSource(
            of or dataset(), TENANT, self.service(), clock=lambda: NOW, backoff=Backoff(no_sleep, lambda: 0.5)
        )


async def no_sleep(_: float) -> None:
    """Stands in for ``asyncio.sleep``."""


async def pages_of(source: PeopleSoftSource, window: Window) -> list[Page]:
    """All pages of a window; the last one, and only that, says so."""
    pages = [page async for page in source.read(window)]
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    return pages
