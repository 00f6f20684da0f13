// SPDX-License-Identifier: Apache-2.0

// Libraries of tfxm that are loaded only when needed, because they bring libtensorflow_cc with them (0.1-0.5 s, 300
// MB). Loading one registers its implementations (util/registry.h).
//
//   RETURN_IF_ERROR(LoadPlugin("components_tensorflow"));
#ifndef TFXM_UTIL_PLUGIN_H_
#define TFXM_UTIL_PLUGIN_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tfxm {

// Loads libtfxm_NAME.so from the folder of this library. OK if it is loaded already. Thread safe.
absl::Status LoadPlugin(absl::string_view name);

// The folder that tfxm's libraries are in.
std::string LibraryDir();

}  // namespace tfxm

#endif  // TFXM_UTIL_PLUGIN_H_
