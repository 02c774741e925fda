# Two commands do all set-up: `make plan` and `make test`. No target needs more rights than it has.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LIBRARIES := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig
READY := $(VENV)/.ready
# A folder or file below tests/: `make test PART=planning/energy`. One room needs no browser, unless it is the one that opens it.
PART ?=
BROWSER := $(if $(filter-out pipelines%,$(PART)),,chromium chromium-driver)
SPREAD := $(if $(PART),,--numprocesses 3 --dist loadscope --no-loadscope-reorder)

.PHONY: plan test long ui lint docs bench setup lock clean help
.DELETE_ON_ERROR:

plan: $(READY)  ## compute the example and write its reports to out/nordic/
	$(BIN)/brytpunkt plan plans/nordic.yaml

ui: $(READY)  ## the Dagster UI on this machine
	$(BIN)/brytpunkt ui

test: $(READY)  ## all tests; with PART=planning/energy those of one room
	@$(if $(BROWSER),sh scripts/system-packages.sh $(BROWSER),:)
	POLARS_MAX_THREADS=1 $(BIN)/python -m pytest $(SPREAD) $(addprefix tests/,$(PART))

long: $(READY)  ## every law with thousands of drawn examples; an hour or more
	BRYTPUNKT_TESTS=long POLARS_MAX_THREADS=1 $(BIN)/python -m pytest -m hypothesis --numprocesses 3 $(addprefix tests/,$(PART))

lint: $(READY)  ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: $(READY)  ## docs/tables.md, from the schemas of the tables
	$(BIN)/python -c 'from brytpunkt.planning.schemas.page import table_page; print(table_page(), end="")' > docs/tables.md

bench: $(READY)  ## ratios against named alternatives
	$(BIN)/python -m benchmarks

setup: $(READY)  ## the environment that all others need

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "brytpunkt needs Python 3.11 or later; try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || sh scripts/system-packages.sh python3-venv
	$(PYTHON) -m venv $(VENV)

$(READY): requirements.lock pyproject.toml scripts/system-packages.sh | $(BIN)/python
	@sh scripts/system-packages.sh $(LIBRARIES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@# on all cores; and where Python may not write bytecode, each command would compile all that it imports, for ten seconds
	$(BIN)/python -m compileall -q -j 0 -x '/(tests?|pip|mypy|setuptools|devtools|lexers|countries)/' $(VENV)/lib assets brytpunkt pipelines
	@touch $@

lock: $(READY)  ## pin what pyproject.toml asks for; extras stay, since pip asks for them by name beside hashes
	$(BIN)/pip-compile --quiet --extra dev --generate-hashes --allow-unsafe --no-strip-extras --no-header --no-annotate \
		--no-emit-options --output-file requirements.lock pyproject.toml

clean:  ## remove what make made; plans, runs and the warehouse stay
	rm -rf $(VENV) *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

help:  ## what each target does
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 10
