# Every target sets up what it needs, in .venv, from locks with hashes.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes
SERVE := .venv/serve.stamp
DEV := .venv/dev.stamp
SUITE := .venv/suite.stamp
# pip compiles what it installs, but no checkout: where Python may not do that itself, a start takes 0.1 s longer.
COMPILED := .venv/compiled.stamp
# Tests run on every core.
CORES := --numprocesses auto --dist worksteal
CONFORMANCE := .venv/conformance.stamp
SDKS := .venv/sdks.stamp
PEERS := .venv/peers.stamp
PUBLISHED := .venv/published.stamp

.PHONY: serve test test-slow test-store test-chaos test-wire test-clients test-sdks test-schemas test-deploy test-image test-wild published conformance lint format bench soak fuzz lock audit licences sbom wheel clean

serve: $(SERVE) $(COMPILED)
	@exec $(BIN)/mock-server serve $(ARGS)

test: $(DEV) $(COMPILED)
	$(BIN)/python -m pytest $(CORES) $(ARGS)

test-slow: $(DEV)
	$(BIN)/python -m pytest $(CORES) -m slow $(ARGS)

# Stores on a real PostgreSQL.
test-store: $(DEV)
	bash tests/storage/install
	$(BIN)/python -m pytest $(CORES) -m store $(ARGS)

# The same PostgreSQL, its servers and their workers, killed, frozen and parted under load: one test after the other.
test-chaos: $(DEV)
	bash tests/storage/install
	$(BIN)/python -m pytest -m chaos $(ARGS)

# The suites on the wire, which make test has over memory and one process, over every store with one worker and with two,
# and with every answer found anew.
test-wire: $(DEV)
	bash tests/storage/install
	$(BIN)/python -m pytest $(CORES) --no-fast-path $(WIRE) $(ARGS)
	$(BIN)/python -m pytest $(CORES) --workers 2 $(WIRE) $(ARGS)
	$(BIN)/python -m pytest $(CORES) --store sqlite $(WIRE) $(ARGS)
	$(BIN)/python -m pytest $(CORES) --store sqlite --workers 2 $(WIRE) $(ARGS)
	$(BIN)/python -m pytest $(CORES) --store postgresql $(WIRE) $(ARGS)
	$(BIN)/python -m pytest $(CORES) --store postgresql --workers 2 $(WIRE) $(ARGS)

WIRE := tests/test_answers.py tests/test_cases.py tests/test_coverage.py tests/test_scenarios.py tests/test_serving.py \
	tests/test_limits.py tests/test_truth.py tests/test_wire.py tests/test_worlds.py tests/admin

# Every published contract at hand, every operation of it; what the first answers took is printed.
test-wild: $(DEV) $(COMPILED) $(PUBLISHED)
	$(BIN)/python -m pytest -m wild -s tests/wild $(ARGS)

# Contracts that npm packages bring; without npm those beside the checkout are all there is. Of each contract of GitHub
# there are two files, of which the one with its references replaced is not needed (400 MB).
published: $(PUBLISHED)

