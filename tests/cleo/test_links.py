from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.cleo.links import Resolver, link
from ml_connector.core.errors import ContractChanged


@pytest.mark.parametrize(
    "links",
    [
        {"self": {"href": "/api/x/1"}, "run": {"href": "/api/x/1/run"}},
        {"self": "/api/x/1", "run": "/api/x/1/run"},
        [{"rel": "self", "href": "/api/x/1"}, {"rel": "run", "href": "/api/x/1/run"}],
        [{"name": "run", "href": "/api/x/1/run"}],
        [{"self": {"href": "/api/x/1"}}, {"run": {"href": "/api/x/1/run"}}],
    ],
)
def test_links_as_object_or_list(links: Any) -> None:
    assert link({"_links": links}, "run") == "/api/x/1/run"


@pytest.mark.parametrize(
    "links", [None, {}, [], "x", {"run": None}, {"run": {"href": 7}}, [["x"]], {"run": ""}]
)
def test_a_missing_link_is_none(links: Any) -> None:
    assert link({"_links": links}, "run") is None
    assert link({}, "run") is None


@pytest.mark.parametrize(
    ("base", "href", "path"),
    [
        ("https://t.example.com", "/api/folders/1", "/api/folders/1"),
        ("https://t.example.com", "/api/folders/1?x=1", "/api/folders/1?x=1"),
        ("https://t.example.com", "api/folders/1", "/api/folders/1"),
        ("https://t.example.com", "https://t.example.com/api/folders/1", "/api/folders/1"),
        ("https://t.example.com", "https://T.example.com:443/api/folders/1", "/api/folders/1"),
        ("http://10.0.0.1:5080", "http://10.0.0.1:5080/api/folders/1", "/api/folders/1"),
        ("https://p.example.com/edi", "/api/folders/1", "/api/folders/1"),
        ("https://p.example.com/edi", "/edi/api/folders/1", "/api/folders/1"),
        ("https://p.example.com/edi", "https://p.example.com/edi/api/folders/1", "/api/folders/1"),
        ("https://p.example.com/edi", "/editor/1", "/editor/1"),
    ],
)
def test_links_become_paths_below_the_base(base: str, href: str, path: str) -> None:
    assert Resolver(base).path(href) == path


@pytest.mark.parametrize(
    "href",
    [
        "https://evil.example.com/api/folders/1",
        "http://t.example.com/api/folders/1",
        "https://t.example.com:8443/api/folders/1",
        "//evil.example.com/api/folders/1",
        "https://t.example.com@evil.example.com/api",
        "https://t.example.com:x/api",
        "ftp://t.example.com/api",
        "javascript:alert(1)",
    ],
)
def test_credentials_follow_no_link_to_another_server(href: str) -> None:
    with pytest.raises(ContractChanged, match="another server"):
        Resolver("https://t.example.com").path(href)


@pytest.mark.parametrize("href", ["", " ", "/api/../admin", "/api\\x", "?x=1", "https://[x/api"])
def test_an_unusable_link_is_refused(href: str) -> None:
    with pytest.raises(ContractChanged, match="no usable path"):
        Resolver("https://t.example.com").path(href)


@given(st.text(max_size=60))
def test_no_link_leaves_the_server(href: str) -> None:
    try:
        path = Resolver("https://t.example.com").path(href)
    except ContractChanged:
        return
    assert path.startswith("/")
    assert not path.startswith("//")
