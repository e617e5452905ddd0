from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ml_connector.cleo.mailbox import FileExists, FileGone, NoSuchFolder, RemoteFile
from ml_connector.core.errors import (
    ConfigurationError,
    ContractChanged,
    InDoubt,
    NotActivated,
    Rejected,
    Unavailable,
)
from ml_connector.core.http import Interrupted, Response
from ml_connector.core.state.store import Store
from tests.cleo.fake import FakeCleo, answer, page, said
from tests.cleo.published import sample
from tests.cleo.support import connected, settings

CONTENTS = "GET /api/folders/[^/]+/contents"
UPLOAD = "POST /api/folders/[^/]+/contents"


@pytest.mark.parametrize("links", ["object", "list", "none"])
@pytest.mark.parametrize("prefix", ["", "/edi"])
async def test_a_file_goes_up_comes_down_and_goes_away(state: Store, links: str, prefix: str) -> None:
    """Links as an object, as a list, or none at all; at the root of a server, or behind a path."""
    fake = FakeCleo(links=links, prefix=prefix, described=links != "list")
    content = b"ISA*00*\x00\xff~\r\n"
    async with connected(fake, state) as cleo:
        mailbox = cleo.mailbox
        assert await mailbox.folders() == ["download", "upload"]
        await mailbox.upload("upload/850", "850_1.edi", content)
        (found,) = await mailbox.list("upload/850")
        assert (found.folder, found.name, found.size) == ("upload/850", "850_1.edi", len(content))
        assert found.modified == datetime(2026, 11, 23, 14, 2, 11, tzinfo=UTC)
        assert await mailbox.download(found) == content
        await mailbox.remove(found)
        await mailbox.remove(found)
        assert await mailbox.list("upload/850") == []


async def test_an_upload_is_one_call_with_the_name_and_the_bytes(fake: FakeCleo, state: Store) -> None:
    async with connected(fake, state, upload_type="application/edi-x12") as cleo:
        await cleo.mailbox.upload("upload/850", "850_1.edi", b"ISA")
    sent = fake.sent[-1]
    assert sent.headers["Content-Disposition"] == 'attachment; filename="850_1.edi"'
    assert sent.headers["Content-Type"] == "application/edi-x12"
    assert (sent.body, sent.timeout) == (b"ISA", 300.0)


async def test_folders_are_found_once(fake: FakeCleo, state: Store) -> None:
    async with connected(fake, state) as cleo:
        for number in range(5):
            await cleo.mailbox.upload("upload/850", f"{number}.edi", b"ISA")
    assert fake.calls("GET /api/folders") == 1
    assert len(fake.files) == 5


async def test_a_folder_that_was_made_anew_is_found_again(fake: FakeCleo, state: Store) -> None:
    async with connected(fake, state) as cleo:
        await cleo.mailbox.list("upload/850")
        fake.fault(UPLOAD, said("Resource not found.", 404))
        await cleo.mailbox.upload("upload/850", "a.edi", b"ISA")
        fake.fault("GET /api/folders/upload--850/contents", said("Resource not found.", 404))
        assert len(await cleo.mailbox.list("upload/850")) == 1


async def test_a_listing_leaves_folders_out_and_is_in_order(fake: FakeCleo, state: Store) -> None:
    fake.files = {f"upload/{name}": b"" for name in ("c", "a", "b")}
    async with connected(fake, state) as cleo:
        assert [file.name for file in await cleo.mailbox.list("upload")] == ["a", "b", "c"]


async def test_the_documented_folder_and_files_are_understood(fake: FakeCleo, state: Store) -> None:
    fake.fault("GET /api/folders", answer(sample("folders_page")), times=None)
    fake.fault(CONTENTS, answer(sample("folder_contents_page")), times=None)
    async with connected(fake, state) as cleo:
        files = await cleo.mailbox.list("download")
    assert [file.size for file in files] == [612, 268]
    assert files[0].link == "/api/files/f1Wq2Ze3Rt4Yu5Io6Pa7Sd"
    assert files[0].content_link == "/api/files/f1Wq2Ze3Rt4Yu5Io6Pa7Sd/content"


