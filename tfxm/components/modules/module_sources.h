// SPDX-License-Identifier: Apache-2.0

// Which files a C++ file is compiled from, as its compiler says (-M), remembered until one of them changes.
#ifndef TFXM_COMPONENTS_MODULES_MODULE_SOURCES_H_
#define TFXM_COMPONENTS_MODULES_MODULE_SOURCES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/components/modules/module_file.h"

namespace tfxm {

// Remembered in a file below `memory`. UNAVAILABLE if there is no such compiler, unless what is remembered still holds
// for all files that are there: then the module was compiled on another machine, and its headers need not be here.
absl::StatusOr<ModuleSources> FindSources(const std::string& path, const std::string& compiler,
                                          const std::vector<std::string>& arguments, const std::string& memory);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_MODULES_MODULE_SOURCES_H_
