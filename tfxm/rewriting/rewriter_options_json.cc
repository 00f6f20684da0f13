// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/rewriter_options_json.h"

#include <cmath>
#include <functional>

#include "absl/strings/str_cat.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

// Sets one member.
using Setter = std::function<absl::Status(const Value&)>;

absl::Status Expected(absl::string_view what) { return absl::InvalidArgumentError(absl::StrCat("expected ", what)); }

Setter To(std::string* text) {
  return [=](const Value& value) -> absl::Status {
    if (!value.has_string_value()) return Expected("a text");
    *text = value.string_value();
    return absl::OkStatus();
  };
}

Setter To(bool* flag) {
  return [=](const Value& value) -> absl::Status {
    if (!value.has_bool_value()) return Expected("true or false");
    *flag = value.bool_value();
    return absl::OkStatus();
  };
}

template <typename Number>
Setter ToNumber(Number* number) {
  return [=](const Value& value) -> absl::Status {
    if (!value.has_number_value()) return Expected("a number");
    if (std::is_integral_v<Number> && value.number_value() != std::floor(value.number_value())) {
      return Expected("an integer");
    }
    *number = static_cast<Number>(value.number_value());
    return absl::OkStatus();
  };
}
Setter To(double* number) { return ToNumber(number); }
Setter To(int* number) { return ToNumber(number); }
Setter To(uint64_t* number) { return ToNumber(number); }
Setter To(int64_t* number) { return ToNumber(number); }

Setter To(QuantizationMode* mode) {
  return [=](const Value& value) -> absl::Status {
    ASSIGN_OR_RETURN(*mode, ParseQuantization(value.string_value()));
    return absl::OkStatus();
  };
}

Setter To(Calibration* calibration) {
  return [=](const Value& value) -> absl::Status {
    ASSIGN_OR_RETURN(*calibration, ParseCalibration(value.string_value()));
    return absl::OkStatus();
  };
}

Setter To(DataType* type) {
  return [=](const Value& value) -> absl::Status {
    for (const DataType known :
         {DataType::kFloat, DataType::kHalf, DataType::kInt8, DataType::kUint8, DataType::kInt16}) {
      if (value.string_value() != DataTypeName(known)) continue;
      *type = known;
      return absl::OkStatus();
    }
    return Expected("float32, float16, int8, uint8 or int16");
  };
}

Setter To(Optimize* optimize) {
  return [=](const Value& value) -> absl::Status {
    // tf.lite.Optimize's others are old names of the same.
    for (const char* name : {"DEFAULT", "OPTIMIZE_FOR_SIZE", "OPTIMIZE_FOR_LATENCY"}) {
      if (value.string_value() != name) continue;
      *optimize = Optimize::kDefault;
      return absl::OkStatus();
    }
    return Expected("DEFAULT");
  };
}

template <typename T>
Setter To(std::optional<T>* member) {
  return [=](const Value& value) -> absl::Status {
    T parsed{};
    RETURN_IF_ERROR(To(&parsed)(value));
    *member = parsed;
    return absl::OkStatus();
  };
}

template <typename T>
Setter To(std::vector<T>* list) {
  return [=](const Value& value) -> absl::Status {
    if (!value.has_list_value()) return Expected("a list");
    for (const Value& element : value.list_value().values()) {
      T parsed{};
      RETURN_IF_ERROR(To(&parsed)(element));
      list->push_back(std::move(parsed));
    }
    return absl::OkStatus();
  };
}

Setter To(InputShapes* shapes) {
  return [=](const Value& value) -> absl::Status {
    if (!value.has_struct_value()) return Expected("sizes by name");
    for (const auto& [name, sizes] : value.struct_value().fields()) {
      RETURN_IF_ERROR(Annotate(To(&(*shapes)[name])(sizes), name));
    }
    return absl::OkStatus();
  };
}

absl::Status SetMembers(const Struct& json, const std::map<std::string, Setter>& members);

Setter ToMembers(std::map<std::string, Setter> members) {
  return [members = std::move(members)](const Value& value) -> absl::Status {
    if (!value.has_struct_value()) return Expected("an object");
    return SetMembers(value.struct_value(), members);
  };
}

absl::Status SetMembers(const Struct& json, const std::map<std::string, Setter>& members) {
  for (const auto& [name, value] : json.fields()) {
    const auto member = members.find(name);
    if (member == members.end()) {
      std::vector<std::string> names;
      for (const auto& [known, setter] : members) names.push_back(known);
      const std::string near = NearestNames(name, names);
      return absl::InvalidArgumentError(
          absl::StrCat("no rewriter option \"", name, "\"", near.empty() ? "" : absl::StrCat("; nearest: ", near)));
    }
    if (value.has_null_value()) continue;
    RETURN_IF_ERROR(Annotate(member->second(value), name));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RewriterOptions> RewriterOptionsFromJson(const Struct& json) {
  RewriterOptions o;
  ValidationLimits& limits = o.limits;
  RepresentativeDataset& data = o.representative_dataset;
  RETURN_IF_ERROR(
      SetMembers(json, {{"name", To(&o.name)},
                        {"filename", To(&o.filename)},
                        {"copy_assets", To(&o.copy_assets)},
                        {"copy_assets_extra", To(&o.copy_assets_extra)},
                        {"quantization_optimizations", To(&o.quantization_optimizations)},
                        {"quantization_supported_types", To(&o.quantization_supported_types)},
                        {"quantization_enable_full_integer", To(&o.quantization_enable_full_integer)},
                        {"quantization", To(&o.quantization)},
                        {"signature_key", To(&o.signature_key)},
                        {"representative_dataset", ToMembers({{"examples", To(&data.examples)},
                                                              {"transform_graph", To(&data.transform_graph)},
                                                              {"sample_size", To(&data.sample_size)},
                                                              {"seed", To(&data.seed)}})},
                        {"inference_input_type", To(&o.inference_input_type)},
                        {"inference_output_type", To(&o.inference_output_type)},
                        {"allow_select_tf_ops", To(&o.allow_select_tf_ops)},
                        {"allow_custom_ops", To(&o.allow_custom_ops)},
                        {"keep_float_ops", To(&o.keep_float_ops)},
                        {"keep_float_layers", To(&o.keep_float_layers)},
                        {"int16_layers", To(&o.int16_layers)},
                        {"keep_float_automatically", To(&o.keep_float_automatically)},
                        {"calibration", To(&o.calibration)},
                        {"calibration_percentile", To(&o.calibration_percentile)},
                        {"input_shapes", To(&o.input_shapes)},
                        {"validate", To(&o.validate)},
                        {"limits", ToMembers({{"max_abs_error", To(&limits.max_abs_error)},
                                              {"min_sqnr_db", To(&limits.min_sqnr_db)},
                                              {"min_top_agreement", To(&limits.min_top_agreement)},
                                              {"min_clear_agreement", To(&limits.min_clear_agreement)},
                                              {"min_equal_values", To(&limits.min_equal_values)}})},
                        {"report_file", To(&o.report_file)}}));
  return o;
}

}  // namespace tfxm
