"""Heads of audit chains that tasks returned to Airflow: they show what the state database cannot."""

from __future__ import annotations

from sqlalchemy import select

from ml_connector.core.dag.tasks import AUDIT_HEAD


def anchors_in_airflow() -> list[str]:
    """Every head that Airflow's database still keeps."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        values = session.scalars(select(XComModel.value).where(XComModel.key == AUDIT_HEAD)).all()
    heads = [value.strip('"') for value in values if isinstance(value, str)]
    return [head for head in heads if head.count(":") == 2 and head.split(":")[1] != "0"]
