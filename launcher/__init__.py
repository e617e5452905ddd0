"""Starts the product on one machine: ``make demo``, ``make run`` and single ``airflow`` commands.

The product never imports this package. What runs on several machines is docker-compose.yaml's.
"""
