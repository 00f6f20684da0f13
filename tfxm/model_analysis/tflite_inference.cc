// Evaluates TFLite models with LiteRT: one compiled model per thread, inputs written in place.
//
// TFMA runs the interpreter without XNNPACK. For models of floats the two agree to the last few bits and XNNPACK is
// used; for quantized ones they do not (a dynamic-range MNIST model differs in one of 500 answers), so those run on
// TFLite's own kernels.
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "tflite_generated.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/model_analysis/inference_model.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

constexpr absl::string_view kKerasSuffix = "_input";

template <typename T>
void StoreRow(const data::Column& column, int row, const litert::Quantization& quantization, T* out) {
  const int n = column.num_values(row);
  for (int k = 0; k < n; ++k) {
    double value = column.number(row, k);
    // TFMA's _quantize: the division in float32, the rest in float64, then a cast, which truncates.
    if (quantization.scale != 0)
      value = static_cast<double>(static_cast<float>(value) / quantization.scale) + quantization.zero_point;
    if constexpr (std::is_integral_v<T>) {
      const double low = static_cast<double>(std::numeric_limits<T>::min()),
                   high = static_cast<double>(std::numeric_limits<T>::max());
      out[k] = static_cast<T>(std::isnan(value) ? 0 : std::trunc(std::min(std::max(value, low), high)));
    } else {
      out[k] = static_cast<T>(value);
    }
  }
}

class TfliteSession : public InferenceSession {
 public:
  TfliteSession(std::unique_ptr<litert::CompiledModel> model, std::string path)
      : model_(std::move(model)), path_(std::move(path)) {}

  absl::Status Predict(const data::ExampleBatch& batch, NamedValues* outputs) override {
    const int n = batch.num_examples();
    const bool fixed = HasFixedBatch();
    const int step = fixed ? 1 : n;
    for (const TensorSpec& output : model_->outputs())
      outputs->emplace_back(model_->outputs().size() == 1 ? "" : output.name, Values());
    const size_t first = outputs->size() - model_->outputs().size();
    for (int row = 0; row < n; row += step) {
      if (!fixed) RETURN_IF_ERROR(model_->ResizeBatch(n));
      for (size_t i = 0; i < model_->inputs().size(); ++i) RETURN_IF_ERROR(Fill(batch, static_cast<int>(i), row, step));
      RETURN_IF_ERROR(Annotate(model_->Run(), path_));
      for (size_t i = 0; i < model_->outputs().size(); ++i) {
        RETURN_IF_ERROR(Collect(static_cast<int>(i), step, &(*outputs)[first + i].second));
      }
    }
    return absl::OkStatus();
  }

 private:
  // Whether some input takes exactly one example at a time.
  bool HasFixedBatch() const {
    for (const TensorSpec& input : model_->inputs()) {
      if (!input.shape.empty() && input.shape[0] == 1) return true;
    }
    return false;
  }

  const data::Column* FindFeature(const data::ExampleBatch& batch, const std::string& input) const {
    if (const data::Column* column = batch.Find(input)) return column;
    if (absl::string_view(input).ends_with(kKerasSuffix))
      return batch.Find(input.substr(0, input.size() - kKerasSuffix.size()));
    return nullptr;
  }

  absl::Status Fill(const data::ExampleBatch& batch, int i, int first_row, int count) {
    const TensorSpec& spec = model_->inputs()[i];
    const data::Column* column = FindFeature(batch, spec.name);
    if (column == nullptr) {
      std::vector<std::string> names;
      for (const data::Column& c : batch.columns()) names.push_back(c.name());
      const std::string near = NearestNames(spec.name, names);
      return absl::InvalidArgumentError(absl::StrCat(path_, ": the model's input \"", spec.name,
                                                     "\" is no feature of the examples",
                                                     near.empty() ? "" : "; nearest features: ", near));
    }
    if (column->type() == data::ValueType::kBytes) {
      return absl::InvalidArgumentError(absl::StrCat(path_, ": the model's input \"", spec.name, "\" is ",
                                                     DataTypeName(spec.dtype), " but the feature holds bytes"));
    }
    const litert::Quantization& quantization = model_->input_quantization(i);
    const bool is_float =
        spec.dtype == DataType::kFloat || spec.dtype == DataType::kHalf || spec.dtype == DataType::kDouble;
    if (!is_float && quantization.scale == 0 && column->type() == data::ValueType::kFloat) {
      return absl::InvalidArgumentError(
          absl::StrCat(path_, ": the model's input \"", spec.name, "\" is ", DataTypeName(spec.dtype),
                       " without a scale, but the feature holds floats: there is no way to quantize them"));
    }
    const std::span<char> memory = model_->input(i);
    const size_t size = DataTypeSize(spec.dtype);
    const int64_t per_example = static_cast<int64_t>(memory.size() / size) / count;
    for (int r = 0; r < count; ++r) {
      const int row = first_row + r;
      char* out = memory.data() + r * per_example * size;
      const int values = column->num_values(row);
      if (values == 0) {
        // TFMA's default for a missing value.
        switch (spec.dtype) {
          case DataType::kFloat: std::fill_n(reinterpret_cast<float*>(out), per_example, -1.0f); break;
          case DataType::kInt64: std::fill_n(reinterpret_cast<int64_t*>(out), per_example, int64_t{-1}); break;
          default:
            return absl::InvalidArgumentError(
                absl::StrCat("example ", row, " of the batch lacks feature \"", spec.name, "\", an input of ", path_));
        }
        continue;
      }
      if (values != per_example) {
        return absl::InvalidArgumentError(absl::StrCat(
            "example ", row, " of the batch has ", values, " values of feature \"", spec.name, "\" but the input of ",
            path_, " has shape ", ShapeString(spec.shape), ", ", per_example, " values"));
      }
      switch (spec.dtype) {
        case DataType::kFloat:
          if (column->type() == data::ValueType::kFloat && quantization.scale == 0) {
            std::memcpy(out, column->floats(row).data(), per_example * sizeof(float));
          } else {
            StoreRow(*column, row, quantization, reinterpret_cast<float*>(out));
          }
          break;
        case DataType::kDouble: StoreRow(*column, row, quantization, reinterpret_cast<double*>(out)); break;
        case DataType::kInt8: StoreRow(*column, row, quantization, reinterpret_cast<int8_t*>(out)); break;
        case DataType::kUint8: StoreRow(*column, row, quantization, reinterpret_cast<uint8_t*>(out)); break;
        case DataType::kInt16: StoreRow(*column, row, quantization, reinterpret_cast<int16_t*>(out)); break;
        case DataType::kInt32: StoreRow(*column, row, quantization, reinterpret_cast<int32_t*>(out)); break;
        case DataType::kInt64: StoreRow(*column, row, quantization, reinterpret_cast<int64_t*>(out)); break;
        case DataType::kBool:
          for (int k = 0; k < values; ++k) out[k] = column->number(row, k) != 0;
          break;
        default:
          return absl::UnimplementedError(
              absl::StrCat(path_, ": input \"", spec.name, "\" of type ", DataTypeName(spec.dtype)));
      }
    }
    return absl::OkStatus();
  }

