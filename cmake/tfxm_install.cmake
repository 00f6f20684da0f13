# `make install`: a folder that stands on its own, with the third-party libraries and headers a user's pipeline needs.
#   bin/tfxm   lib/tfxm/*.so   include/tfxm-1/{tfxm,absl,google,…}   lib/cmake/tfxm/
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(TFXM_INSTALL_BINDIR ${CMAKE_INSTALL_BINDIR})
set(TFXM_INSTALL_LIBDIR lib/tfxm)
set(TFXM_INSTALL_INCLUDEDIR include/tfxm-1)

get_property(libraries GLOBAL PROPERTY TFXM_LIBRARIES)
foreach(library ${libraries})
  set_target_properties(${library} PROPERTIES INSTALL_RPATH "$ORIGIN")
endforeach()
set_target_properties(tfxm PROPERTIES INSTALL_RPATH "$ORIGIN/../${TFXM_INSTALL_LIBDIR}")
install(TARGETS ${libraries} LIBRARY DESTINATION ${TFXM_INSTALL_LIBDIR})
install(TARGETS tfxm RUNTIME DESTINATION ${TFXM_INSTALL_BINDIR})
install(FILES ${TFXM_TENSORFLOW_DIR}/libtensorflow_framework.so.2 ${TFXM_TENSORFLOW_DIR}/libtensorflow_cc.so.2
  ${TFXM_LITERT_DIR}/libLiteRt.so DESTINATION ${TFXM_INSTALL_LIBDIR})

install(DIRECTORY ${PROJECT_SOURCE_DIR}/tfxm DESTINATION ${TFXM_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h"
  PATTERN internal EXCLUDE PATTERN testdata EXCLUDE PATTERN "test_*.h" EXCLUDE PATTERN feed.h EXCLUDE PATTERN program.h EXCLUDE
  PATTERN model_rep.h EXCLUDE PATTERN step_builder.h EXCLUDE
  PATTERN quantize_wrapper.h EXCLUDE PATTERN weight_matching.h EXCLUDE)
foreach(dir absl google)
  install(DIRECTORY ${TFXM_TENSORFLOW_DIR}/include/${dir} DESTINATION ${TFXM_INSTALL_INCLUDEDIR})
endforeach()
install(DIRECTORY ${TFXM_TENSORFLOW_DIR}/include/tensorflow/core/example ${TFXM_TENSORFLOW_DIR}/include/tensorflow/core/protobuf
  ${TFXM_TENSORFLOW_DIR}/include/tensorflow/core/framework DESTINATION ${TFXM_INSTALL_INCLUDEDIR}/tensorflow/core
  FILES_MATCHING PATTERN "*.pb.h")
install(DIRECTORY ${TFXM_PROTO_DIR}/ DESTINATION ${TFXM_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.pb.h")

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
