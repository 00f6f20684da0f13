// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/statistics/stats_options_updater.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/components/modules/module_file.h"
#include "tfxm/components/modules/python_module.h"
#include "tfxm/components/statistics/complete_stats_options.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm {
namespace {

constexpr char kPreTransform[] = "pre_transform", kPostTransform[] = "post_transform";

// Both in one call: a Python takes seconds to start.
absl::StatusOr<TransformStatsOptions> UpdateInPython(const StatsOptionsUpdate& update,
                                                     const TransformStatsOptions& options) {
  PythonCall call{.function = "stats_options", .module_file = update.module_file};
  JsonWriter arguments;
  arguments.BeginObject();
  for (const auto& [name, of] :
       {std::pair(kPreTransform, &options.pre_transform), std::pair(kPostTransform, &options.post_transform)}) {
    const std::string path = io::AbsolutePath(io::JoinPath(update.tmp_dir, absl::StrCat(name, "_schema.pbtxt")));
    RETURN_IF_ERROR(statistics::WriteSchema(path, of->schema.value_or(tensorflow::metadata::v0::Schema())));
    arguments.Key(name).String(path);
  }
  arguments.End();
  call.arguments = std::move(arguments).Take();
  call.tmp_dir = update.tmp_dir;
  call.progress = update.progress;
  ASSIGN_OR_RETURN(const google::protobuf::Struct returned, CallPython(call));
  const auto parse = [&](const char* name) -> absl::StatusOr<statistics::StatsOptions> {
    const auto json = returned.fields().find(name);
    if (json == returned.fields().end()) return absl::InternalError(absl::StrCat("Python returned no ", name));
    absl::StatusOr<statistics::StatsOptions> parsed = CompleteStatsOptions(json->second.string_value());
    if (!parsed.ok()) return Annotate(parsed.status(), absl::StrCat("the options of ", name, "_stats"));
    return parsed;
  };
  TransformStatsOptions updated;
  ASSIGN_OR_RETURN(updated.pre_transform, parse(kPreTransform));
  ASSIGN_OR_RETURN(updated.post_transform, parse(kPostTransform));
  return updated;
}

absl::StatusOr<TransformStatsOptions> UpdateInCpp(const std::string& module_file, TransformStatsOptions options) {
  ASSIGN_OR_RETURN(const ModuleFile module, ModuleFile::Load(module_file));
  ASSIGN_OR_RETURN(StatsOptionsUpdaterFn* const fn, module.Function<StatsOptionsUpdaterFn>(kStatsOptionsUpdaterFn));
  TransformStatsOptions updated;
  ASSIGN_OR_RETURN(updated.pre_transform, fn(StatsType::kPreTransform, std::move(options.pre_transform)));
  ASSIGN_OR_RETURN(updated.post_transform, fn(StatsType::kPostTransform, std::move(options.post_transform)));
  return updated;
}

}  // namespace

absl::StatusOr<TransformStatsOptions> UpdateStatsOptions(const StatsOptionsUpdate& update,
                                                         TransformStatsOptions options) {
  absl::StatusOr<TransformStatsOptions> updated = IsPythonModule(update.module_file)
                                                      ? UpdateInPython(update, options)
                                                      : UpdateInCpp(update.module_file, std::move(options));
  absl::Status status = updated.status();
  if (status.ok()) status = statistics::CheckStatsOptions(updated->pre_transform);
  if (status.ok()) status = statistics::CheckStatsOptions(updated->post_transform);
  if (!status.ok()) return Annotate(status, absl::StrCat(kStatsOptionsUpdaterFn, " of ", update.module_file));
  return updated;
}

}  // namespace tfxm
