"""The four stages of a flow - extract, transform, load, reconcile - without Airflow."""
