"""Who may deliver to this installation: what its DAG files, tenant files and settings say."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from ml_connector.console.receiver.installation import AirflowInstallation, give_up_early
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import migrate
from tests.core.stages.support import TENANT

DAG_FILE = '''
"""What ml_connector.core.dag.builder collects of an integration with a back flow."""

from pydantic import BaseModel

from ml_connector.core.dag.definition import Definition, Flow, collect
from ml_connector.core.dag.system import System

SHOP, ERP = System("shop", "Shop", slots=1), System("erp", "ERP", slots=1)
FLOWS = [Flow("shop.payments", dataset="payments", mapping="payments", target=None)]


def verifier(tenant, store):
    return tenant


shared = dict(integration="shop", options=BaseModel, known_flows=["payments"], read=None)
there = Definition(source=ERP, target=SHOP, flows=[], **shared)
back = Definition(source=SHOP, target=ERP, flows=FLOWS, events=True, webhook=verifier, **shared)
collect([there, back])
'''


class Folders:
    """DAG and tenant files of one installation."""

    def __init__(self, folder: Path) -> None:
        self.tenants, self.dags = folder / "tenants", folder / "dags"
        self.tenants.mkdir()
        self.dags.mkdir()
        self.dag_file(DAG_FILE)

    def dag_file(self, content: str) -> None:
        (self.dags / "erp_shop.py").write_text(content, encoding="utf-8")

    def tenant(self, name: str, **changes: Any) -> None:
        content = yaml.safe_dump(TENANT | {"tenant": name} | changes)
        (self.tenants / f"{name}.yaml").write_text(content, encoding="utf-8")

    def tenant_text(self, name: str, content: str) -> None:
        (self.tenants / f"{name}.yaml").write_text(content, encoding="utf-8")


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    made = Folders(tmp_path)
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(made.dags))
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__TENANTS_PATH", str(made.tenants))
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__MAPPINGS_PATH", str(tmp_path / "mappings"))
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__STATE_CONN", f"sqlite:///{tmp_path / 'state.db'}")
    return made


def test_every_tenant_that_runs_the_back_flow_has_an_address(folders: Folders) -> None:
    folders.tenant("acme")
    folders.tenant("beta")
    folders.tenant("disabled", integrations={"shop": {"enabled": False}})
    folders.tenant("without", integrations={})
    folders.tenant("oneway", integrations={"shop": {"flows": {"payments": {"enabled": False}}}})
    assert set(AirflowInstallation().addresses()) == {("shop", "acme"), ("shop", "beta")}


def test_the_verifier_is_made_for_the_tenant_of_the_address(folders: Folders) -> None:
    folders.tenant("acme", connections={"shop": "acme_shop"})
    made: Any = AirflowInstallation().addresses()["shop", "acme"](None)  # type: ignore[arg-type]
    assert (made.tenant, made.connections) == ("acme", {"shop": "acme_shop"})


def test_changed_tenant_files_are_seen(folders: Folders) -> None:
    installation = AirflowInstallation()
    assert installation.addresses() == {}
    folders.tenant("acme")
    assert set(installation.addresses()) == {("shop", "acme")}
    (folders.tenants / "acme.yaml").unlink()
    assert installation.addresses() == {}


def test_a_tenant_file_that_an_edit_broke_is_received_for_as_it_was(folders: Folders) -> None:
    folders.tenant("acme", connections={"shop": "acme_shop"})
    installation = AirflowInstallation()
    installation.addresses()
    folders.tenant_text("acme", "tenant: acme\nbusiness_unit: [")
    made: Any = installation.addresses()["shop", "acme"](None)  # type: ignore[arg-type]
    assert made.connections == {"shop": "acme_shop"}


def test_a_tenant_file_that_was_never_right_says_so(folders: Folders) -> None:
    folders.tenant_text("acme", "tenant: acme\nbusiness_unit: [")
    make = AirflowInstallation().addresses()["shop", "acme"]
    with pytest.raises(ConfigurationError, match=r"acme\.yaml is broken"):
        make(None)  # type: ignore[arg-type]


def test_a_dag_file_that_an_edit_broke_keeps_its_addresses(folders: Folders) -> None:
    folders.tenant("acme")
    installation = AirflowInstallation()
    installation.addresses()
    folders.dag_file("import ml_connector.core.dag.builder\nraise RuntimeError")
    assert set(installation.addresses()) == {("shop", "acme")}


def test_a_missing_folder_is_an_error(folders: Folders) -> None:
    folders.tenants.rmdir()
    with pytest.raises(ConfigurationError, match="does not exist"):
        AirflowInstallation().addresses()


def test_the_state_database_must_be_initialised(folders: Folders) -> None:
    with pytest.raises(ConfigurationError, match="ml-connector init"):
        AirflowInstallation().open_store()


def test_a_locked_database_is_not_waited_for_longer_than_senders_wait(
    folders: Folders, tmp_path: Path
) -> None:
    migrate(Database(f"sqlite:///{tmp_path / 'state.db'}"))
    store = AirflowInstallation().open_store()
    with store.read() as connection:
        assert connection.scalar(text("PRAGMA busy_timeout")) == 9000
    store.database.close()


def test_a_wait_for_a_lock_ends(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'state.db'}"
    holder, other = Database(url), Database(url)
    give_up_early(other, 0.05)
    migrate(holder)
    with holder.write():
        began = time.monotonic()
        with pytest.raises(OperationalError, match="locked"), other.write():
            pass
        assert time.monotonic() - began < 5
    holder.close()
    other.close()


@pytest.mark.postgres
def test_a_connection_that_vanished_is_given_up(postgres_url: str) -> None:
    database = Database(postgres_url)
    give_up_early(database, 8)
    with database.read() as connection:
        driver: Any = connection.connection.driver_connection
        parameters = driver.info.get_parameters()
    assert (parameters["connect_timeout"], parameters["tcp_user_timeout"]) == ("8", "8000")
    database.close()
