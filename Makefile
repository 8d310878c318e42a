# What you can ask of this checkout. `make help` reads this file; nothing needs root.
PYTHON ?= python3
VENV := .venv/bin
SCRIPTS := edge_agent tests tools demo bench training
# Folders with code of ours that are there already.
CODE := $(wildcard $(SCRIPTS))
# Tests mostly wait for servers, so four at once keep two cores busy; each takes the next one when it
# is done with its own. WORKERS=0 runs them one after the other.
WORKERS ?= 4
SIDE_BY_SIDE := -n $(WORKERS) --maxschedchunk=1

.DEFAULT_GOAL := help
.PHONY: help demo test check fmt contract journeys bench deb repo promote withdraw soak clean lock setup

help: ## show what can be asked
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

demo: .venv/ready .cache/debian-ready .cache/camera-ready ## real alerts from a real street at a real broker, in three minutes
	$(VENV)/python -m demo.run

test: .venv/ready .cache/debian-ready .cache/camera-ready .cache/node-camera-ready .cache/tflite-runtime-ready .cache/wheels-ready .cache/repository-ready ## every test, against real servers
	EDGE_AGENT_TEST_STRICT=1 $(VENV)/pytest -m "not soak" $(SIDE_BY_SIDE)

journeys: .venv/ready .cache/debian-ready .cache/camera-ready .cache/node-camera-ready ## only the journeys: camera to broker, technician's day
	EDGE_AGENT_TEST_STRICT=1 $(VENV)/pytest -m journey $(SIDE_BY_SIDE)

check: .venv/ready ## what a change must pass before its tests count
	$(VENV)/ruff format --check $(CODE)
	$(VENV)/ruff check $(CODE)
	$(VENV)/lint-imports
	$(VENV)/mypy
	$(VENV)/vulture

fmt: .venv/ready ## let ruff set the code and repair what it can
	$(VENV)/ruff format $(CODE)
	$(VENV)/ruff check --fix $(CODE)

bench: .venv/ready .cache/debian-ready .cache/tflite-runtime-ready ## CPU, memory and delay beside Debian's motion and plain OpenCV
	$(PYTHON) -m tools.setup bench
	$(VENV)/python -m bench.run

deb: .venv/ready ## dist/edge-agent_*.deb for a box, edge-agent-center_*.deb for a center; DIST=trixie ARCH=arm64 for another than bookworm, amd64
	$(VENV)/python -m tools.deb --dist $(or $(DIST),bookworm) --arch $(or $(ARCH),amd64)

# Who signs, and where the repository lies: outside of this checkout, but for a try.
REPO ?= dist/repo
ON_REPO = $(VENV)/python -m tools.repo --key "$(KEY)" --folder "$(REPO)"

repo: .venv/ready .cache/repository-ready ## dist/*.deb and dist/*.pack to the canary boxes: KEY=who-signs REPO=folder; alone, with nothing new, it signs anew
	$(ON_REPO) add

promote: .venv/ready .cache/repository-ready ## VERSION=0.2.0 (a model: street-1.1.0) from the canaries to all boxes, the same bytes; KEY= and REPO= as above
	$(ON_REPO) promote $(VERSION)

withdraw: .venv/ready .cache/repository-ready ## VERSION=0.2.0 RING=canary: no further box of that ring gets it
	$(ON_REPO) withdraw $(VERSION) $(RING)

contract: .venv/ready ## write the contract's AsyncAPI document and reference page anew
	$(VENV)/python -m tools.contract

soak: .venv/ready .cache/debian-ready .cache/rabbitmq-ready .cache/repository-ready .cache/machines-ready ## 100,000 spoiled replies for each reader (20 minutes), three RabbitMQ nodes that are killed, the package on real Debians, power cuts of a whole one in QEMU (root)
	EDGE_AGENT_TEST_STRICT=1 $(VENV)/pytest -m soak

setup: .venv/ready .cache/debian-ready .cache/camera-ready .cache/node-camera-ready .cache/tflite-runtime-ready .cache/wheels-ready .cache/repository-ready ## install all of the above's needs, and nothing more

lock: ## resolve requirements/*.in again (asks the package index)
	tools/lock

clean: ## remove everything that was made here, downloads included
	rm -rf .venv .cache build dist demo/out *.egg-info .coverage
	rm -rf .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/ready: requirements/build.lock requirements/dev.lock pyproject.toml tools/setup.py
	@$(PYTHON) -m tools.setup python
	@touch $@

.cache/debian-ready: tools/packages.py
	@$(PYTHON) -m tools.setup debian
	@touch $@

.cache/camera-ready: requirements/demo-camera.lock tools/setup.py
	@$(PYTHON) -m tools.setup camera
	@touch $@

.cache/node-camera-ready: requirements/node-camera.lock requirements/node-camera/package-lock.json tools/setup.py
	@$(PYTHON) -m tools.setup node-camera
	@touch $@

.cache/tflite-runtime-ready: requirements/tflite-runtime.lock tools/setup.py
	@$(PYTHON) -m tools.setup tflite-runtime
	@touch $@

.cache/wheels-ready: .venv/ready requirements/runtime.lock
	@echo "fetching the wheels of the package ..." && $(VENV)/python -m tools.deb --fetch
	@touch $@

.cache/repository-ready: tools/packages.py
	@$(PYTHON) -m tools.setup repository
	@touch $@

.cache/machines-ready: tools/packages.py
	@$(PYTHON) -m tools.setup machines
	@touch $@

.cache/rabbitmq-ready: tools/packages.py tools/setup.py
	@$(PYTHON) -m tools.setup rabbitmq
	@touch $@
