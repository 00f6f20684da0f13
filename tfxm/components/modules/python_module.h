// SPDX-License-Identifier: Apache-2.0

// A user's module file in Python (it ends in .py): its functions run in a Python of their own, a child process that is
// handed what it needs as JSON and answers in JSON.
//
//   PythonCall call{.function = "run_fn", .module_file = "mnist_utils_native_keras.py", .arguments = fn_args_json};
//   call.tmp_dir = context.tmp_dir;
//   call.progress = context.progress;
//   RETURN_IF_ERROR(CallPython(call).status());
//
// The Python is $TFXM_PYTHON, which the package's launcher sets to the one that it runs in, else python3. It needs
// TensorFlow and nothing of tfxm: what runs there is python/tfxm/run_module.py, which lies beside tfxm's libraries and
// is started by its path. The folder that a program happens to be in is not on Python's search path; the module's own
// folder is, after everything else, and if that is a package so is the folder that holds it.
#ifndef TFXM_COMPONENTS_MODULES_PYTHON_MODULE_H_
#define TFXM_COMPONENTS_MODULES_PYTHON_MODULE_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/components/modules/module_file.h"

namespace tfxm {

// The name in the ExecutorRegistry that stands for all executors written in Python (python_executor.cc), and the exec
// properties that say which it is: a path as "my_components.Count_Executor" or "my_package.executor.Executor", and the
// file that it is in; without a file it is imported by its name. The executor itself does not get them.
inline constexpr char kPythonExecutor[] = "tfxm.components.python_executor.Executor";
inline constexpr char kExecutorClassPath[] = "executor_class_path";
inline constexpr char kExecutorModuleFile[] = "executor_module_file";
// The names, separated by commas, of those that are JSON of a bool, a list or a dict.
inline constexpr char kExecutorJsonParameters[] = "executor_json_parameters";

bool IsPythonModule(absl::string_view path);

struct PythonCall {
  // What tfxm/run_module.py knows: "run_fn", "tuner_fn", "trace", "key_fn", "execute".
  std::string function;
  std::string module_file;  // Of "execute" it may be "".
  // A JSON object.
  std::string arguments = "{}";
  // An existing folder for what the child writes in passing (its TMPDIR).
  std::string tmp_dir;
  std::function<void(absl::string_view message, double fraction)> progress = [](absl::string_view, double) {};
  // What the child may ask this process to do while it runs, by name: JSON text for the arguments. An error becomes an
  // exception there.
  std::map<std::string, std::function<absl::StatusOr<std::string>(const google::protobuf::Struct&)>> services;
  // "NAME=value", beside this process's own.
  std::vector<std::string> environment;
};

// What the function returned. The child is of this process's group and writes to its output. INVALID_ARGUMENT: the
// function raised an exception; the message has the traceback, where the frames of libraries are left out.
// FAILED_PRECONDITION: there is no such Python, or it has no TensorFlow of the version that tfxm is built with, or a
// package that the module imports is missing. INTERNAL: the child ended before the function returned; says how, and for
// a crash at which line.
absl::StatusOr<google::protobuf::Struct> CallPython(const PythonCall& call);

// The module and what it imports from its own folder (also `tfx.examples.…` beside it), the versions of Python,
// TensorFlow and Keras, and tfxm's own Python files. Imports nothing. FAILED_PRECONDITION as above.
absl::StatusOr<ModuleSources> FindPythonSources(absl::string_view path);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_MODULES_PYTHON_MODULE_H_