async def test_the_documented_answer_to_an_upload_is_understood(fake: FakeCleo, state: Store) -> None:
    documented = sample("file_uploaded_201")
    fake.fault(UPLOAD, answer(documented, 201))
    async with connected(fake, state) as cleo:
        await cleo.mailbox.upload("upload/850", documented["name"], b"x" * documented["size"])


@pytest.mark.parametrize(
    ("top", "folder"),
    [
        ([{"id": "1", "name": "850", "path": "/upload/850"}], "upload/850"),
        ([{"id": "1", "name": "850", "path": "upload\\850\\"}], "upload/850"),
        ([{"id": "1", "name": "out", "usage": "upload", "path": "outbox/"}], "upload"),
        ([{"id": "1", "name": "upload", "path": "/home/box/upload"}], "upload"),
        ([{"id": "1", "name": "upload"}], "/upload/"),
    ],
)
async def test_folders_by_path_name_or_usage(
    fake: FakeCleo, state: Store, top: list[dict[str, Any]], folder: str
) -> None:
    fake.fault("GET /api/folders", answer({"totalResults": len(top), "resources": top}), times=None)
    fake.fault(CONTENTS, answer({"totalResults": 0, "resources": []}), times=None)
    async with connected(fake, state) as cleo:
        assert await cleo.mailbox.list(folder) == []
    assert fake.calls("GET /api/folders/1/contents") == 1


@pytest.mark.parametrize(
    ("folder", "words"),
    [("inbox", "no folder 'inbox'.*download, upload"), ("upload/860", "no folder '860'.*it shows: 850")],
)
async def test_a_missing_folder_is_named_with_those_that_are_there(
    fake: FakeCleo, state: Store, folder: str, words: str
) -> None:
    async with connected(fake, state) as cleo:
        with pytest.raises(NoSuchFolder, match=words):
            await cleo.mailbox.list(folder)


@pytest.mark.parametrize("folder", ["", "/", "../x", "upload/../../x"])
async def test_a_folder_is_below_the_mailbox(fake: FakeCleo, state: Store, folder: str) -> None:
    async with connected(fake, state) as cleo:
        with pytest.raises(ConfigurationError, match="no folder of the mailbox"):
            await cleo.mailbox.list(folder)


@pytest.mark.parametrize(
    "name", ["", "a b.edi", 'a".edi', "a/b", "..", ".hidden", "a\r\nX: y", "ä.edi", "a" * 201]
)
async def test_file_names_need_no_quoting(fake: FakeCleo, state: Store, name: str) -> None:
    async with connected(fake, state) as cleo:
        with pytest.raises(ConfigurationError, match="name of a file"):
            await cleo.mailbox.upload("upload/850", name, b"ISA")
    assert fake.sent == []


async def test_a_name_that_is_taken_tells_the_size_of_what_is_there(fake: FakeCleo, state: Store) -> None:
    fake.files["upload/850/a.edi"] = b"12345"
    async with connected(fake, state) as cleo:
        with pytest.raises(FileExists) as caught:
            await cleo.mailbox.upload("upload/850", "a.edi", b"ISA")
    assert (caught.value.folder, caught.value.name, caught.value.size) == ("upload/850", "a.edi", 5)
    assert fake.files["upload/850/a.edi"] == b"12345"


async def test_a_taken_name_that_is_not_listed_has_no_size(fake: FakeCleo, state: Store) -> None:
    """Cleo took the file between its refusal and our look."""
    fake.fault(UPLOAD, said("The file already exists.", 409))
    async with connected(fake, state) as cleo:
        with pytest.raises(FileExists) as caught:
            await cleo.mailbox.upload("upload/850", "a.edi", b"ISA")
    assert caught.value.size is None


async def test_an_upload_whose_answer_is_lost_is_in_doubt(fake: FakeCleo, state: Store) -> None:
    fake.fault(UPLOAD, Interrupted("reset", "the connection broke off"), after=True)
    async with connected(fake, state) as cleo:
        with pytest.raises(InDoubt, match="may have been executed"):
            await cleo.mailbox.upload("upload/850", "a.edi", b"ISA")
        assert [file.size for file in await cleo.mailbox.list("upload/850")] == [3]


