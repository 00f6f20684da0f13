// SPDX-License-Identifier: Apache-2.0

// The plugin that evaluates SavedModels: registers "saved_model" (inference_model.h). It brings libtensorflow_cc with
// it.
#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/data/feature_tensor.h"
#include "tfxm/model_analysis/inference/inference_model.h"
#include "tfxm/saved_model/saved_model.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

// A feature as the tensor an input wants: [num_examples, ...]. The tensor of the batch before is used again if it fits.
absl::Status ToTensor(const data::Column& column, int n, const TensorSpec& spec, Tensor* tensor) {
  int row = 0;
  while (row < n && column.num_values(row) == 0) ++row;
  if (row == n) return absl::InvalidArgumentError(absl::StrCat("feature \"", column.name(), "\" is missing"));
  ASSIGN_OR_RETURN(Shape shape, data::ShapeOfExamples(spec, column.num_values(row), n));
  if (tensor->dtype() != spec.dtype || tensor->shape() != shape) *tensor = Tensor(spec.dtype, std::move(shape));
  return data::FillInput(&column, 0, n, spec, {.integers = data::IntegerPolicy::kTruncate}, tensor);
}

// Rows [begin, begin + n) of a tensor, the last one again where there are no more.
Tensor Rows(const Tensor& from, int64_t begin, int64_t n) {
  Shape shape = from.shape();
  const int64_t last = shape[0] - 1;
  shape[0] = n;
  Tensor rows(from.dtype(), shape);
  const size_t bytes = rows.bytes().size() / n, strings = rows.strings().size() / n;
  for (int64_t r = 0; r < n; ++r) {
    const int64_t row = std::min(begin + r, last);
    std::copy_n(from.bytes().begin() + row * bytes, bytes, rows.bytes().begin() + r * bytes);
    std::copy_n(from.strings().begin() + row * strings, strings, rows.strings().begin() + r * strings);
  }
  return rows;
}

// The number of examples that the signature takes at a time; 0: any.
int64_t FixedBatch(const Signature& signature) {
  int64_t fixed = 0;
  for (const TensorSpec& input : signature.inputs) {
    if (!input.shape.empty() && input.shape[0] >= 0) fixed = input.shape[0];
  }
  return fixed;
}

bool TakesExamples(const Signature& signature) {
  return signature.inputs.size() == 1 && signature.inputs[0].dtype == DataType::kString;
}

class SavedModelSession : public InferenceSession {
 public:
  SavedModelSession(const SavedModel* model, const Signature* signature,
                    const std::vector<const Signature*>* preprocessing, std::string path, InputShapes input_shapes)
      : model_(model),
        signature_(signature),
        preprocessing_(preprocessing),
        path_(std::move(path)),
        input_shapes_(std::move(input_shapes)) {}

