# `make` sets up what it needs: a Python 3.10 to 3.12 with venv, git and make are enough to begin.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.10 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' \
	2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/pytest -n 2 --dist loadfile

.PHONY: wheel install rollback uninstall test-camera test-systemd help demo test lint types imports unit test-all ci lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

# ---- environments -------------------------------------------------------------------------------

$(VENV)/daemon.stamp: requirements/daemon.lock pyproject.toml
	@./systemd/prerequisites demo
	@test -n "$(PYTHON)" || { echo "edgeverify needs Python 3.10, 3.11 or 3.12 with the venv module"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . || \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/export.stamp: $(VENV)/daemon.stamp requirements/export.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/export.lock
	@touch $@

# ---- checks -------------------------------------------------------------------------------------

lint: $(VENV)/daemon.stamp ## Style: ruff with all rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/export.stamp ## Types: mypy, strict
	$(BIN)/mypy

imports: $(VENV)/daemon.stamp ## Layers: imports point down
	$(BIN)/lint-imports

unit: $(VENV)/export.stamp
	$(PYTEST) -m "not slow and not gpu and not systemd"

test: lint types imports unit ## Everything that fits in a few minutes, from nothing

ci: test

test-camera: $(VENV)/daemon.stamp ## Cameras that hang, vanish and return: RETURNS=100 times
	@./systemd/prerequisites test
	EDGEVERIFY_CAMERA_RETURNS=$(or $(RETURNS),100) $(BIN)/pytest tests/camera -q -s

# ---- the service --------------------------------------------------------------------------------

SYSTEM_PYTHON ?= /usr/bin/python3
INSTALLER = $(SYSTEM_PYTHON) -m edgeverify.installation

wheel: $(VENV)/daemon.stamp ## A release: one wheel in dist/
	rm -rf build
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

install: ## As root: this release (or WHEEL=FILE) as a service
	@test -n "$(WHEEL)" || $(MAKE) --no-print-directory wheel
	$(INSTALLER) install --requirements requirements/daemon.lock \
		--wheel "$(or $(WHEEL),$$(ls -t dist/edgeverify-*.whl | head -n 1))"

rollback: ## As root: back to the release that ran before
	$(INSTALLER) rollback

uninstall: ## As root: take the service away; configs and state stay
	$(INSTALLER) uninstall

test-systemd: $(VENV)/daemon.stamp ## The service under a real systemd, booted in a container (root)
	@./systemd/prerequisites systemd
	$(BIN)/pytest tests/systemd -m systemd

# ---- the journal under kills ---------------------------------------------------------------------

test-kill: $(VENV)/daemon.stamp ## SIGKILL the journal, outbox and MQTT link KILLS=1000 times
	EDGEVERIFY_KILLS=$(or $(KILLS),1000) $(BIN)/pytest tests/journal/test_kills.py -s -q
.PHONY: test-kill
