// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/traced_function.h"

#include <optional>

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
    if (!tensors[feature].empty()) continue;
    return absl::InvalidArgumentError(absl::StrCat(name, " \"", feature, "\" has no tensor"));
  }
  return tensors;
}

template <typename T>
std::optional<T> OptionalNumber(const Struct& object, const std::string& name) {
  const Value& value = Member(object, name);
  if (!value.has_number_value()) return std::nullopt;
  return static_cast<T>(value.number_value());
}

VocabularyOptions Vocabulary(const Struct& object) {
  VocabularyOptions options;
  options.top_k = OptionalNumber<int64_t>(object, "top_k");
  options.frequency_threshold = OptionalNumber<double>(object, "frequency_threshold");
  options.vocab_filename = Member(object, "vocab_filename").string_value();
  options.store_frequency = Member(object, "store_frequency").bool_value();
  options.reserved_tokens = Texts(Member(object, "reserved_tokens"));
  options.fingerprint_shuffle = Member(object, "fingerprint_shuffle").bool_value();
  const std::string& format = Member(object, "file_format").string_value();
  if (!format.empty()) options.file_format = format;
  options.use_adjusted_mutual_info = Member(object, "use_adjusted_mutual_info").bool_value();
  options.min_diff_from_avg = OptionalNumber<double>(object, "min_diff_from_avg");
  options.coverage_top_k = OptionalNumber<int64_t>(object, "coverage_top_k");
  options.coverage_frequency_threshold = OptionalNumber<double>(object, "coverage_frequency_threshold");
  return options;
}

TracedAnalyzer Analyzer(const Struct& object) {
  TracedAnalyzer analyzer{.kind = Member(object, "kind").string_value(),
                          .name = Member(object, "name").string_value(),
                          .inputs = Texts(Member(object, "inputs")),
                          .outputs = Texts(Member(object, "outputs"))};
  const Value& reduce = Member(object, "reduce_instance_dims");
  if (reduce.has_bool_value()) analyzer.reduce_instance_dims = reduce.bool_value();
  analyzer.weighted = Member(object, "weighted").bool_value();
  analyzer.labeled = Member(object, "labeled").bool_value();
  analyzer.per_key = Member(object, "per_key").bool_value();
  analyzer.num_buckets = static_cast<int>(Member(object, "num_buckets").number_value());
  analyzer.output_dim = static_cast<int>(Member(object, "output_dim").number_value());
  analyzer.vocabulary = Vocabulary(object);
  return analyzer;
}

absl::StatusOr<TracedFunction> Parse(const Struct& json) {
  TracedFunction traced;
  ASSIGN_OR_RETURN(traced.inputs, Tensors(json, "inputs"));
  ASSIGN_OR_RETURN(traced.outputs, Tensors(json, "outputs"));
  for (const std::string& name : Texts(Member(json, "ragged"))) traced.ragged_outputs.insert(name);
  for (const auto& [name, size] : Member(json, "sparse").struct_value().fields()) {
    Shape& shape = traced.sparse_outputs[name];
    for (const Value& dim : size.list_value().values()) shape.push_back(static_cast<int64_t>(dim.number_value()));
  }
  for (const auto& [name, tensors] : traced.outputs) {
    const bool fits =
        traced.ragged_outputs.count(name) > 0 ? tensors.size() > 1 : tensors.size() == 1 || tensors.size() == 3;
    if (fits) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("output \"", name, "\" has ", tensors.size(),
                     " tensors; a dense one has 1, a sparse one 3, a ragged one 2 or more"));
  }
  for (const Value& value : Member(json, "analyzers").list_value().values()) {
    traced.analyzers.push_back(Analyzer(value.struct_value()));
    if (Member(value.struct_value(), "has_key_fn").bool_value()) {
      traced.analyzers.back().vocabulary.traced_key_fn = static_cast<int>(traced.analyzers.size()) - 1;
    }
  }
  for (const Value& value : Member(json, "domains").list_value().values()) {
    const Struct& domain = value.struct_value();
    traced.domains.push_back({.tensor = Member(domain, "tensor").string_value(),
                              .min = Member(domain, "min").string_value(),
                              .max = Member(domain, "max").string_value()});
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
