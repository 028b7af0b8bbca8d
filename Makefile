# Every way to build, run and test Kefu. `make help` lists them; scripts/setup installs
# what they need. Stamps and the private Node.js are in .cache, which git ignores.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Cargo and Vite use all cores by themselves.
.NOTPARALLEL:

# scripts/setup says the same, and why.
export PATH := $(CURDIR)/.cache/node/bin:$(PATH):$(HOME)/.cargo/bin:/usr/local/sbin:/usr/sbin:/sbin

TARGET_DIR := $(abspath $(or $(CARGO_TARGET_DIR),target))
# More arguments for the test runner: make test-server ARGS='-E test(resume)'
ARGS :=
CLIENT_PYTHONS := $(patsubst %,tests/clients/.venv/%/.kefu-installed,eio3 eio4)

# --- For people -----------------------------------------------------------------------

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

.PHONY: run
run: setup-run build-pages ## build everything and serve it; settings by environment
	cargo build --release --locked
	@exec "$(TARGET_DIR)/release/kefu" serve

# Cheap first: what takes seconds to be red is red within seconds.
.PHONY: test
test: ## everything that CI runs, in this order
	+@MAKE="$(MAKE)" scripts/stages setup-test fmt lint-pages test-pages build-pages clippy deny test-server test-browser test-clients

.PHONY: lint
lint: fmt lint-pages clippy deny ## all that reads code without running it

.PHONY: format
format: setup-run static/node_modules/.kefu-installed ## put all sources into their standard form
	cargo fmt
	cargo fmt --manifest-path bench/Cargo.toml
	cd static && npm run format

# Not part of the tests: it takes five minutes, wants the machine for itself, and its figures are a
# matter of judgement. In short: make bench ARGS='--seconds 3 --rounds 1'
.PHONY: bench
bench: bench/node/node_modules/.kefu-installed ## what a message costs, beside other servers; writes docs/PERFORMANCE.md
	@scripts/setup server pages database
	cargo build --release --locked
	cargo build --release --locked --manifest-path bench/Cargo.toml --target-dir "$(TARGET_DIR)/bench"
	scripts/with-mariadb "$(TARGET_DIR)/bench/release/kefu-bench" "$(TARGET_DIR)/release/kefu" bench/node \
	  --out docs/PERFORMANCE.md $(ARGS)

# Not part of the tests: it takes an hour or two and wants the machine for itself. One of them, or a shorter run:
#   KEFU_TORTURE_ROUNDS=100 make torture ARGS='-E test(kill)'
.PHONY: torture
torture: export KEFU_TORTURE_ROUNDS := $(or $(KEFU_TORTURE_ROUNDS),1000)
torture: export KEFU_TORTURE_SECONDS := $(or $(KEFU_TORTURE_SECONDS),30)
torture: export KEFU_TORTURE_PEERS := $(or $(KEFU_TORTURE_PEERS),1000)
torture: ## the tests of faults at length: 1,000 times kill -9, outages of 30 s, 1,000 peers that misbehave
	@scripts/setup server test-server
	ulimit -Sn "$$(ulimit -Hn)"; scripts/with-mariadb cargo nextest run --locked --profile torture \
	  --no-capture $(or $(ARGS),-E 'test(/^faults::/)')

# Not part of the tests either. Smaller: make history-bench ARGS='--messages 100000'
.PHONY: history-bench
history-bench: ## how quick history and search are among 1,000,000 messages on a MariaDB of its own
	@scripts/setup server database
	cargo build --release --locked
	scripts/with-mariadb scripts/history-bench "$(TARGET_DIR)/release/kefu" $(ARGS)

.PHONY: clean
clean: ## remove everything that was built or fetched here; the data stays
	cargo clean
	rm -rf .cache static/dist static/node_modules tests/browser/node_modules \
	  tests/browser/test-results tests/browser/playwright-report \
	  tests/clients/node_modules tests/clients/.venv bench/node/node_modules

# --- Set-up -----------------------------------------------------------------------------

