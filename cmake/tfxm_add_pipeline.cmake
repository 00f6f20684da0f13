# SPDX-License-Identifier: Apache-2.0
# tfxm_add_pipeline(my_pipeline my_pipeline.cc MODULES my_utils.cc …)
#
# A program of a pipeline file, as `tfxm run` makes one on the fly. Its module files are compiled too and kept by content where
# a run looks for them ($TFXM_CACHE/modules), so that running the program needs no compiler.
function(tfxm_add_pipeline name pipeline)
  cmake_parse_arguments(A "" "" "MODULES" ${ARGN})
  add_executable(${name} ${pipeline})
  target_compile_features(${name} PRIVATE cxx_std_20)
  target_link_libraries(${name} PRIVATE tfxm::orchestration)
  set(stamps "")
  foreach(module ${A_MODULES})
    get_filename_component(path ${module} ABSOLUTE)
    string(MAKE_C_IDENTIFIER ${module} id)
    set(stamp ${CMAKE_CURRENT_BINARY_DIR}/${name}_${id}.compiled)
    add_custom_command(OUTPUT ${stamp} COMMAND tfxm::tfxm compile ${path} COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
      DEPENDS ${path} tfxm::tfxm COMMENT "Compiling module file ${module}" VERBATIM)
    list(APPEND stamps ${stamp})
  endforeach()
  if(stamps)
    add_custom_target(${name}_modules ALL DEPENDS ${stamps})
  endif()
endfunction()
