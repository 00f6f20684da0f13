// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/options/stats_options_json.h"

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/util/io.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_value.h"

namespace tfxm::statistics {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

// What a name's value does to the options.
using Setter = std::function<absl::Status(const Value& value, StatsOptions* options)>;
using Setters = std::map<std::string, Setter>;

template <typename Field>
Setter Sets(Field StatsOptions::* field) {
  return [field](const Value& value, StatsOptions* options) { return ReadJson(value, &(options->*field)); };
}

// An option of how TFDV computes, of the type T.
template <typename T>
Setter ChangesNothing() {
  return [](const Value& value, StatsOptions*) {
    T ignored;
    return ReadJson(value, &ignored);
  };
}

Setter Unimplemented(std::string what) {
  return [what](const Value&, StatsOptions*) { return absl::UnimplementedError(what); };
}

// A message as JSON: an object, or text with one in it.
absl::Status ReadMessage(const Value& value, google::protobuf::Message* message) {
  if (value.has_string_value()) return io::ParseJson(value.string_value(), message);
  if (!value.has_struct_value()) return WrongType("an object, or text with one in it", value);
  ASSIGN_OR_RETURN(const std::string json, io::ToJson(value.struct_value()));
  return io::ParseJson(json, message);
}

absl::Status ReadSchema(const Value& value, StatsOptions* options) {
  return ReadMessage(value, &options->schema.emplace());
}

// A feature's path as types.FeaturePath.to_json() writes it, ["a"], or the name itself.
absl::StatusOr<std::string> FeatureOfKey(const std::string& key) {
  Value path;
  if (key.empty() || key[0] != '[' || !io::ParseJson(key, &path).ok()) return key;
  std::vector<std::string> steps;
  RETURN_IF_ERROR(ReadJson(path, &steps));
  if (steps.size() == 1) return steps[0];
  return absl::UnimplementedError(absl::StrCat("the path ", key, " is of a nested feature"));
}

absl::Status ReadWeightOverride(const Value& value, StatsOptions* options) {
  if (!value.has_struct_value()) return WrongType("an object of features and their weights", value);
  for (const auto& [key, weight] : value.struct_value().fields()) {
    ASSIGN_OR_RETURN(const std::string feature, FeatureOfKey(key));
    RETURN_IF_ERROR(ReadJson(weight, &options->per_feature_weight_override[feature]));
  }
  return absl::OkStatus();
}

// Names, or paths of one step.
absl::Status ReadAllowlist(const Value& value, StatsOptions* options) {
  if (!value.has_list_value()) return WrongType("a list of features", value);
  for (const Value& element : value.list_value().values()) {
    std::string name;
    if (element.has_list_value()) {
      std::vector<std::string> path;
      RETURN_IF_ERROR(ReadJson(element, &path));
      if (path.size() != 1) return absl::UnimplementedError("a path of other than one step is of a nested feature");
      name = path[0];
    } else {
      RETURN_IF_ERROR(ReadJson(element, &name));
    }
    options->feature_allowlist.push_back(name);
  }
  return absl::OkStatus();
}

// A value to slice by: text or an integer.
absl::Status ReadSliceValue(const Value& value, std::vector<std::string>* values) {
  if (value.has_number_value()) {
    int64_t number = 0;
    RETURN_IF_ERROR(ReadJson(value, &number));
    values->push_back(absl::StrCat(number));
    return absl::OkStatus();
  }
  values->emplace_back();
  return ReadJson(value, &values->back());
}

absl::Status ReadSlice(const Value& value, StatsOptions* options) {
  SliceFeatures features;
  if (value.has_string_value()) {
    features[value.string_value()];
  } else if (value.has_struct_value() && !value.struct_value().fields().empty()) {
    for (const auto& [name, of_feature] : value.struct_value().fields()) {
      std::vector<std::string>& values = features[name];
      if (of_feature.has_null_value()) continue;
      if (!of_feature.has_list_value()) {
        RETURN_IF_ERROR(ReadSliceValue(of_feature, &values));
      } else if (of_feature.list_value().values().empty()) {
        return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" has no value; null is for all of them"));
      }
      for (const Value& one : of_feature.list_value().values()) RETURN_IF_ERROR(ReadSliceValue(one, &values));
    }
  } else {
    return WrongType("the name of a feature, or an object of features and their values", value);
  }
  options->slices.push_back(std::move(features));
  return absl::OkStatus();
}