.PHONY: setup-run setup-test setup-pages setup-clients
setup-run:
	@scripts/setup server pages

setup-test: ## install what the tests need
	@scripts/setup server pages lint test-server test-browser test-clients

setup-pages:
	@scripts/setup pages

setup-clients:
	@scripts/setup test-clients

# --- Stages of the test -----------------------------------------------------------------

.PHONY: fmt
fmt: ## Rust sources are in rustfmt's form
	cargo fmt --check
	cargo fmt --manifest-path bench/Cargo.toml --check

.PHONY: lint-pages
lint-pages: static/node_modules/.kefu-installed ## the pages' sources: lint and types
	cd static && npm run --silent lint
	cd static && npm run --silent check

.PHONY: test-pages
test-pages: static/node_modules/.kefu-installed ## the pages' unit tests
	cd static && npm test --silent -- $(ARGS)

.PHONY: build-pages
build-pages: .cache/pages-built ## build the pages into static/dist

.PHONY: clippy
clippy: ## Rust sources have no warning
	@scripts/setup server lint
	cargo clippy --all-targets --locked -- -D warnings

# Advisories are not asked for here: they come from a git repository that changes every
# day, so the same commit would pass today and fail tomorrow, and not at all without
# network. `make audit` asks.
.PHONY: deny
deny: ## licences, sources and banned crates (deny.toml)
	@scripts/setup server lint
	cargo deny --locked check --hide-inclusion-graph bans licenses sources

.PHONY: audit
audit: ## known vulnerabilities in dependencies; needs the network
	@scripts/setup server lint
	cargo deny --locked check advisories

# There is no stage for doc tests: Cargo.toml turns them off (doctest = false), and the
# examples in docs/ are read by ordinary tests.
.PHONY: test-server
test-server: ## the server's tests, on SQLite and on a MariaDB of their own
	@scripts/setup server test-server
	scripts/with-mariadb cargo nextest run --locked $(ARGS)

# The debug binary shares its dependencies with the server's tests, so it is there at once.
.PHONY: test-browser
test-browser: build-pages tests/browser/node_modules/.kefu-installed ## the pages in a real browser against a real server
	@scripts/setup server test-browser
	cargo build --locked
	cd tests/browser && KEFU_CHROMIUM="$$(../../scripts/find-chromium)" \
	  KEFU_BIN="$(TARGET_DIR)/debug/kefu" npx --no-install playwright test $(ARGS)

.PHONY: test-clients
test-clients: build-pages tests/clients/node_modules/.kefu-installed $(CLIENT_PYTHONS) ## Socket.IO's clients and the tutorial's pages against a real server
	@scripts/setup server test-browser test-clients
	cargo build --locked
	cd tests/clients && KEFU_CHROMIUM="$$(../../scripts/find-chromium)" \
	  KEFU_BIN="$(TARGET_DIR)/debug/kefu" npm run --silent runner -- $(ARGS) tests/*.test.js

# --- npm's packages and the built pages -------------------------------------------------

# `npm ci` takes seconds and empties node_modules, so it runs only for a new lock file.
# The browsers that Playwright would fetch are not used.
%/node_modules/.kefu-installed: %/package.json %/package-lock.json | setup-pages
	cd $* && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund
	@touch $@

# The two generations of python-socketio do not fit into one Python.
$(CLIENT_PYTHONS): tests/clients/.venv/%/.kefu-installed: tests/clients/python/%.txt | setup-clients
	rm -rf $(@D)
	python3 -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

# Folders are in the list too: their time changes when a file goes.
PAGE_SOURCES := $(shell find static -mindepth 1 \( -name node_modules -o -path static/dist -o -name '.*' \) -prune -o -print 2>/dev/null)

# A stamp is worth nothing without the pages that it stands for.
ifeq ($(wildcard static/dist/*),)
  $(shell rm -f .cache/pages-built)
endif

.cache/pages-built: static/node_modules/.kefu-installed $(PAGE_SOURCES) | setup-pages
	cd static && npm run --silent build
	@mkdir -p $(@D) && touch $@
