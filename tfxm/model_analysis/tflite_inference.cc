// Evaluates TFLite models with LiteRT: one compiled model per thread, inputs written in place.
//
// TFMA runs the interpreter without XNNPACK. For models of floats the two agree to the last few bits and XNNPACK is
// used; for quantized ones they do not (a dynamic-range MNIST model differs in one of 500 answers), so those run on
// TFLite's own kernels. What a model costs is measured with XNNPACK, which an app would have.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tflite_generated.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/litert/delegation.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/model_analysis/cost/model_cost.h"
#include "tfxm/model_analysis/inference_model.h"
#include "tfxm/model_analysis/tflite_tensors.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

constexpr absl::string_view kKerasSuffix = "_input";

// Inputs of at most this size go through the model at once: what was just decoded, copied and computed then stays in
// the processor's second-level cache.
constexpr int64_t kChunkBytes = 128 << 10;
constexpr int kMinChunk = 16;

class TfliteSession : public InferenceSession {
 public:
  TfliteSession(std::unique_ptr<litert::CompiledModel> model, std::string signature)
      : model_(std::move(model)), signature_(std::move(signature)), path_(model_->file().name()) {
    int64_t bytes = 1;
    for (size_t i = 0; i < model_->inputs().size(); ++i) {
      const TensorSpec& spec = model_->inputs()[i];
      if (!spec.shape.empty() && spec.shape[0] >= 0) fixed_batch_ = static_cast<int>(spec.shape[0]);
      // Of one example, so far. How long strings are is not known.
      bytes += spec.dtype == DataType::kString ? 256 : static_cast<int64_t>(model_->input(static_cast<int>(i)).size());
    }
    while (chunk_ < 1024 && 2 * chunk_ * bytes <= kChunkBytes) chunk_ *= 2;
  }

