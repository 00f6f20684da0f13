# SPDX-License-Identifier: Apache-2.0
# How this project's targets are made. Each folder of tfxm/ is one shared library, linked with --no-undefined, so an include
# that goes against the layering (docs/architecture.md) does not link.
#
#   tfxm_library(statistics HEADERS protobuf SOURCES a.cc b.cc DEPS data compute)      -> target tfxm_statistics
#   tfxm_test(statistics a_test.cc …)                                 -> one gtest program tfxm_statistics_test
#   tfxm_benchmark(statistics a_benchmark.cc …)                       -> tfxm_statistics_benchmark

find_program(TFXM_CCACHE ccache)
if(TFXM_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TFXM_CCACHE})
endif()
find_program(TFXM_LLD ld.lld)
if(TFXM_LLD)
  add_link_options(-fuse-ld=lld)
endif()
add_link_options(-Wl,--no-undefined -Wl,--as-needed)
find_package(Threads REQUIRED)

add_compile_options(-Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Wno-sign-compare)
# GCC 12 warns of std::string's, std::optional's and std::variant's own code where it is inlined (GCC bugs 105651, 105562 and 109224, all
# mended in 13).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-free-nonheap-object)
endif()
# x86-64-v2 is the floor of TensorFlow's own wheels; contraction off keeps results the same on every machine.
add_compile_options(-msse4.2 -mpopcnt -ffp-contract=off)
# GCC looks for memory to use again each time that a third has been added, and finds little: with room up to 1 GB compiling takes an
# eighth less, and of memory a tenth more.
set(TFXM_GCC_MEMORY "")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(TFXM_GCC_MEMORY --param=ggc-min-expand=200 --param=ggc-min-heapsize=500000)
  add_compile_options(${TFXM_GCC_MEMORY})
endif()
if(TFXM_SANITIZE)
  include(cmake/sanitizers/sanitizers.cmake)
endif()

# libtensorflow_framework: protobuf, Abseil, file systems, TFRecord. Everything may use it.
add_library(tensorflow_framework SHARED IMPORTED GLOBAL)
set_target_properties(tensorflow_framework PROPERTIES
  IMPORTED_LOCATION ${TFXM_TENSORFLOW_DIR}/libtensorflow_framework.so.2)
target_include_directories(tensorflow_framework SYSTEM INTERFACE ${TFXM_TENSORFLOW_DIR}/include)

# Regular expressions: RE2, which libtensorflow_framework has.
add_library(re2 INTERFACE IMPORTED GLOBAL)
target_include_directories(re2 SYSTEM INTERFACE ${TFXM_TENSORFLOW_DIR}/include/external/com_googlesource_code_re2)

# libtensorflow_cc: kernels, gradients, sessions, the converter. Only for targets that say DEPS tensorflow_cc.
add_library(tensorflow_cc SHARED IMPORTED GLOBAL)
set_target_properties(tensorflow_cc PROPERTIES IMPORTED_LOCATION ${TFXM_TENSORFLOW_DIR}/libtensorflow_cc.so.2)
target_link_libraries(tensorflow_cc INTERFACE tensorflow_framework)

add_library(litert_runtime SHARED IMPORTED GLOBAL)
set_target_properties(litert_runtime PROPERTIES IMPORTED_LOCATION ${TFXM_LITERT_DIR}/libLiteRt.so)

# Arrow and Parquet, 60 MB: only for tfxm_tables_arrow, which is loaded when a file of theirs is read. Arrow's S3, 17 MB: for
# tfxm_object_stores, which is loaded when a path leads there.
foreach(library arrow arrow_s3 parquet)
  file(GLOB path ${TFXM_ARROW_DIR}/lib${library}.so.*)
  add_library(${library} SHARED IMPORTED GLOBAL)
  set_target_properties(${library} PROPERTIES IMPORTED_LOCATION ${path})
  target_include_directories(${library} SYSTEM INTERFACE ${TFXM_ARROW_DIR}/include)
endforeach()

# Headers compiled once, by GCC: they are half of what compiling costs. `kind` is a file of cmake/precompiled/. What is compiled with one must
# be compiled as it was: as a part of a library (-fPIC), a test as a part of a program (-fPIE), without macros of its own. From GCC 13 on
# that holds for the level of optimization as well, so that GLUE libraries have theirs.
option(TFXM_PRECOMPILED_HEADERS "Compile the usual headers once" ON)
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU" OR TFXM_SANITIZE)
  set(TFXM_PRECOMPILED_HEADERS OFF)
