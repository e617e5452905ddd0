"""Links between the pages lead somewhere, pictures are small, and every command that is named exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml_connector.cli.definition import get_commands

from .blocks import DOCS, PAGES, ROOT, without_blocks

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_COMMAND = re.compile(r"ml-connector ((?:audit |crosswalk )?[a-z]+(?:-[a-z]+)?)((?: [^`\n\"]*)?)")
_TARGETS = re.compile(r"make ([a-z]+)")
_LARGEST_PICTURE = 200_000


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _anchor(heading: str) -> str:
    """As GitHub makes it."""
    plain = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
    return plain.replace(" ", "-")


def _anchors(page: Path) -> set[str]:
    return {_anchor(heading) for heading in _HEADING.findall(without_blocks(page))}


def _links(page: Path) -> Iterator[tuple[Path, str]]:
    for link in _LINK.findall(without_blocks(page)):
        if "://" not in link:
            path, _, anchor = link.partition("#")
            yield (page.parent / path).resolve() if path else page, anchor


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in _links(page):
        assert target.is_file(), f"{page.name} links to {target.name}, which is not there"
        if anchor:
            assert anchor in _anchors(target), f"{page.name} links to #{anchor} of {target.name}"


def test_every_page_is_in_the_index() -> None:
    linked = {target for target, _ in _links(DOCS / "README.md")}
    assert [page.name for page in DOCS.glob("*.md") if page.name != "README.md" and page not in linked] == []


def test_every_picture_is_shown_and_small() -> None:
    shown = {target for page in PAGES for target, _ in _links(page)}
    pictures = list((DOCS / "images").iterdir())
    assert pictures
    assert [picture.name for picture in pictures if picture not in shown] == []
    assert [picture.name for picture in pictures if picture.stat().st_size > _LARGEST_PICTURE] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_commands_exist(page: Path) -> None:
    (group,) = get_commands()
    known: dict[str, set[str]] = {}
    for command in group.subcommands:
        for inner in getattr(command, "subcommands", ()) or (command,):
            name = command.name if inner is command else f"{command.name} {inner.name}"
            known[name] = {flag for arg in inner.args for flag in arg.flags if flag.startswith("-")}
    for name, rest in _COMMAND.findall(page.read_text(encoding="utf-8")):
        if name in ("on", "sandbox"):
            continue
        assert name in known, f"{page.name} names the command {name}"
        flags = set(re.findall(r"(?<!\S)--?[a-z]+(?:-[a-z]+)*", rest))
        assert flags <= known[name], f"{page.name}: {name} has no {flags - known[name]}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_make_targets_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for line in re.findall(r"`make [^`]*`|^ *make .*$", page.read_text(encoding="utf-8"), re.MULTILINE):
        for target in _TARGETS.findall(line):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page.name} names make {target}"