$(PUBLISHED): benchmarks/published/package-lock.json | $(BIN)/python
	@{ (cd benchmarks/published && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 && rm -f node_modules/@octokit/openapi/generated/*.deref.json) && touch $@; } || echo "the contracts of npm packages cannot be installed (npm is needed): tried without" >&2

test-clients: $(DEV)
	bash tests/clients/install
	$(BIN)/python -m pytest -m clients $(ARGS)

# The suites that SDK makers run against their own mock servers travel in the source distributions; pip checks the hashes.
test-sdks: $(DEV) $(COMPILED) $(SDKS)
	$(BIN)/python -m pytest -m sdks tests/sdks $(ARGS)

$(SDKS): requirements/sdks.txt tests/sdks/suites.txt | $(SERVE)
	rm -rf .venv/suites && mkdir -p .venv/suites
	$(BIN)/python -m venv --clear .venv/sdks
	.venv/sdks/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements/sdks.txt
	$(BIN)/python -m pip --disable-pip-version-check download --quiet --no-deps --no-binary openai,stripe --require-hashes -r tests/sdks/suites.txt -d .venv/suites
	for suite in .venv/suites/*.tar.gz; do tar -xzf "$$suite" -C .venv/suites; done
	@touch $@

# kustomize and actionlint are built from the Go modules of tests/deploy.
test-deploy: $(DEV)
	bash tests/deploy/install
	$(BIN)/python -m pytest -m deploy tests/deploy $(ARGS)

# The image is built and run by buildah and crun, on a base of Debian's packages: there need be no container engine.
test-image: $(DEV)
	bash tests/deploy/install
	bash tests/image/install
	$(BIN)/python -m pytest -m image tests/image $(ARGS)

# The JSON Schema Test Suite travels in the source distribution of jsonschema; pip checks its hash.
test-schemas: $(DEV) $(SUITE)
	$(BIN)/python -m pytest $(CORES) -m schemas tests/generation $(ARGS)

$(SUITE): tests/generation/suite.txt | $(SERVE)
	rm -rf .venv/suite && mkdir -p .venv/suite
	$(BIN)/python -m pip --disable-pip-version-check download --quiet --no-deps --no-binary jsonschema --require-hashes -r $< -d .venv/suite
	tar -xzf .venv/suite/jsonschema-*.tar.gz -C .venv/suite --strip-components=1 --wildcards '*/json/tests/draft2020-12' '*/json/remotes'
	@touch $@

# Schemathesis lives apart: it brings a plugin for pytest and pins of its own.
conformance: $(DEV) $(CONFORMANCE) $(PUBLISHED)
	$(BIN)/python -m pytest -m conformance $(CORES) tests/conformance $(ARGS)

$(CONFORMANCE): requirements/conformance.txt | $(BIN)/python
	$(BIN)/python -m venv --clear .venv/conformance
	.venv/conformance/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r $<
	@touch $@

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(BIN)/python -m tools.test_names --limit 39 tests
	$(BIN)/mypy

format: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# What is known against the distributions of the locks. Exit codes: python -m supply.audit --help; make itself has 2 for all.
audit: $(DEV)
	@$(BIN)/python -m supply.audit $(ARGS)

licences: $(DEV)
	@$(BIN)/python -m supply.licences

# The bill of materials lies beside the wheel; the image has one of its own (docs/container.md).
sbom: $(DEV)
	@$(BIN)/python -m supply.sbom dist/contract-mock-server.cdx.json

wheel: sbom
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .

# With --no-peers, or --only, what is installed of the peers is enough.
bench: $(DEV) $(COMPILED) $(if $(filter --no-peers --only,$(ARGS)),,$(PEERS))
	@command -v wrk >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq wrk >/dev/null; } || { echo "install wrk first: sudo apt-get install wrk" >&2; exit 1; }
	@exec $(BIN)/python -m benchmarks.bench $(ARGS)

# A server under everything that a test fleet does to it: what stays in memory, what gets slower, what goes wrong.
MINUTES ?= 30

soak: $(DEV) $(COMPILED)
	@exec $(BIN)/python -m benchmarks.soak --minutes $(MINUTES) $(ARGS)

# Made-up input against every place that reads some, and the corpus of what was found before.
SECONDS ?= 180

fuzz: $(DEV)
	@exec $(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(ARGS)

# Other mock servers. Where they cannot be installed, the benchmark says so and goes on without them.
$(PEERS): benchmarks/peers/package-lock.json | $(BIN)/python
	@{ (cd benchmarks/peers && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) && touch $@; } || echo "the other mock servers cannot be installed (Node.js 20 or newer and npm are needed): measured without" >&2

# The locks of every supported Python at once; uv comes into an environment of its own.
lock:
	$(PYTHON) -m venv .venv/lock
	.venv/lock/bin/python -m pip --disable-pip-version-check install --quiet uv
	.venv/lock/bin/uv pip compile pyproject.toml --extra otel --extra postgresql --group build $(LOCK) -o requirements/serve.txt
	.venv/lock/bin/uv pip compile pyproject.toml --extra otel --extra postgresql --group build --group dev --group sbom --group audit -c requirements/serve.txt $(LOCK) -o requirements/dev.txt
	.venv/lock/bin/uv pip compile --group sbom -c requirements/serve.txt $(LOCK) -o requirements/sbom.txt
	.venv/lock/bin/uv pip compile --group conformance $(LOCK) -o requirements/conformance.txt
	.venv/lock/bin/uv pip compile --group sdks $(LOCK) -o requirements/sdks.txt

LOCK := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet $(ARGS)

clean:
	rm -rf .venv .venv-clients .venv-image dist tests/clients/*/node_modules benchmarks/peers/node_modules benchmarks/published/node_modules

$(SERVE): requirements/serve.txt pyproject.toml | $(BIN)/python
	$(PIP) -r requirements/serve.txt
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(DEV): requirements/dev.txt $(SERVE)
	$(PIP) -r requirements/dev.txt
	@touch $@

$(COMPILED): $(shell find mock_server -name "*.py") | $(BIN)/python
	@$(BIN)/python -m compileall -q mock_server
	@touch $@

# Debian keeps venv in a package of its own.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "mock-server needs Python 3.11 or newer; name one with make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; } || { echo "install python3-venv first: sudo apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
