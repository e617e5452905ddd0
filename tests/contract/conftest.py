from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.contract.suite")  # its assertions explain themselves as a test's do
pytest.register_assert_rewrite("tests.contract.peoplesoft_suite")
