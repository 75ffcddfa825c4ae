# `make check` before a commit; `make test` runs the suite compiled and, for coverage, uncompiled.
.PHONY: check test lint bench

check: lint test

lint:
	ruff check .
	ruff format --check .
	lint-imports

test:
	python -m pytest
	NUMBA_DISABLE_JIT=1 python -m pytest tests/models

bench:
	python -m tests.benchmarks
