#include "tfxm/nn/feed.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

namespace tf = ::tensorflow;

// Numbers as the type that the model's input has.
Tensor Convert(const Tensor& tensor, DataType dtype) {
  Tensor converted(dtype, tensor.shape());
  const int64_t n = tensor.num_elements();
  for (int64_t i = 0; i < n; ++i) {
    const double value = tensor.ValueAsDouble(i);
    switch (dtype) {
      case DataType::kFloat: converted.values<float>()[i] = static_cast<float>(value); break;
      case DataType::kInt32: converted.values<int32_t>()[i] = static_cast<int32_t>(value); break;
      default: converted.values<int64_t>()[i] = static_cast<int64_t>(value);
    }
  }
  return converted;
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
  ASSIGN_OR_RETURN(tf::Tensor fed,
                   ops::internal::ToTf(tensor.dtype() == spec.dtype ? tensor : Convert(tensor, spec.dtype)));
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
  if (n == 0 || labels.dtype() == DataType::kString)
    return absl::InvalidArgumentError("class_weight needs labels that are numbers");
  const int64_t row = labels.num_elements() / n;
  std::vector<float> weights;
  for (int64_t i = 0; i < n; ++i) {
    int64_t label = static_cast<int64_t>(labels.ValueAsDouble(i * row));
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

}  // namespace

absl::StatusOr<Feed> MakeFeed(const FeedSpec& spec, const Batch& batch) {
  Feed feed;
  feed.num_examples = batch.num_examples();
  for (const TensorSpec& input : spec.inputs) {
    auto found = batch.features.find(input.name);
    if (found == batch.features.end() && spec.inputs.size() == 1 && batch.features.size() == 1)
      found = batch.features.begin();
    if (found == batch.features.end()) {
      std::string known;
      for (const auto& [name, tensor] : batch.features) absl::StrAppend(&known, known.empty() ? "" : ", ", name);
      return absl::InvalidArgumentError(
          absl::StrCat("the data has no feature \"", input.name, "\" for the model's input; it has: ", known));
    }
    ASSIGN_OR_RETURN(tf::Tensor fed, InputFeed(input, found->second));
    feed.inputs.push_back(std::move(fed));
  }
  if (!spec.labels) return feed;
  const Tensor* first_labels = nullptr;
  for (size_t i = 0; i < spec.outputs.size(); ++i) {
    if (!spec.has_loss[i]) continue;
    auto found = batch.labels.find(spec.outputs[i].name);
    if (found == batch.labels.end() && batch.labels.size() == 1) found = batch.labels.begin();
    if (found == batch.labels.end()) {
      return absl::InvalidArgumentError(absl::StrCat("the data has no labels for output \"", spec.outputs[i].name,
                                                     "\"; name them with label_key, or with label_keys: features that "
                                                     "are called as the outputs they are labels of"));
    }
    ASSIGN_OR_RETURN(tf::Tensor fed, ops::internal::ToTf(found->second));
    feed.labels.push_back(std::move(fed));
    if (first_labels == nullptr) first_labels = &found->second;
  }
  feed.weighted = batch.weight.dtype() == DataType::kFloat || !spec.class_weight.empty();
  if (feed.weighted) {
    feed.weight = tf::Tensor(tf::DT_FLOAT, tf::TensorShape({feed.num_examples}));
    auto weights = feed.weight.vec<float>();
    weights.setConstant(1);
    if (batch.weight.dtype() == DataType::kFloat) {
      if (batch.weight.num_elements() != feed.num_examples) {
        return absl::InvalidArgumentError(absl::StrCat("sample weights are ", ShapeString(batch.weight.shape()),
                                                       " for ", feed.num_examples, " examples"));
      }
      for (int64_t i = 0; i < feed.num_examples; ++i) weights(i) = batch.weight.values<float>()[i];
    }
    if (!spec.class_weight.empty() && first_labels != nullptr) {
      ASSIGN_OR_RETURN(const std::vector<float> by_class, ClassWeights(spec.class_weight, *first_labels));
      for (int64_t i = 0; i < feed.num_examples; ++i) weights(i) *= by_class[i];
    }
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
      auto made = MakeFeed(spec_, batch);
      if (made.ok()) {
        feed = std::move(*made);
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
