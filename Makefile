# `make demo` and `make test` need Python 3.11 or newer, pip and make; everything else they set up in .venv.
PYTHON ?= python3
TORCH ?= torch==2.13.0
BIN := .venv/bin
LMEVAL := .venv-bench-lmeval/bin
LIGHTEVAL := .venv-bench-lighteval/bin
VLLM := .venv-vllm/bin
AUDIT := .venv-audit/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test test-slow test-vllm agreement bench audit audit-local mutants check fix install wheel clean

demo: .venv/train ## Fine-tune a real chat model twice, compare it with its base, run the gate
	$(BIN)/chateval demo --out reports/runs/demo $(if $(FULL),--full)

test: .venv/dev ## The tests that need no real model, a process for each processor, at most 8
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --maxprocesses 8 --dist loadfile

test-slow: .venv/dev ## The tests on the real SmolLM2, and the faults that need minutes
	OMP_NUM_THREADS=2 $(BIN)/pytest -m slow --timeout 1500 --ignore tests/faults
	OMP_NUM_THREADS=1 $(BIN)/pytest -m slow --timeout 600 --numprocesses auto --maxprocesses 8 --dist loadfile tests/faults

test-vllm: .venv-vllm/ready ## The tests of the vLLM engine, on the processor
	$(VLLM)/pytest -m vllm --timeout 600 tests/vllm

agreement: .venv/dev ## How far the scorers agree with verdicts that others published; writes docs/agreement.md
	OMP_NUM_THREADS=2 PYTHONPATH=tests/support $(BIN)/python tests/oracles/table.py

bench: .venv/dev .venv-bench-lmeval/ready .venv-bench-lighteval/ready ## Speed against other harnesses; BENCH="--quick" or "--only CELL"
	$(BIN)/python -m benchmarks $(BENCH)

audit: audit-local ## audit-local, and PyPI's advisories about all that chateval needs; needs that service
	$(AUDIT)/python .ci/audit/vulnerabilities.py .venv

audit-local: .venv/dev .venv-audit/ready ## Insecure code (bandit), licences of dependencies, imports that no dependency declares
	$(AUDIT)/bandit --quiet --recursive --configfile pyproject.toml chateval
	$(AUDIT)/deptry chateval
	$(AUDIT)/python .ci/audit/licences.py .venv

mutants: .venv/mutants ## Changes of the code that no test notices; MUTANTS="chateval.stats.*" for some of it
	OMP_NUM_THREADS=1 PYTHONPATH=tests/support $(BIN)/mutmut run $(MUTANTS)
	$(BIN)/python .ci/audit/mutants.py mutants

check: .venv/dev ## Format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: .venv/dev ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

wheel: .venv/dev ## Build the wheel into dist/
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

install: .venv/train

clean:
	rm -rf .venv .venv-vllm .venv-audit mutants .venv-bench-lmeval .venv-bench-lighteval .bench dist reports/runs

# Stamps in .venv say what was installed and are older than pyproject.toml when it has changed.
.venv/torch:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "chateval needs Python 3.11 or newer; say make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip # the resolver of old versions takes minutes longer over the same packages
	$(BIN)/python -c 'import torch' 2>/dev/null || $(BIN)/pip install --quiet $(TORCH)
	touch $@

.venv/train: .venv/torch pyproject.toml
	$(BIN)/pip install --quiet --editable '.[train]'
	touch $@

.venv/dev: .venv/torch pyproject.toml
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@ .venv/train

.venv/mutants: .venv/dev
	$(BIN)/pip install --quiet --editable '.[dev,mutants]'
	touch $@

# What looks for faults in packages is kept apart from them.
.venv-audit/ready: .ci/audit/requirements.txt
	$(PYTHON) -m venv .venv-audit
	echo '*' > .venv-audit/.gitignore
	$(AUDIT)/pip install --quiet --upgrade pip
	$(AUDIT)/pip install --quiet --requirement $<
	touch $@

# vLLM asks for another transformers than the harness is developed on, and so lives in an environment of its own.
.venv-vllm/ready: tests/vllm/requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "chateval needs Python 3.11 or newer; say make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv-vllm
	echo '*' > .venv-vllm/.gitignore
	$(VLLM)/pip install --quiet --upgrade pip
	$(VLLM)/python -c 'import torch' 2>/dev/null || $(VLLM)/pip install --quiet $(TORCH)
	$(VLLM)/pip install --quiet --no-deps --only-binary :all: --requirement tests/vllm/requirements.txt
	$(VLLM)/pip install --quiet --no-deps --editable .
	touch $@

# The harnesses that `make bench` compares with, each with what it was tried with.
.venv-bench-lmeval/ready: benchmarks/peers/requirements-lm-eval.txt
	$(PYTHON) -m venv .venv-bench-lmeval
	$(LMEVAL)/pip install -qq --upgrade pip
	$(LMEVAL)/pip install -qq --requirement $<
	touch $@

.venv-bench-lighteval/ready: benchmarks/peers/requirements-lighteval.txt
	$(PYTHON) -m venv .venv-bench-lighteval
	$(LIGHTEVAL)/pip install -qq --upgrade pip
	$(LIGHTEVAL)/pip install -qq --requirement $<
	touch $@
