# What the README names: `make demo` and `make test`. Both set up what they need; a second run installs nothing.

UV_VERSION := 0.13.9
UV := .tools/bin/uv
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
# The distribution's Python comes first: agents and centres are installed on it, and it is built with
# more optimisation than most that a developer has beside it.
SYSTEM_PYTHON := /usr/bin/python3
export UV_PYTHON := $(shell $(SYSTEM_PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	2>/dev/null && echo $(SYSTEM_PYTHON) || echo python3)

.PHONY: demo test check capabilities bench figures simulate torment mutants rolling failover restoring screens format clean

demo: .venv/core.stamp
	$(BIN)/kopilka demo $(DEMO)

test: check .tools/packages.stamp .tools/judge.stamp
	$(BIN)/pytest -n 2 -m "not bench" $(TESTS)

check: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

capabilities: .venv/dev.stamp .tools/packages.stamp
	$(BIN)/pytest -n 2 -m "(capability or edge) and not bench" --write-table

bench: .venv/dev.stamp
	$(UV) sync --quiet --frozen --compile-bytecode --group bench
	command -v npm >/dev/null && npm --prefix tests/bench/peers ci --ignore-scripts --no-audit --no-fund --silent || true
	$(UV) sync --quiet --frozen --compile-bytecode --project tests/bench/peers || true
	$(BIN)/pytest -m bench -s tests/bench

figures: .venv/dev.stamp
	$(UV) sync --quiet --frozen --compile-bytecode --group bench
	$(BIN)/python -m tests.figures $(FIGURES)

simulate: .venv/dev.stamp
	$(BIN)/kopilka simulate --stores 5 --days 2 --seeds 10 --programme all --coverage $(SIMULATE)

torment: .venv/dev.stamp
	$(BIN)/kopilka torment --stores 4 --cycles 300 --seed 1 $(TORMENT)

mutants: .venv/dev.stamp
	$(BIN)/python -m tests.simulation.mutants $(MUTANTS)

rolling: .venv/dev.stamp .tools/packages.stamp
	$(BIN)/python -m tests.deploy.rolling $(or $(REV),HEAD) $(ROLLING)

failover: .venv/dev.stamp .tools/packages.stamp
	deploy/packages.sh etcd-server
	$(BIN)/python -m tests.deploy.failover $(FAILOVER)

restoring: .venv/dev.stamp .tools/packages.stamp
	$(BIN)/python -m tests.deploy.restoring

screens: .venv/dev.stamp .tools/packages.stamp
	$(BIN)/python -m tests.browser.screens $(or $(SCREENS),docs/screens)

format: .venv/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .tools out

$(UV):
	@python3 -c 'import venv, ensurepip' 2>/dev/null || deploy/packages.sh python3-venv
	python3 -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/core.stamp: uv.lock pyproject.toml | $(UV)
	@if test -e .venv/dev.stamp; then $(MAKE) .venv/dev.stamp; \
	else $(UV) sync --quiet --frozen --no-dev --compile-bytecode; fi
	@touch $@

.venv/dev.stamp: uv.lock pyproject.toml | $(UV)
	$(UV) sync --quiet --frozen --compile-bytecode
	@touch $@

.tools/packages.stamp: deploy/packages.sh | $(UV)
	deploy/packages.sh libzbar0 chromium libatomic1 fonts-dejavu-core haproxy systemd
	@touch $@

.tools/judge.stamp: deploy/judge.sh | $(UV)
	deploy/judge.sh $(UV) .tools/emupos
	@touch $@
