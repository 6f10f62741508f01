# The only entry. `make` alone lists the targets.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo up down static test test-it test-cluster test-static test-pods test-rsyslog bench bench-check bench-bytes bench-count bench-evidence sim check fmt lint doc deny fresh advisories gen

# Built tools are kept here, outside the checkout.
export SERIN_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/serin
DENY_VERSION := 0.20.2
DENY := $(SERIN_CACHE)/cargo-deny-$(DENY_VERSION)/bin/cargo-deny
DEV := $(or $(CARGO_TARGET_DIR),target)/debug/serin-dev
# Always the whole workspace: dependencies built for one package alone have other features and would be built once more.
BUILD := cargo build --quiet --workspace --bins

# On Linux one file that needs no other; elsewhere what that system has. It tells nobody where it was built. A target that is named keeps the flags away
# from what runs while building: macros are libraries, and those are never static.
HOST = $(shell rustc --version --verbose | sed -n 's/^host: //p')
# Packed relocations are half a megabyte less; a C library that knows them (glibc 2.36, of 2022) starts such a file.
STATIC_FLAGS := -C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs --remap-path-prefix=$(CURDIR)=/serin --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo
STATIC_TARGET := $(or $(CARGO_TARGET_DIR),target)

# $(call stage,what,command) says what begins, runs the command, and says how many seconds it took.
stage = @echo "== $(1)"; began=$$SECONDS; $(2); echo "== $(1): $$((SECONDS - began)) s"

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## promote a good revision and roll a bad one back, before your eyes (KEEP=1: go on until Ctrl-C; CONTEXT=name: on that cluster)
	$(call stage,build Serin,cargo build --workspace --bins)
	@$(DEV) demo $(if $(KEEP),--keep) $(if $(CONTEXT),--context $(CONTEXT))

up: ## start a control plane on this machine and say how to use it
	@$(BUILD)
	@$(DEV) up

down: ## stop what `make up` started
	@$(BUILD)
	@$(DEV) down

static: ## the release as one static file, without a path of this machine in it: target/static/serin (six minutes, the first time)
	$(call stage,static binary,RUSTFLAGS="$(STATIC_FLAGS)" cargo build --release --locked --package serin --target $(HOST))
	@mkdir -p $(STATIC_TARGET)/static && cp $(STATIC_TARGET)/$(HOST)/release/serin $(STATIC_TARGET)/static/serin
	@$(STATIC_TARGET)/static/serin --version

test: test-it test-cluster ## the tests: the hermetic ones, then those on a real control plane (test-static and test-pods need root)

test-it: ## the hermetic tests
	$(call stage,hermetic tests,cargo test --workspace --lib --bins --test it)

test-cluster: ## the tests on a real control plane (the first run builds it: a quarter of an hour)
	$(call stage,control plane,$(BUILD) && $(DEV) build-tools)
	$(call stage,tests of the control plane itself,cargo test --workspace --test plane --test queries --test alerts)
	$(call stage,sinks on a real log store,cargo test --workspace --test sinks)
	$(call stage,tests on a real control plane,cargo test --workspace --test cluster)

test-static: static ## the static file runs in a root folder that holds nothing else (root on Linux)
	$(call stage,static binary in an empty root,root=$$(mktemp -d); trap 'rm -r "$$root"' EXIT; chmod 755 "$$root"; cp $(STATIC_TARGET)/static/serin "$$root"; env -i "$$(command -v chroot)" --userspec=65532:65532 "$$root" /serin crds | grep --count '^kind: CustomResourceDefinition$$')

test-rsyslog: ## a real rsyslog over mutual TLS (on Debian: apt-get install --no-install-recommends rsyslog-gnutls)
	$(call stage,a real rsyslog,cargo test --workspace --test rsyslog)

test-pods: ## Serin in pods on a real node, and every request counted (root on Linux; four minutes, once all is built)
	$(call stage,may this machine have real pods,cargo test --workspace --test pods -- possible)
	@$(MAKE) --no-print-directory static
	$(call stage,real pods,cargo test --workspace --test pods)

bench: static ## what Serin costs, beside the bare plan and the peers; writes docs/performance.md (SIZES=20,200,1000 IDLE=0,10000: so many rollouts)
	$(call stage,benchmarks,cargo bench --profile dev --workspace --bench load -- --serin $(STATIC_TARGET)/static/serin $(if $(SIZES),--sizes $(SIZES)) $(if $(IDLE),--idle $(IDLE)))

bench-check: ## whether a part of a pass takes more instructions, or a rollout more requests, than docs/performance.md says (needs valgrind)
	$(call stage,instructions,cargo bench --profile dev --workspace --bench parts -- --check)
	$(call stage,requests,cargo test --workspace --test cluster -- quiet::a_whole_rollout)

bench-count: ## write down how many instructions each part of a pass takes
	$(call stage,instructions,cargo bench --profile dev --workspace --bench parts -- --write)

bench-bytes: ## write down how much memory Serin keeps of one object of each kind
	$(call stage,bytes,cargo bench --profile dev --workspace --bench parts -- --write-bytes)

bench-evidence: ## judge simulated canaries by Serin and by the rules of others; writes the tables of docs/evidence.md
	$(call stage,evidence on simulated traffic,cargo bench --profile dev --workspace --bench evidence)

sim: ## the simulator alone, with as many seeds as you like: make sim SEEDS=200000 (FROM=100000: from that one on)
	$(call stage,simulator,SERIN_SEEDS=$(or $(SEEDS),20000) SERIN_FROM=$(or $(FROM),0) cargo test --workspace --test it sim)

check: fmt lint doc deny fresh ## everything that is not a test: format, lints, documentation, dependencies, generated files

fmt:
	$(call stage,format,cargo fmt --all --check)

lint:
	$(call stage,lints,cargo clippy --workspace --all-targets -- --deny warnings)

doc:
	$(call stage,documentation,RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --document-private-items --quiet)

deny: $(DENY)
	$(call stage,dependencies,cargo fetch --locked --quiet; $(DENY) --offline check bans licenses sources)

fresh:
	$(call stage,generated files,cargo test --quiet --workspace --test it generated)

advisories: $(DENY) ## ask the advisory database about our dependencies (needs a network)
	$(DENY) check advisories

gen: ## write all generated files: crds/, docs/cli.md, docs/event.schema.json, docs/formats.md, docs/queries.yml, docs/transitions.md, deploy/monitoring/prometheus-rule.yaml
	$(call stage,generated files,SERIN_GEN=1 cargo test --quiet --workspace --test it generated)

# Built without optimisation: it runs for seconds, and is compiled once a machine.
$(DENY):
	$(call stage,cargo-deny $(DENY_VERSION) is built once (two minutes),cargo install cargo-deny --version =$(DENY_VERSION) --locked --quiet --profile dev --root $(SERIN_CACHE)/cargo-deny-$(DENY_VERSION) --target-dir $(SERIN_CACHE)/build-cargo-deny; rm -rf $(SERIN_CACHE)/build-cargo-deny)