endif()
set(TFXM_PRECOMPILED_DIR ${CMAKE_CURRENT_LIST_DIR}/precompiled)

function(_tfxm_precompile target kind)
  if(NOT TFXM_PRECOMPILED_HEADERS)
    return()
  endif()
  set(headers tfxm_${kind}_headers)
  set(options "")
  if(kind STREQUAL "test")
    set(options ${TFXM_GLUE_OPTIONS})
  elseif("GLUE" IN_LIST ARGN AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
    set(headers tfxm_${kind}_glue_headers)
    set(options ${TFXM_GLUE_OPTIONS})
  endif()
  if(NOT TARGET ${headers})
    if(kind STREQUAL "test")
      add_executable(${headers} EXCLUDE_FROM_ALL ${TFXM_PRECOMPILED_DIR}/precompiled.cc)
      set_target_properties(${headers} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
      target_link_libraries(${headers} PRIVATE GTest::gtest)
    else()
      add_library(${headers} OBJECT EXCLUDE_FROM_ALL ${TFXM_PRECOMPILED_DIR}/precompiled.cc)
    endif()
    target_link_libraries(${headers} PRIVATE tensorflow_framework Threads::Threads)
    target_include_directories(${headers} SYSTEM PRIVATE ${TFXM_PROTO_DIR} ${TFXM_TFLITE_SCHEMA_DIR})
    target_compile_options(${headers} PRIVATE ${options})
    target_precompile_headers(${headers} PRIVATE ${TFXM_PRECOMPILED_DIR}/${kind}.h)
  endif()
  set_target_properties(${target} PROPERTIES DEFINE_SYMBOL "")
  target_precompile_headers(${target} REUSE_FROM ${headers})
endfunction()

# The sources of a library are compiled together, twenty in a row as one file: from nothing that takes a third of the time, since most of it is
# headers that they have in common; after a change of one of them it takes longer. So `make` does it, a developer's own cmake does not. Names in
# unnamed namespaces of neighbours must differ, or the file is named in APART.
option(TFXM_UNITY_BUILD "Compile neighbouring sources together" OFF)
function(_tfxm_together target apart)
  if(NOT TFXM_UNITY_BUILD)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  if(apart)
    list(REMOVE_ITEM sources ${apart})
  endif()
  set(n 0)
  foreach(source ${sources})
    math(EXPR group "${n} / 20")
    math(EXPR n "${n} + 1")
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${group})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # GCC takes a source that is included for a header, in which a type of an unnamed namespace would be a mistake.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()

function(_tfxm_link target)
  foreach(dep ${ARGN})
    if(TARGET ${dep} OR dep MATCHES "^(-|GTest::|benchmark::|SQLite|ZLIB)")
      target_link_libraries(${target} PUBLIC ${dep})
    else()
      target_link_libraries(${target} PUBLIC tfxm_${dep})
    endif()
  endforeach()
endfunction()

# HEADERS: protobuf, tensorflow or tflite, if most of the sources include those. GLUE: no loop over examples is in it.
# APART: those of the sources that cannot be compiled together with others (_tfxm_together).
function(tfxm_library name)
  cmake_parse_arguments(A "GLUE" "HEADERS" "SOURCES;APART;DEPS" ${ARGN})
  if(NOT A_HEADERS)
    set(A_HEADERS base)
  endif()
  add_library(tfxm_${name} SHARED ${A_SOURCES})
  if(TFXM_SANITIZE)
    _tfxm_sanitize(tfxm_${name})
  else()
    set(glue "")
    if(A_GLUE)
      set(glue GLUE)
    endif()
    _tfxm_precompile(tfxm_${name} ${A_HEADERS} ${glue})
  endif()
  if(A_GLUE)
    target_compile_options(tfxm_${name} PRIVATE ${TFXM_GLUE_OPTIONS})
  endif()
  _tfxm_together(tfxm_${name} "${A_APART}")
  target_include_directories(tfxm_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(tfxm_${name} PUBLIC tensorflow_framework Threads::Threads)
  _tfxm_link(tfxm_${name} ${A_DEPS})
  set_property(GLOBAL APPEND PROPERTY TFXM_LIBRARIES tfxm_${name})
endfunction()

if(TFXM_BUILD_TESTS)
  find_package(GTest)
  if(TARGET GTest::gmock)  # of a Debian package of its own: a machine can have GoogleTest alone
    include(GoogleTest)
  else()  # `make test` provides both
    message(STATUS "GoogleTest and GoogleMock are not installed: no tests")
    set(TFXM_BUILD_TESTS OFF)
  endif()
endif()
# For what computes little: tests, and libraries without a loop over examples. Compiling it takes a quarter less.
if(NOT TFXM_SANITIZE)
  set(TFXM_GLUE_OPTIONS $<$<CONFIG:Release>:-O1>)
endif()

# Tests run in the source folder, so that testdata/ is found by a path relative to the project.
function(tfxm_test name)
  if(NOT TFXM_BUILD_TESTS)
    return()
  endif()
  if(NOT TARGET tfxm_temporary_files)
    add_library(tfxm_temporary_files OBJECT ${PROJECT_SOURCE_DIR}/tfxm/testing/temporary_files.cc)
    target_link_libraries(tfxm_temporary_files PRIVATE GTest::gtest)
  endif()
  cmake_parse_arguments(A "" "" "SOURCES;DEPS" SOURCES ${ARGN})
  add_executable(tfxm_${name}_test ${A_SOURCES})
  if(TFXM_SANITIZE)
    _tfxm_sanitize(tfxm_${name}_test)
  endif()
  set_target_properties(tfxm_${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_compile_options(tfxm_${name}_test PRIVATE ${TFXM_GLUE_OPTIONS})
  _tfxm_precompile(tfxm_${name}_test test)
  if(TARGET tfxm_${name})
    list(PREPEND A_DEPS ${name})
  endif()
  _tfxm_link(tfxm_${name}_test ${A_DEPS} GTest::gtest_main)
  target_link_libraries(tfxm_${name}_test PRIVATE tfxm_temporary_files)
  set(environment "TFXM_BINARY_DIR=${CMAKE_BINARY_DIR}")
  if(TFXM_SANITIZE)  # One process per program: with a sanitizer, loading TensorFlow takes longer than most tests do.
    add_test(NAME ${name} COMMAND tfxm_${name}_test WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES TIMEOUT 900 ENVIRONMENT "${environment};${TFXM_SANITIZER_ENVIRONMENT}")
    return()
  endif()
  gtest_discover_tests(tfxm_${name}_test TEST_PREFIX ${name}. WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 600 ENVIRONMENT "${environment}")
endfunction()

function(tfxm_benchmark name)
  if(NOT TFXM_BUILD_BENCHMARKS)
    return()
  endif()
  cmake_parse_arguments(A "" "" "SOURCES;DEPS" SOURCES ${ARGN})
  find_package(benchmark QUIET)
  if(NOT benchmark_FOUND)  # `make bench` provides it
    return()
  endif()
  add_executable(tfxm_${name}_benchmark EXCLUDE_FROM_ALL ${A_SOURCES})
  set_target_properties(tfxm_${name}_benchmark PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/benchmarks)
  _tfxm_link(tfxm_${name}_benchmark ${name} ${A_DEPS} benchmark::benchmark_main)
endfunction()

# What a user's module file and pipeline file are compiled with: one compiler argument a line, read at run time
# (tfxm/components/modules/module_file.h). A module links nothing: the process that loads it has the libraries already.
function(tfxm_write_module_flags folder include_dirs tensorflow_dir)
  set(compile -std=c++20 -O1 -w -msse4.2 ${TFXM_GCC_MEMORY})
  foreach(dir ${include_dirs})
    list(APPEND compile -isystem ${dir})
  endforeach()
  # The first ones are named although no pipeline needs them directly: the loader then initializes libtfxm_environment before
  # TensorFlow (util/environment.cc). A sanitizer's runtime has to be the first of all.
  set(link -L@LIBRARY_DIR@ -Wl,-rpath,@LIBRARY_DIR@ -Wl,--no-as-needed ${TFXM_SANITIZER_RUNTIME}
           -ltfxm_report -ltfxm_model_analysis -ltfxm_litert -ltfxm_statistics -ltfxm_compute -ltfxm_orchestration -ltfxm_dsl -ltfxm_components -ltfxm_metadata -ltfxm_data
           -ltfxm_util -ltfxm_proto -L${tensorflow_dir} -Wl,-rpath,${tensorflow_dir} -l:libtensorflow_framework.so.2)
  list(JOIN compile "\n" compile)
  list(JOIN link "\n" link)
  file(WRITE ${folder}/module_flags.txt "${compile}\n-Wl,--hash-style=both\n")
  file(WRITE ${folder}/pipeline_flags.txt "${compile}\n${link}\n")
endfunction()