  absl::Status Predict(const data::ExampleBatch& batch, NamedValues* outputs) override {
    std::map<std::string, std::string> unusable;
    ASSIGN_OR_RETURN(const auto results, Run(*signature_, batch, &unusable));
    for (const auto& [name, tensor] : results) {
      Values& values = outputs->emplace_back(results.size() == 1 ? "" : name, Values()).second;
      const auto why = unusable.find(name);
      if (why == unusable.end()) {
        values.FromTensor(tensor);
      } else if (results.size() == 1) {
        return absl::InvalidArgumentError(why->second);
      } else {
        values.MakeUnusable(why->second, batch.num_examples());
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::map<std::string, Tensor>> PredictTensors(const data::ExampleBatch& batch) override {
    std::map<std::string, std::string> unusable;
    ASSIGN_OR_RETURN(auto results, Run(*signature_, batch, &unusable));
    if (!unusable.empty()) return absl::InvalidArgumentError(unusable.begin()->second);
    return results;
  }

  absl::Status Transform(const data::ExampleBatch& batch, NamedValues* features) override {
    // A later function replaces the outputs of an earlier one.
    std::map<std::string, Values> by_name;
    for (const Signature* signature : *preprocessing_) {
      std::map<std::string, std::string> unusable;
      ASSIGN_OR_RETURN(const auto results, Run(*signature, batch, &unusable));
      if (!unusable.empty()) return absl::InvalidArgumentError(unusable.begin()->second);
      for (const auto& [name, tensor] : results) by_name[name].FromTensor(tensor);
    }
    for (auto& [name, values] : by_name) features->emplace_back(name, std::move(values));
    return absl::OkStatus();
  }

 private:
  // `unusable` gets the outputs that are not of a row per example, and why.
  absl::StatusOr<std::map<std::string, Tensor>> Run(const Signature& signature, const data::ExampleBatch& batch,
                                                    std::map<std::string, std::string>* unusable) {
    const int n = batch.num_examples();
    std::map<std::string, Tensor>& inputs = inputs_[&signature];
    if (TakesExamples(signature) && data::FindInputFeature(batch, signature.inputs[0].name) == nullptr) {
      Tensor examples(DataType::kString, {n});
      for (int row = 0; row < n; ++row) examples.strings()[row] = std::string(batch.record(row));
      inputs[signature.inputs[0].name] = std::move(examples);
    } else {
      for (const TensorSpec& spec : signature.inputs) {
        const data::Column* column = data::FindInputFeature(batch, spec.name);
        const absl::Status filled = column == nullptr
                                        ? data::NoInputFeature(batch, spec.name)
                                        : ToTensor(*column, n, WithInputShape(spec, input_shapes_), &inputs[spec.name]);
        RETURN_IF_ERROR(Annotate(filled, absl::StrCat(path_, ": signature \"", signature.name, "\"")));
      }
    }
    const int64_t fixed = FixedBatch(signature);
    if (fixed > 0 && fixed != n) return RunInBatches(signature, inputs, n, fixed, unusable);
    auto results = model_->Run(signature, inputs);
    if (!results.ok()) return Annotate(results.status(), path_);
    for (const auto& [name, tensor] : *results) CheckRows(signature, name, tensor, n, unusable);
    return results;
  }

  void CheckRows(const Signature& signature, const std::string& name, const Tensor& tensor, int64_t n,
                 std::map<std::string, std::string>* unusable) const {
    if (!tensor.shape().empty() && tensor.shape()[0] == n) return;
    unusable->try_emplace(name, absl::StrCat(path_, ": output \"", name, "\" of signature \"", signature.name,
                                             "\" has shape ", ShapeString(tensor.shape()), " for ", n,
                                             " examples; its first dimension must be the batch"));
  }

  // `batch` examples at a time; a last group that is smaller is filled up, and what comes of that is left out.
  absl::StatusOr<std::map<std::string, Tensor>> RunInBatches(const Signature& signature,
                                                             const std::map<std::string, Tensor>& inputs, int64_t n,
                                                             int64_t batch,
                                                             std::map<std::string, std::string>* unusable) {
    std::map<std::string, Tensor> all;
    for (int64_t row = 0; row < n; row += batch) {
      std::map<std::string, Tensor> some;
      for (const auto& [name, tensor] : inputs) some[name] = Rows(tensor, row, batch);
      const auto results = model_->Run(signature, some);
      if (!results.ok()) return Annotate(results.status(), path_);
      const int64_t count = std::min(batch, n - row);
      for (const auto& [name, tensor] : *results) {
        Tensor& out = all[name];
        CheckRows(signature, name, tensor, batch, unusable);
        if (unusable->count(name)) continue;
        Shape shape = tensor.shape();
        shape[0] = n;
        if (row == 0) out = Tensor(tensor.dtype(), shape);
        if (out.shape() != shape) {
          unusable->emplace(name, absl::StrCat(path_, ": output \"", name, "\" has another shape for other examples"));
          continue;
        }
        const size_t bytes = tensor.bytes().size() / batch, strings = tensor.strings().size() / batch;
        std::copy_n(tensor.bytes().begin(), count * bytes, out.bytes().begin() + row * bytes);
        std::copy_n(tensor.strings().begin(), count * strings, out.strings().begin() + row * strings);
      }
    }
    return all;
  }

  const SavedModel* const model_;
  const Signature* const signature_;
  const std::vector<const Signature*>* const preprocessing_;
  const std::string path_;
  const InputShapes input_shapes_;
  std::map<const Signature*, std::map<std::string, Tensor>> inputs_;  // Kept, as new memory is dear.
};

class SavedModelInference : public InferenceModel {
 public:
  SavedModelInference(std::unique_ptr<SavedModel> model, const Signature* signature,
                      std::vector<const Signature*> preprocessing, std::string path, InputShapes input_shapes)
      : model_(std::move(model)),
        signature_(signature),
        preprocessing_(std::move(preprocessing)),
        path_(std::move(path)),
        input_shapes_(std::move(input_shapes)) {}
  absl::StatusOr<std::unique_ptr<InferenceSession>> NewSession() const override {
    return std::make_unique<SavedModelSession>(model_.get(), signature_, &preprocessing_, path_, input_shapes_);
  }
  bool HasTransform() const override { return !preprocessing_.empty(); }
  std::string signature_name() const override { return signature_->name; }
  std::string examples_input() const override { return TakesExamples(*signature_) ? signature_->inputs[0].name : ""; }
  bool NeedsRecords() const override {
    return TakesExamples(*signature_) || std::any_of(preprocessing_.begin(), preprocessing_.end(),
                                                     [](const Signature* s) { return TakesExamples(*s); });
  }

 private:
  const std::unique_ptr<SavedModel> model_;
  const Signature* const signature_;
  const std::vector<const Signature*> preprocessing_;
  const std::string path_;
  const InputShapes input_shapes_;
};

// The functions a spec names, or else those that TFMA looks for.
absl::StatusOr<std::vector<const Signature*>> PreprocessingFunctions(
    const SavedModel& model, const ::tensorflow_model_analysis::ModelSpec& spec) {
  std::vector<const Signature*> functions;
  for (const std::string& name : spec.preprocessing_function_names()) {
    absl::StatusOr<const Signature*> signature = model.FindSignature(name);
    if (!signature.ok()) {
      return Annotate(signature.status(),
                      "preprocessing_function_names (each must be a signature of the SavedModel; save a "
                      "layer such as tft_layer with signatures={\"transform_features\": …})");
    }
    functions.push_back(*signature);
  }
  if (!functions.empty()) return functions;
  for (const Signature& signature : model.signatures()) {
    if (signature.name == "transformed_features" || signature.name == "transformed_labels") {
      functions.push_back(&signature);
    }
  }
  return functions;
}

// TFMA's default: estimators with several heads have "predict", others "serving_default". A model's only one is taken
// as well, as of a TFLite file.
std::string SignatureName(const SavedModel& model, const ::tensorflow_model_analysis::ModelSpec& spec) {
  if (!spec.signature_name().empty()) return spec.signature_name();
  std::vector<Signature> all = model.signatures();
  std::erase_if(all, [](const Signature& s) { return absl::StartsWith(s.name, "__saved_model"); });
  if (all.size() == 1) return all[0].name;
  const bool has_predict = std::any_of(all.begin(), all.end(), [](const Signature& s) { return s.name == "predict"; });
  return has_predict ? "predict" : "serving_default";
}

class SavedModelLoader : public InferenceModelLoader {
 public:
  absl::StatusOr<std::unique_ptr<InferenceModel>> Load(const std::string& path,
                                                       const ::tensorflow_model_analysis::ModelSpec& spec,
                                                       const InputShapes& input_shapes) override {
    SavedModelOptions options;
    options.num_threads = 1;  // The evaluation runs batches side by side.
    ASSIGN_OR_RETURN(std::unique_ptr<SavedModel> model, SavedModel::Load(path, options));
    ASSIGN_OR_RETURN(const Signature* signature, model->FindSignature(SignatureName(*model, spec)));
    RETURN_IF_ERROR(Annotate(CheckInputShapes(input_shapes, signature->inputs), path));
    ASSIGN_OR_RETURN(std::vector<const Signature*> preprocessing, PreprocessingFunctions(*model, spec));
    return std::make_unique<SavedModelInference>(std::move(model), signature, std::move(preprocessing), path,
                                                 input_shapes);
  }
};

TFXM_REGISTER(InferenceModelRegistry, "saved_model", [] { return std::make_unique<SavedModelLoader>(); });

}  // namespace
}  // namespace tfxm::model_analysis
