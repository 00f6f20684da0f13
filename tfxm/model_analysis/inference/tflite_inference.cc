// SPDX-License-Identifier: Apache-2.0

// Evaluates TFLite models with LiteRT: one compiled model per thread, inputs written in place.
//
// TFMA runs the interpreter without XNNPACK. For models of floats the two agree to the last few bits and XNNPACK is
// used; for quantized ones they do not (a dynamic-range MNIST model differs in one of 500 answers), so those run on
// TFLite's own kernels. What a model costs is measured with XNNPACK, which an app would have.
#include <algorithm>
#include <cstring>
#include <map>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tflite_generated.h"
#include "tfxm/data/feature_tensor.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/litert/delegation.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/sized_model.h"
#include "tfxm/model_analysis/cost/model_cost.h"
#include "tfxm/model_analysis/inference/inference_model.h"
#include "tfxm/model_analysis/inference/input_levels.h"
#include "tfxm/model_analysis/inference/tflite_tensors.h"
#include "tfxm/proto/costs.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

// Inputs of at most this size go through the model at once: what was just decoded, copied and computed then stays in
// the processor's second-level cache.
constexpr int64_t kChunkBytes = 128 << 10;
constexpr int kMinChunk = 16;

// What TFMA's tflite_predict_extractor.py does.
constexpr data::FeatureTensorOptions kTfma = {.missing = data::MissingPolicy::kMinusOne,
                                              .integers = data::IntegerPolicy::kRefuseFloats};

class TfliteSession : public InferenceSession {
 public:
  TfliteSession(std::unique_ptr<litert::CompiledModel> model, std::string signature, const InputShapes& input_shapes,
                InputLevels* levels)
      : model_(std::move(model)), signature_(std::move(signature)), path_(model_->file().name()), levels_(levels) {
    for (const TensorSpec& spec : model_->inputs()) {
      specs_.push_back(WithInputShape(spec, input_shapes));
      const Shape& shape = specs_.back().shape;
      if (!shape.empty() && shape[0] >= 0) fixed_batch_ = static_cast<int>(shape[0]);
      open_sides_ = open_sides_ || std::any_of(spec.shape.begin() + std::min<size_t>(1, spec.shape.size()),
                                               spec.shape.end(), [](int64_t d) { return d < 0; });
    }
  }

