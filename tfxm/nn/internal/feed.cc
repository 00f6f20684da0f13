// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/internal/feed.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/data/feature_tensor.h"
#include "tfxm/nn/internal/watch/finite.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

namespace tf = ::tensorflow;

// Numbers as the type that the model's input has.
absl::StatusOr<Tensor> Convert(const Tensor& tensor, const TensorSpec& spec) {
  if (tensor.dtype() == spec.dtype) return tensor;
  Tensor converted(spec.dtype, tensor.shape());
  const absl::Status status =
      data::ConvertNumbers(tensor, spec.dtype, /*scale=*/0, /*zero_point=*/0, converted.bytes());
  if (status.ok()) return converted;
  return absl::Status(status.code(), absl::StrCat("the data of input \"", spec.name, "\" ", status.message()));
}

bool Fits(const Shape& shape, const Shape& wanted) {
  if (shape.size() != wanted.size()) return false;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (wanted[i] >= 0 && wanted[i] != shape[i]) return false;
  }
  return true;
}

absl::StatusOr<tf::Tensor> InputFeed(const TensorSpec& spec, const Tensor& tensor) {
  const bool convertible =
      spec.dtype == DataType::kFloat || spec.dtype == DataType::kInt32 || spec.dtype == DataType::kInt64;
  const auto wrong = [&] {
    return absl::InvalidArgumentError(absl::StrCat("input \"", spec.name, "\" is ", DataTypeName(spec.dtype),
                                                   ShapeString(spec.shape), ", the data has ",
                                                   DataTypeName(tensor.dtype()), ShapeString(tensor.shape())));
  };
  if (tensor.dtype() != spec.dtype && (!convertible || tensor.dtype() == DataType::kString)) return wrong();
  ASSIGN_OR_RETURN(const Tensor numbers, Convert(tensor, spec));
  ASSIGN_OR_RETURN(tf::Tensor fed, ops::internal::ToTf(numbers));
  if (Fits(tensor.shape(), spec.shape)) return fed;
  // Scalars per example for an input of [None, 1], as in Keras.
  if (tensor.shape().size() == 1 && spec.shape == Shape{-1, 1}) {
    tf::Tensor column(fed.dtype());
    if (column.CopyFrom(fed, tf::TensorShape({tensor.shape()[0], 1}))) return column;
  }
  return wrong();
}

double WeightOf(const std::map<int64_t, double>& class_weight, int64_t label) {
  const auto found = class_weight.find(label);
  return found == class_weight.end() ? 1 : found->second;
}

// Per example: the weight of its class; of the largest value where labels are one-hot.
absl::StatusOr<std::vector<float>> ClassWeights(const std::map<int64_t, double>& class_weight, const Tensor& labels) {
  const int64_t n = labels.shape().empty() ? 0 : labels.shape()[0];
  if (n == 0 || labels.dtype() == DataType::kString || labels.shape().size() > 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("class_weight needs labels that are numbers, one or a one-hot row per example; they are ",
                     DataTypeName(labels.dtype()), ShapeString(labels.shape())));
  }
  const int64_t row = labels.num_elements() / n;
  std::vector<float> weights;
  for (int64_t i = 0; i < n; ++i) {
    int64_t label = std::llround(labels.ValueAsDouble(i * row));
    if (row > 1) {
      label = 0;
      for (int64_t k = 1; k < row; ++k) {
        if (labels.ValueAsDouble(i * row + k) > labels.ValueAsDouble(i * row + label)) label = k;
      }
    }
    weights.push_back(static_cast<float>(WeightOf(class_weight, label)));
  }
  return weights;
}

// What is said of a batch whose examples' origin is not known.
std::string InBatch(int64_t i) { return absl::StrCat("example ", i, " of the batch"); }

