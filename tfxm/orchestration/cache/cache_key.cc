// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/cache/cache_key.h"

#include <unistd.h>

#include <algorithm>
#include <typeinfo>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/struct.pb.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/modules/code_fingerprint.h"
#include "tfxm/components/modules/metric_modules.h"
#include "tfxm/components/modules/module_file.h"
#include "tfxm/components/modules/python_module.h"
#include "tfxm/compute/pass.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm {
namespace {

using Parts = std::map<std::string, std::string>;

// Exec properties that do not change what is made: the input's contents count, not their times, and whether an empty
// split is allowed only decides about failing.
constexpr absl::string_view kIgnored[] = {"input_fingerprint", "allow_empty_splits"};

// Transform computes the same with it and without, only faster.
constexpr absl::string_view kIgnoredInput = "analyzer_cache";

// 1 and "1" differ.
std::string Text(const PropertyValue& value) {
  return std::visit([&](const auto& v) { return absl::StrCat(v); }, value) +
         (std::holds_alternative<std::string>(value) ? ""
          : std::holds_alternative<double>(value)    ? " (double)"
                                                     : " (int)");
}

std::string Text(const Properties& properties) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : properties) lines.push_back(absl::StrCat(name, "=", Sha256::HexHash(Text(value))));
  return absl::StrJoin(lines, " ");
}

absl::Status AddModule(const std::string& path, Parts* parts) {
  ASSIGN_OR_RETURN(const ModuleSources sources, FindModuleSources(path));
  std::string& part = (*parts)[absl::StrCat("module file ", path)];
  for (const auto& [file, hash] : sources.files) absl::StrAppend(&part, file, "\t", hash, "\n");
  if (!sources.system.empty()) absl::StrAppend(&part, "the compiler or its headers\t", sources.system, "\n");
  return absl::OkStatus();
}

// What exec properties name files with: their contents.
absl::Status AddFiles(const Properties& properties, FileHashes* hashes, Parts* parts) {
  for (const auto& [name, value] : properties) {
    const std::string* path = std::get_if<std::string>(&value);
    if (path == nullptr || path->empty() || *path == "null") continue;
    if (name == "eval_config") {
      tensorflow_model_analysis::EvalConfig config;
      if (!io::ParseJson(*path, &config).ok()) continue;  // The Evaluator says what is wrong with it.
      for (const std::string& module : MetricModules(config)) RETURN_IF_ERROR(AddModule(module, parts));
    } else if (name == "module_file" || name == kExecutorModuleFile) {
      RETURN_IF_ERROR(AddModule(*path, parts));
    } else if (absl::EndsWith(name, "_file") && io::Exists(*path) && !io::IsDirectory(*path)) {
      ASSIGN_OR_RETURN((*parts)[absl::StrCat("file ", *path)], hashes->Hash(*path));
    }
  }
  return absl::OkStatus();
}

absl::Status AddInputFiles(const std::vector<std::string>& files, FileHashes* hashes, Parts* parts) {
  if (files.empty()) return absl::OkStatus();
  std::vector<std::string> hash_of(files.size());
  RETURN_IF_ERROR(compute::ParallelFor(static_cast<int>(files.size()), [&](int i) -> absl::Status {
    ASSIGN_OR_RETURN(hash_of[i], hashes->Identity(files[i]));
    return absl::OkStatus();
  }));
  std::string& part = (*parts)["input files"];
  for (size_t i = 0; i < files.size(); ++i) absl::StrAppend(&part, files[i], "\t", hash_of[i], "\n");
  return absl::OkStatus();
}

// Whether the executor is code of the pipeline's author. (Those of a plugin are in one of tfxm's libraries.)
bool IsUsersExecutor(const std::string& name) {
  const auto executor = ExecutorRegistry::Get().Create(name);
  if (!executor.ok() || *executor == nullptr) return false;
  const Executor& object = **executor;
  return IsUserCode(&typeid(object));
}

void AddEnvironment(Parts* parts) {
  // What oneDNN, XLA and TensorFlow's kernels look at. TF_CPP_… is about logging, the other about memory alone
  // (util/environment.cc sets both).
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::pair<absl::string_view, absl::string_view> entry = absl::StrSplit(*variable, absl::MaxSplits('=', 1));
    if (absl::StartsWith(entry.first, "TF_CPP_") || entry.first == "TF_MKL_OPTIMIZE_PRIMITIVE_MEMUSE") continue;
    for (const char* prefix : {"TF_", "XLA_", "DNNL_", "ONEDNN_", "OMP_", "KMP_", "MKL_", "EIGEN_"}) {
      if (!absl::StartsWith(entry.first, prefix)) continue;
      (*parts)[absl::StrCat("environment variable ", entry.first)] = std::string(entry.second);
    }
  }
}

std::vector<absl::string_view> Lines(absl::string_view value) { return absl::StrSplit(value, '\n', absl::SkipEmpty()); }