  absl::Status Predict(const data::ExampleBatch& batch, NamedValues* outputs) override {
    const int n = batch.num_examples();
    for (const TensorSpec& output : model_->outputs())
      outputs->emplace_back(model_->outputs().size() == 1 ? "" : output.name, Values());
    const size_t first = outputs->size() - model_->outputs().size();
    for (int row = 0; row < n;) {
      ASSIGN_OR_RETURN(const int count, Fill(batch, row));
      RETURN_IF_ERROR(Annotate(model_->Run(), path_));
      for (int i = 0; i < static_cast<int>(model_->outputs().size()); ++i) {
        Values& values = (*outputs)[first + i].second;
        if (!values.unusable.empty()) continue;
        const absl::Status collected = Annotate(Collect(i, count, &values), path_);
        if (model_->outputs().size() == 1) RETURN_IF_ERROR(collected);
        if (!collected.ok()) values.MakeUnusable(collected.message(), n);
      }
      row += count;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::map<std::string, Tensor>> PredictTensors(const data::ExampleBatch& batch) override {
    std::map<std::string, Tensor> outputs;
    const int n = batch.num_examples();
    for (int row = 0; row < n;) {
      ASSIGN_OR_RETURN(const int count, Fill(batch, row));
      RETURN_IF_ERROR(Annotate(model_->Run(), path_));
      for (int i = 0; i < static_cast<int>(model_->outputs().size()); ++i) {
        RETURN_IF_ERROR(Annotate(CollectTensor(i, row, count, n, &outputs[model_->outputs()[i].name]), path_));
      }
      row += count;
    }
    return outputs;
  }

  absl::StatusOr<int> SetInputs(const data::ExampleBatch& batch) override { return Fill(batch, 0); }
  absl::Status RunInputs() override { return Annotate(model_->Run(), path_); }

  absl::Status AddCosts(ModelCost* cost) override {
    litert::Inspection inspection = litert::Inspect(model_->file());
    if (open_sides_) {
      // Of one example of the size that the inputs have had last.
      InputShapes shapes;
      for (int i = 0; i < static_cast<int>(specs_.size()); ++i) {
        Shape& shape = shapes[specs_[i].name] = model_->input_shape(i);
        if (!shape.empty() && specs_[i].shape[0] < 0) shape[0] = 1;
      }
      ASSIGN_OR_RETURN(inspection, litert::InspectAt(model_->shared_file(), signature_, shapes));
    }
    cost->numbers[cost::kArenaBytes] = static_cast<double>(inspection.arena_bytes);
    cost->numbers[cost::kWeightBytes] = static_cast<double>(inspection.weight_bytes);
    cost->numbers[cost::kMultiplyAdds] = static_cast<double>(inspection.multiply_adds);
    int ops = 0;
    for (const auto& [name, use] : inspection.ops) {
      cost->op_counts[name] = use.count;
      ops += use.count;
    }
    cost->numbers[cost::kOpCount] = ops;
    ASSIGN_OR_RETURN(const litert::Delegation delegation, litert::FindDelegation(*model_, signature_));
    cost->numbers[cost::kDelegatedOpShare] = delegation.share();
    std::string own;
    for (const auto& [name, count] : delegation.own) absl::StrAppend(&own, own.empty() ? "" : ", ", count, " ", name);
    if (!own.empty()) cost->texts["not_delegated"] = own;
    return absl::OkStatus();
  }

 private:
  // The first `count` rows of an output, if its first dimension is the batch that the model fixes.
  absl::Status Collect(int i, int count, Values* values) {
    const TensorSpec& spec = model_->outputs()[i];
    Shape shape = model_->output_shape(i);
    const bool cut = fixed_batch_ > count && !shape.empty() && shape[0] == fixed_batch_;
    if (cut) shape[0] = count;
    if (spec.dtype == DataType::kString) {
      std::vector<std::string> strings = model_->Strings(i);
      if (cut) strings.resize(NumElements(shape));
      return AppendStringOutput(std::move(strings), shape, spec, count, values);
    }
    std::span<const char> bytes = model_->output(i);
    if (cut) bytes = bytes.first(bytes.size() / fixed_batch_ * count);
    return AppendOutput(bytes, shape, spec, model_->output_quantization(i), count, values);
  }

  // The same into rows [row, row + count) of a tensor for n examples.
  absl::Status CollectTensor(int i, int row, int count, int n, Tensor* tensor) {
    const TensorSpec& spec = model_->outputs()[i];
    Values values;  // Checks the shape, and makes numbers of what is quantized.
    RETURN_IF_ERROR(Collect(i, count, &values));
    const bool quantized = model_->output_quantization(i).scale != 0;
    Shape shape = model_->output_shape(i);
    shape[0] = n;
    if (row == 0) *tensor = Tensor(quantized ? DataType::kFloat : spec.dtype, shape);
    if (tensor->shape() != shape) {
      return absl::InvalidArgumentError(
          absl::StrCat("output \"", spec.name, "\" has another shape for other examples"));
    }
    if (spec.dtype == DataType::kString) {
      std::move(values.strings.begin(), values.strings.end(),
                tensor->strings().begin() + tensor->strings().size() / n * row);
    } else if (quantized) {
      std::transform(values.numbers.begin(), values.numbers.end(),
                     tensor->values<float>().begin() + tensor->num_elements() / n * row,
                     [](double number) { return static_cast<float>(number); });
    } else {
      const size_t bytes = tensor->bytes().size() / n;
      std::copy_n(model_->output(i).begin(), bytes * count, tensor->bytes().begin() + bytes * row);
    }
    return absl::OkStatus();
  }

  // How many examples from `row` on go in together: those that have the same number of values in each input, as many as
  // the model or the cache takes.
  int CountTogether(const data::ExampleBatch& batch, int row, const std::vector<const data::Column*>& columns) {
    int count = std::min(batch.num_examples() - row, fixed_batch_ > 0 ? fixed_batch_ : ChunkOf(columns, row));
    for (size_t i = 0; open_sides_ && i < columns.size(); ++i) {
      int same = 1;
      while (same < count && columns[i]->num_values(row + same) == columns[i]->num_values(row)) ++same;
      count = same;
    }
    return count;
  }
  int ChunkOf(const std::vector<const data::Column*>& columns, int row) const {
    int64_t bytes = 1;
    for (size_t i = 0; i < columns.size(); ++i) {
      // How long strings are is not known.
      bytes += specs_[i].dtype == DataType::kString
                   ? 256
                   : columns[i]->num_values(row) * static_cast<int64_t>(DataTypeSize(specs_[i].dtype));
    }
    int chunk = kMinChunk;
    while (chunk < 1024 && 2 * chunk * bytes <= kChunkBytes) chunk *= 2;
    return chunk;
  }

  // Puts examples from `row` on into the inputs; how many. A batch that the model fixes is filled up with the last one,
  // whose results Collect leaves out again.
  absl::StatusOr<int> Fill(const data::ExampleBatch& batch, int row) {
    auto filled = FillInputs(batch, row);
    RETURN_IF_ERROR(Annotate(filled.status(), path_));
    return filled;
  }
  absl::StatusOr<int> FillInputs(const data::ExampleBatch& batch, int row) {
    std::vector<const data::Column*> columns;
    for (const TensorSpec& spec : specs_) {
      columns.push_back(data::FindInputFeature(batch, spec.name));
      if (columns.back() == nullptr) return data::NoInputFeature(batch, spec.name);
    }
    const int count = CountTogether(batch, row, columns);
    const int rows = fixed_batch_ > 0 ? fixed_batch_ : count;
    if (fixed_batch_ == 0) RETURN_IF_ERROR(model_->ResizeBatch(count));
    for (int i = 0; i < static_cast<int>(specs_.size()); ++i) {
      const TensorSpec& spec = specs_[i];
      const data::Column& column = *columns[i];
      if (open_sides_) {
        ASSIGN_OR_RETURN(Shape shape, ShapeOfExample(spec, column.num_values(row)));
        if (!shape.empty()) shape[0] *= rows;
        RETURN_IF_ERROR(model_->ResizeInput(i, shape));
      }
      if (spec.dtype == DataType::kString) {
        const int64_t per_example = NumElements(model_->input_shape(i)) / rows;
        std::vector<std::string> strings(rows * per_example);
        RETURN_IF_ERROR(
            data::FillInput(&column, row, count, spec, kTfma, std::span(strings).first(count * per_example)));
        for (int64_t k = count * per_example; k < rows * per_example; ++k) strings[k] = strings[k - per_example];
        RETURN_IF_ERROR(model_->SetStrings(i, strings));
        continue;
      }
      const std::span<char> memory = model_->input(i);
      const size_t bytes = memory.size() / rows;
      data::FeatureTensorOptions options = kTfma;
      options.scale = model_->input_quantization(i).scale;
      options.zero_point = model_->input_quantization(i).zero_point;
      RETURN_IF_ERROR(data::FillInput(&column, row, count, spec, options, memory.first(bytes * count)));
      if (levels_ != nullptr) levels_->Add(i, column, row, count);
      for (int r = count; r < rows; ++r) std::memcpy(memory.data() + r * bytes, memory.data() + (r - 1) * bytes, bytes);
    }
    return count;
  }

  const std::unique_ptr<litert::CompiledModel> model_;
  const std::string signature_;
  const std::string path_;
  InputLevels* const levels_;      // Null: nothing is to be said about the examples.
  std::vector<TensorSpec> specs_;  // Of the inputs, with the sizes that were given.
  int fixed_batch_ = 0;            // 0: any number of examples.
  bool open_sides_ = false;
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
  TfliteModel(std::shared_ptr<const litert::ModelFile> file, std::string signature, InputShapes input_shapes)
      : file_(std::move(file)),
        signature_(std::move(signature)),
        input_shapes_(std::move(input_shapes)),
        levels_(*file_, signature_) {}
  absl::StatusOr<std::unique_ptr<InferenceSession>> NewSession() const override {
    return NewSession(!IsQuantized(file_->model()), &levels_);
  }
  absl::StatusOr<std::unique_ptr<InferenceSession>> NewAppSession() const override {
    return NewSession(true, nullptr);  // It measures costs, on a few examples over and over.
  }
  std::vector<std::string> Warnings() const override { return levels_.Warnings(); }
  std::string signature_name() const override { return (*file_->FindSignature(signature_))->name; }

 private:
  absl::StatusOr<std::unique_ptr<InferenceSession>> NewSession(bool xnnpack, InputLevels* levels) const {
    ASSIGN_OR_RETURN(std::unique_ptr<litert::CompiledModel> model,
                     litert::CompiledModel::Create(file_, {.signature = signature_, .xnnpack = xnnpack}));
    return std::make_unique<TfliteSession>(std::move(model), signature_, input_shapes_, levels);
  }

  const std::shared_ptr<const litert::ModelFile> file_;
  const std::string signature_;
  const InputShapes input_shapes_;
  mutable InputLevels levels_;  // Of all sessions
};

class TfliteLoader : public InferenceModelLoader {
 public:
  absl::StatusOr<std::unique_ptr<InferenceModel>> Load(const std::string& path,
                                                       const ::tensorflow_model_analysis::ModelSpec& spec,
                                                       const InputShapes& input_shapes) override {
    ASSIGN_OR_RETURN(std::shared_ptr<const litert::ModelFile> file, litert::ModelFile::Read(path));
    ASSIGN_OR_RETURN(const litert::SignatureInfo* signature, file->FindSignature(spec.signature_name()));
    std::vector<TensorSpec> inputs;
    for (const litert::SignatureTensor& input : signature->inputs) inputs.push_back(input.spec);
    RETURN_IF_ERROR(Annotate(CheckInputShapes(input_shapes, inputs), path));
    return std::make_unique<TfliteModel>(std::move(file), spec.signature_name(), input_shapes);
  }
};

TFXM_REGISTER(InferenceModelRegistry, "tf_lite", [] { return std::make_unique<TfliteLoader>(); });

}  // namespace
}  // namespace tfxm::model_analysis