// Sample weights as float, [batch] if there is one per example.
absl::StatusOr<tf::Tensor> SampleWeights(const Tensor& weight, int64_t num_examples, const WhereFunction& where) {
  const Shape& shape = weight.shape();
  if (weight.dtype() == DataType::kString || shape.empty() || shape[0] != num_examples) {
    return absl::InvalidArgumentError(absl::StrCat("sample weights are ", DataTypeName(weight.dtype()),
                                                   ShapeString(shape), " for ", num_examples,
                                                   " examples; wanted numbers, one per example"));
  }
  tf::TensorShape fed({num_examples});
  if (weight.num_elements() != num_examples) {
    for (size_t i = 1; i < shape.size(); ++i) fed.AddDim(shape[i]);
  }
  tf::Tensor weights(tf::DT_FLOAT, fed);
  auto values = weights.flat<float>();
  for (int64_t i = 0; i < weight.num_elements(); ++i) {
    values(i) = static_cast<float>(weight.ValueAsDouble(i));
    if (std::isfinite(values(i))) continue;
    return absl::InvalidArgumentError(absl::StrCat(where(i / (weight.num_elements() / num_examples)),
                                                   ": the sample weight is ", values(i),
                                                   "; wanted a number (0 leaves an example out)"));
  }
  return weights;
}

// Whether labels are what the loss takes them for.
absl::Status CheckLabels(const TensorSpec& output, const Loss& loss, const Tensor& labels, const WhereFunction& where) {
  if (loss.labels() == Loss::Labels::kNumbers || labels.dtype() == DataType::kString) return absl::OkStatus();
  const bool classes = loss.labels() == Loss::Labels::kClasses;
  const int64_t num_classes = output.shape.empty() ? -1 : output.shape.back();
  const double largest = !classes ? 1 + 1e-6 : num_classes < 0 ? 9e15 : static_cast<double>(num_classes - 1);
  for (int64_t i = 0; i < labels.num_elements(); ++i) {
    const double label = labels.ValueAsDouble(i);
    const double smallest = classes ? 0 : -1e-6;
    if (label >= smallest && label <= largest && (!classes || label == std::floor(label))) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        where(i / (labels.num_elements() / labels.shape()[0])), ": label ", label, " of output \"", output.name,
        "\" is out of range: loss ", loss.name(), " takes ",
        classes ? absl::StrCat("the numbers of classes, 0",
                               num_classes < 0
                                   ? " and up"
                                   : absl::StrCat(" to ", num_classes - 1, " (the output has ", num_classes, ")"))
                : "numbers between 0 and 1",
        !classes && num_classes > 1 && labels.num_elements() == labels.shape()[0]
            ? absl::StrCat(" for each of its ", num_classes,
                           "; one class number per example is for sparse_categorical_crossentropy")
            : ""));
  }
  return absl::OkStatus();
}

std::string Quoted(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) absl::StrAppend(&text, text.empty() ? "" : ", ", "\"", name, "\"");
  return text;
}

absl::Status NoFeature(const FeedSpec& spec, const std::string& name, const Batch& batch) {
  if (std::count(spec.left_out.begin(), spec.left_out.end(), name) > 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "feature \"", name, "\" for the model's input has a varying number of values per example and so is not dense; ",
        "give it a length with DatasetOptions::padded_shapes ({{\"", name, "\", LENGTH}}), or make it dense in the ",
        "preprocessing_fn (ops::PadToDense)"));
  }
  std::string known;
  for (const auto& [feature, tensor] : batch.features) absl::StrAppend(&known, known.empty() ? "" : ", ", feature);
  return absl::InvalidArgumentError(absl::StrCat("the data has no feature \"", name, "\" for the model's input; it has",
                                                 known.empty() ? " none that are dense" : ": ", known,
                                                 known.empty() ? "" : "; an input takes the feature of its own name"));
}

// The labels of output i.
absl::StatusOr<const Tensor*> LabelsOf(const FeedSpec& spec, size_t i, const Batch& batch) {
  const std::string& name = spec.outputs[i].name;
  if (const auto found = batch.labels.find(name); found != batch.labels.end()) return &found->second;
  std::vector<std::string> outputs, labels;
  for (size_t k = 0; k < spec.outputs.size(); ++k) {
    if (!spec.losses[k].empty()) outputs.push_back(spec.outputs[k].name);
  }
  // The only labels are the only output's, unless they are called like another one.
  if (outputs.size() == 1 && batch.labels.size() == 1 &&
      std::none_of(spec.outputs.begin(), spec.outputs.end(),
                   [&](const TensorSpec& output) { return output.name == batch.labels.begin()->first; })) {
    return &batch.labels.begin()->second;
  }
  for (const auto& [label, tensor] : batch.labels) labels.push_back(label);
  return absl::InvalidArgumentError(absl::StrCat(
      "the data has no labels for output \"", name, "\"; ",
      batch.labels.empty() ? "it has none; name them with label_key, or"
                           : absl::StrCat("it has labels for ", Quoted(labels), "; name them"),
      " with label_keys: features that are called as the outputs they are labels of (", Quoted(outputs), ")"));
}

