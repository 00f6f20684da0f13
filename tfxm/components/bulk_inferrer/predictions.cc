// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/bulk_inferrer/predictions.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/components/bulk_inferrer/prediction_log.pb.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using tfx::components::bulkinferrer::OutputExampleSpec;
using tfx::components::bulkinferrer::PredictOutputCol;

// Row `row` of a tensor, for each type of tensor another T.
template <typename T>
std::span<const T> RowOf(const Tensor& tensor, int row) {
  const std::span<const T> all = tensor.values<T>();
  const size_t size = all.size() / tensor.shape()[0];
  return all.subspan(size * row, size);
}
std::span<const std::string> StringsOf(const Tensor& tensor, int row) {
  const size_t size = tensor.strings().size() / tensor.shape()[0];
  return std::span(tensor.strings()).subspan(size * row, size);
}

// Calls fn with the row's values as their type is. False for strings.
template <typename Fn>
bool VisitNumbers(const Tensor& tensor, int row, Fn fn) {
  switch (tensor.dtype()) {
    case DataType::kFloat: fn(RowOf<float>(tensor, row)); return true;
    case DataType::kDouble: fn(RowOf<double>(tensor, row)); return true;
    case DataType::kInt8: fn(RowOf<int8_t>(tensor, row)); return true;
    case DataType::kUint8: fn(RowOf<uint8_t>(tensor, row)); return true;
    case DataType::kInt16: fn(RowOf<int16_t>(tensor, row)); return true;
    case DataType::kUint16: fn(RowOf<uint16_t>(tensor, row)); return true;
    case DataType::kInt32: fn(RowOf<int32_t>(tensor, row)); return true;
    case DataType::kUint32: fn(RowOf<uint32_t>(tensor, row)); return true;
    case DataType::kInt64: fn(RowOf<int64_t>(tensor, row)); return true;
    case DataType::kUint64: fn(RowOf<uint64_t>(tensor, row)); return true;
    case DataType::kBool: fn(RowOf<bool>(tensor, row)); return true;
    default: return false;
  }
}

// As tf.make_tensor_proto: a single value in the field of its type, several numbers as bytes.
absl::Status ToProto(const std::string& name, const Tensor& tensor, int row, serving::TensorProto* out) {
  out->set_dtype(static_cast<int>(tensor.dtype()));
  out->mutable_tensor_shape()->add_dim()->set_size(1);
  for (size_t i = 1; i < tensor.shape().size(); ++i) {
    out->mutable_tensor_shape()->add_dim()->set_size(tensor.shape()[i]);
  }
  if (tensor.dtype() == DataType::kString) {
    for (const std::string& text : StringsOf(tensor, row)) out->add_string_val(text);
    return absl::OkStatus();
  }
  if (tensor.dtype() == DataType::kBool) {
    for (const bool value : RowOf<bool>(tensor, row)) out->add_bool_val(value);
    return absl::OkStatus();
  }
  const size_t bytes = tensor.bytes().size() / tensor.shape()[0];
  if (bytes > DataTypeSize(tensor.dtype())) {
    out->set_tensor_content(tensor.bytes().data() + bytes * row, bytes);
    return absl::OkStatus();
  }
  if (bytes == 0) return absl::OkStatus();
  switch (tensor.dtype()) {
    case DataType::kFloat: out->add_float_val(RowOf<float>(tensor, row)[0]); break;
    case DataType::kDouble: out->add_double_val(RowOf<double>(tensor, row)[0]); break;
    case DataType::kInt64: out->add_int64_val(RowOf<int64_t>(tensor, row)[0]); break;
    case DataType::kUint32: out->add_uint32_val(RowOf<uint32_t>(tensor, row)[0]); break;
    case DataType::kUint64: out->add_uint64_val(RowOf<uint64_t>(tensor, row)[0]); break;
    case DataType::kHalf: out->add_half_val(RowOf<uint16_t>(tensor, row)[0]); break;
    default:
      if (!VisitNumbers(tensor, row, [&](const auto& values) { out->add_int_val(static_cast<int32_t>(values[0])); })) {
        return absl::UnimplementedError(
            absl::StrCat("output \"", name, "\" is of type ", DataTypeName(tensor.dtype()), ", which is not written"));
      }
  }
  return absl::OkStatus();
}

std::string Names(const Outputs& outputs) {
  return absl::StrJoin(outputs, ", ", [](std::string* text, const auto& output) { text->append(output.first); });
}

