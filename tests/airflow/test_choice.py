"""A flow whose documents the tenant chooses, and rules that follow from an integration's own files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from ml_connector.core.config import Condition, Rule, TenantConfig
from ml_connector.core.dag.configuration import find_faults
from ml_connector.core.dag.definition import read_definitions
from ml_connector.core.dag.settings import read_settings
from tests.airflow import shop
from tests.airflow.conftest import Installation
from tests.core.stages.support import order

DAG = "erp_shop__acme"
DAG_FILE = '''
"""An Airflow dag for each tenant of the tests."""

from ml_connector.core.dag.builder import Choice, Flow, System, Variant, integration
from tests.airflow import shop, test_choice

integration(
    source=System("erp", "ERP", slots=4),
    target=System("shop", "Shop", slots=3, task_slots=2),
    read=shop.open_source,
    options=test_choice.Options,
    flows=[
        Flow(
            "shop.papers",
            dataset="orders",
            mapping="papers",
            target=shop.open_target,
            choice=Choice(
                "carries", {"orders": Variant("orders", "papers"), "returns": Variant("more", "slips")}
            ),
            rules=test_choice.rules,
        ),
    ],
    check=test_choice.check,
)
'''


class Options(shop.Options):
    """Options with a choice, and a stand-in for the files of the integration."""

    carries: str | None = None
    favourites: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()


def rules(tenant: TenantConfig, options: Options) -> Mapping[str, Rule]:
    return {"favourite": Condition.model_validate({"ORDER_ID": list(options.favourites)})}


def check(tenant: TenantConfig, options: Options) -> Sequence[str]:
    return [f"{tenant.tenant}: {text}" for text in options.mistakes]


@pytest.fixture
def chosen(installation: Installation) -> Installation:
    """The flow with two variants of its mapping, which take only favourites."""
    (installation.dags / "erp_shop.py").write_text(DAG_FILE, encoding="utf-8")
    states = [{"state": "active", "when": {"rule": "favourite"}}, {"state": "archived", "absent": True}]
    for name, dataset in (("papers", "orders"), ("slips", "more")):
        installation.mapping(
            name, flow="shop.papers", dataset=dataset, rules={"favourite": False}, states=states
        )
    text = (installation.folder / "mappings/erp/orders.yaml").read_text(encoding="utf-8")
    more = text.replace("dataset: orders", "dataset: more")
    (installation.folder / "mappings/erp/more.yaml").write_text(more, encoding="utf-8")
    return installation


def options(
    installation: Installation, *, enabled: bool | None = None, rules: object = None, **given: object
) -> None:
    flows = {} if enabled is None else {"papers": {"enabled": enabled}}
    more = {} if rules is None else {"rules": rules}
    installation.tenant("acme", integrations={"shop": {"options": given, "flows": flows}}, **more)


def tasks(installation: Installation) -> set[str]:
    return {task.task_id for task in installation.bag().dags[DAG].tasks}


def faults() -> list[str]:
    settings = read_settings()
    return [
        fault.text for fault in find_faults(read_definitions(settings.tenants_path.parent / "dags"), settings)
    ]


def test_nothing_runs_until_the_tenant_has_chosen(chosen: Installation) -> None:
    options(chosen)
    assert tasks(chosen) == set()
    assert faults() == []
    options(chosen, carries="returns")
    assert "papers.extract" in tasks(chosen)
    assert "mapping slips" in chosen.bag().dags[DAG].task_group.children["papers"].tooltip


def test_a_flow_switched_on_without_a_choice_is_a_mistake(chosen: Installation) -> None:
    options(chosen, enabled=True)
    assert "papers.extract" in tasks(chosen)
    (fault,) = faults()
    assert "integrations.shop.options.carries" in fault
    assert "orders, returns" in fault


def test_mistakes_in_files_of_its_own_are_told(chosen: Installation) -> None:
    options(chosen, carries="orders", mistakes=["partner x has no identity"])
    assert faults() == ["acme: partner x has no identity"]


@pytest.mark.parametrize(
    ("own", "loaded"), [(None, {"US001|000002"}), ({"favourite": {"ORDER_ID": "000003"}}, {"US001|000003"})]
)
def test_rules_follow_from_the_files_unless_the_tenant_says_otherwise(
    chosen: Installation, own: object, loaded: set[str]
) -> None:
    options(chosen, carries="orders", favourites=["000002"], rules=own)
    shop.World.source.put(*(order(number) for number in range(1, 5)))
    state, _ = chosen.run(DAG)
    assert state == "success"
    assert {key for _, key in shop.World.target.writes} == loaded


def test_a_flow_keeps_to_what_it_has_carried(chosen: Installation) -> None:
    options(chosen, carries="orders", favourites=["000001"])
    shop.World.source.put(order(1))
    assert chosen.run(DAG)[0] == "success"
    options(chosen, carries="returns", favourites=["000001"])
    state, states = chosen.run(DAG)
    assert (state, states["papers.extract"]) == ("failed", "failed")
    assert shop.World.target.writes == [("create", "US001|000001")]
