// Batches of examples for training: from Examples artifacts on disk, or from memory.
//
//   ASSIGN_OR_RETURN(Dataset train, Dataset::FromExamples(files, features, {.batch_size = 40, .label_key = "label"}));
//   model.Fit(train.Repeat(), {.steps_per_epoch = 5000});
//
// The order of a dataset's stages is fixed: examples, shuffled, repeated, batched. Examples are decoded once and kept
// in memory as long as they fit `cache_bytes`; more are streamed from the files, with a shuffle buffer. A dataset is a
// description, cheap to copy; each iterator goes through it from the start, with another order each time. Everything
// follows from the seed: the same examples in the same batches on every machine.
#ifndef TFXM_NN_DATASET_H_
#define TFXM_NN_DATASET_H_

#include <cstdint>
#include <functional>
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

// One feature of tf.Examples as a dense tensor.
struct FeatureSpec {
  std::string name;
  DataType dtype = DataType::kFloat;  // kFloat, kInt64 or kString.
  Shape shape;                        // Of one example; {} is a scalar.
  // Takes the place of a missing feature (all its values). Without it a missing feature is an error.
  std::optional<double> default_value;
};
// The schema's features, of their fixed shapes or, without one, of their fixed number of values. UNIMPLEMENTED for a
// feature whose number of values is not fixed if `required` names it; such features are left out otherwise.
absl::StatusOr<std::vector<FeatureSpec>> FeatureSpecs(const tensorflow::metadata::v0::Schema& schema,
                                                      const std::vector<std::string>& required = {});

struct Batch {
  std::map<std::string, Tensor> features;  // [batch, …]
  std::map<std::string, Tensor> labels;    // By output name; the only one may be called "".
  Tensor weight;                           // float [batch]; dtype kInvalid if examples have no weights.
  int64_t num_examples() const;
};

struct DatasetOptions {
  int64_t batch_size = 1;
  // Feature(s) that become labels; several are by output name = feature name.
  std::string label_key;
  std::vector<std::string> label_keys;
  // A float feature with one value that becomes the sample weight.
  std::string weight_key;
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
  };

  // Files of tf.Examples. Nothing is read before the first iterator.
  static Dataset FromExamples(std::vector<std::string> files, std::vector<FeatureSpec> features,
                              DatasetOptions options);
  // Tensors whose first dimension is the examples. Labels and weights are among `features`, named by the options.
  static absl::StatusOr<Dataset> FromTensors(std::map<std::string, Tensor> features, DatasetOptions options);

  // Without end, or `count` times.
  Dataset Repeat(int64_t count = -1) const;
  Dataset Shuffle(int64_t buffer_size, std::optional<uint64_t> seed = std::nullopt) const;
  // Applies `function` to each batch, in the prefetching thread; `index` counts batches from 0, for a seed of one's
  // own.
  using MapFunction = std::function<absl::Status(Batch& batch, int64_t index)>;
  Dataset Map(MapFunction function) const;
  // The first `count` batches.
  Dataset Take(int64_t count) const;

  bool infinite() const;
  // Batches of one pass if that is known without reading; -1 otherwise.
  int64_t cardinality() const;

  // `pass` tells the orders of several passes apart. Iterators may be used in different threads.
  absl::StatusOr<std::unique_ptr<Iterator>> MakeIterator(uint64_t pass = 0) const;

 private:
  struct Source;
  std::shared_ptr<Source> source_;
  DatasetOptions options_;
  std::vector<MapFunction> maps_;
  int64_t take_ = -1;
};

}  // namespace tfxm::nn

#endif  // TFXM_NN_DATASET_H_
