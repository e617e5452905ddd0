"""Departments: the file of cost objects."""

from __future__ import annotations

from ml_connector.core.state.store import Store
from tests.cleo.alignment.support import Run, department, fake_cleo


async def test_departments_go_into_a_file_and_nothing_is_asked_of_connections(state: Store) -> None:
    run = Run(state, fake_cleo(), "cleo.cost_objects")
    run.source.put(department(10100, MANAGER_ID="E100"), department(10200), department(10300, EFF_STATUS="I"))
    assert (await run.all())["unexplained"] == 0
    ((name, file),) = run.files("upload/cost").items()
    assert name == "cost_objects_demo_000000001.json"
    assert file["format"] == "ml-connector.cost_objects"
    assert file["cost_objects"] == [
        {
            "cost_object": "SHARE|10100", "setid": "SHARE", "department": "10100", "name": "Department 10100",
            "short_name": "D10100", "manager": "E100", "status": "active",
        },
        {
            "cost_object": "SHARE|10200", "setid": "SHARE", "department": "10200", "name": "Department 10200",
            "short_name": "D10200", "status": "active",
        },
    ]  # fmt: skip
    assert run.fake.calls("GET /api/connections") == 0


async def test_a_department_that_ends_is_told(state: Store) -> None:
    run = Run(state, fake_cleo(), "cleo.cost_objects")
    run.source.put(department(10100))
    await run.all()
    run.source.put(department(10100, EFF_STATUS="I"))
    assert (await run.all())["unexplained"] == 0
    second = run.files("upload/cost")["cost_objects_demo_000000002.json"]
    assert second["cost_objects"] == [
        {"cost_object": "SHARE|10100", "setid": "SHARE", "department": "10100", "status": "inactive"}
    ]
    await run.all()
    assert len(run.files("upload/cost")) == 2
