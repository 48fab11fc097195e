# Two commands on a fresh Debian 12 machine: `make demo` and `make test`. Both install what they need and say so.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo-data
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
WORKERS ?= 2
# Every worker and each program that it starts has a core of its own: threads beside it would only wait for one another.
PYTEST := POLARS_MAX_THREADS=1 $(BIN)/pytest -q -n $(WORKERS) --dist loadgroup

.PHONY: help demo check test postgresql lint unit slow fuzz oracle kill bench wheel clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

# --- what the machine needs -------------------------------------------------------------------------------------------------

$(VENV)/.system: scripts/system-packages.sh
	@echo "==> system packages (apt)"
	@$(SUDO) bash scripts/system-packages.sh
	@mkdir -p $(VENV) && touch $@

$(VENV)/.backup-tools: $(VENV)/.system
	@echo "==> backup tools that the tests run (apt)"
	@$(SUDO) bash scripts/system-packages.sh backup-tools
	@touch $@

$(VENV)/.installed: $(VENV)/.system pyproject.toml constraints.txt
	@echo "==> Python packages into $(VENV)"
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=26'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable . --group dev
	@touch $@

$(VENV)/object-store/.installed: $(VENV)/.installed tests/objects.txt
	@echo "==> an object store for the tests into $(VENV)/object-store"
	@$(PYTHON) -m venv $(VENV)/object-store
	@$(VENV)/object-store/bin/python -m pip install --quiet --disable-pip-version-check --requirement tests/objects.txt
	@touch $@

# --- the demo ---------------------------------------------------------------------------------------------------------------

SERVE ?= --serve

demo: $(VENV)/.installed ## a simulated year of a company: evidence, verdicts, the annual review; then the site (SERVE= for no site)
	@$(BIN)/python scripts/demo.py $(DEMO) $(SERVE)

# --- the tests --------------------------------------------------------------------------------------------------------------

lint: $(VENV)/.installed
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet . && $(BIN)/mypy

# Of each test one case. What goes through commands, browsers and clusters from end to end is left to `make test`, but for one session.
LOOP := $(filter-out tests/browser tests/cli tests/live tests/scenarios,$(patsubst %/,%,$(wildcard tests/*/))) \
	tests/test_content_lookup.py tests/cli/test_end_to_end.py

check: lint $(VENV)/object-store/.installed ## the loop while working: lint, types, one case of each quick test; under 3 minutes
	@$(PYTEST) -m 'not slow and not heavy' --cases 1 $(LOOP)

test: lint $(VENV)/object-store/.installed $(VENV)/.backup-tools ## everything: under 40 minutes on two cores
	@$(PYTEST)
	@$(PYTEST) --postgresql -m 'not slow' tests/register tests/steps tests/cli/test_records.py tests/web

postgresql: $(VENV)/.installed $(VENV)/object-store/.installed $(VENV)/.backup-tools ## the whole suite with registers in a PostgreSQL that it starts itself
	@$(PYTEST) --postgresql

# --- long campaigns; `make test` runs a seeded few percent of each -------------------------------------------------------------

oracle: $(VENV)/.installed ## 2,000 random estates against the naive oracle, 1,000 more through disk and catalog, 300 against the laws between assessments
	@POLARS_MAX_THREADS=1 $(BIN)/python -m tests.oracle.campaign --estates 2000 --seed 100000 --in-memory
	@$(BIN)/python -m tests.oracle.campaign --estates 1000 --seed 1
	@$(BIN)/python -m tests.oracle.metamorphic --estates 300 --seed 1

kill: $(VENV)/.installed ## kill -9 at 100 random moments of an ingest
	@$(BIN)/python tests/scenarios/kill_ingest.py --kills 100 --seed 1

fuzz: oracle kill ## all campaigns that search for faults
	@$(BIN)/python -m tests.adapters.fuzz 20000 --seed 400 --each

bench: $(VENV)/.installed ## figures, each beside a named alternative in the same run
	@$(BIN)/python -m benchmarks

wheel: $(VENV)/.installed ## a wheel with the content folders in it
	@$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## remove what the commands made
	@rm -rf $(VENV) $(DEMO) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis bench-data
