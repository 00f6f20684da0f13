// SPDX-License-Identifier: Apache-2.0

// Batches of examples for training: from Examples artifacts on disk, or from memory.
//
//   Dataset train = Dataset::FromExamples(files, features, {.batch_size = 40, .label_key = "label"});
//   model.Fit(train.Repeat(), {.steps_per_epoch = 5000});
//
// The order of a dataset's stages is fixed: examples, shuffled, repeated, batched. Examples are decoded once and kept
// in memory as long as they fit `cache_bytes`; more are streamed from the files, with a shuffle buffer. A dataset is a
// description, cheap to copy; each iterator goes through it from the start, as in tf.data with another order each time
// if the dataset shuffles. Everything follows from the seed: the same examples in the same batches on every machine.
#ifndef TFXM_NN_DATA_DATASET_H_
#define TFXM_NN_DATA_DATASET_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/data/tensor.h"

namespace tensorflow::metadata::v0 {
class Schema;
}

namespace tfxm::nn {

// One dense tensor of features of tf.Examples.
struct FeatureSpec {
  std::string name;
  DataType dtype = DataType::kFloat;  // kFloat, kInt64 or kString.
  // Of one example; {} is a scalar, {-1} a varying number of values. With a dimension of -1 it is left out of the
  // batches unless DatasetOptions::padded_shapes says how long it is to be.
  Shape shape;
  // Takes the place of a missing feature (all its values). Without it a missing feature is an error, if it is needed
  // (Dataset::Needed).
  std::optional<double> default_value;
  // Fewer values than the shape has are filled up with default_value (0, or ""), more are cut off at the end.
  bool pad = false;
  // The feature that has the values, if it is called otherwise.
  std::string value_key;
  // Sparse: features of integers, one per dimension, with the places of the values; at all other places it is
  // default_value (0, or "").
  std::vector<std::string> index_keys;
  // Ragged: the values are split into rows, these into rows again, from the outside inwards. How long the rows are says
  // a feature of integers, one for each row; or they are all as long as the shape says where this is "". One less than
  // dimensions.
  std::vector<std::string> row_length_keys;
};
// The tensors that the schema's tensor_representation_group and sparse_feature describe (transform/feature_spec.h), and
// its other features, of their fixed shapes or, without one, of their fixed number of values; {-1} if that is not fixed.
// UNIMPLEMENTED for one without a fixed shape if `required` names it.
absl::StatusOr<std::vector<FeatureSpec>> FeatureSpecs(const tensorflow::metadata::v0::Schema& schema,
                                                      const std::vector<std::string>& required = {});

struct Batch {
  std::map<std::string, Tensor> features;  // [batch, …]
  std::map<std::string, Tensor> labels;    // By output name; the only one may be called "".
  // Numbers, [batch], [batch, 1], or one for each of an example's losses (timesteps, pixels); dtype kInvalid if
  // examples have no weights.
  Tensor weight;
  int64_t num_examples() const;
};

// A number, or {several}.
struct PaddedShape : Shape {
  PaddedShape(int64_t length) : Shape{length} {}
  PaddedShape(std::initializer_list<int64_t> dimensions) : Shape(dimensions) {}
};

struct DatasetOptions {
  int64_t batch_size = 1;
  // The feature that is the label of the only output with a loss, whatever both are called.
  std::string label_key;
  // For several outputs: {"kind", "amount"}, features that are called as the outputs they are labels of. There is no
  // way to say that a feature belongs to an output of another name: name the output after it
  // (Model({x}, {{"kind", kind}, {"amount", amount}})) or the feature in the preprocessing_fn.
  std::vector<std::string> label_keys;
  // A feature of numbers that becomes the sample weight: one value, or one per loss of an example.
  std::string weight_key;
  // Features of a varying number of values, by the length they are filled up or cut to: {{"tokens", 64}}; -1: the
  // longest of each batch, as tf.data's padded_batch. Of ragged and sparse features, all dimensions: {{"lines", {20, 8}}}
  // (a sparse one is never cut: a value outside is an error). Filled up with padding_values (0 or "" if it has none).
  std::map<std::string, PaddedShape> padded_shapes;
  // Also what takes the place of a feature of fixed shape that an example lacks.
  std::map<std::string, double> padding_values;
  bool shuffle = true;
  int64_t shuffle_buffer_size = 10000;   // Of streamed examples; those in memory are shuffled completely.
  std::optional<uint64_t> shuffle_seed;  // RandomSeed() if not given.
  int64_t num_epochs = 1;                // -1: without end.
  bool drop_final_batch = false;
  int64_t cache_bytes = 256 << 20;
};

class Dataset {
 public:
  class Iterator {
   public:
    virtual ~Iterator() = default;
    // False at the end. Errors name the file and record.
    virtual absl::StatusOr<bool> Next(Batch* batch) = 0;
    // Where example i of the last batch is from, for messages: "FILE, record 7", of tensors "example 7". A Map that changes
    // the number of examples leaves nothing but "example i of the batch".
    virtual std::string Where(int64_t i) const = 0;
  };

