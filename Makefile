# `make` sets up what it needs: git, make and Python 3.10 to 3.14 with venv are enough to begin.
# What people set for other projects must not reach into this one.
unexport PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONSAFEPATH PYTHONWARNINGS PYTHONINSPECT PYTHONOPTIMIZE
unexport PYTHONVERBOSE PYTHONPLATLIBDIR PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIRE_VIRTUALENV
unexport PIP_REQUIRE_HASHES PIP_NO_DEPS PIP_DRY_RUN
export PIP_USER := 0
# The Python that makes the environment; without a name, the first that fits.
PYTHON ?=
VENV ?= .venv
LOCK ?= requirements/dev.lock
BIN := $(VENV)/bin
PYTEST := $(BIN)/pytest -n 2 --dist loadfile
# What every machine can run within minutes: without torch, a GPU or a container.
FAST := --ignore tests/export/with_torch -m "not slow and not export and not gpu and not systemd and not integrations and not packaging"

DEMO_OPTIONS = $(if $(CAMERA),--camera "$(CAMERA)") $(if $(BROKER),--broker "$(BROKER)") \
	$(if $(MODEL),--model "$(MODEL)")

.PHONY: help demo test test-busy test-export lint types types-export imports unit slow test-all ci \
	lock clean \
	wheel install rollback uninstall test-camera test-systemd test-kill

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

demo: $(VENV)/daemon.stamp ## The whole door on real faces; CAMERA=0 plays it with you and a webcam
	$(strip $(BIN)/edgeverify demo $(DEMO_OPTIONS))

# ---- environments -------------------------------------------------------------------------------

# The stamps are looked at each time: one says for which lock, place and Python its environment is
# complete, and an environment that was not finished is made anew.
ENVIRONMENT = python=$$(PYTHON="$(PYTHON)" ./systemd/prerequisites python) && \
	"$$python" -m edgeverify.installation.environment --folder "$(VENV)"

$(VENV)/daemon.stamp: always
	@PYTHON="$(PYTHON)" ./systemd/prerequisites demo
	@$(ENVIRONMENT) --lock $(LOCK) --stamp daemon

$(VENV)/export.stamp: $(VENV)/daemon.stamp always
	@$(ENVIRONMENT) --lock requirements/export.lock --stamp export

# Two of the readers' packages have no wheel and are compiled, so they are no part of the others.
$(VENV)/readers.stamp: $(VENV)/daemon.stamp always
	@PYTHON="$(PYTHON)" ./systemd/prerequisites readers
	@$(ENVIRONMENT) --lock requirements/readers.lock --stamp readers

.PHONY: always
always:

# The yardstick for what finds faces: MediaPipe's own runtime, which no newer Python has.
MEDIAPIPE_VENV := .venv-mediapipe
MEDIAPIPE_PYTHON ?=

mediapipe: $(MEDIAPIPE_VENV)/mediapipe.stamp ## MediaPipe itself in .venv-mediapipe (CPython 3.10 to 3.12)

