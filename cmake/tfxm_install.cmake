# SPDX-License-Identifier: Apache-2.0
# `make install`: a folder that stands on its own, with the third-party libraries and headers a user's pipeline needs.
#   bin/tfxm   lib/tfxm/*.so   include/tfxm-1/{tfxm,absl,google,…}   lib/cmake/tfxm/   share/tfxm/
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(TFXM_INSTALL_BINDIR ${CMAKE_INSTALL_BINDIR})
set(TFXM_INSTALL_LIBDIR lib/tfxm)
set(TFXM_INSTALL_INCLUDEDIR include/tfxm-1)

# Where libraries are looked for. Left to itself, CMake pads a RUNPATH that installing replaces with ":", and an empty part
# stands for the current directory: whoever can write there could run code in tfxm (cmake/check_runpath.py looks for it).
# So what is built has the final form already, and installing only shortens it.
function(_tfxm_runpath target build_path install_path installed_as)
  set_target_properties(${target} PROPERTIES BUILD_WITH_INSTALL_RPATH ON
    INSTALL_RPATH "${build_path};${TFXM_TENSORFLOW_DIR};${TFXM_LITERT_DIR};${TFXM_ARROW_DIR}")
  install(CODE "file(RPATH_SET FILE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${installed_as}/$<TARGET_FILE_NAME:${target}>\"
    NEW_RPATH \"${install_path}\")")
endfunction()

get_property(libraries GLOBAL PROPERTY TFXM_LIBRARIES)
install(TARGETS ${libraries} LIBRARY DESTINATION ${TFXM_INSTALL_LIBDIR})
install(TARGETS tfxm RUNTIME DESTINATION ${TFXM_INSTALL_BINDIR})
foreach(library ${libraries})
  _tfxm_runpath(${library} "$ORIGIN" "\\$ORIGIN" ${TFXM_INSTALL_LIBDIR})
endforeach()
_tfxm_runpath(tfxm "$ORIGIN/lib" "\\$ORIGIN/../${TFXM_INSTALL_LIBDIR}" ${TFXM_INSTALL_BINDIR})
if(TFXM_BUILD_TESTS)
  add_test(NAME build.runpath COMMAND python3 ${PROJECT_SOURCE_DIR}/cmake/check_runpath.py ${CMAKE_BINARY_DIR})
  add_test(NAME build.layers COMMAND python3 ${PROJECT_SOURCE_DIR}/cmake/lint/layers.py)
  add_test(NAME build.bounds COMMAND python3 ${PROJECT_SOURCE_DIR}/cmake/lint/bounds.py)
endif()
install(FILES ${TFXM_TENSORFLOW_DIR}/libtensorflow_framework.so.2 ${TFXM_TENSORFLOW_DIR}/libtensorflow_cc.so.2
  ${TFXM_LITERT_DIR}/libLiteRt.so $<TARGET_FILE:arrow> $<TARGET_FILE:arrow_s3> $<TARGET_FILE:parquet> DESTINATION ${TFXM_INSTALL_LIBDIR})

# The Python part, and what it makes messages of.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/python/tfxm DESTINATION share/tfxm/python FILES_MATCHING PATTERN "*.py" PATTERN __pycache__ EXCLUDE)
install(FILES ${CMAKE_BINARY_DIR}/descriptors.pb DESTINATION share/tfxm)

# The licences of all of that, and the list of it (cmake/dependencies/licences.py).
install(DIRECTORY ${CMAKE_BINARY_DIR}/licences DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

install(DIRECTORY ${PROJECT_SOURCE_DIR}/tfxm DESTINATION ${TFXM_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h"
  PATTERN internal EXCLUDE PATTERN testdata EXCLUDE PATTERN testing EXCLUDE PATTERN "test_*.h" EXCLUDE)
foreach(dir absl google)
  install(DIRECTORY ${TFXM_TENSORFLOW_DIR}/include/${dir} DESTINATION ${TFXM_INSTALL_INCLUDEDIR})
endforeach()
install(DIRECTORY ${TFXM_TENSORFLOW_DIR}/include/tensorflow/core/example ${TFXM_TENSORFLOW_DIR}/include/tensorflow/core/protobuf
  ${TFXM_TENSORFLOW_DIR}/include/tensorflow/core/framework DESTINATION ${TFXM_INSTALL_INCLUDEDIR}/tensorflow/core
  FILES_MATCHING PATTERN "*.pb.h")
install(DIRECTORY ${TFXM_PROTO_DIR}/ DESTINATION ${TFXM_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.pb.h")
install(FILES ${TFXM_OWN_PROTO_DIR}/tfxm/proto/pass.pb.h ${TFXM_OWN_PROTO_DIR}/tfxm/proto/sidecars.pb.h
  DESTINATION ${TFXM_INSTALL_INCLUDEDIR}/tfxm/proto)

# Modules compiled with the installed tfxm use the installed headers.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/install_flags)
tfxm_write_module_flags(${CMAKE_BINARY_DIR}/install_flags "@LIBRARY_DIR@/../../${TFXM_INSTALL_INCLUDEDIR}" "@LIBRARY_DIR@")
install(FILES ${CMAKE_BINARY_DIR}/install_flags/module_flags.txt ${CMAKE_BINARY_DIR}/install_flags/pipeline_flags.txt
  DESTINATION ${TFXM_INSTALL_LIBDIR})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/tfxmConfig.cmake.in ${CMAKE_BINARY_DIR}/tfxmConfig.cmake
  INSTALL_DESTINATION lib/cmake/tfxm PATH_VARS TFXM_INSTALL_BINDIR TFXM_INSTALL_LIBDIR TFXM_INSTALL_INCLUDEDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/tfxmConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/tfxmConfig.cmake ${CMAKE_BINARY_DIR}/tfxmConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/tfxm_add_pipeline.cmake DESTINATION lib/cmake/tfxm)

if(TFXM_BUILD_TESTS AND NOT TFXM_SANITIZE)
  add_test(NAME build.headers COMMAND python3 ${PROJECT_SOURCE_DIR}/cmake/lint/headers.py ${CMAKE_BINARY_DIR}
    --compiler ${CMAKE_CXX_COMPILER})
  set_tests_properties(build.headers PROPERTIES TIMEOUT 1200 PROCESSORS 2)
  add_test(NAME install.package COMMAND python3 ${PROJECT_SOURCE_DIR}/cmake/package_test/package_test.py ${CMAKE_BINARY_DIR})
  set_tests_properties(install.package PROPERTIES TIMEOUT 1200 RUN_SERIAL ON)
endif()
