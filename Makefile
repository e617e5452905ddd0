# Everything here needs Python 3.11 or newer and make; all the rest goes into .venv.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
UV := $(BIN)/uv
INSTALL := VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet
LOCK := $(UV) pip compile --python $(BIN)/python --universal --no-header --quiet
FIND_PYTHON = $$(for name in python3.11 python3.12 python3.13 python3; do \
	"$$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& command -v "$$name" && break; done)

export PYTHONPATH :=
# As pip does where a company's proxy signs the certificates: trust what this machine trusts.
export UV_SYSTEM_CERTS ?= 1

.PHONY: help
help: ## Show the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: demo
demo: $(VENV)/.product ## Run everything against the bundled sandbox; ARGS=--exit stops by itself
	@exec $(BIN)/python -m launcher demo $(ARGS)

.PHONY: run
run: $(VENV)/.product ## Start Airflow on your own tenants and connections
	@exec $(BIN)/python -m launcher run $(ARGS)

.PHONY: airflow
airflow: $(VENV)/.product ## Run one airflow command as `make run` does: make airflow ARGS="ml-connector status"
	@exec $(BIN)/python -m launcher airflow $(ARGS)

.PHONY: test
test: $(VENV)/.developer ## Run the whole test suite, the fast tests first; ARGS="..." runs pytest with these
ifdef ARGS
	@exec $(BIN)/python -m pytest $(ARGS)
else
	@$(BIN)/python -m pytest -n $$(( $$(nproc 2>/dev/null || echo 2) + 1 )) --maxprocesses 4 --dist loadfile -m "not airflow"
	@# Two installations of Airflow wait most of the time: side by side, each in a process that Ctrl-C lets tidy up.
	@printf '%s\n' tests/airflow tests/browser | xargs -P 2 -n 1 $(BIN)/python -m pytest -m airflow
endif

.PHONY: check
check: $(VENV)/.developer ## Format, lint, type check and dependency rules; changes nothing
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: $(VENV)/.developer ## Format, and mend what ruff can mend by itself
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

.PHONY: lock
lock: $(VENV)/.uv ## Resolve the lock files again, keeping every version that still fits; ARGS=--upgrade renews
	$(LOCK) $(ARGS) pyproject.toml -o requirements.txt
	cp requirements.txt requirements-compose.txt
	$(LOCK) pyproject.toml --extra compose -o requirements-compose.txt
	$(LOCK) $(ARGS) --group dev -c requirements.txt -o requirements-dev.txt
	for file in requirements*.txt; do \
	  sed -i.old '1i\# Exact versions of everything this needs, Airflow included. Made by make lock; do not edit.' \
	    "$$file" && rm "$$file.old"; done

.PHONY: clean
clean: ## Remove what make created inside this folder
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis plugins/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: up to date means nothing to do.
$(VENV)/.uv: Makefile
	@python="$(FIND_PYTHON)"; \
	[ -n "$$python" ] || { echo "Python 3.11, 3.12 or 3.13 is needed, and none was found on PATH." >&2; exit 1; }; \
	[ -x $(BIN)/python ] && $(BIN)/python -c '' 2>/dev/null || "$$python" -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(VENV)/.product: $(VENV)/.uv requirements.txt pyproject.toml
	@echo "Installing the locked packages into $(VENV)"
	@$(INSTALL) -r requirements.txt
	@$(INSTALL) --no-deps -e .
	@touch $@

$(VENV)/.developer: $(VENV)/.product requirements-dev.txt
	@$(INSTALL) -r requirements-dev.txt
	@touch $@
