"""Shows every mistake in tenant files and mappings as an import error of this file.

It defines no dag of its own. Airflow drops the DAGs of a tenant whose file is broken without a word;
the other tenants' DAGs keep running, and this file says file, line, field and what was expected.
"""

from pathlib import Path

from ml_connector.core.dag.configuration import raise_faults

raise_faults(Path(__file__).parent)
