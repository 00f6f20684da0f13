# tfxm.  make mnist   set up, build, run the MNIST mobile pipeline       (DATA=dir of TFRecords, OUT=where it goes)
#        make         set up, build the programs and libraries
#        make test    set up, build, run every test
#        make download  only fills $TFXM_CACHE, for a machine without a network
#        make asan    the tests under AddressSanitizer and UndefinedBehaviorSanitizer
#        make valgrind  models of every shape, run under valgrind: LiteRT's library is not instrumented, so `make asan` does not see it
#        make bench   the benchmarks (benchmarks/README.md)
#        make zoo     rewrites a zoo of models, compared with Python's converter (PART=2/3, MODEL=a,b, CASES=1; examples/rewrite_zoo)
#        make field   tries published models (examples/field)
#        make tidy    clang-tidy over the library        make format   clang-format over it
#        make install PREFIX=/usr/local
BUILD ?= build
TYPE ?= Release
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
OUT ?= runs/mnist
DATA ?=
PYTHON ?= python3

.PHONY: all setup download build build-all configure test asan valgrind bench zoo field mnist tidy format install clean
all: build

# `make WITH=test`: what the tests need of the system is provided as well.
WITH ?=
setup:
	@$(PYTHON) cmake/dependencies/fetch.py --build_dir $(BUILD) --with "$(WITH)"

download:
	@$(PYTHON) examples/mnist/data/fetch_mnist.py --download
	@$(PYTHON) cmake/dependencies/fetch.py --download

configure: setup
	@[ -f $(BUILD)/build.ninja ] || cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=$(TYPE) $(CMAKE_FLAGS) >$(BUILD)/configure.log 2>&1 \
	  || { cat $(BUILD)/configure.log; exit 1; }

# The programs and libraries. Tests are built by `make test`, benchmarks by `make bench`.
build: configure
	@$(PYTHON) cmake/build.py $(BUILD) --jobs $(JOBS) tfxm_main

build-all: WITH = test
build-all: configure
	@grep -q tfxm_util_test $(BUILD)/build.ninja || cmake $(BUILD) >$(BUILD)/configure.log 2>&1 || { cat $(BUILD)/configure.log; exit 1; }
	@$(PYTHON) cmake/build.py $(BUILD) --jobs $(JOBS)

test: build-all
	@ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)

asan:
	@$(MAKE) test BUILD=build-asan TYPE=RelWithDebInfo CMAKE_FLAGS="-DTFXM_SANITIZE=ON -DTFXM_BUILD_BENCHMARKS=OFF"

# XNNPACK reads, and does not use, a few bytes behind tensors; what is looked for are writes.
valgrind: WITH = test,valgrind
valgrind: configure
	@$(PYTHON) cmake/build.py $(BUILD) --jobs $(JOBS) tfxm_main tfxm_litert_test
	@valgrind -q --error-exitcode=1 --undef-value-errors=no $(BUILD)/tests/tfxm_litert_test \
	  --gtest_filter='DynamicOutputsTest.*:OpenSidesTest.*:StateTest.*:NamesTest.*:CompiledModelTest.*:ObservedModelTest.*'

mnist: build
	@data="$(DATA)"; steps=5000; \
	if [ -z "$$data" ]; then \
	  data=$$($(PYTHON) examples/mnist/data/fetch_mnist.py --converter $(BUILD)/mnist_to_tfrecord) || exit 1; steps=30000; \
	fi; \
	$(BUILD)/tfxm run examples/mnist/mnist_pipeline_native_keras.cc --data_root="$$data" --output="$(OUT)" --train_steps=$$steps

bench: WITH = bench
bench: configure
	@grep -q tfxm_data_benchmark $(BUILD)/build.ninja || cmake $(BUILD) >$(BUILD)/configure.log 2>&1 || { cat $(BUILD)/configure.log; exit 1; }
	@$(PYTHON) cmake/build.py $(BUILD) --jobs $(JOBS) tfxm_main tfxm_data_benchmark tfxm_statistics_benchmark tfxm_nn_benchmark tfxm_litert_benchmark tfxm_rewriting_benchmark tfxm_model_analysis_benchmark
	@for b in data statistics litert nn rewriting model_analysis; do $(BUILD)/benchmarks/tfxm_$${b}_benchmark || exit 1; done

# What `make zoo` and `make field` take: PART=2/3 every third model, MODEL=a,b only these, QUICK=1 the large models of
# the zoo in float32 only, TABLE=1 writes the README's table.
ZOO_FLAGS = --build_dir $(BUILD) --jobs $(JOBS) $(if $(PART),--part $(PART)) $(if $(MODEL),--model $(MODEL)) $(if $(MODE),--mode $(MODE)) $(if $(TABLE),--write_table)

zoo: build
	@$(PYTHON) cmake/build.py $(BUILD) --jobs $(JOBS) run_tflite
	@$(if $(CASES),$$($(PYTHON) examples/rewrite_zoo/environment.py | tail -n 1) examples/rewrite_zoo/cases.py $(BUILD)/tfxm,$(PYTHON) examples/rewrite_zoo/zoo.py $(ZOO_FLAGS) $(if $(QUICK),--quick))

field: build
	@$(PYTHON) cmake/build.py $(BUILD) --jobs $(JOBS) run_tflite
	@$(PYTHON) examples/field/field.py $(ZOO_FLAGS)

tidy: build
	@run-clang-tidy -p $(BUILD) -quiet "$(CURDIR)/tfxm/.*\.cc"

format:
	@git ls-files '*.cc' '*.h' | xargs clang-format -i

install: build
	@cmake --install $(BUILD) --prefix $(PREFIX)

clean:
	rm -rf $(BUILD)
