"""What every flow needs and no system knows. Imports no system package; Airflow only in ``core.dag``."""
