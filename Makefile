PYTHON ?= python3
SCRIPTS := $(if $(filter Windows_NT,$(OS)),Scripts,bin)
BIN := .venv/$(SCRIPTS)
OLDEST := .venv-oldest/$(SCRIPTS)
# What Sphinx writes.
SITE := docs/_build docs/auto_gallery docs/reference/generated docs/reference/backreferences
# One thread a process: the tests run in two processes.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

.PHONY: demo test test-all test-processors test-long test-oldest lint docs bench bench-full clean

demo: .venv/ready
	$(BIN)/python -m benchmarks.demo

# Every public behaviour once.
test: .venv/ready
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 -m "not extended and not long"

# The tests of `test` with their coverage, which slows tests down; then those on all
# estimators, in other processes, on real tables and on the repository.
test-all: .venv/ready
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 -m "not extended and not long" --cov=sklearn_ae
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 -m "extended and not long"

# Numeric tests with older instructions and more threads.
test-processors: .venv/ready
	$(BIN)/python tests/run_processors.py

# More and other examples, and what takes minutes.
test-long: .venv/ready
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 -m "long or not long" --hypothesis-profile=long

# By hand alone: the lowest torch brings gigabytes of CUDA.
test-oldest: .venv-oldest/ready
	$(ONE_THREAD) $(OLDEST)/python -m pytest -n 2

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell

docs: .venv/docs-ready
	rm -rf $(SITE)
	$(ONE_THREAD) $(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html
	$(BIN)/linkchecker --no-status --config docs/linkchecker.ini docs/_build/html/index.html

bench: .venv/bench-ready
	$(BIN)/python -m benchmarks --short

bench-full: .venv/bench-ready
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv .venv-oldest $(SITE)

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed')"
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[plot,polars,test]"
	touch $@

.venv/bench-ready: .venv/ready
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[bench]"
	touch $@

.venv/docs-ready: .venv/ready
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[docs]"
	touch $@

.venv-oldest/ready: pyproject.toml constraints-oldest.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info[:2] not in {(3, 11), (3, 12)} and 'Python 3.11 or 3.12 is needed')"
	$(PYTHON) -m venv --clear .venv-oldest
	$(OLDEST)/python -m pip install --quiet -c constraints-oldest.txt -e ".[plot,polars,test]"
	touch $@
