"""An Airflow DAG that tells people of flows that stand still and of documents that stay open.

It runs whether or not the DAGs of the integrations do.
"""

from pathlib import Path

from ml_connector.core.dag.watch import watch

dag = watch(Path(__file__).parent)
