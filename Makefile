# The commands of every day. What they do stands in scripts/.
.PHONY: help setup build quickstart test e2e chaos bench-peers history nightly \
  format format-check tidy

help:
	@echo "make quickstart    set up, build, start a server, search real data"
	@echo "make test          set up, build, run every test"
	@echo "make build         the optimised build: build/release/bin/elanus"
	@echo "make e2e           end-to-end tests with three client versions"
	@echo "make chaos         50 kills under load, with an exact ledger"
	@echo "make bench-peers   our indexes beside other vector libraries"
	@echo "make history       five minutes of clients whose views must agree"
	@echo "make nightly       all long runs and sanitizers, hours of them"
	@echo "make format        put the sources into their format"
	@echo "make format-check  name the files that are not"
	@echo "make tidy          clang-tidy on what changed since the last commit"

setup:
	@scripts/setup

build: setup
	@scripts/build release

quickstart: setup
	@scripts/build release elanus
	@"$$(scripts/venv 2.6.17)" scripts/quickstart.py

test:
	@scripts/test

e2e: build
	@scripts/e2e

chaos: build
	@"$$(scripts/venv 2.6.17)" test/chaos/kill_loop.py --kills 50

bench-peers: setup
	@scripts/bench-peers $(ARGS)

history: build
	@"$$(scripts/venv 2.6.17)" test/history/drive.py --seconds 300 --kills 20

nightly:
	@scripts/nightly $(ARGS)

format:
	@find src test \( -name '*.cc' -o -name '*.h' \) -print0 | \
	  xargs -0 -r clang-format -i

format-check:
	@scripts/format-check

tidy:
	@scripts/tidy