  template <typename T>
  static void Append(std::span<const char> memory, const litert::Quantization& quantization, Values* values) {
    const T* data = reinterpret_cast<const T*>(memory.data());
    const size_t n = memory.size() / sizeof(T);
    const size_t before = values->numbers.size();
    values->numbers.resize(before + n);
    if (quantization.scale == 0) {
      for (size_t k = 0; k < n; ++k) values->numbers[before + k] = static_cast<double>(data[k]);
    } else {
      for (size_t k = 0; k < n; ++k) {
        values->numbers[before + k] = (static_cast<double>(data[k]) - quantization.zero_point) * quantization.scale;
      }
    }
  }

  absl::Status Collect(int i, int count, Values* values) {
    const TensorSpec& spec = model_->outputs()[i];
    const std::span<const char> memory = model_->output(i);
    const litert::Quantization& quantization = model_->output_quantization(i);
    const Shape& shape = model_->output_shape(i);
    if (shape.empty() || shape[0] != count) {
      return absl::InvalidArgumentError(absl::StrCat(path_, ": output \"", spec.name, "\" has shape ",
                                                     ShapeString(shape), " for ", count,
                                                     " examples; its first dimension must be the batch"));
    }
    switch (spec.dtype) {
      case DataType::kFloat: Append<float>(memory, quantization, values); break;
      case DataType::kInt8: Append<int8_t>(memory, quantization, values); break;
      case DataType::kUint8: Append<uint8_t>(memory, quantization, values); break;
      case DataType::kInt16: Append<int16_t>(memory, quantization, values); break;
      case DataType::kInt32: Append<int32_t>(memory, quantization, values); break;
      case DataType::kInt64: Append<int64_t>(memory, quantization, values); break;
      case DataType::kBool: Append<bool>(memory, quantization, values); break;
      default:
        return absl::UnimplementedError(
            absl::StrCat(path_, ": output \"", spec.name, "\" of type ", DataTypeName(spec.dtype)));
    }
    if (shape.size() > 2) values->last_dimension = static_cast<int>(shape.back());
    const int width = static_cast<int>(NumElements(shape) / count);
    const int before = values->ends.empty() ? 0 : values->ends.back();
    for (int r = 1; r <= count; ++r) values->ends.push_back(before + r * width);
    return absl::OkStatus();
  }

  const std::unique_ptr<litert::CompiledModel> model_;
  const std::string path_;
};

bool IsQuantized(const schema::Model& model) {
  for (const schema::SubGraph* graph : *model.subgraphs()) {
    if (graph->tensors() == nullptr) continue;
    for (const schema::Tensor* tensor : *graph->tensors()) {
      const schema::QuantizationParameters* quantization = tensor->quantization();
      if (quantization != nullptr && quantization->scale() != nullptr && quantization->scale()->size() > 0) return true;
    }
  }
  return false;
}

class TfliteModel : public InferenceModel {
 public:
  TfliteModel(std::shared_ptr<const litert::ModelFile> file, litert::CompiledModelOptions options)
      : file_(std::move(file)), options_(std::move(options)) {}
  absl::StatusOr<std::unique_ptr<InferenceSession>> NewSession() const override {
    ASSIGN_OR_RETURN(std::unique_ptr<litert::CompiledModel> model, litert::CompiledModel::Create(file_, options_));
    return std::make_unique<TfliteSession>(std::move(model), file_->name());
  }

 private:
  const std::shared_ptr<const litert::ModelFile> file_;
  const litert::CompiledModelOptions options_;
};

class TfliteLoader : public InferenceModelLoader {
 public:
  absl::StatusOr<std::unique_ptr<InferenceModel>> Load(const std::string& path,
                                                       const ::tensorflow_model_analysis::ModelSpec& spec) override {
    ASSIGN_OR_RETURN(std::shared_ptr<const litert::ModelFile> file, litert::ModelFile::Read(path));
    litert::CompiledModelOptions options;
    options.signature = spec.signature_name();
    options.xnnpack = !IsQuantized(file->model());
    return std::make_unique<TfliteModel>(std::move(file), options);
  }
};

TFXM_REGISTER(InferenceModelRegistry, "tf_lite", [] { return std::make_unique<TfliteLoader>(); });

}  // namespace
}  // namespace tfxm::model_analysis
