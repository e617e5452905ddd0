"""Connector that keeps Oracle PeopleSoft in step with other finance systems.

This module stays empty on purpose: Airflow imports the distribution in every process, so
anything imported here would slow all of them.
"""

__version__ = "0.1.0"