absl::Status ReadSlices(const Value& value, StatsOptions* options) {
  if (!value.has_list_value()) return WrongType("a list", value);
  for (const Value& slice : value.list_value().values()) RETURN_IF_ERROR(ReadSlice(slice, options));
  return absl::OkStatus();
}

// The member of a proto as JSON, which may be spelled either way; null if it is not there.
const Value* Member(const Struct& object, const std::string& name, const std::string& camel_case) {
  for (const std::string& key : {name, camel_case}) {
    if (const auto it = object.fields().find(key); it != object.fields().end()) return &it->second;
  }
  return nullptr;
}

// tfx_bsl.SlicingConfig: {"slicing_specs": [{"feature_keys": ["a"], "feature_values": {"b": "x"}}]}.
absl::Status ReadSlicingConfig(const Value& value, StatsOptions* options) {
  Struct config;
  RETURN_IF_ERROR(ReadMessage(value, &config));
  const Value* specs = Member(config, "slicing_specs", "slicingSpecs");
  if (specs == nullptr || !specs->has_list_value()) {
    return absl::InvalidArgumentError("expected an object with the list slicing_specs");
  }
  for (const Value& spec : specs->list_value().values()) {
    if (!spec.has_struct_value()) return WrongType("a slicing_spec, which is an object", spec);
    SliceFeatures features;
    if (const Value* keys = Member(spec.struct_value(), "feature_keys", "featureKeys"); keys != nullptr) {
      std::vector<std::string> names;
      RETURN_IF_ERROR(ReadJson(*keys, &names));
      for (const std::string& name : names) features[name];
    }
    if (const Value* values = Member(spec.struct_value(), "feature_values", "featureValues"); values != nullptr) {
      for (const auto& [name, one] : values->struct_value().fields()) {
        RETURN_IF_ERROR(ReadSliceValue(one, &features[name]));
      }
    }
    if (const Value* sql = Member(spec.struct_value(), "slice_keys_sql", "sliceKeysSql"); sql != nullptr) {
      RETURN_IF_ERROR(ReadJson(*sql, &options->slice_sqls.emplace_back()));
    }
    if (!features.empty()) options->slices.push_back(std::move(features));
  }
  return absl::OkStatus();
}

absl::Status ReadCrosses(const Value& value, StatsOptions* options) {
  if (value.has_bool_value()) return ReadJson(value, &options->cross_all_features);
  if (!value.has_list_value()) return WrongType("a list of pairs of features, or true", value);
  for (const Value& element : value.list_value().values()) {
    std::vector<std::string> pair;
    RETURN_IF_ERROR(ReadJson(element, &pair));
    if (pair.size() != 2) return WrongType("two features", element);
    options->feature_crosses.emplace_back(pair[0], pair[1]);
  }
  return absl::OkStatus();
}

absl::Status ReadTypeName(const Value& value, StatsOptions*) {
  if (value.string_value() == "StatsOptions") return absl::OkStatus();
  return WrongType("\"StatsOptions\"", value);
}

