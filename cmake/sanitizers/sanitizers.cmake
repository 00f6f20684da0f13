# SPDX-License-Identifier: Apache-2.0
# -DTFXM_SANITIZE=address (with undefined behaviour) or thread, for `make asan` and `make tsan`. Built by clang: its compile time is
# half of g++'s here, and its runtimes are newer.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  message(FATAL_ERROR "TFXM_SANITIZE needs clang: -DCMAKE_CXX_COMPILER=clang++-19 (as `make asan` and `make tsan` say it)")
endif()
if(TFXM_SANITIZE STREQUAL address)
  set(checks address,undefined)
  set(runtime libclang_rt.asan-x86_64.so)
elseif(TFXM_SANITIZE STREQUAL thread)
  set(checks thread)
  set(runtime libclang_rt.tsan-x86_64.so)
else()
  message(FATAL_ERROR "TFXM_SANITIZE is address or thread, not ${TFXM_SANITIZE}")
endif()

# -O0: optimizing instrumented code takes twice as long to compile, and more than that to run is not won.
set(CMAKE_CXX_FLAGS_RELEASE "-O0 -gline-tables-only -DNDEBUG")
# The published libraries are not instrumented, and Abseil's and protobuf's headers lay out some classes differently where they
# see a sanitizer (__has_feature): hidden, so that both sides agree.
#   function, vptr: compare type information across libraries that were not compiled with them.
add_compile_options(-fsanitize=${checks} -fno-sanitize-recover=all -fno-sanitize=function,vptr -fno-omit-frame-pointer
                    -w "-D__has_feature(x)=0")  # What there is to warn of, the other builds say.
add_compile_definitions(GTEST_HAS_PTHREAD=1)  # As GoogleTest says it to its users: the precompiled header holds it.
# The runtime is a shared library, so that the program that g++ makes of a user's pipeline has it as well (pipeline_flags.txt).
add_link_options(-fsanitize=${checks} -shared-libsan)
execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=${runtime} OUTPUT_VARIABLE TFXM_SANITIZER_RUNTIME
                OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT IS_ABSOLUTE "${TFXM_SANITIZER_RUNTIME}")
  message(FATAL_ERROR "${CMAKE_CXX_COMPILER} has no ${runtime}: apt-get install libclang-rt-19-dev")
endif()
get_filename_component(runtime_dir ${TFXM_SANITIZER_RUNTIME} DIRECTORY)
add_link_options(-Wl,-rpath,${runtime_dir})
list(APPEND TFXM_SANITIZER_RUNTIME -Wl,-rpath,${runtime_dir})

# What tests and the processes that they start run with.
#   detect_container_overflow=0: vectors cross over to and from libraries that do not tell ASan how full they are.
#   handle_segv=0: that a crashed child's signal is reported is what some tests are about.
#   GTEST_FILTER: ASan ends the process where memory is limited, it calls no new-handler.
# No suppression is needed: what TensorFlow registers and never frees stays reachable, which is not a leak, and what LiteRT, Arrow and
# TensorFlow do with threads of their own does not show, since they are not instrumented.
set(TFXM_SANITIZER_ENVIRONMENT "ASAN_OPTIONS=detect_container_overflow=0:handle_segv=0" "UBSAN_OPTIONS=print_stacktrace=1" "TSAN_OPTIONS=handle_segv=0"
    "GTEST_FILTER=-RunInChildTest.WantOfMemoryIsToldAsSuch")

# Precompiled headers for tfxm_library and tfxm_test. What they are compiled with has to be what every target is compiled with:
# -fPIC also for programs, no macro of the target's own name.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/headers.cc CONTENT "")
add_library(tfxm_sanitizer_headers OBJECT ${CMAKE_BINARY_DIR}/headers.cc)
target_include_directories(tfxm_sanitizer_headers SYSTEM PRIVATE ${TFXM_TENSORFLOW_DIR}/include ${TFXM_PROTO_DIR})
target_compile_options(tfxm_sanitizer_headers PRIVATE -Xclang -fno-pch-timestamp)
target_precompile_headers(tfxm_sanitizer_headers PRIVATE ${CMAKE_CURRENT_LIST_DIR}/headers.h)
function(_tfxm_sanitize target)
  target_compile_options(${target} PRIVATE -fPIC)
  set_target_properties(${target} PROPERTIES DEFINE_SYMBOL "")
  target_precompile_headers(${target} REUSE_FROM tfxm_sanitizer_headers)
endfunction()
