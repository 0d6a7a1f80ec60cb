# Huiyan. Both services (PostgreSQL, Valkey) come from wheels; see config/embedded.py.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
PY := $(BIN)/python
STORES ?= 60
MEMBERS ?= 20000
MONTHS ?= 18
SERVE ?= 1
LINES ?= 1000000
RECEIPTS ?= 10000000
KILLS ?= 30
SEED ?= 1
export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: help setup serve demo start demo-stop journey bench-import bench-nightly chaos test lint format translations lock clean

help: ## List every target
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 16

setup: .venv/ready ## Make .venv from the lock files

.venv/ready: requirements.lock requirements-dev.lock
	test -x $(PY) || $(PYTHON) -m venv .venv
	test -x $(BIN)/uv || $(PY) -m pip install --quiet --disable-pip-version-check uv
	VIRTUAL_ENV=.venv $(BIN)/uv pip sync --quiet --compile-bytecode requirements-dev.lock
	$(PY) manage.py translations --compile
	touch $@

demo: setup ## Simulate a chain, run the whole loop on it, then serve it (SERVE=0: stop after the summary)
	@$(PY) -m config.embedded run $(PY) manage.py demo --stores $(STORES) --members $(MEMBERS) --months $(MONTHS) $(if $(filter-out 0,$(SERVE)),--serve)

serve: export HUIYAN_DB = huiyan_company
serve: export HUIYAN_REDIS_DB = 33
serve: export HUIYAN_LOCAL_DIR = $(CURDIR)/.local/company
serve: setup ## Serve a company of your own, empty at first and apart from the demo
	@$(PY) -m config.embedded run $(PY) -m config.serve

start: setup ## Start PostgreSQL and Valkey and leave them running (demo-stop stops them)
	@$(PY) -m config.embedded start
	@$(PY) manage.py shell --verbosity 0 --command "from config.serve import prepare_database; prepare_database()"

demo-stop: setup ## Stop the demo's processes and services; its data stays
	@$(PY) -m config.serve stop
	@$(PY) -m config.embedded stop

journey: export HUIYAN_DB = huiyan_journey
journey: export HUIYAN_REDIS_DB = 32
journey: export HUIYAN_LOCAL_DIR = $(CURDIR)/.local/journey
journey: export TIME_ZONE = America/New_York
journey: export CURRENCY_SIGN = $$
journey: export MINIMUM_AGE = 21
journey: setup ## The same loop on the real Complete Journey data (SERVE=0 as above)
	@$(PY) -m config.embedded run $(PY) manage.py load_completejourney $(if $(filter-out 0,$(SERVE)),--serve)

bench-import: export HUIYAN_REDIS_DB = 34
bench-import: export HUIYAN_LOCAL_DIR = $(CURDIR)/.local/bench
bench-import: setup ## Measure the import of a file of LINES sales lines; one line of JSON
	@$(PY) -m config.embedded run $(PY) -m benchmarks imports --lines $(LINES)

bench-nightly: export HUIYAN_REDIS_DB = 35
bench-nightly: export HUIYAN_LOCAL_DIR = $(CURDIR)/.local/bench
bench-nightly: MEMBERS = 1000000
bench-nightly: setup ## Measure nights over RECEIPTS receipts of MEMBERS members; one line of JSON
	@$(PY) -m config.embedded run $(PY) -m benchmarks nightly --receipts $(RECEIPTS) --members $(MEMBERS)

chaos: setup ## Kill the real processes KILLS times while a chain lives; SEED draws the moments
	@$(PY) manage.py chaos --kills $(KILLS) --seed $(SEED)

test: setup ## Run the whole suite against the embedded services
	$(PY) -m config.embedded run $(PY) -m pytest -n 2 --dist worksteal --cov --cov-report=

lint: setup ## Check style, types, import directions, store scope, migrations and translations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports --no-cache
	$(PY) -m config.scopes
	$(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run --skip-checks
	$(PY) manage.py translations --check

format: setup ## Format the code
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

translations: setup ## Collect new strings into locale/ and compile
	$(PY) manage.py translations
	$(PY) manage.py translations --compile

lock: ## Renew requirements.lock and requirements-dev.lock from pyproject.toml
	$(BIN)/uv pip compile --universal --generate-hashes --no-header --quiet pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --universal --generate-hashes --no-header --quiet --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## Stop everything and remove .venv, .local and the embedded databases
	-for company in company journey; do test ! -x $(PY) || HUIYAN_LOCAL_DIR=.local/$$company $(PY) -m config.serve stop; done
	-test ! -x $(PY) || $(MAKE) --no-print-directory demo-stop
	-test ! -x $(PY) || rm -rf "$$($(PY) -c 'from config.embedded import HOME; print(HOME)')"
	rm -rf .venv .local
