# tfxm: `make mnist` runs the MNIST mobile pipeline, `make test` runs every test. Both set up and build what they need.
BUILD ?= build
TYPE ?= Release
JOBS ?= $(shell nproc)

.PHONY: all build setup test clean
all: build

setup:
	@python3 cmake/dependencies/fetch.py --build_dir $(BUILD)

build: setup
	@[ -f $(BUILD)/build.ninja ] || cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=$(TYPE) $(CMAKE_FLAGS) >$(BUILD)/configure.log 2>&1 \
	  || { cat $(BUILD)/configure.log; exit 1; }
	@cmake --build $(BUILD) -j $(JOBS)

test: build
	@ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)

clean:
	rm -rf $(BUILD)