$(MEDIAPIPE_VENV)/mediapipe.stamp: requirements/mediapipe.lock
	@rm -rf $(MEDIAPIPE_VENV)
	@python=$$(for each in $(MEDIAPIPE_PYTHON) python3.12 python3.11 python3.10 python3; do \
		"$$each" -c 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' \
		2>/dev/null && { echo "$$each"; break; }; done); \
	test -n "$$python" || { echo "MediaPipe's own runtime needs CPython 3.10, 3.11 or 3.12" \
		"with venv: name one with MEDIAPIPE_PYTHON=PATH." >&2; exit 1; }; \
	echo "Installing MediaPipe into $(MEDIAPIPE_VENV) (390 MB)"; \
	"$$python" -m venv $(MEDIAPIPE_VENV)
	@$(MEDIAPIPE_VENV)/bin/python -m pip --disable-pip-version-check install --quiet --no-deps \
		--require-hashes -r requirements/mediapipe.lock
	@touch $@

equality: $(VENV)/daemon.stamp mediapipe ## Whether the product finds the faces that MediaPipe finds
	$(BIN)/python -m benchmarks.mediapipe_equality $(TESTDATA)
.PHONY: mediapipe equality

lock: ## Renew the locks for Python 3.10 to 3.14 on x86-64 and aarch64
	./requirements/renew

languages: $(VENV)/daemon.stamp ## Bring the catalogues of other languages up to the English texts
	$(BIN)/python -m edgeverify.languages.renew
.PHONY: languages

# ---- checks -------------------------------------------------------------------------------------

lint: $(VENV)/daemon.stamp ## Style: ruff with all rules
	$(BIN)/ruff check --output-format concise .
	$(BIN)/ruff format --check --quiet .

types: $(VENV)/daemon.stamp ## Types of the product: mypy, strict
	$(BIN)/mypy -p edgeverify

imports: $(VENV)/daemon.stamp ## Layers: imports point down
	$(BIN)/lint-imports

# CI must have what a home may skip: the readers' packages are compiled here.
# The lowest versions have a lock that is whole: the readers' own would bring today's.
unit: $(if $(CI),$(if $(filter %/lowest.lock,$(LOCK)),$(VENV)/daemon.stamp,$(VENV)/readers.stamp),$(VENV)/daemon.stamp)
	@./systemd/prerequisites test
	EDGEVERIFY_LOCK=$(LOCK) $(PYTEST) $(FAST)

test: lint types imports unit ## Everything that fits in a few minutes, from nothing

test-busy: $(VENV)/daemon.stamp ## The fast tests beside LOOPS=8 busy loops
	@./systemd/prerequisites test
	$(BIN)/python -m tests.busy_machine --loops $(or $(LOOPS),8) -- $(PYTEST) $(FAST)

test-locales: $(VENV)/daemon.stamp ## The demo and the fast tests under C, POSIX, Turkish and Latin-1
	@./systemd/prerequisites test
	$(BIN)/python -m tests.locales -- $(BIN)/edgeverify demo
	$(BIN)/python -m tests.locales -- $(PYTEST) $(FAST)
.PHONY: test-locales

test-python: ## The fast tests on another Python, in an environment of its own: PYTHON=python3.13
	@test -n "$(PYTHON)" || { echo "Name the Python: make test-python PYTHON=python3.13"; exit 64; }
	$(MAKE) --no-print-directory unit VENV=.venv-$(notdir $(PYTHON)) PYTHON=$(PYTHON)

# One of this version, on the path or where pyenv and uv keep theirs; the first that works is taken.
one_of = python$(1) $(wildcard $(HOME)/.pyenv/versions/$(1).*/bin/python$(1) \
	$(HOME)/.local/share/uv/python/cpython-$(1).*/bin/python$(1))

test-lowest: ## The fast tests with the lowest versions that pyproject.toml allows; TESTS=test-portable: a part
	@./systemd/prerequisites readers
	$(MAKE) --no-print-directory $(or $(TESTS),unit) VENV=.venv-lowest LOCK=requirements/lowest.lock \
		PYTHON="$(or $(PYTHON),$(call one_of,3.10) $(call one_of,3.11) $(call one_of,3.12))"

# What other libraries and Pythons may do otherwise, and what needs no package of the system. Where
# it runs, `make demo` has driven the networks, the camera and the broker already.
PORTABLE := config events journal policy references bundle feeding surface languages thermal \
	liveness runtime signals installation enrolment
test-portable: $(VENV)/daemon.stamp ## A part of the fast tests, without a broker: the rules, the formats, the files
	EDGEVERIFY_LOCK=$(LOCK) $(PYTEST) $(addprefix tests/,$(PORTABLE)) $(FAST)
.PHONY: test-portable

# Debian 13 and Raspberry Pi OS have this one only.
test-debian-13: ## The fast tests on Python 3.13: this machine's, else in a bare Debian 13 (root)
	@if PYTHON="$(call one_of,3.13)" ./systemd/prerequisites python >/dev/null 2>&1; then \
		$(MAKE) --no-print-directory unit VENV=.venv-python3.13 PYTHON="$(call one_of,3.13)"; \
	else \
		echo "No Python 3.13 with venv here, so the tests run in a bare Debian 13."; \
		$(MAKE) --no-print-directory test-fresh DEBIAN=trixie RUN=test; \
	fi
.PHONY: test-python test-lowest test-debian-13

types-export: $(VENV)/export.stamp ## Types of the workshop as well, which need torch
	$(BIN)/mypy

test-export: types-export ## The workshop with torch (6 GB), its slow tests too
	@./systemd/prerequisites test
	$(PYTEST) -m "export and not gpu and not systemd and not integrations and not packaging"

slow: $(VENV)/readers.stamp ## Cameras, brokers, daemons and soaks, with real time in them
	@./systemd/prerequisites slow
	$(PYTEST) --ignore tests/export/with_torch -m "slow and not export and not gpu and not systemd and not integrations and not packaging"

test-all: test slow test-export ## The slow tests and the workshop's as well

# CI has an hour. A bare Debian 13 runs a part of the fast tests on its Python 3.13, in the environment
# that the demo has made there, and the same part runs here with the lowest versions; `make test-lowest`
# and `make test-debian-13`, which are whole, are run by hand before a release, and by the public workflow. The containers wait for packages, the
# slow tests for brokers and cameras: together they fill two cores.
ci: mediapipe $(VENV)/readers.stamp ## What CI runs
	@./systemd/prerequisites systemd
	@mkdir -p .cache; log=.cache/ci-containers.log; \
		$(MAKE) --no-print-directory test-systemd test-fresh test-lowest RUN="demo types test-portable" \
			TESTS=test-portable >$$log 2>&1 & containers=$$!; \
		$(MAKE) --no-print-directory test slow; tests=$$?; \
		wait $$containers; containers=$$?; cat $$log; test $$tests -eq 0 -a $$containers -eq 0
	$(MAKE) --no-print-directory test-export

clean: ## Remove what was made here; models and caches outside stay
	rm -rf $(VENV) .venv-* build dist demo-output .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis

# ---- longer tests -------------------------------------------------------------------------------

test-camera: $(VENV)/daemon.stamp ## Cameras that hang, vanish and return: RETURNS=100 times
	@./systemd/prerequisites test
	EDGEVERIFY_TEST_SLOWNESS=1 EDGEVERIFY_CAMERA_RETURNS=$(or $(RETURNS),100) $(BIN)/pytest tests/camera -q -s

# ---- the service --------------------------------------------------------------------------------

SYSTEM_PYTHON ?= /usr/bin/python3
INSTALLER = $(SYSTEM_PYTHON) -m edgeverify.installation

# A door needs no tools to measure with: the environment that builds holds pip alone, and goes.
wheel: ## A release: one wheel in dist/
	@python=$$(PYTHON="$(PYTHON)" ./systemd/prerequisites python) && rm -rf build && \
		"$$python" -m venv build/tools && \
		build/tools/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps \
			--wheel-dir dist . && \
		rm -rf build && echo "Built $$(ls -t dist/edgeverify-*.whl | head -n 1)"

# dpkg-buildpackage wants a folder debian/ in a source of its own.
deb: ## A Debian package of this release in dist/, for this Debian's Python (dpkg-dev debhelper dh-virtualenv)
	@test -x /usr/bin/dpkg-buildpackage -a -x /usr/bin/dh_virtualenv || { echo "Run first:" \
		"apt-get install dpkg-dev debhelper dh-virtualenv python3-venv"; exit 1; }
	@$(MAKE) --no-print-directory wheel PYTHON="$(or $(PYTHON),/usr/bin/python3)"
	@rm -rf build/deb && mkdir -p build/deb/source/wheel && cp -r packaging/deb build/deb/source/debian && \
		cp -r systemd config requirements build/deb/source && \
		wheel=$$(ls -t dist/edgeverify-*.whl | head -n 1) && cp "$$wheel" build/deb/source/wheel && \
		version=$$(basename "$$wheel" | cut -d- -f2) && \
		sed -e "s/@VERSION@/$$version/" -e "s/@DATE@/$$(date -R)/" packaging/deb/changelog.in \
			> build/deb/source/debian/changelog && rm build/deb/source/debian/changelog.in
	cd build/deb/source && dpkg-buildpackage --build=binary --no-sign
	@mkdir -p dist && mv build/deb/edgeverify_*.deb dist/ && rm -rf build && \
		echo "Built $$(ls -t dist/edgeverify_*.deb | head -n 1)"
.PHONY: deb

test-readers: $(VENV)/readers.stamp ## Card readers, with the real PC/SC service and a virtual card (root)
	$(PYTEST) tests/claims
.PHONY: test-readers

INTEGRATIONS := .cache/integrations
test-integrations: $(VENV)/daemon.stamp ## Home Assistant, Node-RED, Grafana, Prometheus, Node themselves (root; npm)
	@./systemd/prerequisites integrations
	@mkdir -p $(INTEGRATIONS)
	npm install --no-save --no-audit --no-fund --no-package-lock --silent --prefix $(INTEGRATIONS) mqtt@5 node-red@4
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "grafana-foundation-sdk>=0.0.8"
	$(BIN)/pytest tests/integrations -m integrations
.PHONY: test-integrations

test-packaging: $(VENV)/daemon.stamp ## The Debian package and the container images, made and tried (root); DEBIAN=
	@./systemd/prerequisites packaging
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "dockerfile-parse>=2"
	$(if $(DEBIAN),EDGEVERIFY_DEBIAN=$(DEBIAN)) $(BIN)/pytest tests/packaging -m packaging
.PHONY: test-packaging

wheel-lock: $(VENV)/daemon.stamp ## The lock's own wheel in dist/, for a controller without a camera
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist \
		packaging/lock
.PHONY: wheel-lock

install: ## As root: this release (or WHEEL=FILE) as a service
	@test -n "$(WHEEL)" || $(MAKE) --no-print-directory wheel
	$(INSTALLER) install --requirements requirements/daemon.lock \
		--wheel "$(or $(WHEEL),$$(ls -t dist/edgeverify-*.whl | head -n 1))"

rollback: ## As root: back to the release that ran before
	$(INSTALLER) rollback

uninstall: ## As root: take the service away; configs and state stay
	$(INSTALLER) uninstall

test-fresh: $(VENV)/daemon.stamp ## The first run, from nothing, on bare Debians (root); DEBIAN= (Ubuntus too) TIMES= RUN="demo types test-portable test"
	@./systemd/prerequisites systemd
	$(BIN)/python -m tests.fresh --times $(or $(TIMES),1) --run $(or $(RUN),demo) \
		$(if $(DEBIAN),--debian $(DEBIAN))
.PHONY: test-fresh

test-systemd: $(VENV)/readers.stamp ## The service under a real systemd, (Debian 12), the pages' commands (13); DEBIAN=trixie: both
	@./systemd/prerequisites systemd
	$(if $(DEBIAN),EDGEVERIFY_DEBIAN=$(DEBIAN)) $(BIN)/pytest tests/systemd tests/documented -m systemd

# ---- the journal under kills ---------------------------------------------------------------------

test-kill: $(VENV)/daemon.stamp ## SIGKILL journal, outbox and link KILLS=1000 times, the daemon 100
	EDGEVERIFY_KILLS=$(or $(KILLS),1000) $(BIN)/pytest tests/journal/test_kills.py -s -q
	EDGEVERIFY_DAEMON_KILLS=$(or $(DAEMON_KILLS),100) \
		$(BIN)/pytest tests/soak/test_daemon_kills.py -s -q
.PHONY: test-kill

# An environment of its own: ONNX Runtime's GPU package takes the place of the CPU's. On a Jetson:
# make test-gpu GPU_PYTHON=python3.10 GPU_OPTIONS=--system-site-packages GPU_PACKAGES="cuda-bindings>=12.6,<13"
GPU_VENV := .venv-gpu
GPU_PYTHON ?= python3.12
GPU_OPTIONS ?=
GPU_PACKAGES ?= onnxruntime-gpu[cuda,cudnn]>=1.31,<2 cuda-bindings>=13,<14
# What must be there: "onnxruntime", "tensorrt" or both; what is not named skips where it is not.
GPU_PARTS ?= onnxruntime

$(GPU_VENV)/gpu.stamp: requirements/dev.lock pyproject.toml
	@"$(GPU_PYTHON)" -c "import venv, ensurepip" || { echo "The GPU's tests need CPython 3.12 with" \
		"venv (ONNX Runtime's GPU package): name one with GPU_PYTHON=PATH." >&2; exit 1; }
	rm -rf $(GPU_VENV)
	"$(GPU_PYTHON)" -m venv $(GPU_OPTIONS) $(GPU_VENV)
	$(GPU_VENV)/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements/dev.lock
	case "$(GPU_PACKAGES)" in *onnxruntime-gpu*) \
		$(GPU_VENV)/bin/python -m pip --disable-pip-version-check uninstall --quiet --yes onnxruntime;; esac
	$(GPU_VENV)/bin/python -m pip --disable-pip-version-check install --quiet $(foreach each,$(GPU_PACKAGES),"$(each)")
	$(GPU_VENV)/bin/python -m pip --disable-pip-version-check install --quiet --no-deps -e .
	touch $@

