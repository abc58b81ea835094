# Haitang: `make help` lists what there is. Needs only Python 3.11 or newer, make and git; everything else is
# installed into .venv from the locked files in requirements/, once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# How many processes the tests use; one on a small machine: `make test WORKERS=1`.
WORKERS ?= 2
# A file's tests stay in one process: some share what was replayed once.
SPREAD := -n $(WORKERS) --dist loadfile
DEMO ?=
BENCH ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test quick check format types contracts golden bench lock clean warm

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/  make \1|\2/' | column -t -s '|' 2>/dev/null \
		|| grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST)

setup: $(VENV)/.checks ## make .venv with everything for development

demo: $(VENV)/.runtime ## watch a bank's day turn into decisions (DEMO="--language zh" passes options on)
	@$(BIN)/haitang demo $(DEMO)
	@command -v haitang >/dev/null || printf '\n(%s)\n' 'haitang lies in $(BIN); `. $(BIN)/activate` puts it on the path'

test: warm ## run every test
	$(BIN)/python -m pytest $(SPREAD)

quick: warm ## run the tests that take seconds
	$(BIN)/python -m pytest $(SPREAD) -m "not slow and not data"

check: $(VENV)/.checks format types contracts test ## format, lint, types, import contracts, packs and tests
	$(BIN)/haitang check packs/bank

format: $(VENV)/.checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.checks
	$(BIN)/mypy

contracts: $(VENV)/.checks
	$(BIN)/lint-imports

golden: warm ## rewrite the golden files; read the difference before you commit it
	$(BIN)/python -m pytest $(SPREAD) --update-golden tests

bench: $(VENV)/.tests ## measure the engine beside its peers (BENCH="--json out/bench.json" passes options on)
	$(BIN)/haitang bench engine $(BENCH)

# The newest version of each package that pyproject.toml allows, by hash. Needs `uv` on the path.
LOCK := uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
lock: ## resolve the dependencies anew
	$(LOCK) -o requirements/runtime.txt pyproject.toml requirements/build.in
	$(LOCK) --extra test --extra bench -o requirements/test.txt pyproject.toml requirements/build.in
	$(LOCK) --extra test --extra check --extra bench -o requirements/check.txt pyproject.toml requirements/build.in

# One event is decided first, so that the machine code of the kernels is there before two processes make it at once.
warm: $(VENV)/.tests
	@echo "preparing the engine (a minute or two the first time)"
	@echo '{"event_id": "first", "event_type": "LOGIN", "occurred_at": "2026-03-02T10:00:00+08:00", "customer_id": "C1"}' \
		| $(BIN)/haitang replay - --pack packs/bank --decisions - >/dev/null 2>&1 \
		|| echo "the engine could not be prepared; the tests will say why"

clean: ## remove .venv, caches and what runs wrote
	rm -rf $(VENV) out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "haitang needs Python 3.11 or newer; name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 3; }
	$(PYTHON) -m venv $(VENV)

# Each stamp is newer than the lock it was made from, so that nothing is installed twice.
$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(BIN)/python
	@echo "installing what haitang runs on (once)"
	$(INSTALL) --require-hashes -r requirements/runtime.txt
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.tests: requirements/test.txt $(VENV)/.runtime
	@echo "installing what the tests need (once)"
	$(INSTALL) --require-hashes -r requirements/test.txt
	@touch $@

$(VENV)/.checks: requirements/check.txt $(VENV)/.tests
	@echo "installing what the checks need (once)"
	$(INSTALL) --require-hashes -r requirements/check.txt
	@touch $@