const Setters& AllSetters() {
  static const auto* const setters = new Setters{
      {"TYPE_NAME", ReadTypeName},
      {"add_default_generators", Sets(&StatsOptions::add_default_generators)},
      {"desired_batch_size", ChangesNothing<int64_t>()},
      {"enable_semantic_domain_stats", Sets(&StatsOptions::enable_semantic_domain_stats)},
      {"epsilon", ChangesNothing<double>()},
      {"experimental_filter_read_paths", ChangesNothing<bool>()},
      {"experimental_num_feature_partitions", ChangesNothing<int64_t>()},
      {"experimental_result_partitions", ChangesNothing<int64_t>()},
      {"experimental_slice_functions", Unimplemented("functions cannot be given as JSON; slice by features or SQL")},
      {"experimental_slice_sqls", Sets(&StatsOptions::slice_sqls)},
      {"experimental_use_sketch_based_topk_uniques", ChangesNothing<bool>()},
      {"feature_allowlist", ReadAllowlist},
      {"feature_crosses", ReadCrosses},
      {"frequency_threshold", Sets(&StatsOptions::frequency_threshold)},
      {"generators", Unimplemented("custom generators are not supported")},
      {"infer_type_from_schema", Sets(&StatsOptions::infer_type_from_schema)},
      {"label_feature", Sets(&StatsOptions::label_feature)},
      {"num_histogram_buckets", Sets(&StatsOptions::num_histogram_buckets)},
      {"num_quantiles_histogram_buckets", Sets(&StatsOptions::num_quantiles_histogram_buckets)},
      {"num_rank_histogram_buckets", Sets(&StatsOptions::num_rank_histogram_buckets)},
      {"num_top_values", Sets(&StatsOptions::num_top_values)},
      {"num_values_histogram_buckets", Sets(&StatsOptions::num_values_histogram_buckets)},
      {"per_feature_stats_config", Unimplemented("every feature gets the same statistics")},
      {"per_feature_weight_override", ReadWeightOverride},
      {"per_feature_weight_override_json", ReadWeightOverride},
      {"sample_rate", Sets(&StatsOptions::sample_rate)},
      {"schema", ReadSchema},
      {"schema_json", ReadSchema},
      {"semantic_domain_stats_sample_rate", Sets(&StatsOptions::semantic_domain_stats_sample_rate)},
      {"slice_functions", Unimplemented("functions cannot be given as JSON; slice by features or SQL")},
      {"slice_sqls", Sets(&StatsOptions::slice_sqls)},
      {"slices", ReadSlices},
      {"slicing_config", ReadSlicingConfig},
      {"slicing_config_json", ReadSlicingConfig},
      {"use_sketch_based_topk_uniques", ChangesNothing<bool>()},
      {"vocab_paths", Unimplemented("vocabularies of natural language are not supported")},
      {"weight_feature", Sets(&StatsOptions::weight_feature)},
      {"weighted_frequency_threshold", Sets(&StatsOptions::weighted_frequency_threshold)},
  };
  return *setters;
}

}  // namespace

absl::StatusOr<StatsOptions> ParseStatsOptions(absl::string_view json) {
  Struct object;
  if (absl::Status status = io::ParseJson(json, &object); !status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the StatsOptions are not a JSON object such as {\"num_top_values\": 3}: ", status.message()));
  }
  StatsOptions options;
  for (const auto& [name, value] : object.fields()) {
    // to_json() writes the object's members, some of which begin with an underscore.
    const std::string plain = name.substr(name[0] == '_' ? 1 : 0);
    const auto setter = AllSetters().find(plain);
    if (setter == AllSetters().end()) {
      std::vector<std::string> names;
      for (const auto& [known, unused] : AllSetters()) names.push_back(known);
      const std::string near = NearestNames(plain, names);
      return absl::InvalidArgumentError(
          absl::StrCat("unknown StatsOptions \"", name, "\"", near.empty() ? "" : "; did you mean ", near));
    }
    if (value.has_null_value()) continue;
    if (absl::Status status = setter->second(value, &options); !status.ok()) {
      return absl::Status(status.code(), absl::StrCat("StatsOptions \"", plain, "\": ", status.message()));
    }
  }
  return options;
}

}  // namespace tfxm::statistics
