# Needs make and Python 3.11 or newer, nothing else. Everything is installed into .venv, pinned and hashed.
PYTHON ?= python3
BIN := .venv/bin
# Three times as many as CI has cores: the tests wait a quarter of the time at least, for screens and for servers.
PYTEST_WORKERS ?= 6
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Start-up is three times slower without bytecode.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test fuzz lint judges mutate bench bench-search screenshots requirements clean

help:
	@echo "make demo          the helpdesk with demo people and a local Postgres (AS=agent|admin|customer)"
	@echo "make test          the tests (FAST=1 leaves the slow ones out, ARGS=... for pytest)"
	@echo "make lint          ruff, mypy, import contracts"
	@echo "make fuzz          statements drawn from SEED, COUNT as each role, against the database (a part of make test)"
	@echo "make judges        what pgrls and plpgsql_check say of the SQL in db/ (a part of make test)"
	@echo "make mutate        bore holes into db/, one by one, and see whether the tests notice (half an hour; ARGS=...)"
	@echo "make bench         how fast it is, against references of the same run (STRICT=1: fail over a limit)"
	@echo "make bench-search  how well articles are found, beside SQLite FTS5 and PostgreSQL's own ranking"
	@echo "make screenshots   draw the pictures of the README anew"
	@echo "make requirements  pin the dependencies anew from pyproject.toml (needs uv; UPGRADE=1 takes newer ones)"
	@echo "make clean         remove .venv and everything that was built"

# Only what was said on the command line: make itself has a variable AS, the assembler, and compilers' environments too.
demo: .venv/demo.stamp
	@$(BIN)/helpdesk demo $(if $(findstring command,$(origin AS)),--as $(AS))

# A file stays with one worker, so that what its tests share is made once.
test: .venv/dev.stamp
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadfile $(if $(FAST),-m "not slow") $(ARGS)

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

fuzz: export HELPDESK_FUZZ = $(or $(COUNT),100000)
fuzz: export HELPDESK_FUZZ_SEED = $(or $(SEED),$(shell date +%s))
fuzz: .venv/dev.stamp
	$(BIN)/python -m pytest tests/attacks/test_fuzz.py -k "generated or finds" $(ARGS)

judges: .venv/dev.stamp
	$(BIN)/python -m pytest tests/judges $(ARGS)

mutate: .venv/dev.stamp
	$(BIN)/python scripts/mutate.py $(ARGS)

bench: .venv/dev.stamp
	$(BIN)/python -m benchmarks $(if $(STRICT),--strict) $(ARGS)

bench-search: .venv/dev.stamp
	$(BIN)/python -m benchmarks.search $(ARGS)

screenshots: .venv/dev.stamp
	$(BIN)/python scripts/screenshots.py

requirements:
	scripts/compile-requirements $(if $(UPGRADE),--upgrade)

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis snapshot_report.html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with PYTHON=..."; exit 2; }
	$(PYTHON) -m venv .venv

.venv/demo.stamp: requirements/build.txt requirements/local.txt pyproject.toml | .venv/bin/python
	$(PIP) install --require-hashes -r requirements/build.txt -r requirements/local.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: requirements/build.txt requirements/dev.txt pyproject.toml | .venv/bin/python
	$(PIP) install --require-hashes -r requirements/build.txt -r requirements/dev.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ .venv/demo.stamp