// Labels that would not be used are a misspelt name, or an output that was forgotten.
absl::Status CheckLabelNames(const FeedSpec& spec, const Batch& batch) {
  if (batch.labels.size() == 1 && spec.outputs.size() == 1) return absl::OkStatus();
  for (const auto& [name, labels] : batch.labels) {
    if (std::any_of(spec.outputs.begin(), spec.outputs.end(),
                    [&, &name = name](const TensorSpec& output) { return output.name == name; })) {
      continue;
    }
    if (batch.labels.size() == 1 &&
        std::count_if(spec.losses.begin(), spec.losses.end(), [](const Loss& loss) { return !loss.empty(); }) == 1)
      continue;
    std::vector<std::string> outputs;
    for (const TensorSpec& output : spec.outputs) outputs.push_back(output.name);
    return absl::InvalidArgumentError(
        absl::StrCat(name.empty() ? "the label of label_key" : absl::StrCat("label \"", name, "\""),
                     " belongs to no output; the model's outputs are ", Quoted(outputs),
                     " (label_keys: features that are called as the outputs they are labels of)"));
  }
  return absl::OkStatus();
}

// Feed::not_finite of the last batch of `iterator`.
std::string NotFinite(const FeedSpec& spec, const Feed& feed, const Dataset::Iterator& iterator) {
  const auto look = [&](absl::string_view what, const std::string& name, const tf::Tensor& tensor) -> std::string {
    if (tensor.dtype() != tf::DT_FLOAT) return "";
    const auto values = tensor.flat<float>();
    const int64_t found = FirstNotFinite({values.data(), static_cast<size_t>(values.size())});
    if (found < 0) return "";
    return absl::StrCat(what, " \"", name, "\" is ", std::isnan(values(found)) ? "nan" : "infinite", " in ",
                        iterator.Where(found / (values.size() / std::max<int64_t>(feed.num_examples, 1))));
  };
  for (size_t i = 0; i < feed.inputs.size(); ++i) {
    if (std::string said = look("input", spec.inputs[i].name, feed.inputs[i]); !said.empty()) return said;
  }
  for (size_t i = 0, with_loss = 0; i < spec.outputs.size() && with_loss < feed.labels.size(); ++i) {
    if (spec.losses[i].empty()) continue;
    std::string said = look("the label of output", spec.outputs[i].name, feed.labels[with_loss++]);
    if (!said.empty()) return said;
  }
  return "";
}

}  // namespace

