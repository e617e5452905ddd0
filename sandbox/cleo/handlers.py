"""The operations of the REST API, each from a call to a status and a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from functools import partial
from typing import Any

from .errors import CleoError, forbidden, not_found
from .files import File, Folder
from .identity import Principal
from .paging import page
from .resources import Row
from .state import CleoState

BINARY = ("application/octet-stream", "application/edi-x12")


@dataclass(frozen=True)
class Call:
    """One call: who, on what, with which parameters; `body` is decoded JSON, `raw` the bytes."""

    state: CleoState
    principal: Principal
    path: Mapping[str, str]
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    raw: bytes


@dataclass(frozen=True)
class Download:
    """A file as the answer."""

    file: File


Answer = tuple[int, Any]
Handler = Callable[[Call], Answer]


def _administrator(call: Call, *, reading: bool = False) -> None:
    if not call.principal.admin and not (reading and call.state.switches.mailbox_sees_connections):
        raise forbidden("administration")


def listed(kind: str, call: Call) -> Answer:
    """A page of connections, actions, authenticators or certificates."""
    _administrator(call, reading=True)
    defaults = call.params.get("includeDefaults") == "true"
    rows = call.state.resources.rows[kind].values()
    shown = [call.state.view.shown(kind, row, defaults=defaults) for row in rows]
    return 200, page(shown, call.params, call.state.switches)


def one(kind: str, call: Call) -> Answer:
    """The object named in the path."""
    _administrator(call, reading=True)
    defaults = call.params.get("includeDefaults") == "true"
    row = call.state.resources.get(kind, call.path["id"])
    return 200, call.state.view.shown(kind, row, defaults=defaults)


def create(kind: str, call: Call) -> Answer:
    """A new object."""
    _administrator(call)
    return 201, call.state.view.shown(kind, call.state.resources.create(kind, call.body))


def replace(kind: str, call: Call) -> Answer:
    """Another object in the place of one."""
    _administrator(call)
    return 200, call.state.view.shown(kind, call.state.resources.replace(kind, call.path["id"], call.body))


def delete(kind: str, call: Call) -> Answer:
    """Remove an object."""
    _administrator(call)
    call.state.resources.delete(kind, call.path["id"])
    return 204, None


def run(call: Call) -> Answer:
    """Run an action."""
    _administrator(call)
    if call.body is not None:
        raise CleoError(400, "The run call takes no body.")
    return 200, call.state.runs.run(call.state.resources.get("actions", call.path["id"]), call.params)


def import_cert(call: Call) -> Answer:
    """A certificate, base64 of its DER form."""
    _administrator(call)
    body = call.body
    if not isinstance(body, dict) or body.get("requestType") != "importCert" or not body.get("import"):
        raise CleoError(400, "requestType importCert with import is required.")
    return 201, call.state.view.shown("certs", call.state.resources.import_cert(str(body["import"])))


def logged(kind: str, call: Call) -> Answer:
    """A page of events or transfers, where the site shows them."""
    setting = getattr(call.state.switches, kind)
    if setting == "absent":
        raise not_found()
    if setting == "forbidden" or not call.principal.admin:
        raise forbidden(kind)
    rows = getattr(call.state.router.log, kind)
    return 200, page(rows, call.params, call.state.switches)


def users(call: Call) -> Answer:
    """The users of an authenticator."""
    _administrator(call)
    owner = call.state.resources.get("authenticators", call.path["id"])["id"]
    rows = [row for row in call.state.resources.rows["users"].values() if row["parent"] == owner]
    return 200, page([call.state.view.shown("users", row) for row in rows], call.params, call.state.switches)


def create_user(call: Call) -> Answer:
    """A new user of an authenticator."""
    _administrator(call)
    owner = call.state.resources.get("authenticators", call.path["id"])["id"]
    row = call.state.resources.create("users", call.body, parent=owner)
    return 201, call.state.view.shown("users", row)


def _mailbox(call: Call) -> None:
    if call.principal.admin and not call.state.switches.admin_sees_folders:
        raise forbidden("folders of a mailbox")


def folders(call: Call) -> Answer:
    """The folders of the mailbox: those at the top, or all of them."""
    _mailbox(call)
    tree = call.state.switches.folder_listing == "tree"
    found = [folder for folder in call.state.files.folders.values() if not (tree and "/" in folder.path)]
    return 200, page([_folder(call, folder) for folder in found], call.params, call.state.switches)


def folder(call: Call) -> Answer:
    """One folder."""
    _mailbox(call)
    return 200, _folder(call, call.state.files.folder(call.path["id"]))


def contents(call: Call) -> Answer:
    """The folders and files in a folder."""
    _mailbox(call)
    files = call.state.files
    where = files.folder(call.path["id"])
    if where.usage == "upload" and not call.state.switches.list_upload:
        raise forbidden(f"listing /{where.path}")
    rows = [_folder(call, child) | {"type": "folder"} for child in files.children(where)]
    rows += [_file(call, file) for file in files.inside(where)]
    return 200, page(rows, call.params, call.state.switches)


def upload(call: Call) -> Answer:
    """A whole file into a folder."""
    _mailbox(call)
    files = call.state.files
    where = files.folder(call.path["id"])
    files.need(where, "upload")
    if _content_type(call) not in BINARY:
        raise CleoError(415, "Content-Type is not supported.")
    name = _file_name(call.headers.get("Content-Disposition", ""))
    files.check_name(name)
    overwrite = call.params.get("overwrite") == "true"
    stored = files.store(where, name, call.raw, owner=call.principal.username, overwrite=overwrite)
    return 201, _file(call, stored)


def get_file(call: Call) -> Answer:
    """What is known of a file."""
    _mailbox(call)
    return 200, _file(call, call.state.files.file(call.path["id"]))


def download(call: Call) -> Answer:
    """The content of a file."""
    _mailbox(call)
    file = call.state.files.file(call.path["id"])
    call.state.files.need(file.folder, "download")
    return 200, Download(file)


def delete_file(call: Call) -> Answer:
    """Remove a file."""
    _mailbox(call)
    file = call.state.files.file(call.path["id"])
    call.state.files.need(file.folder, "delete")
    call.state.files.remove(file)
    return 204, None


def _folder(call: Call, folder: Folder) -> Row:
    here = call.state.view.href("folders", folder.id)
    return {
        "id": folder.id,
        "name": folder.name,
        "path": f"/{folder.path}",
        "usage": folder.usage,
        "permissions": call.state.files.rights(folder),
        "meta": {"resourceType": "folder"},
        "_links": {"self": {"href": here}, "contents": {"href": f"{here}/contents"}},
    }


def _file(call: Call, file: File) -> Row:
    here = call.state.view.href("files", file.id)
    return {
        "id": file.id,
        "name": file.name,
        "type": "file",
        "size": len(file.content),
        "modified": file.modified.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "path": f"/{file.folder.path}/{file.name}",
        "meta": {"resourceType": "file"},
        "_links": {"self": {"href": here}, "content": {"href": f"{here}/content"}},
    }


def _content_type(call: Call) -> str:
    return call.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _file_name(disposition: str) -> str:
    header = Message()
    header["Content-Disposition"] = disposition
    name = header.get_filename()
    if name is None or header.get_content_disposition() != "attachment":
        raise CleoError(400, "Content-Disposition with a file name is required.")
    return name


ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", "/actions/{id}/run"): run,
    ("POST", "/certs"): import_cert,
    ("GET", "/events"): partial(logged, "events"),
    ("GET", "/transfers"): partial(logged, "transfers"),
    ("GET", "/authenticators/{id}/users"): users,
    ("POST", "/authenticators/{id}/users"): create_user,
    ("GET", "/folders"): folders,
    ("GET", "/folders/{id}"): folder,
    ("GET", "/folders/{id}/contents"): contents,
    ("POST", "/folders/{id}/contents"): upload,
    ("GET", "/files/{id}"): get_file,
    ("DELETE", "/files/{id}"): delete_file,
    ("GET", "/files/{id}/content"): download,
}
for _kind in ("connections", "actions"):
    ROUTES |= {
        ("GET", f"/{_kind}"): partial(listed, _kind),
        ("POST", f"/{_kind}"): partial(create, _kind),
        ("GET", f"/{_kind}/{{id}}"): partial(one, _kind),
        ("PUT", f"/{_kind}/{{id}}"): partial(replace, _kind),
        ("DELETE", f"/{_kind}/{{id}}"): partial(delete, _kind),
    }
for _kind in ("authenticators", "certs"):
    ROUTES |= {
        ("GET", f"/{_kind}"): partial(listed, _kind),
        ("GET", f"/{_kind}/{{id}}"): partial(one, _kind),
    }
ROUTES["POST", "/authenticators"] = partial(create, "authenticators")
