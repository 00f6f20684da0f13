# tfxm.  make mnist   set up, build, run the MNIST mobile pipeline       (DATA=dir of TFRecords, OUT=where it goes)
#        make test    set up, build, run every test (SUITES="nn rewriting": only these)
#        make asan    the tests under AddressSanitizer and UndefinedBehaviorSanitizer
#        make tsan    those of what runs on several threads under ThreadSanitizer
#        make valgrind  models of every shape, run under valgrind: LiteRT's library is not instrumented, so `make asan` does not see it
#        make bench   the benchmarks (benchmarks/README.md)
#        make zoo     rewrites a zoo of models, compared with Python's converter (PART=2/3, MODEL=a,b, CASES=1; examples/rewrite_zoo)
#        make field   tries published models (examples/field)
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

.PHONY: all setup build test asan tsan valgrind bench zoo field mnist tidy format install clean
all: build

setup:
	@python3 cmake/dependencies/fetch.py --build_dir $(BUILD)

build: setup
	@[ -f $(BUILD)/build.ninja ] || cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=$(TYPE) $(CMAKE_FLAGS) >$(BUILD)/configure.log 2>&1 \
	  || { cat $(BUILD)/configure.log; exit 1; }
	@cmake --build $(BUILD) -j $(JOBS) $(if $(SUITES),--target $(SUITES:%=tfxm_%_test)) -- --quiet

empty =
space = $(empty) $(empty)
test: build
	@ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS) $(if $(SUITES),-R '^($(subst $(space),|,$(strip $(SUITES))))(\.|$$)')

# Builds of their own, by clang (cmake/sanitizers).
asan:
	$(call sanitized,address,$(SUITES))

# What runs on several threads; the rest has one, or leaves them to TensorFlow, which is not instrumented.
tsan:
	$(call sanitized,thread,$(or $(SUITES),data compute model_analysis orchestration))

define sanitized
	@which clang++-19 >/dev/null || { echo "clang is not installed: apt-get install clang-19 libclang-rt-19-dev"; exit 1; }
	@$(MAKE) --no-print-directory test BUILD=build-$@ SUITES="$2" \
	  CMAKE_FLAGS="-DCMAKE_CXX_COMPILER=clang++-19 -DTFXM_SANITIZE=$1 -DTFXM_BUILD_BENCHMARKS=OFF"
endef

# XNNPACK reads, and does not use, a few bytes behind tensors; what is looked for are writes.
valgrind: build
	@which valgrind >/dev/null || { echo "valgrind is not installed: apt-get install valgrind"; exit 1; }
	@valgrind -q --error-exitcode=1 --undef-value-errors=no $(BUILD)/tests/tfxm_litert_test \
	  --gtest_filter='DynamicOutputsTest.*:OpenSidesTest.*:StateTest.*:NamesTest.*:CompiledModelTest.*:ObservedModelTest.*'

mnist: build
	@data="$(DATA)"; steps=5000; \
	if [ -z "$$data" ]; then \
	  data=$$(python3 examples/mnist/data/fetch_mnist.py --converter $(BUILD)/mnist_to_tfrecord) || exit 1; steps=30000; \
	fi; \
	$(BUILD)/tfxm run examples/mnist/mnist_pipeline_native_keras.cc --data_root="$$data" --output="$(OUT)" --train_steps=$$steps

bench: build
	@cmake --build $(BUILD) -j $(JOBS) --target tfxm_data_benchmark tfxm_statistics_benchmark tfxm_nn_benchmark tfxm_litert_benchmark tfxm_rewriting_benchmark tfxm_model_analysis_benchmark
	@for b in data statistics litert nn rewriting model_analysis; do $(BUILD)/benchmarks/tfxm_$${b}_benchmark || exit 1; done

# What `make zoo` and `make field` take: PART=2/3 every third model, MODEL=a,b only these, QUICK=1 the large models of
# the zoo in float32 only, TABLE=1 writes the README's table.
ZOO_FLAGS = --build_dir $(BUILD) --jobs $(JOBS) $(if $(PART),--part $(PART)) $(if $(MODEL),--model $(MODEL)) $(if $(MODE),--mode $(MODE)) $(if $(TABLE),--write_table)

zoo: build
	@cmake --build $(BUILD) -j $(JOBS) --target run_tflite -- --quiet
	@$(if $(CASES),$$($(PYTHON) examples/rewrite_zoo/environment.py | tail -n 1) examples/rewrite_zoo/cases.py $(BUILD)/tfxm,$(PYTHON) examples/rewrite_zoo/zoo.py $(ZOO_FLAGS) $(if $(QUICK),--quick))

field: build
	@cmake --build $(BUILD) -j $(JOBS) --target run_tflite -- --quiet
	@$(PYTHON) examples/field/field.py $(ZOO_FLAGS)

# Both look at what the branch changed (cmake/lint/lint.py); ALL=1 has clang-tidy look at the whole library.
tidy: build
	@python3 cmake/lint/lint.py tidy --build_dir $(BUILD) --jobs $(JOBS) $(if $(ALL),--all)

format:
	@python3 cmake/lint/lint.py format

install: build
	@cmake --install $(BUILD) --prefix $(PREFIX)

clean:
	rm -rf $(BUILD)
