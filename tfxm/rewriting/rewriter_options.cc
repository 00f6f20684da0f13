// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/rewriter_options.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tfxm/util/registry.h"

namespace tfxm {
namespace {

constexpr struct {
  QuantizationMode mode;
  absl::string_view name;
} kNames[] = {{QuantizationMode::kNone, "none"},
              {QuantizationMode::kFloat16, "float16"},
              {QuantizationMode::kDynamicRange, "dynamic_range"},
              {QuantizationMode::kInt4, "int4"},
              {QuantizationMode::kInt8, "int8"},
              {QuantizationMode::kInt16x8, "int16x8"}};

bool IsCalibrated(QuantizationMode mode) {
  return mode == QuantizationMode::kInt8 || mode == QuantizationMode::kInt16x8;
}

}  // namespace

absl::string_view QuantizationName(QuantizationMode mode) {
  for (const auto& entry : kNames) {
    if (entry.mode == mode) return entry.name;
  }
  return "unknown";
}

absl::StatusOr<QuantizationMode> ParseQuantization(absl::string_view name) {
  for (const auto& entry : kNames) {
    if (entry.name == name) return entry.mode;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no quantization \"", name, "\"; there are none, float16, dynamic_range, int4, int8 and int16x8"));
}

absl::StatusOr<Calibration> ParseCalibration(absl::string_view name) {
  if (name == "minmax") return Calibration::kMinMax;
  if (name == "percentile") return Calibration::kPercentile;
  if (name == "mse") return Calibration::kMse;
  return absl::InvalidArgumentError(
      absl::StrCat("no calibration \"", name, "\"; there are minmax, percentile and mse"));
}

ValidationLimits DefaultLimits(QuantizationMode mode) {
  switch (mode) {
    case QuantizationMode::kNone:
      return {.max_abs_error = 1e-3,
              .min_sqnr_db = 60,
              .min_clear_agreement = 0.999,
              .min_equal_values = 0.99,
              .float_resolution = 2e-5};
    case QuantizationMode::kFloat16:
      return {.max_abs_error = 0.05,
              .min_sqnr_db = 30,
              .min_clear_agreement = 0.99,
              .min_equal_values = 0.95,
              .float_resolution = 1e-3};
    case QuantizationMode::kDynamicRange:
      return {.min_sqnr_db = 8,
              .min_clear_agreement = 0.95,
              .chance_is_fine = true,
              .min_equal_values = 0.7,
              .rounding_is_fine = true};
    case QuantizationMode::kInt4:
    case QuantizationMode::kInt8:
      return {.min_sqnr_db = 6,
              .min_clear_agreement = 0.95,
              .chance_is_fine = true,
              .min_equal_values = 0.7,
              .rounding_is_fine = true};
    case QuantizationMode::kInt16x8:
      return {.min_sqnr_db = 10,
              .min_clear_agreement = 0.97,
              .chance_is_fine = true,
              .min_equal_values = 0.7,
              .rounding_is_fine = true};
  }
  return {};
}

absl::StatusOr<QuantizationMode> ResolveQuantization(const RewriterOptions& options, bool trained_ranges) {
  QuantizationMode mode = QuantizationMode::kNone;
  const auto& types = options.quantization_supported_types;
  auto has = [&](DataType type) { return std::find(types.begin(), types.end(), type) != types.end(); };
  for (DataType type : types) {
    if (type != DataType::kHalf && type != DataType::kInt8 && type != DataType::kFloat) {
      return absl::InvalidArgumentError(
          absl::StrCat("quantization_supported_types may hold float16, int8 and float32, not ", DataTypeName(type)));
    }
  }
  if (options.quantization.has_value()) {
    mode = *options.quantization;
  } else if (options.quantization_enable_full_integer) {
    mode = QuantizationMode::kInt8;
  } else if (!options.quantization_optimizations.empty()) {
    if (has(DataType::kHalf) && !has(DataType::kInt8)) {
      mode = QuantizationMode::kFloat16;
    } else {
      const bool has_ranges = trained_ranges || !options.representative_dataset.empty();
      mode = has_ranges || has(DataType::kInt8) ? QuantizationMode::kInt8 : QuantizationMode::kDynamicRange;
    }
  }
  const bool has_ranges = mode == QuantizationMode::kInt8 && trained_ranges;
  if (IsCalibrated(mode) && options.representative_dataset.empty() && !has_ranges) {
    return absl::InvalidArgumentError(
        absl::StrCat("quantization ", QuantizationName(mode),
                     " needs a representative dataset, to see the range of each activation: give the glob of a split "
                     "(--representative_data='examples/Split-train/*', in code representative_dataset.examples)"));
  }
  for (DataType type : {options.inference_input_type, options.inference_output_type}) {
    if (type == DataType::kFloat) continue;
    const bool fits = mode == QuantizationMode::kInt8      ? type == DataType::kInt8 || type == DataType::kUint8
                      : mode == QuantizationMode::kInt16x8 ? type == DataType::kInt16
                                                           : false;
    if (!fits) {
      return absl::InvalidArgumentError(
          absl::StrCat("inference_input_type and inference_output_type (--input_type, --output_type) cannot be ",
                       DataTypeName(type), " with quantization ", QuantizationName(mode)));
    }
  }
  if (!options.int16_layers.empty() && mode != QuantizationMode::kInt8) {
    return absl::InvalidArgumentError(absl::StrCat("int16_layers goes with quantization int8, not with ",
                                                   QuantizationName(mode),
                                                   mode == QuantizationMode::kInt16x8 ? ", where all are int16" : ""));
  }
  if (options.representative_dataset.sample_size <= 0) {
    return absl::InvalidArgumentError("representative_dataset.sample_size (--samples) must be positive");
  }
  if (!(options.calibration_percentile > 50 && options.calibration_percentile <= 100)) {
    return absl::InvalidArgumentError("calibration_percentile must be above 50 and at most 100");
  }
  if (options.filename.empty() || options.filename.find('/') != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat("filename \"", options.filename, "\" is not a file name"));
  }
  return mode;
}

}  // namespace tfxm
