"""An installation with DAG files, tenants and mappings of its own, over Airflow's real database."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ml_connector.core.dag.configuration import healthy_tenants
from ml_connector.core.dag.settings import open_database, open_store, read_settings
from ml_connector.core.state.migrate import migrate
from ml_connector.core.state.store import Store
from tests.airflow import shop
from tests.core.stages.support import DATASET, MAPPING, TENANT
from tests.environment import REPOSITORY


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Real Airflow processes come last: what is fast fails first."""
    items.sort(key=lambda item: item.get_closest_marker("airflow") is not None)


@pytest.fixture(scope="session")
def airflow_database() -> None:
    """Airflow's own database, migrated."""
    _migrate()


@functools.cache
def _migrate() -> None:
    """Once, however many folders use the fixture."""
    from airflow.utils.db import initdb

    initdb()


@dataclass
class Installation:
    """Folders of one installation."""

    folder: Path

    @property
    def dags(self) -> Path:
        """The DAG files."""
        return self.folder / "dags"

    def tenant(self, name: str, **changes: Any) -> Path:
        """Write a tenant file."""
        tenant = (
            TENANT | {"connections": {"erp": "erp_1", "shop": f"{name}_shop"}} | {"tenant": name} | changes
        )
        return self._write(f"tenants/{name}.yaml", tenant)

    def mapping(self, name: str, **changes: Any) -> Path:
        """Write a mapping file."""
        mapping = MAPPING | {"mapping": name, "flow": f"shop.{name}"} | changes
        return self._write(f"mappings/shop/{name}.yaml", mapping)

    def dataset(self, **changes: Any) -> Path:
        """Write the dataset file."""
        return self._write("mappings/erp/orders.yaml", DATASET | changes)

    def _write(self, name: str, data: Any) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
        return path

    def bag(self) -> Any:
        """What Airflow makes of the DAG files."""
        from airflow.dag_processing.dagbag import DagBag

        return DagBag(str(self.dags), bundle_path=self.dags, bundle_name="tests")

    def run(self, dag_id: str, **conf: Any) -> tuple[str, dict[str, str]]:
        """Run a DAG in this process: its state, and those of its tasks."""
        run = self.bag().dags[dag_id].test(run_conf=conf)
        return str(run.state), {item.task_id: str(item.state) for item in run.get_task_instances()}

    def xcom(self, dag_id: str, task_id: str, key: str = "return_value") -> Any:
        """What a task of the latest run pushed."""
        from airflow.models.xcom import XComModel
        from airflow.utils.session import create_session
        from sqlalchemy import select

        chosen = (XComModel.dag_id == dag_id, XComModel.task_id == task_id, XComModel.key == key)
        statement = select(XComModel.value).where(*chosen).order_by(XComModel.timestamp.desc()).limit(1)
        with create_session() as session:
            return session.scalar(statement)

    def store(self) -> Store:
        """The state database."""
        return open_store(read_settings(), "test")

    def tenants(self) -> list[str]:
        """Names of the tenants that can be read."""
        return [tenant.tenant for tenant in healthy_tenants(read_settings())]


def _forget_runs() -> None:
    """Airflow's database lives longer than a test's state: anchors of other tests' trails must go."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session() as session:
        session.execute(delete(XComModel))


@pytest.fixture
def installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, airflow_database: None
) -> Iterator[Installation]:
    """One tenant ``acme`` with the flows orders and returns, nothing run yet."""
    made = Installation(tmp_path)
    made.dags.mkdir()
    (made.dags / "erp_shop.py").write_text(shop.DAG_FILE, encoding="utf-8")
    configuration = "ml_connector_configuration.py"
    (made.dags / configuration).write_bytes((REPOSITORY / "dags" / configuration).read_bytes())
    made.tenant("acme")
    made.dataset()
    made.mapping("orders")
    made.mapping("returns")
    bundle = {
        "name": "tests",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(made.dags)},
    }
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps([bundle]))
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(made.dags))
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__TENANTS_PATH", str(tmp_path / "tenants"))
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__MAPPINGS_PATH", str(tmp_path / "mappings"))
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__STATE_CONN", f"sqlite:///{tmp_path / 'state.db'}\n")
    _forget_runs()
    database = open_database(read_settings())
    migrate(database)
    database.close()
    shop.World.reset()
    yield made
    shop.World.reset()
