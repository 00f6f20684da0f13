# SPDX-License-Identifier: Apache-2.0
# tfxm.  make mnist   set up, build, run the MNIST mobile pipeline       (DATA=dir of TFRecords, OUT=where it goes)
#        make         set up, build the programs and libraries
#        make test    set up, build, run every test (SUITES="nn rewriting": only these)
#        make wheel   the Python package, with the engine in it, into dist/
#        make test-python  the tests of the Python part, with the Python of `make zoo` (TensorFlow)
#        make test-wheel   that package on the Pythons of this machine (PYTHONS=3.12,3.13; TESTS=all)
#        make download  only fills $TFXM_CACHE, for a machine without a network
#        make asan    the tests under AddressSanitizer and UndefinedBehaviorSanitizer
#        make tsan    those of what runs on several threads under ThreadSanitizer
#        make valgrind  models of every shape, run under valgrind: LiteRT's library is not instrumented, so `make asan` does not see it
#        make fuzz    fuzzes what reads files of others (SECONDS=600 for each, 0: only the inputs there are; TARGET=sql; fuzz/)
#        make torture kills tfxm at random instants, fills its disk (KILLS=1000, SEED=1; torture/)
#        make scale   passes by many processes: workers killed at random instants, Beam; object stores that fail; a metadata store on PostgreSQL (RUNS=100 with kills, RAY=1 Ray as well; docs/distribution.md)
#        make bench   the benchmarks (benchmarks/README.md)
#        make zoo     rewrites a zoo of models, compared with Python's converter (PART=2/3, MODEL=a,b, CASES=1; examples/rewrite_zoo)
#        make field   tries published models (examples/field)
#        make docs    the public headers and the documents as HTML, in build/docs/html
#        make tidy    clang-tidy over the changed files (ALL=1: over the library)        make format   clang-format over the changed lines
#        make install PREFIX=/usr/local
BUILD ?= build
TYPE ?= Release
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
OUT ?= runs/mnist
DATA ?=
SUITES ?=
PYTHON ?= python3
SECONDS ?= 600
KILLS ?= 1000
RUNS ?= 100

.PHONY: all setup download build build-all configure test test-python wheel test-wheel asan tsan valgrind fuzz torture scale bench zoo field mnist docs tidy format install clean
all: build

# `make WITH=test`: what the tests need of the system is provided as well.
WITH ?=
setup:
	@$(PYTHON) cmake/dependencies/fetch.py --build_dir $(BUILD) --with "$(WITH)"

download:
	@$(PYTHON) examples/mnist/data/fetch_mnist.py --download
	@$(PYTHON) cmake/dependencies/fetch.py --download

configure: setup
	@[ -f $(BUILD)/build.ninja ] || cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=$(TYPE) -DTFXM_UNITY_BUILD=ON $(CMAKE_FLAGS) >$(BUILD)/configure.log 2>&1 \
	  || { cat $(BUILD)/configure.log; exit 1; }

# The programs and libraries. Tests are built by `make test`, benchmarks by `make bench`.
build: configure
	@$(PYTHON) cmake/build.py $(BUILD) --jobs $(JOBS) tfxm_main

build-all: WITH = test
build-all: configure
	@grep -q tfxm_util_test $(BUILD)/build.ninja || cmake $(BUILD) >$(BUILD)/configure.log 2>&1 || { cat $(BUILD)/configure.log; exit 1; }
	@$(PYTHON) cmake/build.py $(BUILD) --jobs $(JOBS) $(SUITES:%=tfxm_%_test)

empty =
space = $(empty) $(empty)
test: build-all
	@ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS) $(if $(SUITES),-R '^($(subst $(space),|,$(strip $(SUITES))))(\.|$$)')

test-python: build
	@python=$$($(PYTHON) examples/rewrite_zoo/environment.py | tail -n 1) && \
	  pandas=$$($(PYTHON) examples/rewrite_zoo/environment.py pandas python/tests/environments/pandas.txt | tail -n 1) && \
	  notebook=$$($(PYTHON) examples/rewrite_zoo/environment.py notebook python/tests/environments/notebook.txt | tail -n 1) && \
	  more=$$(for one in $$pandas $$notebook; do $$one -c 'import sysconfig; print(":" + sysconfig.get_path("purelib"), end="")'; done) && \
	  TFXM_NO_SKIPS=1 TFXM_ENGINE=$(abspath $(BUILD))/tfxm PYTHONPATH=python$$more $$python -m unittest discover -s python/tests

