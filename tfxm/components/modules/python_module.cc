// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/modules/python_module.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/components/modules/python_process.h"
#include "tfxm/util/io.h"
#include "tfxm/util/plugin.h"
#include "tfxm/util/process/python_part.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_value.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr char kRunner[] = "run_module.py";

std::string FirstThatExists(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (io::Exists(path)) return path;
  }
  return "";
}

std::vector<std::string> Environment(const PythonCall& call) {
  std::vector<std::string> environment = call.environment;
  environment.emplace_back(
      "PYTHONUNBUFFERED=1");  // What it prints is in the log in the order of what TensorFlow prints.
  if (!call.tmp_dir.empty()) environment.push_back(absl::StrCat("TMPDIR=", io::AbsolutePath(call.tmp_dir)));
  const std::string lib = LibraryDir();
  const std::string engine = FirstThatExists(
      {io::JoinPath(lib, "../tfxm"), io::JoinPath(lib, "../bin/tfxm"), io::JoinPath(lib, "../../bin/tfxm")});
  if (std::getenv("TFXM_ENGINE") == nullptr && !engine.empty()) {
    environment.push_back(absl::StrCat("TFXM_ENGINE=", io::AbsolutePath(engine)));
  }
  return environment;
}

// One call and what has been heard of it.
class Conversation {
 public:
  explicit Conversation(const PythonCall& call) : call_(call) {}

  // The answer to a line of the child.
  std::string Answer(absl::string_view line) {
    Struct message;
    if (!io::ParseJson(line, &message).ok()) return "";
    if (const Value* progress = FindMember(message, "progress")) {
      const Value* fraction = FindMember(message, "fraction");
      call_.progress(progress->string_value(), fraction == nullptr ? -1 : fraction->number_value());
    } else if (const Value* failed = FindMember(message, "failed")) {
      const bool exception = JsonText(message, "kind") == "exception";
      failure_ = absl::Status(exception ? absl::StatusCode::kInvalidArgument : absl::StatusCode::kFailedPrecondition,
                              failed->string_value());
    } else if (const Value* returned = FindMember(message, "returned")) {
      result_ = returned->struct_value();
    } else if (const Value* service = FindMember(message, "call")) {
      return absl::StrCat(Serve(service->string_value(), message), "\n");
    }
    return "";
  }

  absl::StatusOr<Struct> Finish(int wait_status, const std::string& crash) const {
    if (!failure_.ok()) return failure_;
    const bool fine = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
    if (fine && result_.has_value()) return *result_;
    const std::string what = absl::StrCat(call_.function, " of ", call_.module_file);
    if (WIFSIGNALED(wait_status)) {
      const int signal = WTERMSIG(wait_status);
      return absl::InternalError(absl::StrCat(what, ": its Python was ended by signal ", signal, " (SIG",
                                              sigabbrev_np(signal), ", ", strsignal(signal), ")",
                                              signal == SIGKILL ? "; most likely the system ran out of memory" : "",
                                              crash.empty() ? "" : absl::StrCat("\n", crash)));
    }
    return absl::InternalError(absl::StrCat(
        what, ": its Python ended with exit status ", WEXITSTATUS(wait_status),
        result_.has_value() ? " after it had returned" : " before it returned: something called os._exit()"));
  }

 private:
  std::string Serve(const std::string& name, const Struct& message) {
    JsonWriter json;
    json.BeginObject();
    absl::StatusOr<std::string> answer = absl::UnimplementedError(absl::StrCat("the engine does no ", name, " here"));
    if (const auto it = call_.services.find(name); it != call_.services.end()) {
      const Value* arguments = FindMember(message, "arguments");
      answer = it->second(arguments == nullptr ? Struct() : arguments->struct_value());
    }
    if (answer.ok()) {
      json.Key("answer").String(*answer);
    } else {
      json.Key("error").String(answer.status().message());
    }
    json.End();
    return std::move(json).Take();
  }

  const PythonCall& call_;
  absl::Status failure_;
  std::optional<Struct> result_;
};

absl::Status NoPython(absl::string_view python, absl::string_view module_file, const absl::Status& status) {
  return absl::FailedPreconditionError(
      absl::StrCat("no Python (", python, ") to run ", module_file, " with: ", status.message(),
                   "; install Python 3.10 to 3.13 with TensorFlow ", TFXM_TENSORFLOW_VERSION,
                   ", or say with TFXM_PYTHON=/path/to/python3 where one is"));
}

}  // namespace

bool IsPythonModule(absl::string_view path) { return absl::EndsWith(path, ".py"); }

absl::StatusOr<Struct> CallPython(const PythonCall& call) {
  const bool has_file = call.function != "execute" || !call.module_file.empty();
  if (has_file && !io::Exists(call.module_file)) {
    return absl::NotFoundError(absl::StrCat("module file ", call.module_file, " does not exist"));
  }
  ASSIGN_OR_RETURN(const std::string runner, FindPythonPart(kRunner));
  std::string crash_file;
  JsonWriter request;
  request.BeginObject().Key("module_file").String(has_file ? io::AbsolutePath(call.module_file) : "");
  request.Key("shown").String(call.module_file);
  request.Key("tensorflow").String(TFXM_TENSORFLOW_VERSION);
  if (!call.tmp_dir.empty()) {
    crash_file = io::JoinPath(io::AbsolutePath(call.tmp_dir), "python_crash.txt");
    request.Key("crash_file").String(crash_file);
  }
  request.Key("arguments");
  Value arguments;
  RETURN_IF_ERROR(Annotate(io::ParseJson(call.arguments, arguments.mutable_struct_value()), call.function));
  request.Value(arguments).End();
  Conversation conversation(call);
  const std::string python = Python();
  const absl::StatusOr<int> wait_status =
      TalkToProcess({python, runner, call.function}, Environment(call), std::move(request).Take() + "\n",
                    [&](absl::string_view line) { return conversation.Answer(line); });
  if (!wait_status.ok()) return NoPython(python, call.module_file, wait_status.status());
  std::string crash;
  if (!crash_file.empty() && io::Exists(crash_file)) {
    ASSIGN_OR_RETURN(crash, io::ReadFile(crash_file));
    RETURN_IF_ERROR(io::RemoveAll(crash_file));
  }
  return conversation.Finish(*wait_status, crash);
}

absl::StatusOr<ModuleSources> FindPythonSources(absl::string_view path) {
  ASSIGN_OR_RETURN(const Struct result, CallPython({.function = "sources", .module_file = std::string(path)}));
  ModuleSources sources;
  for (const char* part : {"files", "versions"}) {
    const Value* list = FindMember(result, part);
    if (list == nullptr) return absl::InternalError(absl::StrCat(path, ": the runner lists no ", part));
    for (const auto& [name, value] : list->struct_value().fields()) {
      sources.files.emplace_back(name, value.string_value());
    }
  }
  std::sort(sources.files.begin(), sources.files.end());
  return sources;
}

}  // namespace tfxm