absl::Status AddFeature(const PredictOutputCol& column, const Outputs& outputs, int row, serving::Feature* feature) {
  const auto output = outputs.find(column.output_key());
  if (output == outputs.end()) {
    return absl::InvalidArgumentError(absl::StrCat("output_example_spec: the model has no output \"",
                                                   column.output_key(), "\"; it has ", Names(outputs)));
  }
  const Tensor& tensor = output->second;
  const Shape& shape = tensor.shape();
  const bool is_list = std::count_if(shape.begin() + 1, shape.end(), [](int64_t size) { return size != 1; }) <= 1;
  if (!is_list || tensor.num_elements() == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("output_example_spec: output \"", column.output_key(), "\" of shape ", ShapeString(shape),
                     " cannot become a feature: for each example it must be a value or a list of values"));
  }
  if (tensor.dtype() == DataType::kString) {
    for (const std::string& text : StringsOf(tensor, row)) feature->mutable_bytes_list()->add_value(text);
    return absl::OkStatus();
  }
  const bool numbers = VisitNumbers(tensor, row, [&]<typename T>(std::span<const T> values) {
    for (const T value : values) {
      if constexpr (std::is_floating_point_v<T>) {
        feature->mutable_float_list()->add_value(static_cast<float>(value));
      } else {
        feature->mutable_int64_list()->add_value(static_cast<int64_t>(value));
      }
    }
  });
  if (numbers) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat("output_example_spec: output \"", column.output_key(), "\" is of type ",
                                               DataTypeName(tensor.dtype()), ", which is not written"));
}

}  // namespace

absl::StatusOr<std::string> MakePredictionLog(absl::string_view signature_name, absl::string_view input,
                                              absl::string_view example, const Outputs& outputs, int row) {
  serving::PredictionLog log;
  serving::PredictRequest& request = *log.mutable_predict_log()->mutable_request();
  serving::PredictResponse& response = *log.mutable_predict_log()->mutable_response();
  request.mutable_model_spec()->set_signature_name(std::string(signature_name));
  response.mutable_model_spec()->set_signature_name(std::string(signature_name));
  serving::TensorProto& serialized = (*request.mutable_inputs())[std::string(input)];
  serialized.set_dtype(static_cast<int>(DataType::kString));
  serialized.mutable_tensor_shape()->add_dim()->set_size(1);
  serialized.add_string_val(std::string(example));
  for (const auto& [name, tensor] : outputs) {
    RETURN_IF_ERROR(ToProto(name, tensor, row, &(*response.mutable_outputs())[name]));
  }
  return io::SerializeDeterministically(log);
}

absl::Status CheckOutputExampleSpec(const OutputExampleSpec& spec, absl::string_view signature_name) {
  if (spec.output_columns_spec_size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat("output_example_spec has ", spec.output_columns_spec_size(),
                                                   " output_columns_spec; one is expected, of the one signature"));
  }
  const auto& columns = spec.output_columns_spec(0);
  if (!columns.signature_name().empty() && columns.signature_name() != signature_name) {
    return absl::InvalidArgumentError(absl::StrCat("output_example_spec is of signature \"", columns.signature_name(),
                                                   "\", but \"", signature_name, "\" is run"));
  }
  if (!columns.has_predict_output()) {
    return absl::InvalidArgumentError(
        "output_example_spec: expected predict_output, with an output_column for each output_key: a signature's outputs "
        "are taken by their names (of one that classifies, \"classes\" and \"scores\")");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> AddPredictions(const OutputExampleSpec& spec, absl::string_view example,
                                           const Outputs& outputs, int row) {
  serving::Example out;
  if (!out.ParseFromString(std::string(example))) return absl::DataLossError("not a tf.Example");
  auto& features = *out.mutable_features()->mutable_feature();
  for (const PredictOutputCol& column : spec.output_columns_spec(0).predict_output().output_columns()) {
    if (features.contains(column.output_column())) {
      return absl::InvalidArgumentError(absl::StrCat("output_example_spec: the example has a feature \"",
                                                     column.output_column(),
                                                     "\" already; give the output another output_column"));
    }
    RETURN_IF_ERROR(AddFeature(column, outputs, row, &features[column.output_column()]));
  }
  return io::SerializeDeterministically(out);
}

}  // namespace tfxm