wheel: build
	@$(PYTHON) cmake/wheel/make_wheel.py --build_dir $(BUILD) --output dist

test-wheel: wheel
	@$(PYTHON) cmake/wheel/on_pythons.py "$$(ls -t dist/*.whl | head -n 1)" $(if $(PYTHONS),--pythons $(PYTHONS)) $(if $(TESTS),--tests $(TESTS))

# Builds of their own, by clang (cmake/sanitizers).
asan:
	$(call sanitized,address,$(SUITES))

# What runs on several threads; the rest has one, or leaves them to TensorFlow, which is not instrumented.
tsan:
	$(call sanitized,thread,$(or $(SUITES),util data compute model_analysis orchestration))

define sanitized
	@$(MAKE) --no-print-directory test BUILD=build-$@ WITH=test,clang SUITES="$2" \
	  CMAKE_FLAGS="-DCMAKE_CXX_COMPILER=clang++-19 -DTFXM_SANITIZE=$1 -DTFXM_BUILD_BENCHMARKS=OFF"
endef

# XNNPACK reads, and does not use, a few bytes behind tensors; what is looked for are writes.
valgrind: WITH = test,valgrind
valgrind: configure
	@$(PYTHON) cmake/build.py $(BUILD) --jobs $(JOBS) tfxm_main tfxm_litert_test
	@valgrind -q --error-exitcode=1 --undef-value-errors=no $(BUILD)/tests/tfxm_litert_test \
	  --gtest_filter='DynamicOutputsTest.*:OpenSidesTest.*:StateTest.*:NamesTest.*:CompiledModelTest.*:ObservedModelTest.*'

# Compiled by clang, but for the generated protos, which are the other build's. Without time to fuzz, eval_config is left out: its library takes
# as long to compile as all others, and its earlier findings are tests.
TARGET ?= evaluation example flags keras_weights saved_model schema sql tables tflite tfrecord $(if $(filter-out 0,$(SECONDS)),eval_config)
fuzz: build
	@$(PYTHON) cmake/dependencies/fetch.py --build_dir build-fuzz --with clang
	@[ -f build-fuzz/build.ninja ] || cmake -S . -B build-fuzz -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER=clang++-19 -DTFXM_FUZZ=ON \
	  -DTFXM_PROTO_LIBRARY=$(abspath $(BUILD))/lib/libtfxm_proto.so >build-fuzz/configure.log 2>&1 || { cat build-fuzz/configure.log; exit 1; }
	@$(PYTHON) cmake/build.py build-fuzz --jobs $(JOBS) $(addprefix fuzz_,$(TARGET)) make_models
	@$(PYTHON) fuzz/fuzz.py --build_dir build-fuzz --seconds $(SECONDS) $(TARGET)

torture: build
	@$(PYTHON) torture/torture.py --build_dir $(BUILD) --kills $(KILLS) $(if $(SEED),--seed $(SEED))

