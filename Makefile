# Every target sets up what it needs in .venv. ARGS="…" goes to the command that the target runs.
#   make probe ARGS="--quick"      make test ARGS="tests/test_stats.py -x"      make test PYTHON=python3.12

VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
EXE := .exe
else
BIN := $(VENV)/bin
EXE :=
endif
PY := $(BIN)/python$(EXE)
# Tests at a time: most of them wait for processes that they have started.
JOBS := 4
RUNTIME := $(VENV)/runtime.stamp
DEVELOPMENT := $(VENV)/development.stamp
INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help probe test check typing imports fix docs site new-probe new-rule new-lint clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s  %s\n", $$1, $$2 }' Makefile

probe: $(RUNTIME) ## measure what multiprocessing costs on this machine
	@$(BIN)/mpdiag probe $(ARGS)

test: check ## every check, then the tests; what fails beside others is asked once more, alone
	$(PY) -m pytest -n $(JOBS) --dist worksteal $(ARGS) || \
	$(PY) -m pytest --last-failed --last-failed-no-failures none $(ARGS)

check: $(DEVELOPMENT) ## ruff, mypy, import-linter and the generated pages, without the tests
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(BIN)/lint-imports --no-logo
	$(PY) tools/generate_docs.py --check

typing: $(DEVELOPMENT) ## mypy alone
	$(PY) -m mypy

imports: $(DEVELOPMENT) ## import-linter alone
	$(BIN)/lint-imports --no-logo

fix: $(DEVELOPMENT) ## let ruff repair what it can, and format
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

docs: $(DEVELOPMENT) ## write docs/rules again from the rules themselves
	$(PY) tools/generate_docs.py

site: $(DEVELOPMENT) ## build/site: the documentation as web pages; any broken link fails
	@$(INSTALL) --editable ".[docs]"
	$(PY) -m mkdocs --quiet build

new-probe: $(DEVELOPMENT) ## NAME=… a probe and its test, to be filled in
	@$(PY) tools/new_unit.py probe "$(NAME)"

new-rule: $(DEVELOPMENT) ## NAME=… ID=MP… a rule and its test, to be filled in
	@$(PY) tools/new_unit.py rule "$(NAME)" --id "$(ID)"

new-lint: $(DEVELOPMENT) ## NAME=… ID=MP… a lint and its cases, to be filled in
	@$(PY) tools/new_unit.py lint "$(NAME)" --id "$(ID)"

clean: ## remove .venv and every cache
	rm -rf $(VENV) .nox build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are older than pyproject.toml exactly when the requirements may have changed.
# An editable install from pyproject.toml needs pip 21.3; a newer pip is left alone, so this works offline too.
$(PY):
	@python=$$(sh tools/find_python.sh "$(PYTHON)") && \
	echo "Setting up $(VENV) with $$("$$python" --version) ($$python)" >&2 && \
	"$$python" -m venv --clear $(VENV)

$(RUNTIME): pyproject.toml $(PY)
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip
	@$(INSTALL) "pip>=21.3"
	@$(INSTALL) --editable .
	@touch $@

$(DEVELOPMENT): pyproject.toml $(PY)
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip
	@$(INSTALL) "pip>=21.3"
	@$(INSTALL) --editable ".[dev]"
	@touch $(RUNTIME) $@
