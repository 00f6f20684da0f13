// SPDX-License-Identifier: Apache-2.0

// A user's module file: C++ that defines run_fn, preprocessing_fn or other functions a component calls. It is compiled
// once into a shared library, kept by content, and loaded.
//
//   ASSIGN_OR_RETURN(ModuleFile module, ModuleFile::Load("mnist_utils_native_keras.cc"));
//   ASSIGN_OR_RETURN(auto* run_fn, module.Function<absl::Status(const FnArgs&)>("run_fn"));
//   RETURN_IF_ERROR(run_fn(fn_args));
//
// The compiler ($CXX, else g++) and its flags come from module_flags.txt (for a program: pipeline_flags.txt) beside
// tfxm's libraries. Compiled modules are kept under $TFXM_CACHE/modules (default ~/.cache/tfxm); one that is there
// needs no compiler.
#ifndef TFXM_COMPONENTS_MODULES_MODULE_FILE_H_
#define TFXM_COMPONENTS_MODULES_MODULE_FILE_H_

#include <functional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm {

// What a module is made of: what decides whether it, and a node that uses it, has changed.
struct ModuleSources {
  std::vector<std::pair<std::string, std::string>> files;  // The file and the user's own headers: path and SHA-256.
  std::string system;  // One hash of the compiler and of all headers of the system and of tfxm; of Python none.
  std::string Fingerprint() const;
};

// The compiler says which headers the file includes, however it comes by them (macros, include paths, CPATH), and is
// asked again when one of them has changed or a folder with them has got a file more. Where it cannot (a header is
// missing, the file does not compile), that is a part of the result: compiling says it to the user. NOT_FOUND names a
// module file that does not exist. For one in Python, FindPythonSources (python_module.h).
absl::StatusOr<ModuleSources> FindModuleSources(absl::string_view path);

// Compiles `path` unless a compiled version of the same content is kept, and returns the path of the result: a shared
// library, or a program if `program`. `before_compiling` is called if there is need to compile. INVALID_ARGUMENT holds
// the compiler's messages, with file and line; FAILED_PRECONDITION says that others could have put something where it
// is kept (util/files/cache_dir.h).
absl::StatusOr<std::string> CompileModule(absl::string_view path, bool program = false,
                                          const std::function<void()>& before_compiling = nullptr);

class ModuleFile {
 public:
  // Compiles and loads. The module stays loaded until the process ends.
  static absl::StatusOr<ModuleFile> Load(absl::string_view path);

  // The module's function of that name and type, defined outside of any namespace. NOT_FOUND says what is expected.
  template <typename Signature>
  absl::StatusOr<Signature*> Function(absl::string_view name) const {
    absl::StatusOr<void*> symbol = Find(name, typeid(Signature));
    if (!symbol.ok()) return symbol.status();
    return reinterpret_cast<Signature*>(*symbol);
  }
  template <typename Signature>
  bool HasFunction(absl::string_view name) const {
    return Find(name, typeid(Signature)).ok();
  }

 private:
  absl::StatusOr<void*> Find(absl::string_view name, const std::type_info& signature) const;
  std::string path_;
  void* handle_ = nullptr;
};

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_MODULES_MODULE_FILE_H_
