# The commands of this repository. `make help` lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Node is optional: without it the Go half is built and tested, and buf is compiled once from tools/go.mod.
NODE := $(shell command -v node)
NODE_MODULES := $(if $(NODE),node_modules/.package-lock.json)
BUF ?= $(if $(NODE),node_modules/.bin/buf,go tool -modfile=tools/go.mod buf)
GOLANGCI ?= go tool -modfile=tools/lint/go.mod golangci-lint

GENERATED := gen docs/api.md docs/openapi.yaml docs/scripts.md $(if $(NODE),clients/typescript/src/gen)
BINARY := bin/synchook
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

# What the built dashboard is made of.
DASHBOARD := $(if $(NODE),dashboard/dist/index.html)
DASHBOARD_SOURCES := $(shell find dashboard/src dashboard/public dashboard/scripts clients/typescript/src -type f) \
	dashboard/index.html dashboard/vite.config.ts dashboard/package.json

# Where Chromium is, which is looked for after `need` may have installed it.
CHROMIUM = $$(command -v chromium chromium-browser google-chrome | head -1)

# only_with_node runs a command, or says that it is left out.
define only_with_node
$(if $(NODE),$(1),@echo "Node 20 or later is not installed: left out: $(1)")
endef

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## Show the whole way, from a GitHub webhook to yours. Needs Go only. DEMO_ONCE=1 exits at the end.
	go run ./examples/demo

.PHONY: dev
dev: build ## Run everything in one process, with a sample project.
	$(BINARY) dev

.PHONY: build
build: $(DASHBOARD) ## Build bin/synchook, with the dashboard if there is Node.
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o $(BINARY) ./cmd/synchook

.PHONY: dashboard
dashboard: $(DASHBOARD) ## Build the dashboard that the binary embeds.

dashboard/dist/index.html: $(NODE_MODULES) $(DASHBOARD_SOURCES)
	npm run build -w clients/typescript
	npm run build -w dashboard

.PHONY: browser
browser: need build ## Walk through the dashboard in Chromium, against bin/synchook.
	$(call only_with_node,npm test -w dashboard)
	$(call only_with_node,CHROMIUM=$(CHROMIUM) SYNCHOOK_BIN=$(CURDIR)/$(BINARY) npm run browser -w dashboard)

.PHONY: pictures
pictures: ## Make the README's pictures of the dashboard anew, by its tests.
	SYNCHOOK_PICTURES=$(CURDIR)/docs/pictures $(MAKE) browser

.PHONY: test
test: need build ## Run all tests; install what they need, or say what is missing.
	go test ./...
	$(MAKE) store-tiers
	$(MAKE) clients octokit examples browser

.PHONY: store-tiers
store-tiers: need ## Run the store's tests on a Redis in cluster mode and on the in-process server.
	STORE_TESTS_ON=cluster go test ./internal/store
	STORE_TESTS_ON=in-process go test ./internal/store

.PHONY: race
race: need ## Run the concurrent packages' tests under the race detector.
	go test -race ./internal/... ./server/... ./worker/...

.PHONY: e2e
e2e: need octokit ## Run the tests of the whole program.
	go test -count=1 ./e2e/...

.PHONY: faults
faults: need ## Break everything under load, and write what came of it into docs/reliability.md.
	go test -count=1 -v -timeout 90m ./e2e/faults -long -table $(CURDIR)/docs/reliability.md

.PHONY: clients
clients: build $(NODE_MODULES) ## Test the TypeScript client, also against bin/synchook.
	$(call only_with_node,npm run build -w clients/typescript)
	$(call only_with_node,CHROMIUM=$(CHROMIUM) SYNCHOOK_BIN=$(CURDIR)/$(BINARY) npm test -w clients/typescript)

.PHONY: examples
examples: need build $(NODE_MODULES) ## Try the examples in TypeScript against bin/synchook, one of them in Chromium.
	$(call only_with_node,npm run build -w clients/typescript)
	$(call only_with_node,SYNCHOOK_BIN=$(CURDIR)/$(BINARY) npm test -w examples/express-receiver)
	$(call only_with_node,CHROMIUM=$(CHROMIUM) SYNCHOOK_BIN=$(CURDIR)/$(BINARY) npm test -w examples/react-app)

.PHONY: octokit
octokit: build $(NODE_MODULES) ## Send all of GitHub's example payloads to bin/synchook.
	$(call only_with_node,npm run build -w clients/typescript)
	$(call only_with_node,SYNCHOOK_BIN=$(CURDIR)/$(BINARY) npm test -w e2e/octokit)

.PHONY: bench
bench: need build ## Measure the throughput and latency beside their ceilings.
	go run ./bench

.PHONY: lint
lint: $(NODE_MODULES) ## Check the code's rules: golangci-lint, Biome, the TypeScript compiler.
	$(GOLANGCI) run ./...
	$(call only_with_node,npm run lint)

.PHONY: generate
generate: $(NODE_MODULES) ## Generate the Go and TypeScript code, and the reference in docs/, from proto/.
	$(BUF) generate
	$(BUF) generate --template buf.gen.docs.yaml
	go run ./internal/apidoc/sdkdoc
	$(call only_with_node,$(BUF) generate --template buf.gen.ts.yaml)

.PHONY: verify
verify: generate ## Prove that generated code and go.mod are fresh and that proto/ keeps its rules.
	$(BUF) lint
	git add --intent-to-add -- $(GENERATED)
	git diff --exit-code -- $(GENERATED)
	go mod tidy -diff

.PHONY: tidy
tidy: $(NODE_MODULES) ## Format the code and put go.mod in order.
	go mod tidy
	$(GOLANGCI) fmt
	$(BUF) format --write proto
	$(call only_with_node,npm run format)

.PHONY: need
need:
	tools/need.sh

node_modules/.package-lock.json: package-lock.json package.json
	npm ci
	@touch $@
