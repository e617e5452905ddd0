"""A small client of the Cleo simulator, and orders to send through it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import asyncssh
import msgspec

from sandbox import credentials
from sandbox.server import Sandbox

from .clients import Answer, request

ADMIN = (credentials.CLEO_ADMIN, credentials.CLEO_ADMIN_PASSWORD)
MAILBOX = (credentials.CLEO_MAILBOX, credentials.CLEO_MAILBOX_PASSWORD)
Row = dict[str, Any]


class Tenant:
    """Calls the REST API and the control endpoint of one sandbox."""

    def __init__(self, http: aiohttp.ClientSession, sandbox: Sandbox) -> None:
        self.http, self.sandbox, self.url = http, sandbox, sandbox.cleo_url
        self.tokens: dict[str, str] = {}

    async def login(self, username: str, password: str, **more: str) -> Answer:
        form = {"grant_type": "password", "username": username, "password": password} | more
        return await self.form(form)

    async def form(self, form: dict[str, str]) -> Answer:
        prefix = self.sandbox.cleo.switches.api_prefix
        async with self.http.post(f"{self.url}{prefix}/authentication", data=form) as response:
            return Answer(response.status, dict(response.headers), await response.read())

    async def token(self, who: tuple[str, str]) -> str:
        if who[0] not in self.tokens:
            answer = await self.login(*who)
            assert answer.status == 200, answer.body
            self.tokens[who[0]] = answer.json["access_token"]
        return self.tokens[who[0]]

    async def call(
        self, method: str, href: str, body: Any = None, *, who: tuple[str, str] = ADMIN, **params: str
    ) -> Answer:
        headers = {"Authorization": f"Bearer {await self.token(who)}"}
        return await request(self.http, method, f"{self.url}{href}", body, headers=headers, params=params)

    async def get(self, href: str, **params: str) -> Answer:
        who = MAILBOX if "/folders" in href or "/files" in href else ADMIN
        return await self.call("GET", href, who=who, **params)

    async def rows(self, href: str, **params: str) -> list[Row]:
        answer = await self.get(href, **params)
        assert answer.status == 200, answer.body
        rows: list[Row] = answer.json["resources"]
        return rows

    async def connection(self, alias: str) -> Row:
        (row,) = await self.rows("/api/connections", filter=f'alias eq "{alias}"')
        return row

    async def action(self, alias: str, connection: str) -> Row:
        chosen = f'alias eq "{alias}" and connection.alias eq "{connection}"'
        (row,) = await self.rows("/api/actions", filter=chosen)
        return row

    async def contents(self, path: str) -> str:
        """The address of a folder's contents, found through the links."""
        rows, found = await self.rows("/api/folders"), ""
        for part in path.split("/"):
            folder = next(row for row in rows if row["name"] == part and row.get("type") != "file")
            found = folder["_links"]["contents"]["href"]
            rows = await self.rows(found)
        return found

    async def names(self, path: str) -> list[str]:
        rows = await self.rows(await self.contents(path))
        return [row["name"] for row in rows if row["type"] == "file"]

    async def upload(
        self, path: str, name: str, content: bytes, *, href: str = "", **changed: str | None
    ) -> Answer:
        headers: dict[str, str | None] = {
            "Authorization": f"Bearer {await self.token(MAILBOX)}",
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{name}"',
        }
        headers |= {key.replace("_", "-"): value for key, value in changed.items()}
        sent = {key: value for key, value in headers.items() if value is not None}
        url = f"{self.url}{href or await self.contents(path)}"
        async with self.http.post(url, data=content, headers=sent) as response:
            return Answer(response.status, dict(response.headers), await response.read())

    async def download(self, row: Row) -> bytes:
        answer = await self.get(row["_links"]["content"]["href"])
        assert answer.status == 200, answer.body
        return answer.body

    async def control(self, operation: str, expected: int = 200, /, **body: Any) -> Any:
        answer = await request(self.http, "POST", f"{self.sandbox.control_url}/cleo/{operation}", body)
        assert answer.status == expected, answer.body
        return msgspec.json.decode(answer.body)

    async def order(self, number: str = "US001-0000000007", *, control: int = 231, **changed: Any) -> str:
        """Upload an 850 for ACME and let Cleo and the partner do all that follows; its file name."""
        name = f"850_{control:09d}.edi"
        answer = await self.upload("upload/850", name, order_850(number, control=control, **changed))
        assert answer.status == 201, answer.body
        await self.control("settle")
        return name

    async def received_by_us(self, kind: str) -> list[str]:
        rows = await self.control("files", folder=f"download/{kind}")
        return [str(row["content"]) for row in rows]


@asynccontextmanager
async def sftp(sandbox: Sandbox, **options: Any) -> AsyncIterator[asyncssh.SFTPClient]:
    host, port = sandbox.cleo_sftp.address.split(":")
    known = asyncssh.import_known_hosts(f"[{host}]:{port} {sandbox.cleo_sftp.host_key}\n")
    login = {"username": MAILBOX[0], "password": MAILBOX[1], "client_keys": None} | options
    connecting = asyncssh.connect(host, int(port), known_hosts=known, config=None, agent_path=None, **login)
    async with connecting as connection, connection.start_sftp_client() as client:
        yield client
    await asyncio.sleep(0)


LINES = ("PO1*1*10*EA*12.5**BP*10001*VP*AC-77", "PID*F****BEARING 6204", "PO1*2*4*BX*80**BP*10044*VP*AC-91")
HEAD = ("CUR*BY*USD", "REF*IA*0000000002", "ITD*01*3*****30", "DTM*002*20261204", "N1*BY*US001*92*US001")


def order_850(number: str = "US001-0000000007", *, control: int = 231, **changed: Any) -> bytes:
    """An 850 of two lines that comes to 445.00 for ACME, or another partner with `receiver` and so on."""
    body = [
        f"BEG*{changed.get('purpose', '00')}*SA*{number}**20261119",
        *changed.get("head", HEAD),
        "N1*ST*PLANT 03*92*US003",
        *changed.get("lines", LINES),
        *changed.get("tail", ("CTT*2", "AMT*TT*445")),
    ]
    return interchange("PO", [body], control=control, **changed)


def interchange(code: str, bodies: list[list[str]], *, control: int, **changed: Any) -> bytes:
    """Sets in one group and one interchange, written by hand with `*` and `~`."""
    kind = {"PO": "850", "PC": "860", "IN": "810", "FA": "997"}[code]
    version, receiver = changed.get("version", "004010"), changed.get("receiver", ("01", "123456789"))
    group_id, component = changed.get("group_id", receiver[1]), changed.get("component", ">")
    repetition = "^" if version == "005010" else "U"
    isa = "00501" if version == "005010" else "00401"
    isa_segment = (
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{'PSFTUS001':15}*{receiver[0]}*{receiver[1]:15}*261120*0915*{repetition}"
        f"*{isa}*{control:09d}*{changed.get('report', '0')}*T*{component}"
    )
    lines = [
        isa_segment,
        f"GS*{code}*PSFTUS001*{group_id}*20261120*0915*{control}*X*{version}",
    ]
    for position, body in enumerate(bodies, 1):
        lines += [f"ST*{kind}*{position:04d}", *body, f"SE*{len(body) + 2}*{position:04d}"]
    lines += [f"GE*{len(bodies)}*{control}", f"IEA*1*{control:09d}"]
    return "".join(f"{line}~\n" for line in lines).replace("*", changed.get("element", "*")).encode()
