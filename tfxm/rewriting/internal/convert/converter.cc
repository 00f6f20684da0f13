// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/convert/converter.h"

#include <optional>
#include <string_view>
#include <unordered_set>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "tensorflow/compiler/mlir/lite/converter_flags.pb.h"
#include "tensorflow/compiler/mlir/lite/debug/debug_options.pb.h"
#include "tensorflow/compiler/mlir/lite/model_flags.pb.h"
#include "tfxm/rewriting/internal/convert/hidden_operators.h"
#include "tfxm/rewriting/internal/convert/op_support.h"
#include "tfxm/util/status_macros.h"

// Exported by libtensorflow_cc, whose headers for them are not published in the wheel.
namespace tflite {
enum TensorType : int8_t {};
}
namespace tensorflow {
namespace quantization {
class PyFunctionLibrary;
}
absl::Status ConvertSavedModelToTFLiteFlatBuffer(const tflite::ModelFlags& model_flags,
                                                 tflite::ConverterFlags& converter_flags, std::string* result,
                                                 const quantization::PyFunctionLibrary* py_function_library);
}  // namespace tensorflow
namespace mlir::lite {
absl::Status QuantizeModel(std::string_view model_buffer, const tflite::TensorType& input_type,
                           const tflite::TensorType& output_type, const tflite::TensorType& inference_type,
                           const std::unordered_set<std::string>& operator_names, bool disable_per_channel,
                           bool fully_quantize, std::string& output_buffer, bool verify_numeric,
                           bool whole_model_verify, bool legacy_float_scale,
                           const absl::flat_hash_set<std::string>& denylisted_ops,
                           const absl::flat_hash_set<std::string>& denylisted_nodes, bool enable_variable_quantization,
                           bool disable_per_channel_for_dense_layers,
                           const std::optional<const tensorflow::converter::DebugOptions>& debug_options);
}  // namespace mlir::lite

namespace tfxm::rewriting {
namespace {

// The values that tf.lite.TFLiteConverterV2 of TensorFlow 2.21 sets; what is left out has the proto's default there
// too.
tflite::ConverterFlags Flags(const ConvertOptions& options) {
  tflite::ConverterFlags flags;
  flags.set_input_format(tflite::TENSORFLOW_GRAPHDEF);
  flags.set_inference_type(options.quantization == QuantizationMode::kInt8      ? tflite::QUANTIZED_INT8
                           : options.quantization == QuantizationMode::kInt16x8 ? tflite::QUANTIZED_INT16
                                                                                : tflite::FLOAT);
  flags.set_inference_input_type(options.int8_inputs_and_outputs ? tflite::QUANTIZED_INT8 : tflite::FLOAT);
  flags.set_allow_custom_ops(options.allow_custom_ops);
  flags.set_enable_select_tf_ops(options.allow_select_tf_ops);
  flags.set_post_training_quantize(options.quantization == QuantizationMode::kDynamicRange ||
                                   options.quantization == QuantizationMode::kInt4 ||
                                   options.quantization == QuantizationMode::kFloat16);
  flags.set_quantize_to_float16(options.quantization == QuantizationMode::kFloat16);
  flags.set_enable_mlir_dynamic_range_quantizer(flags.post_training_quantize());
  flags.set_enable_tflite_resource_variables(true);
  flags.set_lower_tensor_list_ops(true);
  flags.set_enable_composite_direct_lowering(true);
  flags.set_canonicalizing_inf_as_min_max_float(true);
  return flags;
}

tflite::TensorType SchemaType(DataType type) {
  switch (type) {
    case DataType::kInt8: return static_cast<tflite::TensorType>(9);
    case DataType::kUint8: return static_cast<tflite::TensorType>(3);
    case DataType::kInt16: return static_cast<tflite::TensorType>(7);
    default: return static_cast<tflite::TensorType>(0);
  }
}

}  // namespace

absl::StatusOr<std::string> ConvertSavedModel(absl::string_view dir, const ConvertOptions& options) {
  tflite::ModelFlags model;
  model.set_allow_nonexistent_arrays(false);
  model.set_change_concat_input_ranges(false);
  model.set_saved_model_dir(std::string(dir));
  model.set_saved_model_version(1);
  for (const std::string& tag : options.tags) model.add_saved_model_tags(tag);
  model.add_saved_model_exported_names(options.signature);
  tflite::ConverterFlags flags = Flags(options);
  std::string result;
  absl::Status status = tensorflow::ConvertSavedModelToTFLiteFlatBuffer(model, flags, &result, nullptr);
  if (!status.ok() && !flags.guarantee_all_funcs_one_use() &&
      status.message().find("StatefulPartitionedCall") != std::string::npos) {
    // Functions that are called twice are not always inlined; as Python does, try with a copy of each for each call.
    flags = Flags(options);
    flags.set_guarantee_all_funcs_one_use(true);
    result.clear();
    status = tensorflow::ConvertSavedModelToTFLiteFlatBuffer(model, flags, &result, nullptr);
  }
  if (!status.ok())
    return absl::InvalidArgumentError(ExplainDiagnostics(status.message(), options.allow_select_tf_ops));
  return result;
}

absl::StatusOr<std::string> QuantizeModel(absl::string_view model, const QuantizeOptions& options) {
  std::string result;
  HiddenOperators hidden;
  const std::string shown = hidden.Hide(model, {options.keep_float_nodes.begin(), options.keep_float_nodes.end()});
  const absl::flat_hash_set<std::string> ops(options.keep_float_ops.begin(), options.keep_float_ops.end());
  const absl::flat_hash_set<std::string> nodes(options.keep_float_nodes.begin(), options.keep_float_nodes.end());
  const absl::Status status = mlir::lite::QuantizeModel(
      std::string_view(shown), SchemaType(options.input_type), SchemaType(options.output_type),
      SchemaType(DataType::kInt8), /*operator_names=*/{},
      /*disable_per_channel=*/false, /*fully_quantize=*/false, result, /*verify_numeric=*/false,
      /*whole_model_verify=*/false, /*legacy_float_scale=*/true, ops, nodes, /*enable_variable_quantization=*/false,
      /*disable_per_channel_for_dense_layers=*/false, std::nullopt);
  if (!status.ok()) return absl::InvalidArgumentError(absl::StrCat("the quantizer says: ", status.message()));
  return hidden.Show(result);
}

}  // namespace tfxm::rewriting
