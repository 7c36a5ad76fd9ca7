PYTHON ?= python3
BIN := .venv/bin
# One thread a process: the tests run in two processes.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

.PHONY: demo test test-long test-oldest lint bench bench-full clean

demo: .venv/ready
	$(BIN)/python -m benchmarks.demo

test: .venv/ready
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --cov=sklearn_ae

# More and other examples, and what takes minutes.
test-long: .venv/ready
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 -m "long or not long" --hypothesis-profile=long

# By hand alone: the lowest torch brings gigabytes of CUDA.
test-oldest: .venv-oldest/ready
	$(ONE_THREAD) .venv-oldest/bin/python -m pytest -n 2

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell
	$(BIN)/python -m numpydoc.hooks.validate_docstrings sklearn_ae/*.py sklearn_ae/nn/*.py

bench: .venv/bench-ready
	$(BIN)/python -m benchmarks --short

bench-full: .venv/bench-ready
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv .venv-oldest

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed')"
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[plot,polars,test]"
	touch $@

.venv/bench-ready: .venv/ready
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[bench]"
	touch $@

.venv-oldest/ready: pyproject.toml constraints-oldest.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info[:2] not in {(3, 11), (3, 12)} and 'Python 3.11 or 3.12 is needed')"
	$(PYTHON) -m venv --clear .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet -c constraints-oldest.txt -e ".[plot,polars,test]"
	touch $@
