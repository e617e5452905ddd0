"""``airflow ml-connector``: commands for people and schedulers, JSON with ``-o json``."""