test-gpu: $(GPU_VENV)/gpu.stamp ## On an NVIDIA GPU: ONNX Runtime CUDA, then TensorRT engines: answers, latency, leaks
	EDGEVERIFY_GPU_PARTS="$(GPU_PARTS)" $(GPU_VENV)/bin/pytest tests/gpu -m gpu -s -q -rs
.PHONY: test-gpu

# ---- the whole daemon, for hours ------------------------------------------------------------------

soak: $(VENV)/daemon.stamp ## People and faults at the whole daemon for HOURS=1, every book compared
	@./systemd/prerequisites test
	$(BIN)/python -m benchmarks.soak --hours $(or $(HOURS),1) --seed $(or $(SEED),20261122)
.PHONY: soak

# ---- speed -----------------------------------------------------------------------------------------

TESTDATA ?= ../shared/testdata
BENCH = $(BIN)/edgeverify bench --out docs/performance \
	--photo $(TESTDATA)/faces_misc/ageitgey/examples/knn_examples/train/obama/obama.jpg \
	--video $(TESTDATA)/videos/intel_iot/one-by-one-person-detection.mp4 \
	--video $(TESTDATA)/videos/intel_iot/asl_gestures/yes.mkv \
	--video $(TESTDATA)/videos/ageitgey/short_hamilton_clip.mp4 \
	--video $(TESTDATA)/videos/facenet-pytorch/video.mp4

# What a release ships beside its models, made from the shared data and nothing else.
MEASURE = $(BIN)/python -m
MEASURED = $(TESTDATA) --weights $(dir $(TESTDATA))models

operating-points: $(VENV)/daemon.stamp ## The thresholds that ship, and what they rest on (CHECK=1: only compare)
	$(BIN)/python -m pip --disable-pip-version-check install --quiet gender-guesser==0.4.0
	$(MEASURE) benchmarks.shipped_points $(MEASURED) $(if $(CHECK),--check)

figures: $(VENV)/daemon.stamp ## The tables of docs/accuracy, the model card and README (CHECK=1: only compare)
	$(MEASURE) benchmarks.accuracy_figures $(MEASURED) $(if $(CHECK),--check)
.PHONY: operating-points figures

bench: $(VENV)/daemon.stamp ## The figures of docs/performance, on a quiet machine; RIVAL=a python with face_recognition
	$(BENCH) --model dlib-resnet
	$(BENCH) --model mobilefacenet
	$(BIN)/python -m benchmarks.side_by_side --model dlib-resnet --model mobilefacenet \
		--testdata $(TESTDATA) --pairs 150 $(if $(RIVAL),--rival "$(RIVAL)")
.PHONY: bench