// Of two lists of "NAME\tHASH", the first name that differs.
std::string FirstDifference(absl::string_view before, absl::string_view now) {
  std::map<absl::string_view, absl::string_view> old;
  for (const absl::string_view line : Lines(before)) old.insert(absl::StrSplit(line, absl::MaxSplits('\t', 1)));
  for (const absl::string_view line : Lines(now)) {
    const std::pair<absl::string_view, absl::string_view> entry = absl::StrSplit(line, absl::MaxSplits('\t', 1));
    const auto it = old.find(entry.first);
    if (it == old.end()) return absl::StrCat(entry.first, " is new");
    if (it->second != entry.second) return absl::StrCat(entry.first, " has changed");
    old.erase(it);
  }
  return old.empty() ? "the order of files has changed" : absl::StrCat(old.begin()->first, " is not there any more");
}

std::string Quote(absl::string_view value) {
  std::string text;
  for (const char c : value) text += c == '\n' ? ' ' : c;
  return text.size() > 60 ? absl::StrCat("\"", text.substr(0, 57), "…\"") : absl::StrCat("\"", text, "\"");
}

std::string DescribePart(const std::string& name, const std::string& before, const std::string& now) {
  if (absl::StrContains(now, '\t') && absl::StrContains(before, '\t')) {
    return absl::StrCat(name, ": ", FirstDifference(before, now));
  }
  const bool is_hash = now.size() == 64 || absl::StartsWith(name, "the ") || absl::StartsWith(name, "input ");
  if (is_hash) return absl::StrCat(name, absl::StartsWith(name, "input ") ? " is another" : " has changed");
  if (before.size() > 60 || now.size() > 60) return absl::StrCat(name, " has changed");
  return absl::StrCat(name, " is ", Quote(now), ", was ", Quote(before));
}

}  // namespace

absl::StatusOr<CacheKey> MakeCacheKey(const std::string& pipeline_name, const NodeSpec& spec,
                                      const ArtifactDict& inputs, const Properties& exec_properties,
                                      const std::vector<std::string>& input_files, FileHashes* hashes) {
  CacheKey key;
  Parts& parts = key.parts;
  parts["the pipeline's name"] = pipeline_name;
  parts["the node"] = absl::StrCat(spec.id, " ", spec.type_name);
  parts["the executor"] = spec.executor;
  ASSIGN_OR_RETURN(parts["the version of tfxm"], LibrariesFingerprint());
  if (IsUsersExecutor(spec.executor)) {
    ASSIGN_OR_RETURN(parts["the code of the pipeline's own executors"], ProgramFingerprint());
  }
  AddEnvironment(&parts);
  for (const auto& [name, value] : exec_properties) {
    if (std::find(std::begin(kIgnored), std::end(kIgnored), name) != std::end(kIgnored)) continue;
    parts[absl::StrCat("exec property ", name)] = Text(value);
  }
  RETURN_IF_ERROR(AddFiles(exec_properties, hashes, &parts));
  RETURN_IF_ERROR(AddInputFiles(input_files, hashes, &parts));
  for (const auto& [input, artifacts] : inputs) {
    if (input == kIgnoredInput) continue;
    std::string& part = parts[absl::StrCat("input ", input)];
    for (const Artifact& artifact : artifacts) {
      absl::StrAppend(&part, "#", artifact.id, " ", artifact.uri, " ", Text(artifact.properties), " ",
                      Text(artifact.custom_properties), ";");
    }
  }
  for (const auto& [output, output_spec] : spec.outputs) {
    parts[absl::StrCat("output ", output)] = absl::StrCat(output_spec.type.name, " ", Text(output_spec.properties), " ",
                                                          Text(output_spec.custom_properties));
  }
  Sha256 digest;
  for (const auto& [name, value] : parts) {
    digest.UpdatePart(name);
    digest.UpdatePart(value);
  }
  key.digest = digest.HexDigest();
  return key;
}

std::string DescribeDifference(const CacheKey& before, const CacheKey& now) {
  std::vector<std::string> differences;
  for (const auto& [name, value] : now.parts) {
    const auto it = before.parts.find(name);
    if (it == before.parts.end()) {
      differences.push_back(absl::StrCat(name, " is new"));
    } else if (it->second != value) {
      differences.push_back(DescribePart(name, it->second, value));
    }
  }
  for (const auto& [name, value] : before.parts) {
    if (now.parts.count(name) == 0) differences.push_back(absl::StrCat(name, " is not there any more"));
  }
  return absl::StrJoin(differences, "; ");
}

std::string ToJson(const CacheKey& key) {
  JsonWriter json(/*indent=*/true);
  json.BeginObject().Key("digest").String(key.digest).Key("parts").BeginObject();
  for (const auto& [name, value] : key.parts) json.Key(name).String(value);
  json.End().End();
  return std::move(json).Take();
}

absl::StatusOr<CacheKey> ParseCacheKey(absl::string_view json) {
  google::protobuf::Struct object;
  RETURN_IF_ERROR(io::ParseJson(json, &object));
  CacheKey key;
  key.digest = (*object.mutable_fields())["digest"].string_value();
  if (key.digest.empty()) return absl::DataLossError("not a cache key: it has no text \"digest\"");
  for (const auto& [name, value] : (*object.mutable_fields())["parts"].struct_value().fields()) {
    key.parts[name] = value.string_value();
  }
  return key;
}

}  // namespace tfxm
