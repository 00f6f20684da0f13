// What an evaluation directory may hold beside TFMA's files: what each model costs, where models disagree, and whether
// a difference between models is real. All three files are optional JSON; a reader ignores members it does not know.
//
//   ASSIGN_OR_RETURN(Sidecars sidecars, ReadSidecars("pipeline_root/Evaluator/evaluation/7"));
//
// model_facts.json: cost and description of each model, by the model's name in the evaluation ("" if it has none).
//
//   {"models": [{
//     "model_name": "tflite_int8",          // As in MetricKey.model_name.
//     "display_name": "TFLite int8",        // Optional: what people call it.
//     "format": "TFLite",                   // Optional: "SavedModel", "TFLite", …
//     "numbers": {                          // Any names; the page knows these and shows others as they are:
//       "size_bytes": 27584,                //   the file, or all files of a SavedModel
//       "arena_bytes": 81920,               //   peak memory of the tensors
//       "latency_p50_ms": 0.006,            //   at batch 1, after warm-up
//       "latency_p90_ms": 0.007, "latency_p99_ms": 0.011,
//       "examples_per_second": 640000,
//       "delegated_op_share": 1.0           //   of all ops, 0 to 1, taken by the CPU delegate
//     },
//     "noise": {"latency_p50_ms": 0.0004},  // Optional: by how much a number may differ for no reason.
//     "op_counts": {"FULLY_CONNECTED": 3, "SOFTMAX": 1},
//     "texts": {"device": "2 x86-64 cores"}  // Optional remarks, name to text.
//   }]}
//
// comparisons.json: a model's metric minus the reference model's, on the same examples.
//
//   {"comparisons": [{
//     "model_name": "tflite_int8", "reference_model_name": "saved_model",
//     "metric_name": "sparse_categorical_accuracy",
//     "output_name": "", "sub_key": "", "aggregation": "",   // Optional, as Key::output_name, SubKeyText, aggregation.
//     "example_weighted": false,                             // Optional; absent: whether weighted or not.
//     "slice": {"image_class": 3},                           // Feature to value; {} or absent: all examples.
//     "difference": -0.004, "lower_bound": -0.009, "upper_bound": 0.001,   // 95 % interval of the difference.
//     "p_value": 0.17,                                       // Optional.
//     "method": "paired differences"                         // Optional, shown to the reader: "McNemar's exact test",
//     …
//   }]}
//
// disagreements.json: examples on which models differ, the most different first, and the slices they are frequent in.
// (An array of examples alone is accepted too.) The tf.Examples themselves are in disagreements.tfrecord.gz, in the
// same order.
//
//   {"total": 31,                                            // Optional: how many disagree; `examples` may be fewer.
//    "by": "decision",                                       // Optional: "decision" (another class) or "value".
//    "examples": [{
//      "index": 412,                                         // Number of the example in the evaluation's data, from 0.
//      "label": 3,                                           // A number, a string, or an array of them.
//      "predictions": {"saved_model": 3, "tflite_int8": 5},  // By model name: a number, a string, an array (scores).
//      "scores": {"saved_model": 0.71, "tflite_int8": 0.48}, // Optional: how sure each model is of its decision.
//      "difference": 0.83,                                   // Optional: what they are ordered by.
//      "features": {
//        "image": {"image": {                                // Row-major 8-bit values in base64; channels 1 (grey, the
//          "width": 28, "height": 28, "channels": 1,         //   default), 3 (RGB) or 4 (RGBA).
//          "pixels": "AAEC…"}},
//        "fare": 12.5, "company": "Blue", "tags": ["a", "b"]
//      },
//      "slices": [{"image_class": 3}]                        // The slices it belongs to, like "slice" above.
//    }],
//    "slices": [{                                            // Optional: over-represented slices.
//      "slice": {"image_class": 3}, "disagreeing": 9, "examples": 40,
//      "p_value": 0.0004, "adjusted_p_value": 0.004          // The second after correction for the number of slices.
//    }]}
//
// NaN and infinities, which JSON has no numbers for, are the strings "NaN", "Infinity" and "-Infinity".
#ifndef TFXM_REPORT_SIDECARS_H_
#define TFXM_REPORT_SIDECARS_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/struct.pb.h"

namespace tfxm::report {

inline constexpr absl::string_view kModelFactsFile = "model_facts.json";
inline constexpr absl::string_view kComparisonsFile = "comparisons.json";
inline constexpr absl::string_view kDisagreementsFile = "disagreements.json";

struct ModelFacts {
  std::string model_name, display_name, format;
  std::map<std::string, double> numbers;
  std::map<std::string, double> noise;
  std::map<std::string, double> op_counts;
  std::map<std::string, std::string> texts;
};

// The values of a slice as text (SliceValueText), by feature.
using SliceText = std::map<std::string, std::string>;
// As Slice::Text: "Overall", "region: east, sex: (empty)".
std::string SliceTextName(const SliceText& slice);

struct Comparison {
  std::string model_name, reference_model_name, metric_name, output_name, sub_key, aggregation;
  std::optional<bool> example_weighted;
  SliceText slice;
  double difference = 0;
  std::optional<double> lower_bound, upper_bound, p_value;
  std::string method;
};

struct Image {
  int width = 0, height = 0, channels = 1;
  std::string pixels;  // width * height * channels bytes.
};

struct DisagreementExample {
  std::optional<double> index, difference;
  google::protobuf::Value label;
  std::map<std::string, google::protobuf::Value> predictions;
  std::map<std::string, double> scores;
  std::map<std::string, google::protobuf::Value> features;  // Without the images.
  std::map<std::string, Image> images;
  std::vector<SliceText> slices;
};

struct DisagreementSlice {
  SliceText slice;
  double disagreeing = 0, examples = 0;
  std::optional<double> p_value, adjusted_p_value;
};

struct Disagreements {
  std::optional<double> total;
  std::string by;
  std::vector<DisagreementExample> examples;
  std::vector<DisagreementSlice> slices;
};

struct Sidecars {
  std::vector<ModelFacts> facts;
  std::vector<Comparison> comparisons;
  Disagreements disagreements;
};

// Reads those of the three files that are in `directory`; none gives empty Sidecars. INVALID_ARGUMENT names the file
// and the member that is not as described above.
absl::StatusOr<Sidecars> ReadSidecars(absl::string_view directory);

// The same from JSON text.
absl::StatusOr<std::vector<ModelFacts>> ParseModelFacts(absl::string_view json);
absl::StatusOr<std::vector<Comparison>> ParseComparisons(absl::string_view json);
absl::StatusOr<Disagreements> ParseDisagreements(absl::string_view json);

}  // namespace tfxm::report

#endif  // TFXM_REPORT_SIDECARS_H_
