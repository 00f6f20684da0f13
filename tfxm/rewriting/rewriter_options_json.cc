// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/rewriter_options_json.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using google::protobuf::Value;

template <typename T>
JsonSetter To(T* target) {
  return SetsJson(target);
}

JsonSetter To(QuantizationMode* mode) {
  return [=](const Value& value) -> absl::Status {
    std::string name;
    RETURN_IF_ERROR(ReadJson(value, &name));
    ASSIGN_OR_RETURN(*mode, ParseQuantization(name));
    return absl::OkStatus();
  };
}

JsonSetter To(Calibration* calibration) {
  return [=](const Value& value) -> absl::Status {
    std::string name;
    RETURN_IF_ERROR(ReadJson(value, &name));
    ASSIGN_OR_RETURN(*calibration, ParseCalibration(name));
    return absl::OkStatus();
  };
}

JsonSetter To(DataType* type) {
  return [=](const Value& value) -> absl::Status {
    for (const DataType known :
         {DataType::kFloat, DataType::kHalf, DataType::kInt8, DataType::kUint8, DataType::kInt16}) {
      if (value.string_value() != DataTypeName(known)) continue;
      *type = known;
      return absl::OkStatus();
    }
    return WrongType("float32, float16, int8, uint8 or int16", value);
  };
}

JsonSetter To(Optimize* optimize) {
  return [=](const Value& value) -> absl::Status {
    // tf.lite.Optimize's others are old names of the same.
    for (const char* name : {"DEFAULT", "OPTIMIZE_FOR_SIZE", "OPTIMIZE_FOR_LATENCY"}) {
      if (value.string_value() != name) continue;
      *optimize = Optimize::kDefault;
      return absl::OkStatus();
    }
    return WrongType("DEFAULT", value);
  };
}

template <typename T>
JsonSetter To(std::optional<T>* member) {
  return [=](const Value& value) -> absl::Status {
    T parsed{};
    RETURN_IF_ERROR(To(&parsed)(value));
    *member = parsed;
    return absl::OkStatus();
  };
}

template <typename T>
JsonSetter To(std::vector<T>* list) {
  return [=](const Value& value) -> absl::Status {
    if (!value.has_list_value()) return WrongType("a list", value);
    for (const Value& element : value.list_value().values()) {
      T parsed{};
      RETURN_IF_ERROR(To(&parsed)(element));
      list->push_back(std::move(parsed));
    }
    return absl::OkStatus();
  };
}

JsonSetter To(InputShapes* shapes) {
  return [=](const Value& value) -> absl::Status {
    if (!value.has_struct_value()) return WrongType("sizes by name", value);
    for (const auto& [name, sizes] : value.struct_value().fields()) {
      RETURN_IF_ERROR(Annotate(To(&(*shapes)[name])(sizes), name));
    }
    return absl::OkStatus();
  };
}

JsonSetter ToMembers(JsonSetters members) {
  return [members = std::move(members)](const Value& value) -> absl::Status {
    if (!value.has_struct_value()) return WrongType("an object", value);
    return SetMembers(kRewriterOption, value.struct_value(), members);
  };
}

}  // namespace

JsonSetters RewriterOptionSetters(RewriterOptions* o) {
  ValidationLimits& limits = o->limits;
  RepresentativeDataset& data = o->representative_dataset;
  return {{"name", To(&o->name)},
          {"filename", To(&o->filename)},
          {"copy_assets", To(&o->copy_assets)},
          {"copy_assets_extra", To(&o->copy_assets_extra)},
          {"quantization_optimizations", To(&o->quantization_optimizations)},
          {"quantization_supported_types", To(&o->quantization_supported_types)},
          {"quantization_enable_full_integer", To(&o->quantization_enable_full_integer)},
          {"quantization", To(&o->quantization)},
          {"signature_key", To(&o->signature_key)},
          {"representative_dataset", ToMembers({{"examples", To(&data.examples)},
                                                {"transform_graph", To(&data.transform_graph)},
                                                {"sample_size", To(&data.sample_size)},
                                                {"seed", To(&data.seed)}})},
          {"inference_input_type", To(&o->inference_input_type)},
          {"inference_output_type", To(&o->inference_output_type)},
          {"allow_select_tf_ops", To(&o->allow_select_tf_ops)},
          {"allow_custom_ops", To(&o->allow_custom_ops)},
          {"keep_float_ops", To(&o->keep_float_ops)},
          {"keep_float_layers", To(&o->keep_float_layers)},
          {"int16_layers", To(&o->int16_layers)},
          {"keep_float_automatically", To(&o->keep_float_automatically)},
          {"calibration", To(&o->calibration)},
          {"calibration_percentile", To(&o->calibration_percentile)},
          {"input_shapes", To(&o->input_shapes)},
          {"batch_size", To(&o->batch_size)},
          {"validate", To(&o->validate)},
          {"limits", ToMembers({{"max_abs_error", To(&limits.max_abs_error)},
                                {"min_sqnr_db", To(&limits.min_sqnr_db)},
                                {"min_top_agreement", To(&limits.min_top_agreement)},
                                {"min_clear_agreement", To(&limits.min_clear_agreement)},
                                {"min_equal_values", To(&limits.min_equal_values)}})},
          {"report_file", To(&o->report_file)}};
}

absl::StatusOr<RewriterOptions> RewriterOptionsFromJson(const google::protobuf::Struct& json) {
  RewriterOptions options;
  RETURN_IF_ERROR(SetMembers(kRewriterOption, json, RewriterOptionSetters(&options)));
  return options;
}

}  // namespace tfxm