# Beam and Ray in an environment of their own, made once.
scale: WITH = test,scale
scale: configure
	@grep -q tfxm_util_test $(BUILD)/build.ninja || cmake $(BUILD) >$(BUILD)/configure.log 2>&1 || { cat $(BUILD)/configure.log; exit 1; }
	@$(PYTHON) cmake/build.py $(BUILD) --jobs $(JOBS) tfxm_main tfxm_distribution_test tfxm_cli_test tfxm_metadata_test
	@TFXM_BINARY_DIR=$(BUILD) $(BUILD)/tests/tfxm_distribution_test --gtest_brief=1
	@TFXM_BINARY_DIR=$(BUILD) TFXM_PASS_RUNS=$(RUNS) $(BUILD)/tests/tfxm_cli_test --gtest_brief=1 --gtest_filter='PassCommandTest.*'
	@python=$$($(PYTHON) examples/rewrite_zoo/environment.py scale python/tests/environments/scale$(if $(RAY),_ray).txt | tail -n 1) && cd python/tests && \
	  TFXM_NO_SKIPS=1 TFXM_ENGINE=$(abspath $(BUILD))/tfxm PYTHONPATH=.. $$python -m unittest test_passes test_beam $(if $(RAY),test_ray)
	@TFXM_BINARY_DIR=$(BUILD) $(PYTHON) python/tests/stores/with_postgresql.py $(BUILD)/tests/tfxm_metadata_test --gtest_brief=1 --gtest_filter='*Postgresql*'
	@python=$$($(PYTHON) examples/rewrite_zoo/environment.py stores python/tests/environments/object_stores.txt | tail -n 1) && cd python/tests && \
	  export TFXM_NO_SKIPS=1 TFXM_ENGINE=$(abspath $(BUILD))/tfxm PYTHONPATH=.. && $$python -m unittest stores.test_object_stores && \
	  $$python stores/with_postgresql.py $$python -m unittest stores.test_postgresql

mnist: build
	@data="$(DATA)"; steps=5000; \
	if [ -z "$$data" ]; then \
	  data=$$($(PYTHON) examples/mnist/data/fetch_mnist.py --converter $(BUILD)/mnist_to_tfrecord) || exit 1; steps=30000; \
	fi; \
	$(BUILD)/tfxm run examples/mnist/mnist_pipeline_native_keras.cc --data_root="$$data" --output="$(OUT)" --train_steps=$$steps

bench: WITH = bench
bench: configure
	@grep -q tfxm_data_benchmark $(BUILD)/build.ninja || cmake $(BUILD) >$(BUILD)/configure.log 2>&1 || { cat $(BUILD)/configure.log; exit 1; }
	@$(PYTHON) cmake/build.py $(BUILD) --jobs $(JOBS) tfxm_main tfxm_data_benchmark tfxm_tables_benchmark tfxm_statistics_benchmark tfxm_nn_benchmark tfxm_litert_benchmark tfxm_rewriting_benchmark tfxm_model_analysis_benchmark
	@for b in data tables statistics litert nn rewriting model_analysis; do $(BUILD)/benchmarks/tfxm_$${b}_benchmark || exit 1; done

# What `make zoo` and `make field` take: PART=2/3 every third model, MODEL=a,b only these, QUICK=1 the large models of
# the zoo in float32 and a few in int8, the small packages of the field, TABLE=1 writes the README's table.
ZOO_FLAGS = --build_dir $(BUILD) --jobs $(JOBS) $(if $(PART),--part $(PART)) $(if $(MODEL),--model $(MODEL)) $(if $(MODE),--mode $(MODE)) $(if $(TABLE),--write_table)

zoo: build
	@$(PYTHON) cmake/build.py $(BUILD) --jobs $(JOBS) run_tflite
	@$(if $(CASES),$$($(PYTHON) examples/rewrite_zoo/environment.py | tail -n 1) examples/rewrite_zoo/cases.py $(BUILD)/tfxm,$(PYTHON) examples/rewrite_zoo/zoo.py $(ZOO_FLAGS) $(if $(QUICK),--quick))

field: build
	@$(PYTHON) cmake/build.py $(BUILD) --jobs $(JOBS) run_tflite
	@$(PYTHON) examples/field/field.py $(ZOO_FLAGS) $(if $(QUICK),--quick)

docs:
	@$(PYTHON) cmake/docs/make_docs.py $(BUILD)/docs "$$(sed -n 's/^project(tfxm VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)"

# Both look at what the branch changed (cmake/lint/lint.py); ALL=1 has clang-tidy look at the whole library.
tidy: build
	@$(PYTHON) cmake/lint/lint.py tidy --build_dir $(BUILD) --jobs $(JOBS) $(if $(ALL),--all)

format:
	@$(PYTHON) cmake/lint/lint.py format

install: build
	@cmake --install $(BUILD) --prefix $(PREFIX)

clean:
	rm -rf $(BUILD)