  absl::Status Predict(const data::ExampleBatch& batch, NamedValues* outputs) override {
    const int n = batch.num_examples();
    const int step = fixed_batch_ == 1 ? 1 : chunk_;
    for (const TensorSpec& output : model_->outputs())
      outputs->emplace_back(model_->outputs().size() == 1 ? "" : output.name, Values());
    const size_t first = outputs->size() - model_->outputs().size();
    for (int row = 0; row < n; row += step) {
      const int count = std::min(step, n - row);
      RETURN_IF_ERROR(Annotate(Fill(batch, row, count), path_));
      RETURN_IF_ERROR(Annotate(model_->Run(), path_));
      for (int i = 0; i < static_cast<int>(model_->outputs().size()); ++i) {
        RETURN_IF_ERROR(Annotate(Collect(i, count, &(*outputs)[first + i].second), path_));
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<int> SetInputs(const data::ExampleBatch& batch) override {
    const int count = std::min(batch.num_examples(), fixed_batch_ == 1 ? 1 : chunk_);
    RETURN_IF_ERROR(Annotate(Fill(batch, 0, count), path_));
    return count;
  }
  absl::Status RunInputs() override { return Annotate(model_->Run(), path_); }

  absl::Status AddCosts(ModelCost* cost) override {
    const litert::Inspection inspection = litert::Inspect(model_->file());
    cost->numbers["arena_bytes"] = static_cast<double>(inspection.arena_bytes);
    cost->numbers["weight_bytes"] = static_cast<double>(inspection.weight_bytes);
    cost->numbers["multiply_adds"] = static_cast<double>(inspection.multiply_adds);
    int ops = 0;
    for (const auto& [name, use] : inspection.ops) {
      cost->op_counts[name] = use.count;
      ops += use.count;
    }
    cost->numbers["op_count"] = ops;
    ASSIGN_OR_RETURN(const litert::Delegation delegation, litert::FindDelegation(*model_, signature_));
    cost->numbers["delegated_op_share"] = delegation.share();
    std::string own;
    for (const auto& [name, count] : delegation.own) absl::StrAppend(&own, own.empty() ? "" : ", ", count, " ", name);
    if (!own.empty()) cost->texts["not_delegated"] = own;
    return absl::OkStatus();
  }

 private:
  const data::Column* FindFeature(const data::ExampleBatch& batch, const std::string& input) const {
    if (const data::Column* column = batch.Find(input)) return column;
    if (absl::string_view(input).ends_with(kKerasSuffix))
      return batch.Find(input.substr(0, input.size() - kKerasSuffix.size()));
    return nullptr;
  }

  absl::Status Collect(int i, int count, Values* values) {
    const TensorSpec& spec = model_->outputs()[i];
    if (spec.dtype == DataType::kString)
      return AppendStringOutput(model_->Strings(i), model_->output_shape(i), spec, count, values);
    return AppendOutput(model_->output(i), model_->output_shape(i), spec, model_->output_quantization(i), count,
                        values);
  }

  absl::Status Fill(const data::ExampleBatch& batch, int first_row, int count) {
    if (fixed_batch_ > 1) {
      return absl::InvalidArgumentError(absl::StrCat("the model takes exactly ", fixed_batch_,
                                                     " examples at a time; convert it with an unknown first dimension, "
                                                     "or with 1"));
    }
    if (fixed_batch_ == 0) RETURN_IF_ERROR(model_->ResizeBatch(count));
    for (int i = 0; i < static_cast<int>(model_->inputs().size()); ++i) {
      const TensorSpec& spec = model_->inputs()[i];
      const data::Column* column = FindFeature(batch, spec.name);
      if (column == nullptr) {
        std::vector<std::string> names;
        for (const data::Column& c : batch.columns()) names.push_back(c.name());
        const std::string near = NearestNames(spec.name, names);
        return absl::InvalidArgumentError(absl::StrCat("the model's input \"", spec.name,
                                                       "\" is no feature of the examples",
                                                       near.empty() ? "" : "; nearest features: ", near));
      }
      if (spec.dtype == DataType::kString) {
        const int64_t per_example = NumElements(model_->input_shape(i)) / count;
        ASSIGN_OR_RETURN(const std::vector<std::string> strings,
                         StringInput(*column, first_row, count, spec, per_example));
        RETURN_IF_ERROR(model_->SetStrings(i, strings));
        continue;
      }
      RETURN_IF_ERROR(FillInput(*column, first_row, count, spec, model_->input_quantization(i), model_->input(i)));
    }
    return absl::OkStatus();
  }

  const std::unique_ptr<litert::CompiledModel> model_;
  const std::string signature_;
  const std::string path_;
  int fixed_batch_ = 0;  // 0: any number of examples.
  int chunk_ = kMinChunk;
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
  TfliteModel(std::shared_ptr<const litert::ModelFile> file, std::string signature)
      : file_(std::move(file)), signature_(std::move(signature)) {}
  absl::StatusOr<std::unique_ptr<InferenceSession>> NewSession() const override {
    return NewSession(!IsQuantized(file_->model()));
  }
  absl::StatusOr<std::unique_ptr<InferenceSession>> NewAppSession() const override { return NewSession(true); }

 private:
  absl::StatusOr<std::unique_ptr<InferenceSession>> NewSession(bool xnnpack) const {
    ASSIGN_OR_RETURN(std::unique_ptr<litert::CompiledModel> model,
                     litert::CompiledModel::Create(file_, {.signature = signature_, .xnnpack = xnnpack}));
    return std::make_unique<TfliteSession>(std::move(model), signature_);
  }

  const std::shared_ptr<const litert::ModelFile> file_;
  const std::string signature_;
};

class TfliteLoader : public InferenceModelLoader {
 public:
  absl::StatusOr<std::unique_ptr<InferenceModel>> Load(const std::string& path,
                                                       const ::tensorflow_model_analysis::ModelSpec& spec) override {
    ASSIGN_OR_RETURN(std::shared_ptr<const litert::ModelFile> file, litert::ModelFile::Read(path));
    return std::make_unique<TfliteModel>(std::move(file), spec.signature_name());
  }
};

TFXM_REGISTER(InferenceModelRegistry, "tf_lite", [] { return std::make_unique<TfliteLoader>(); });

}  // namespace
}  // namespace tfxm::model_analysis
