// SPDX-License-Identifier: Apache-2.0

// Evaluates models on examples: what `tfxm evaluate` and the Evaluator component do.
//
//   EvaluateOptions options;
//   options.eval_config = config;                                  // tensorflow_model_analysis.EvalConfig
//   options.data = "eval/data_tfrecord-*.gz";
//   options.models = {{"", "serving_model/tflite"}};               // empty: predictions are features (prediction_key)
//   options.output_dir = "evaluation";
//   ASSIGN_OR_RETURN(EvaluationResult result, Evaluate(options));
//   if (result.validation.validation_ok()) …                       // blessed
//
// Any number of models goes through one pass over the data, in which each is compared with the reference model.
// The definitions are those of TFMA 0.46, whose loaders read the output. The result is the same, bit for bit, however
// the data are sharded and however many threads there are. Memory does not grow with the examples (except for a
// query_key) and is linear in the slices.
#ifndef TFXM_MODEL_ANALYSIS_EVALUATE_H_
#define TFXM_MODEL_ANALYSIS_EVALUATE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tensorflow_model_analysis/proto/validation_result.pb.h"
#include "tfxm/compute/shard.h"
#include "tfxm/data/input_shape.h"
#include "tfxm/model_analysis/comparison/compare.h"
#include "tfxm/model_analysis/cost/model_cost.h"
#include "tfxm/model_analysis/disagreement/disagreement.h"
#include "tfxm/model_analysis/pass/combine.h"
#include "tfxm/util/coding/state.h"

namespace tfxm::model_analysis {

struct EvaluateOptions {
  ::tensorflow_model_analysis::EvalConfig eval_config;
  std::optional<::tensorflow::metadata::v0::Schema> schema;  // Label domains for calibration plots.
  // TFRecords of tf.Examples: comma-separated globs or directories; or the files themselves.
  std::string data;
  std::vector<std::string> files;
  // Model name -> SavedModel directory, TFLite file, or directory with a file `tflite`. The name of a single model does
  // not matter. A model that is not named by a model_spec is an error.
  std::map<std::string, std::string> models;
  // A transform graph artifact's folder: the models (but those that take serialized examples) see what it makes of the
  // examples, and labels, weights, slices and features of metrics are looked up there first. Empty: none.
  std::string transform_graph;
  // The sizes of models' inputs that the data do not tell: of images that are not square, where the model takes any.
  InputShapes input_shapes;
  // Takes a spec without model_type for whatever its path holds, rather than for a SavedModel.
  bool detect_model_type = false;
  // Where the files go; empty: nowhere. A folder that holds anything of one of their names is refused, unless
  // `replace_output` is set and an earlier evaluation with it left it there. (It leaves a list of its files to be known
  // by, .tfxm_evaluation.json.)
  std::string output_dir;
  bool replace_output = false;
  // Of several models, the one that the others are compared with; empty: the baseline, else the first SavedModel among
  // the model_specs, else the first.
  std::string reference_model;
  // Examples kept of those on which models differ from the reference; 0: none, they are only counted; negative: they
  // are not looked for.
  int max_disagreements = 100;
  // Written to eval_config.json in place of the paths above, if given.
  std::string data_location;
  // A first run without a baseline: change thresholds are ignored and no thresholds count as success.
  bool rubber_stamp = false;
  int num_threads = 0;  // 0: all cores.
  int batch_size = 256;
  std::function<void(int64_t examples)> progress;  // Called from any thread.
};

struct ModelSummary {
  std::string name;        // As in the metric keys.
  std::string path;        // Empty: predictions from the examples.
  std::string file;        // The TFLite file or the SavedModel's directory at that path.
  std::string model_type;  // "saved_model", "tf_lite" or "".
  ModelCost cost;
  int64_t nan_predictions = 0;
};

struct EvaluationResult {
  ::tensorflow_model_analysis::EvalConfig eval_config;  // With defaults.
  int64_t num_examples = 0;
  std::vector<ModelSummary> models;  // By model_spec.
  std::vector<SliceMetrics> slices;  // Sorted; the overall slice first. No plots: those are in the files.
  // Of several models: how far each is from the reference model, and where they disagree. Also in comparisons.json,
  // disagreements.json and disagreements.tfrecord.gz.
  std::string reference_model;
  std::vector<MetricComparison> comparisons;
  Disagreements disagreements;
  ::tensorflow_model_analysis::ValidationResult validation;
  std::vector<std::string> warnings;  // NaN predictions, slicing features that no example has.
  double seconds = 0;

  // A number of the overall slice; nullopt if there is none.
  std::optional<double> Overall(const std::string& metric_name, const std::string& model_name = "") const;
};

// INVALID_ARGUMENT or NOT_FOUND say in one message what is wrong with the config, the model or the data, and where.
// output_dir is as it was after an error.
absl::StatusOr<EvaluationResult> Evaluate(const EvaluateOptions& options);

// Evaluate by several processes: each makes the states of some shards, one puts them all together. The result is that
// of Evaluate, but for measured times.
//
//   ASSIGN_OR_RETURN(const auto evaluation, Evaluation::Create(options));
//   ASSIGN_OR_RETURN(const std::string saved, evaluation->Map(shard, &num_examples));
//   …                                                          // In another process, for each shard:
//   StateReader reader(saved);
//   RETURN_IF_ERROR(evaluation->Merge(shard.file, &reader));
//   …
//   ASSIGN_OR_RETURN(const EvaluationResult result, evaluation->Finish());
class Evaluation {
 public:
  // Loads the models and decides all that is decided before examples are read; errors as Evaluate's. Without an
  // output_dir nothing is written.
  static absl::StatusOr<std::unique_ptr<Evaluation>> Create(const EvaluateOptions& options);
  ~Evaluation();

  static StateKind kind();
  absl::StatusOr<std::string> Map(const compute::Shard& shard, int64_t* num_examples) const;
  // In any order. DATA_LOSS if the bytes cannot be what Map has made with these options.
  absl::Status Merge(const std::string& file, StateReader* saved);
  // At the end; measures what the models cost.
  absl::StatusOr<EvaluationResult> Finish();

 private:
  explicit Evaluation(const EvaluateOptions& options);
  friend absl::StatusOr<EvaluationResult> Evaluate(const EvaluateOptions& options);
  struct Rep;
  const std::unique_ptr<Rep> rep_;
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_EVALUATE_H_
