# Every target sets up what it needs, once: a change of the requirements sets it up again.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501

.DEFAULT_GOAL := help
.PHONY: help run demo test test-fast check bench clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/runtime data/reef  ## install, draw the sample data set, open the dashboard
	$(BIN)/streamlit run dashboard/Home.py --server.port $(PORT)

demo: $(VENV)/runtime  ## the whole path on the sample data, without a screen
	$(BIN)/python -m sealife_core demo

# Compiled modules are kept, whatever the surroundings say: a hundred processes would each compile the project again.
test test-fast: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/development  ## run all tests (the browser tests need Chromium)
	$(BIN)/python -m pytest -n auto

test-fast: $(VENV)/development  ## run the tests that start no process and no browser, draw no page and do not compute for seconds
	$(BIN)/python -m pytest -n auto -m "not process and not browser and not slow and not page"

check: $(VENV)/development  ## lint and type-check, and parse the scripts of the dashboard
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/python -m pytest -q tests/dashboard/parts/test_own_component.py

bench: $(VENV)/development  ## measure speed against its peers, side by side (an hour; PHOTOGRAPHS=folder: many hours)
	$(BIN)/python -m benchmarks.bench $(if $(PHOTOGRAPHS),--photographs "$(PHOTOGRAPHS)")

clean:  ## remove the environment (data and runs stay)
	rm -rf $(VENV)

data/reef: | $(VENV)/runtime
	$(BIN)/python -m sealife_core reef

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is older. Name a newer one: make PYTHON=python3.12 run"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/runtime: requirements.txt requirements-core.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/development: requirements-dev.txt requirements-ray.txt $(VENV)/runtime
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@
