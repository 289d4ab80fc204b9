# Everything a person or CI runs. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

SWIFT_BUILD := swift build
RELEASE := .build/release
# Where a quickstart leaves its broker and its data.
QUICKSTART := .build/quickstart
CLUSTER := .build/cluster
# How long `make chaos` attacks, in seconds.
CHAOS_SECONDS ?= 300
# Where it leaves what brokers and etcd have logged.
CHAOS_LOGS ?= .build/chaos
# Which attacks `make check` makes.
CHECK_CHAOS_SEED ?= 11
PACKAGES := libprotobuf-c-dev liblz4-dev
TEST_PACKAGES := protobuf-compiler protobuf-c-compiler python3 python3-protobuf clang-format etcd-server \
	etcd-client openssl iproute2
# Debian's own, which its python3-protobuf belongs to.
PYTHON ?= /usr/bin/python3
# Seconds that each fuzzer runs in `make check`.
FUZZ_SECONDS ?= 10

.PHONY: help
help: ## Lists the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1|\2/' | column -t -s '|'

.PHONY: packages
packages: ## Installs the system libraries that a build needs (Debian)
	@Tests/install-packages $(PACKAGES)

.PHONY: test-packages
test-packages: packages
	@Tests/install-packages $(TEST_PACKAGES)

.PHONY: build
build: packages ## Builds martlet and martlet-bench in release mode
	$(SWIFT_BUILD) -c release --product martlet
	$(SWIFT_BUILD) -c release --product martlet-bench

.PHONY: quickstart
quickstart: packages ## Builds, starts a broker, streams a real file through it, leaves it running
	$(SWIFT_BUILD) -c release --product martlet
	@Tests/quickstart $(RELEASE)/martlet $(QUICKSTART)

.PHONY: quickstart-stop
quickstart-stop: ## Stops the broker that `make quickstart` left running
	@Tests/quickstart --stop $(QUICKSTART)

.PHONY: cluster
cluster: packages test-packages ## Builds, starts etcd and three brokers, plays the whole picture with failures, leaves it running
	$(SWIFT_BUILD) -c release --product martlet
	@Tests/cluster $(RELEASE)/martlet $(CLUSTER)

.PHONY: cluster-stop
cluster-stop: ## Stops what `make cluster` left running
	@Tests/cluster --stop $(CLUSTER)

.PHONY: chaos
chaos: packages test-packages ## Breaks a real cluster in network namespaces for CHAOS_SECONDS (needs root); CHAOS_SEED replays a run
	$(SWIFT_BUILD) -c release --product martlet
	$(SWIFT_BUILD) -c release --product MartletChaos
	$(RELEASE)/MartletChaos --seconds $(CHAOS_SECONDS) --logs $(CHAOS_LOGS) $(if $(CHAOS_SEED),--seed $(CHAOS_SEED)) $(CHAOS_FLAGS)

.PHONY: chaos-short
chaos-short: ## Makes each kind of attack once, against what `make test` has built (needs root)
	.build/debug/MartletChaos --short $(if $(CHAOS_SEED),--seed $(CHAOS_SEED)) $(CHAOS_FLAGS)

.PHONY: test
test: test-packages ## Installs what the tests need and runs them all
	$(MAKE) --no-print-directory -C Tests/C test
	$(PYTHON) -B Tests/Python/test_martlet_client.py
	$(SWIFT_BUILD) --build-tests
	Tests/run

.PHONY: format
format: ## Formats Swift and C
	swift format --in-place --recursive Package.swift Sources Tests
	clang-format -i $$(git ls-files 'CSources/*.[ch]' 'Tests/*.[ch]' | grep -v '\.pb-c\.')

.PHONY: lint
lint: test-packages
	swift format lint --strict --recursive Package.swift Sources Tests
	clang-format --dry-run --Werror $$(git ls-files 'CSources/*.[ch]' 'Tests/*.[ch]' | grep -v '\.pb-c\.')

.PHONY: generate
generate: test-packages ## Generates the protocol's code anew from proto/
	proto/generate

.PHONY: check
check: ## What CI runs: format, generated code, C core under sanitizers, fuzzers, all tests, a round of chaos
	$(MAKE) --no-print-directory lint
	proto/generate --check
	$(MAKE) --no-print-directory -C Tests/C sanitize
	$(MAKE) --no-print-directory -C Tests/Fuzz short SECONDS=$(FUZZ_SECONDS)
	$(MAKE) --no-print-directory test
	$(MAKE) --no-print-directory chaos-short CHAOS_SEED=$(CHECK_CHAOS_SEED)

.PHONY: bench
bench: build ## Measures everything against the bare ceiling; writes bench-report.html
	$(RELEASE)/martlet-bench all --html bench-report.html

.PHONY: clean
clean: ## Removes what was built
	rm -rf .build
