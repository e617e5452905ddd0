"""Every example of the documentation is loaded, compiled and, where a result stands behind it, applied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ml_connector.core import codec
from ml_connector.core.config import (
    Dataset,
    InvalidFile,
    Mapping,
    Settings,
    TenantConfig,
    check_dataset,
    load_dataset,
    load_mapping,
    load_tenant,
)
from ml_connector.core.config.checks import check_tenant
from ml_connector.core.config.yamlfile import parse_yaml
from ml_connector.core.dag.configuration import find_faults
from ml_connector.core.dag.definition import read_definitions
from ml_connector.core.mapping import Mapped, Refused, Waiting, compile_condition, compile_mapping
from ml_connector.core.stages.transform import refusal
from ml_connector.provider_info import get_provider_info

from .blocks import DOCS, ROOT, Block, blocks

MAPPING_PAGE, CONFIGURATION_PAGE = blocks(DOCS / "mapping.md"), blocks(DOCS / "configuration.md")
CROSSWALK = {
    ("bill.vendors", "SHARE|0000000007"): "00901EXAMPLE0000007",
    ("bill.accounts", "SHARE|641000"): "0ca01EXAMPLE641000",
}
"""What the page says that the crosswalks know."""

STATES = {
    "states": [{"state": "active", "when": {"APPR_STATUS": "A"}}, {"state": "archived", "absent": True}]
}
TENANT = {
    "tenant": "demo", "environment": "test", "time_zone": "America/New_York", "start": "2026-01-01",
    "connections": {"peoplesoft": "p", "bill": "b"}, "business_units": ["US001", "US002"],
    "setids": ["SHARE"], "integrations": {"bill": {}},
}  # fmt: skip


def _is_file(block: Block, *first: str) -> bool:
    return block.language == "yaml" and block.text.startswith(first)


def _files(*first: str) -> list[Block]:
    return [block for block in [*MAPPING_PAGE, *CONFIGURATION_PAGE] if _is_file(block, *first)]


def _fragments(about: str | None) -> Iterator[tuple[Block, Block | None]]:
    """Parts of a mapping, or of the kind of file that their first line names, each with what follows."""
    for block, following in zip(MAPPING_PAGE, [*MAPPING_PAGE[1:], None], strict=True):
        if block.language != "yaml" or _is_file(block, "dataset:", "mapping:", "tenant:"):
            continue
        named = block.text.splitlines()[0].removeprefix("# ") if block.text.startswith("# ") else None
        if named == about:
            yield block, following


def _write(folder: Path, place: str, block: Block) -> Path:
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")
    return path


def _parsed(block: Block) -> dict[str, Any]:
    data = parse_yaml(block.text, str(block)).data
    assert isinstance(data, dict)
    return data


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    (block,) = _files("dataset:")
    return load_dataset(_write(tmp_path_factory.mktemp("dataset"), "peoplesoft/vouchers.yaml", block))


@pytest.fixture(scope="module")
def whole_mapping() -> dict[str, Any]:
    (block,) = _files("mapping:")
    return _parsed(block)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    first = next(block for block in MAPPING_PAGE if block.language == "json")
    payload = codec.decode(first.text)
    assert isinstance(payload, dict)
    return payload


def test_the_mapping_fits_the_dataset(dataset: Dataset, document: dict[str, Any], tmp_path: Path) -> None:
    (block,) = _files("mapping:")
    mapping = load_mapping(_write(tmp_path, "bill/bills.yaml", block))
    tenant = TenantConfig.model_validate(TENANT | {"rules": {"bill_pays": True}})
    result = compile_mapping(mapping, dataset, tenant).apply(document, CROSSWALK)
    assert isinstance(result, Mapped), result
    assert result.desired.state == "active"
    assert len(result.desired.body["billLineItems"]) == 2


@pytest.mark.parametrize(("block", "following"), list(_fragments(None)), ids=str)
def test_a_part_of_a_mapping_does_what_the_page_says(
    block: Block,
    following: Block | None,
    dataset: Dataset,
    document: dict[str, Any],
    whole_mapping: dict[str, Any],
) -> None:
    part = _parsed(block)
    shown = following if following is not None and following.language in ("json", "text") else None
    base = (
        whole_mapping | {"checks": [], "fields": {"x": {"const": "1"}}} | ({} if "states" in part else STATES)
    )
    if "rules" in part and shown is not None:
        _assert_rules(part["rules"], dataset, document, codec.decode(shown.text))
        base["rules"] = part.pop("rules")
    compiled = compile_mapping(
        Mapping.model_validate(base | part), dataset, TenantConfig.model_validate(TENANT)
    )
    result = compiled.apply(document, CROSSWALK)
    match result:
        case Mapped() if shown is not None and "fields" in part:
            assert result.desired.body == codec.decode(shown.text)
        case Refused():
            assert shown is not None
            assert shown.text.strip() == f"rejected: {refusal(result)}"
        case Waiting():
            assert shown is not None
            assert shown.text.strip() == f"waits for {result.crosswalk} {result.key}"
        case _:
            assert shown is None or "rules" in _parsed(block)


def _assert_rules(
    rules: dict[str, Any], dataset: Dataset, document: dict[str, Any], expected: dict[str, bool]
) -> None:
    loaded = Mapping.model_validate(
        {"mapping": "x", "flow": "bill.x", "dataset": "vouchers", "label": "x", "rules": rules,
         "fields": {"x": {"const": "1"}}} | STATES
    ).rules  # fmt: skip
    found = {
        name: compile_condition(rule, dataset, loaded)(document)
        for name, rule in loaded.items()
        if not isinstance(rule, bool)
    }
    assert found == expected


@pytest.mark.parametrize("block", [block for block, _ in _fragments("dataset")], ids=str)
def test_a_part_of_a_dataset_is_valid(block: Block, dataset: Dataset) -> None:
    whole = dataset.model_dump(mode="json", by_alias=True, exclude_unset=True)
    check_dataset(Dataset.model_validate(whole | _parsed(block)))


@pytest.mark.parametrize("block", [block for block, _ in _fragments("tenant")], ids=str)
def test_a_part_of_a_tenant_file_is_valid(block: Block) -> None:
    check_tenant(TenantConfig.model_validate(TENANT | _parsed(block)))


def test_every_block_of_the_mapping_page_is_tested() -> None:
    tested = {block for about in (None, "dataset", "tenant") for block, _ in _fragments(about)}
    tested |= set(_files("dataset:", "mapping:"))
    assert {block for block in MAPPING_PAGE if block.language == "yaml"} == tested


def test_the_tenant_file_fits_the_shipped_mappings(tmp_path: Path) -> None:
    (block,) = _files("tenant:")
    path = _write(tmp_path, "acme.yaml", block)
    assert load_tenant(path).tenant == "acme"
    settings = Settings(tmp_path, (ROOT / "include" / "mappings",), "sqlite://")
    assert find_faults(read_definitions(ROOT / "dags"), settings) == []


def test_the_mistakes_shown_are_told_as_shown(tmp_path: Path) -> None:
    (block,) = _files("tenant:")
    (shown,) = [block for block in CONFIGURATION_PAGE if block.language == "text"]
    broken = block.text.replace("bill_pays:", "bill_payz:").replace(
        "      vendors: {every", "      vendor: {every"
    )
    (tmp_path / "acme.yaml").write_text(broken, encoding="utf-8")
    settings = Settings(tmp_path, (ROOT / "include" / "mappings",), "sqlite://")
    faults = find_faults(read_definitions(ROOT / "dags"), settings)
    told = [fault.text.replace(str(tmp_path), "tenants") for fault in faults]
    assert told == shown.text.splitlines()


def test_a_broken_example_would_be_noticed(tmp_path: Path) -> None:
    (block,) = _files("dataset:")
    wrong = Block(block.page, block.line, block.language, block.text.replace("type: amount", "type: money"))
    with pytest.raises(InvalidFile):
        load_dataset(_write(tmp_path, "peoplesoft/vouchers.yaml", wrong))


def test_the_settings_shown_exist() -> None:
    options = get_provider_info()["config"]["ml_connector"]["options"]
    (block,) = [block for block in CONFIGURATION_PAGE if block.language == "ini"]
    section, *lines = block.text.splitlines()
    assert section == "[ml_connector]"
    assert {line.partition(" = ")[0] for line in lines} <= options.keys()
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    assert [name for name in options if f"| `{name}` |" not in page] == []
