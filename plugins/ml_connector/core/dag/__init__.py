"""Airflow: builds DAGs, runs stages as tasks, decides on retries, tells people.

The only place in the core that imports Airflow, and from ``airflow.sdk`` only: tasks may not touch
Airflow's own database.
"""
