// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/plugin.h"

#include <dlfcn.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tfxm/util/io.h"

extern "C" void TfxmSetTensorFlowDefaults();  // environment.cc

namespace tfxm {

std::string LibraryDir() {
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(&LibraryDir), &info) == 0) return ".";
  return io::Dirname(io::AbsolutePath(info.dli_fname));
}

absl::Status LoadPlugin(absl::string_view name) {
  TfxmSetTensorFlowDefaults();
  const std::string path = io::JoinPath(LibraryDir(), absl::StrCat("libtfxm_", name, ".so"));
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    return absl::UnavailableError(absl::StrCat("cannot load ", path, ": ", dlerror(),
                                               "; is tfxm completely built and installed, and what it needs?"));
  }
  return absl::OkStatus();
}

}  // namespace tfxm
