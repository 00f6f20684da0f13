// SPDX-License-Identifier: Apache-2.0

// Batches in the form that a training step is fed with. Includes TensorFlow headers: for .cc files of nn only.
#ifndef TFXM_NN_INTERNAL_FEED_H_
#define TFXM_NN_INTERNAL_FEED_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "tensorflow/core/framework/tensor.h"
#include "tfxm/data/tensor.h"
#include "tfxm/nn/data/dataset.h"
#include "tfxm/nn/internal/watch/index_range.h"
#include "tfxm/nn/losses/losses.h"

namespace tfxm::nn {

// What the model wants of a batch.
struct FeedSpec {
  std::vector<TensorSpec> inputs;
  bool unnamed_input = false;  // The only input takes the only feature.
  std::map<std::string, IndexRange> index_ranges;
  std::vector<TensorSpec> outputs;  // Their names choose the labels.
  std::vector<Loss> losses;         // Per output; one without a loss takes no labels.
  // By output, then by label.
  std::map<std::string, std::map<int64_t, double>> class_weights;
  bool labels = true;
  std::vector<std::string> left_out;  // Features that the data has, but not as dense tensors; for messages.
};

struct Feed {
  std::vector<tensorflow::Tensor> inputs;
  std::vector<tensorflow::Tensor> labels;   // Of the outputs with a loss.
  std::vector<tensorflow::Tensor> weights;  // The same, float [batch, …]; none if nothing is weighted.
  int64_t num_examples = 0;
  // Of a FeedQueue's: which input has a nan or infinite value, and in which example; "" if none has.
  std::string not_finite;
};

// Where example i of the batch comes from, for messages.
using WhereFunction = std::function<std::string(int64_t i)>;

// INVALID_ARGUMENT names the input or output without a tensor, or with one of the wrong shape or type, inputs of
// different numbers of examples, labels that no output takes, and the example whose label is none of the loss's, whose
// weight is no number or whose index no Embedding has.
absl::StatusOr<Feed> MakeFeed(const FeedSpec& spec, const Batch& batch, const WhereFunction& where = nullptr);

// Feeds of a dataset, made ahead in a thread of its own.
class FeedQueue {
 public:
  FeedQueue(FeedSpec spec, std::unique_ptr<Dataset::Iterator> iterator, int64_t skip = 0);
  ~FeedQueue();
  // False at the end.
  absl::StatusOr<bool> Next(Feed* feed);

 private:
  void Produce();
  static constexpr size_t kAhead = 16;

  const FeedSpec spec_;
  const std::unique_ptr<Dataset::Iterator> iterator_;
  int64_t skip_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Feed> queue_;
  absl::Status status_;
  bool done_ = false;
  bool cancelled_ = false;
  std::thread thread_;
};

}  // namespace tfxm::nn

#endif  // TFXM_NN_INTERNAL_FEED_H_
