# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
endif
# One thread per process: several processes with one thread beat one process with several.
export OMP_NUM_THREADS ?= 1
# A worker per core; more than four would want more memory than they save time.
WORKERS ?= auto

.PHONY: demo test lint bench clean
.DELETE_ON_ERROR:

$(VENV)/.base: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.test: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test]"
	touch $@

# make demo [PHOTOS=folder]: index, search, and draw what was found and why.
demo: $(VENV)/.base
	$(BIN)/relook demo $(if $(PHOTOS),"$(PHOTOS)") --into demo

test: lint
	$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --dist worksteal

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# make bench [ONLY=main]: speed and memory beside what a user would pick instead, as ratios.
bench: $(VENV)/.test
	$(BIN)/python -m benchmarks $(ONLY)

clean:
	rm -rf $(VENV) demo dist build
