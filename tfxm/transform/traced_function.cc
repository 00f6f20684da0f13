// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/traced_function.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::transform {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

// Members that are missing are the defaults: the other side of this file is tfxm's own (runtime/trace.py).
const Value& Member(const Struct& object, const std::string& name) {
  const auto it = object.fields().find(name);
  return it == object.fields().end() ? Value::default_instance() : it->second;
}

std::vector<std::string> Texts(const Value& list) {
  std::vector<std::string> texts;
  for (const Value& value : list.list_value().values()) texts.push_back(value.string_value());
  return texts;
}

absl::StatusOr<std::map<std::string, std::vector<std::string>>> Tensors(const Struct& object, const std::string& name) {
  std::map<std::string, std::vector<std::string>> tensors;
  for (const auto& [feature, list] : Member(object, name).struct_value().fields()) {
    tensors[feature] = Texts(list);
    if (tensors[feature].size() == 1 || tensors[feature].size() == 3) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(name, " \"", feature, "\" has ", tensors[feature].size(), " tensors; expected 1 or 3"));
  }
  return tensors;
}

TracedAnalyzer Analyzer(const Struct& object) {
  TracedAnalyzer analyzer{.kind = Member(object, "kind").string_value(),
                          .name = Member(object, "name").string_value(),
                          .input = Member(object, "input").string_value(),
                          .outputs = Texts(Member(object, "outputs"))};
  const Value& reduce = Member(object, "reduce_instance_dims");
  if (reduce.has_bool_value()) analyzer.reduce_instance_dims = reduce.bool_value();
  analyzer.num_buckets = static_cast<int>(Member(object, "num_buckets").number_value());
  const Value& top_k = Member(object, "top_k");
  if (top_k.has_number_value()) analyzer.vocabulary.top_k = static_cast<int64_t>(top_k.number_value());
  analyzer.vocabulary.frequency_threshold = static_cast<int64_t>(Member(object, "frequency_threshold").number_value());
  analyzer.vocabulary.vocab_filename = Member(object, "vocab_filename").string_value();
  return analyzer;
}

absl::StatusOr<TracedFunction> Parse(const Struct& json) {
  TracedFunction traced;
  ASSIGN_OR_RETURN(traced.inputs, Tensors(json, "inputs"));
  ASSIGN_OR_RETURN(traced.outputs, Tensors(json, "outputs"));
  for (const Value& value : Member(json, "analyzers").list_value().values()) {
    traced.analyzers.push_back(Analyzer(value.struct_value()));
  }
  for (const Value& value : Member(json, "domains").list_value().values()) {
    const Struct& domain = value.struct_value();
    traced.domains.push_back({.tensor = Member(domain, "tensor").string_value(),
                              .min = static_cast<int64_t>(Member(domain, "min").number_value()),
                              .max = static_cast<int64_t>(Member(domain, "max").number_value()),
                              .vocabulary = Member(domain, "vocabulary").string_value()});
  }
  for (const auto& [key, file] : Member(json, "assets").struct_value().fields())
    traced.assets[key] = file.string_value();
  return traced;
}

}  // namespace

absl::StatusOr<TracedFunction> ReadTracedFunction(absl::string_view dir) {
  const std::string path = io::JoinPath(dir, "trace.json");
  ASSIGN_OR_RETURN(const std::string text, io::ReadFile(path));
  Struct json;
  RETURN_IF_ERROR(Annotate(io::ParseJson(text, &json), path));
  absl::StatusOr<TracedFunction> traced = Parse(json);
  if (!traced.ok()) return Annotate(traced.status(), path);
  ASSIGN_OR_RETURN(traced->graph_def, io::ReadFile(io::JoinPath(dir, "graph.pb")));
  return traced;
}

}  // namespace tfxm::transform