absl::StatusOr<Feed> MakeFeed(const FeedSpec& spec, const Batch& batch, const WhereFunction& known_where) {
  const WhereFunction& where = known_where != nullptr ? known_where : InBatch;
  Feed feed;
  feed.num_examples = batch.num_examples();
  for (const TensorSpec& input : spec.inputs) {
    auto found = batch.features.find(input.name);
    if (found == batch.features.end() && spec.unnamed_input && batch.features.size() == 1 && spec.left_out.empty())
      found = batch.features.begin();
    if (found == batch.features.end()) return NoFeature(spec, input.name, batch);
    ASSIGN_OR_RETURN(tf::Tensor fed, InputFeed(input, found->second));
    if (feed.inputs.empty()) feed.num_examples = fed.dim_size(0);
    if (fed.dim_size(0) != feed.num_examples) {
      return absl::InvalidArgumentError(absl::StrCat("inputs of different numbers of examples: \"", spec.inputs[0].name,
                                                     "\" has ", feed.num_examples, ", \"", input.name, "\" has ",
                                                     fed.dim_size(0)));
    }
    if (const auto range = spec.index_ranges.find(input.name); range != spec.index_ranges.end())
      RETURN_IF_ERROR(CheckIndices(input.name, range->second, fed, where));
    feed.inputs.push_back(std::move(fed));
  }
  if (!spec.labels) return feed;
  RETURN_IF_ERROR(CheckLabelNames(spec, batch));
  std::vector<std::vector<float>> by_class;  // Per output with a loss; empty: no class weights.
  for (size_t i = 0; i < spec.outputs.size(); ++i) {
    if (spec.losses[i].empty()) continue;
    const TensorSpec& output = spec.outputs[i];
    ASSIGN_OR_RETURN(const Tensor* const labels, LabelsOf(spec, i, batch));
    if (labels->shape().empty() || labels->shape()[0] != feed.num_examples) {
      return absl::InvalidArgumentError(absl::StrCat("labels of output \"", output.name, "\" are ",
                                                     DataTypeName(labels->dtype()), ShapeString(labels->shape()),
                                                     " for ", feed.num_examples, " examples"));
    }
    RETURN_IF_ERROR(CheckLabels(output, spec.losses[i], *labels, where));
    ASSIGN_OR_RETURN(tf::Tensor fed, ops::internal::ToTf(*labels));
    feed.labels.push_back(std::move(fed));
    by_class.emplace_back();
    if (const auto weights = spec.class_weights.find(output.name); weights != spec.class_weights.end()) {
      auto made = ClassWeights(weights->second, *labels);
      if (!made.ok()) return Annotate(made.status(), absl::StrCat("output \"", output.name, "\""));
      by_class.back() = *std::move(made);
    }
  }
  const bool sample_weights = batch.weight.dtype() != DataType::kInvalid;
  if (!sample_weights && spec.class_weights.empty()) return feed;
  tf::Tensor common;
  if (sample_weights) {
    ASSIGN_OR_RETURN(common, SampleWeights(batch.weight, feed.num_examples, where));
  } else {
    common = tf::Tensor(tf::DT_FLOAT, tf::TensorShape({feed.num_examples}));
    common.flat<float>().setConstant(1);
  }
  for (const std::vector<float>& weights : by_class) {
    feed.weights.push_back(common);
    if (weights.empty()) continue;
    tf::Tensor product(tf::DT_FLOAT, common.shape());
    const int64_t row = feed.num_examples == 0 ? 0 : product.NumElements() / feed.num_examples;
    for (int64_t i = 0; i < product.NumElements(); ++i)
      product.flat<float>()(i) = common.flat<float>()(i) * weights[i / row];
    feed.weights.back() = std::move(product);
  }
  return feed;
}

FeedQueue::FeedQueue(FeedSpec spec, std::unique_ptr<Dataset::Iterator> iterator, int64_t skip)
    : spec_(std::move(spec)), iterator_(std::move(iterator)), skip_(skip), thread_([this] { Produce(); }) {}

FeedQueue::~FeedQueue() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    cancelled_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void FeedQueue::Produce() {
  Batch batch;
  while (true) {
    absl::Status status;
    Feed feed;
    auto more = iterator_->Next(&batch);
    if (!more.ok()) {
      status = more.status();
    } else if (*more && skip_ > 0) {
      --skip_;
      continue;
    } else if (*more) {
      auto made = MakeFeed(spec_, batch, [this](int64_t i) { return iterator_->Where(i); });
      if (made.ok()) {
        feed = std::move(*made);
        feed.not_finite = NotFinite(spec_, feed, *iterator_);
      } else {
        status = made.status();
      }
    }
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return cancelled_ || queue_.size() < kAhead; });
    if (cancelled_) return;
    if (!status.ok() || !*more) {
      status_ = status;
      done_ = true;
      changed_.notify_all();
      return;
    }
    queue_.push_back(std::move(feed));
    if (queue_.size() == 1) changed_.notify_all();
  }
}

absl::StatusOr<bool> FeedQueue::Next(Feed* feed) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [&] { return done_ || !queue_.empty(); });
  if (!queue_.empty()) {
    *feed = std::move(queue_.front());
    queue_.pop_front();
    // Waking the other thread costs as much as a small step: only when there is a run of batches to make.
    if (queue_.size() == kAhead / 2) changed_.notify_all();
    return true;
  }
  RETURN_IF_ERROR(status_);
  return false;
}

}  // namespace tfxm::nn