  // Files of tf.Examples. Nothing is read before the first iterator.
  static Dataset FromExamples(std::vector<std::string> files, std::vector<FeatureSpec> features,
                              DatasetOptions options);
  // Tensors whose first dimension is the examples. Labels and weights are among `features`, named by the options.
  static absl::StatusOr<Dataset> FromTensors(std::map<std::string, Tensor> features, DatasetOptions options);

  // Without end, or `count` times.
  Dataset Repeat(int64_t count = -1) const;
  Dataset Shuffle(int64_t buffer_size, std::optional<uint64_t> seed = std::nullopt) const;
  // Applies `function` to each batch, in the prefetching thread. `index` is another one for each batch of each pass
  // (pass * 2^32 + its number in the pass, from 0), and the same in every run: for a seed of your own.
  using MapFunction = std::function<absl::Status(Batch& batch, int64_t index)>;
  Dataset Map(MapFunction function) const;
  // The first `count` batches.
  Dataset Take(int64_t count) const;

  // The same examples in their own order.
  Dataset Unshuffled() const;

  // What of the examples is looked at. What other features lack, or have in another shape, is no error, and they are not
  // in the batches. Where there is a Map, which may look at any, or none of the name, all of them are needed.
  struct Needed {
    std::vector<std::string> features;
    bool labels = true;  // And the weight.
  };

  // Whether no Take leaves examples out.
  bool is_whole() const { return take_ < 0; }
  bool infinite() const;
  // How many batches have all examples, if those are in memory as they are, without a Map: then a look at all labels
  // costs next to nothing. -1 otherwise.
  int64_t batches_in_memory() const;
  int64_t batch_size() const { return options_.batch_size; }
  // Batches of one pass if that is known without reading; -1 otherwise.
  int64_t cardinality() const;

  // Features that are not in the batches, because their number of values varies.
  std::vector<std::string> left_out() const;
  // Why there are no batches, for messages: no examples, or fewer than one batch of them.
  std::string WhyEmpty() const;

  // `pass` tells the orders of several passes apart: the next one if it is not given. `needed`: everything if it is not
  // given. Iterators may be used in different threads.
  absl::StatusOr<std::unique_ptr<Iterator>> MakeIterator(std::optional<uint64_t> pass = std::nullopt,
                                                         const std::optional<Needed>& needed = std::nullopt) const;
  // Takes the number of the next pass. Copies of a dataset (Repeat, Map, …) count together.
  uint64_t NextPass() const;
  // Passes up to `pass` have been.
  void SkipPasses(uint64_t pass) const;

 private:
  struct Source;
  absl::Status CheckNames() const;
  std::vector<bool> Wanted(const std::optional<Needed>& needed) const;
  std::shared_ptr<Source> source_;
  DatasetOptions options_;
  std::vector<MapFunction> maps_;
  int64_t take_ = -1;
};

}  // namespace tfxm::nn

#endif  // TFXM_NN_DATA_DATASET_H_