async def test_an_upload_that_was_stored_in_part_is_in_doubt(fake: FakeCleo, state: Store) -> None:
    fake.fault(UPLOAD, answer({"name": "a.edi", "size": 2}, 201))
    async with connected(fake, state) as cleo:
        with pytest.raises(InDoubt, match="stored 2 of the 3 bytes"):
            await cleo.mailbox.upload("upload/850", "a.edi", b"ISA")


@pytest.mark.parametrize(
    "given", [Response(201), Response(204), answer({"name": "a.edi"}, 201), answer([], 200)]
)
async def test_an_answer_that_says_nothing_is_a_success(
    fake: FakeCleo, state: Store, given: Response
) -> None:
    fake.fault(UPLOAD, given)
    async with connected(fake, state) as cleo:
        await cleo.mailbox.upload("upload/850", "a.edi", b"ISA")


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        (said("File type not allowed", 415), Rejected, "File type not allowed.*Allowed File Types"),
        (said("Too large", 413), Rejected, "larger than Cleo takes"),
        (said("Forbidden", 403), NotActivated, "upload to folder upload/850"),
    ],
)
async def test_refused_uploads(
    fake: FakeCleo, state: Store, given: Response, kind: type[Exception], words: str
) -> None:
    fake.fault(UPLOAD, given)
    async with connected(fake, state) as cleo:
        with pytest.raises(kind, match=words):
            await cleo.mailbox.upload("upload/850", "a.edi", b"ISA")


async def test_a_file_that_vanished_is_told(fake: FakeCleo, state: Store) -> None:
    fake.files["download/997/a.edi"] = b"ISA"
    async with connected(fake, state) as cleo:
        (found,) = await cleo.mailbox.list("download/997")
        fake.files.clear()
        with pytest.raises(FileGone, match="no longer in download/997"):
            await cleo.mailbox.download(found)


async def test_a_file_that_grows_is_left_for_later(fake: FakeCleo, state: Store) -> None:
    fake.files["download/997/a.edi"] = b"ISA"
    async with connected(fake, state) as cleo:
        (found,) = await cleo.mailbox.list("download/997")
        fake.files["download/997/a.edi"] = b"ISA*00"
        with pytest.raises(FileGone, match="still being written"):
            await cleo.mailbox.download(found)


async def test_a_file_of_unknown_size_is_taken_as_it_is(fake: FakeCleo, state: Store) -> None:
    row = {"id": "download--997--a.edi", "name": "a.edi"}
    fake.files["download/997/a.edi"] = b"ISA"
    fake.fault(
        CONTENTS, answer({"totalResults": 1, "resources": [{"id": "x", "name": "997", "type": "folder"}]})
    )
    fake.fault(CONTENTS, answer({"totalResults": 1, "resources": [row]}))
    async with connected(fake, state) as cleo:
        (found,) = await cleo.mailbox.list("download/997")
        assert (found.size, found.modified) == (None, None)
        assert await cleo.mailbox.download(found) == b"ISA"


@pytest.mark.parametrize("gone", [said("Resource not found.", 404), page("<html>Not Found</html>", 404)])
async def test_an_upload_without_a_place_is_no_fault_of_the_file(
    fake: FakeCleo, state: Store, gone: Response
) -> None:
    fake.fault(UPLOAD, gone, times=None)
    async with connected(fake, state) as cleo:
        with pytest.raises(NoSuchFolder, match="upload/850"):
            await cleo.mailbox.upload("upload/850", "a.edi", b"ISA")
    assert fake.calls(UPLOAD) == 2


async def test_a_file_may_be_a_web_page(fake: FakeCleo, state: Store) -> None:
    content = b"<!DOCTYPE html><html>report</html>"
    fake.files["download/997/a.html"] = content
    fake.fault("GET /api/files/.*/content", Response(200, {"Content-Type": "text/html"}, content), times=None)
    async with connected(fake, state) as cleo:
        (found,) = await cleo.mailbox.list("download/997")
        assert await cleo.mailbox.download(found) == content
        with pytest.raises(Unavailable, match="web page"):  # then it may as well be a sign-in page
            await cleo.mailbox.download(replace(found, size=None))
        with pytest.raises(FileGone):
            await cleo.mailbox.download(replace(found, size=3))


