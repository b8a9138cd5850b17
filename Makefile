# Every target sets up what it needs: `make demo` and `make test` work on a fresh machine.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# One lane a core, at most four: a lane of stack tests takes 1 GB. tests/README.md says who runs where.
LANES  ?= --numprocesses logical --maxprocesses 4
# Tests and demo start a hundred processes; where no bytecode may be written each compiles all it imports (1.3 s).
unexport PYTHONDONTWRITEBYTECODE

# Those of these that are on the machine, pyenv's too (its shims answer for one alone): `make test-pythons`.
PYTHONS ?= 3.11 3.12 3.13
ALONE   := not (stack or own_stack or faults or demo or container or label_studio)

.PHONY: setup demo demo-cluster images test test-containers test-cluster test-kubernetes test-long test-pythons check quality bench run image clean lock

setup: $(VENV)/.ready

$(VENV)/.ready: requirements.lock requirements-uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Veilstream needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock requirements-uv.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@$(BIN)/python -m streams.redact.detect.warm
	@touch $@

demo: setup
	@$(BIN)/veil demo

# The demo on three brokers and three nodes of Vault in containers, while one of each is killed (deploy/compose).
demo-cluster: images
	@$(BIN)/python -m deploy.compose demo

test: setup
	@$(BIN)/python -m pytest $(LANES)

# The seams and the whole path once more, on parts in containers: an engine has to answer (deploy/containers/engine).
test-containers: setup
	@VEIL_TEST_STACK=containers $(BIN)/python -m pytest tests/contract tests/integration/test_whole_path.py

# The cluster in containers, which takes a machine for itself: an engine with Compose has to answer.
test-cluster: setup
	@$(BIN)/python -m pytest tests/deploy/compose/test_cluster.py

# Everything on a Kubernetes of one node, which it builds at first use: takes root, Go, and an engine that answers.
test-kubernetes: setup
	@$(BIN)/python -m pytest tests/kubernetes

test-long: setup
	@VEIL_FAULT_ROUNDS=$${VEIL_FAULT_ROUNDS:-300} VEIL_TAKEOVER_ROUNDS=$${VEIL_TAKEOVER_ROUNDS:-50} VEIL_SOAK_RECORDS=$${VEIL_SOAK_RECORDS:-300000} VEIL_SIM_SCHEDULES=$${VEIL_SIM_SCHEDULES:-50000} VEIL_QUEUE_HISTORIES=$${VEIL_QUEUE_HISTORIES:-100000} $(BIN)/python -m pytest $(LANES)

test-pythons: setup
	@for version in $(PYTHONS); do \
	  python=$$(PATH="$$(printf '%s:' $$HOME/.pyenv/versions/*/bin)$$PATH" $(BIN)/uv python find --no-python-downloads --no-project $$version 2>/dev/null) || { echo "Python $$version is not here"; continue; }; \
	  echo "Python $$version"; \
	  $(BIN)/uv venv --quiet --clear --python $$python $(VENV)-$$version && \
	  $(BIN)/uv pip sync --quiet --python $(VENV)-$$version/bin/python --require-hashes requirements.lock && \
	  $(BIN)/uv pip install --quiet --python $(VENV)-$$version/bin/python --no-deps --no-build-isolation -e . && \
	  $(VENV)-$$version/bin/python -m pytest $(LANES) -m "$(ALONE)" && \
	  $(VENV)-$$version/bin/veil demo || exit 1; \
	done

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m deploy.lockcheck

quality: setup
	@$(BIN)/veil detect quality

bench: setup
	@$(BIN)/veil bench

run: setup
	@$(BIN)/veil up

image:
	@deploy/containers/build

images: setup
	@deploy/compose/images

lock:
	$(BIN)/uv pip compile --quiet --generate-hashes --universal --no-header --python-version 3.11 --extra dev pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --universal --no-header requirements-uv.in -o requirements-uv.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --universal --no-header --python-version 3.11 --constraints requirements.lock --excludes deploy/containers/without.txt pyproject.toml -o deploy/containers/requirements.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --universal --no-header --python-version 3.11 deploy/containers/sbom.in -o deploy/containers/sbom.lock

clean:
	@test ! -x $(BIN)/veil || $(BIN)/veil down
	rm -rf .veil $(VENV) $(VENV)-3.*