FOLDER_ROWS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"type": "directory"}, {}),
    ({"type": "Folder"}, {}),
    ({"meta": {"resourceType": "directory"}}, {}),
    ({"type": "container"}, {"folder_types": ["container"]}),
    ({"_links": {"contents": {"href": "/api/folders/G/contents"}}}, {}),
]


@pytest.mark.parametrize(("row", "options"), FOLDER_ROWS)
async def test_a_folder_by_other_words(
    fake: FakeCleo, state: Store, row: dict[str, Any], options: dict[str, Any]
) -> None:
    fake.described = False
    top = {"totalResults": 1, "resources": [{"id": "F", "name": "upload"}]}
    fake.fault("GET /api/folders", answer(top), times=None)
    below = {
        "totalResults": 2,
        "resources": [{"id": "G", "name": "850", **row}, {"id": "H", "name": "x", "size": 1}],
    }
    fake.fault("GET /api/folders/F/contents", answer(below), times=None)
    fake.fault("GET /api/folders/G/contents", answer({"totalResults": 0, "resources": []}), times=None)
    async with connected(fake, state, **options) as cleo:
        assert [file.name for file in await cleo.mailbox.list("upload")] == ["x"]
        assert await cleo.mailbox.list("upload/850") == []


async def test_what_has_no_size_may_be_the_folder_that_is_meant(fake: FakeCleo, state: Store) -> None:
    fake.described = False
    top = {"totalResults": 1, "resources": [{"id": "F", "name": "upload"}]}
    fake.fault("GET /api/folders", answer(top), times=None)
    below = {"totalResults": 1, "resources": [{"id": "G", "name": "850", "type": "something"}]}
    fake.fault("GET /api/folders/F/contents", answer(below), times=None)
    fake.fault("GET /api/folders/G/contents", answer({"totalResults": 0, "resources": []}), times=None)
    async with connected(fake, state) as cleo:
        assert await cleo.mailbox.list("upload/850") == []
        assert [file.name for file in await cleo.mailbox.list("upload")] == ["850"]


async def test_a_link_to_another_server_is_not_followed(fake: FakeCleo, state: Store) -> None:
    row = {"id": "1", "name": "upload", "_links": {"contents": {"href": "https://evil.example.com/x"}}}
    fake.fault("GET /api/folders", answer({"totalResults": 1, "resources": [row]}))
    async with connected(fake, state) as cleo:
        with pytest.raises(ContractChanged, match="another server"):
            await cleo.mailbox.upload("upload", "a.edi", b"ISA")


async def test_an_entry_that_cannot_be_addressed_is_told(fake: FakeCleo, state: Store) -> None:
    fake.fault("GET /api/folders", answer({"totalResults": 1, "resources": [{"name": "upload"}]}))
    async with connected(fake, state) as cleo:
        with pytest.raises(ContractChanged, match="neither links nor an id"):
            await cleo.mailbox.list("upload")


async def test_other_paths_are_a_matter_of_the_connection(fake: FakeCleo, state: Store) -> None:
    fake.described = False
    fake.fault("GET /rest/mailbox", answer({"totalResults": 1, "resources": [{"id": "7", "name": "upload"}]}))
    fake.fault(
        "GET /rest/mailbox/7/contents",
        answer({"totalResults": 1, "resources": [{"id": "f/1", "name": "a.edi"}]}),
    )
    fake.fault("GET /rest/files/f%2F1/content", Response(200, {}, b"ISA"))
    where = settings(folders_path="/rest/mailbox", files_path="/rest/files")
    async with connected(fake, state, where=where) as cleo:
        (found,) = await cleo.mailbox.list("upload")
        assert found == RemoteFile("upload", "a.edi", None, None, "/rest/files/f%2F1")
        assert await cleo.mailbox.download(found) == b"ISA"
