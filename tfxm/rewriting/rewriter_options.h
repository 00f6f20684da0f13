// SPDX-License-Identifier: Apache-2.0

// Options of a rewriter. Names are those of TFX's TFLiteRewriter and of tf.lite.TFLiteConverter; `quantization` is
// the simple choice that stands for combinations of them.
//
//   RewriterOptions options;
//   options.name = "int8";
//   options.quantization = QuantizationMode::kInt8;
//   options.representative_dataset.examples = "data/train-*.gz";
#ifndef TFXM_REWRITING_REWRITER_OPTIONS_H_
#define TFXM_REWRITING_REWRITER_OPTIONS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/input_shape.h"
#include "tfxm/data/tensor.h"

namespace tfxm {

enum class QuantizationMode {
  kNone,          // float32 as in the SavedModel
  kFloat16,       // weights as float16: half the size
  kDynamicRange,  // weights as int8, activations quantized while running: a quarter of the size
  kInt4,          // dynamic_range with int4 weights where LiteRT has kernels: dense layers, Conv1D, Conv2D; an eighth
  kInt8,          // weights and activations int8, per channel; needs a representative dataset or trained ranges
  kInt16x8,       // weights int8, activations int16; likewise
};
// "none", "float16", "dynamic_range", "int4", "int8", "int16x8"
absl::string_view QuantizationName(QuantizationMode mode);
absl::StatusOr<QuantizationMode> ParseQuantization(absl::string_view name);

// How the range of an activation is made of what the representative dataset shows.
enum class Calibration {
  kMinMax,      // all of it
  kPercentile,  // what `calibration_percentile` of a hundred examples stay within, on each side: for data with outliers
  kMse,         // the part of it with the smallest mean squared error of clipping and rounding
};
// "minmax", "percentile", "mse"
absl::StatusOr<Calibration> ParseCalibration(absl::string_view name);

enum class Optimize { kDefault };  // tf.lite.Optimize

// One call of a signature: every input by name. The first dimension may hold several examples.
using Sample = std::map<std::string, Tensor>;

// Inputs as the model will see them in use. Either `samples`, or tf.Examples whose features have the inputs' names. A
// string input of rank 1 that no feature has the name of (TFX's "examples") is given the serialized examples
// themselves.
struct RepresentativeDataset {
  std::vector<Sample> samples;
  std::string examples;  // Globs of TFRecord files, comma-separated.
  // If the inputs are transformed features and `examples` are raw: the directory of the TransformGraph in between.
  std::string transform_graph;
  int sample_size = 100;
  uint64_t seed = 1;  // Which `sample_size` of the examples are taken.

  bool empty() const { return samples.empty() && examples.empty(); }
};

// What PostRewriteValidate tolerates, per output. Unset: the defaults of the quantization (DefaultLimits).
struct ValidationLimits {
  std::optional<double> max_abs_error;  // Relative to the output's own range (max - min over the samples).
  // 10 log10(variance of the output over the examples / mean squared error): also of each part of an output that has
  // values of several kinds (boxes and scores; see error_statistics.h).
  std::optional<double> min_sqnr_db;
  // Of outputs of rank 2 with 2 or more columns: the share of rows with the same largest value, which is in one place
  // only. No default.
  std::optional<double> min_top_agreement;
  // The same, but only those rows count as different in which the SavedModel is not undecided: its scores of the two
  // classes are apart by more than a tenth of what an example's scores are apart. One such row is always allowed.
  std::optional<double> min_clear_agreement;
  // Whether that share is taken for what it is, one of a sample: then so many different rows are outside as a model
  // that is just within the limit would show by chance less than once in 20 times (binomial): 3 of 16 with 0.95, 5 of
  // 30, 63 of 1,000. So with the defaults of quantized models, not with limits that are asked for.
  bool chance_is_fine = false;
  // Of outputs that are integers, bools or strings: the share of equal values. One may always differ. Integers of many
  // different values, as pixels are, may meet the first two instead.
  std::optional<double> min_equal_values;
  // Whether an output that is off by no more than two of its own quantization steps meets the first two in any case, as
  // long as it says more than a constant would. So with the defaults, not with limits that are asked for.
  bool rounding_is_fine = false;
  // An output that is off by no more than this share of its largest value meets min_sqnr_db: that is what the type's
  // precision leaves, however little the output varies.
  double float_resolution = 0;
};
// On real examples:
//                  max_abs_error  min_sqnr_db  min_clear_agreement  min_equal_values  float_resolution
//   none                    1e-3           60                0.999              0.99              2e-5
//   float16                 0.05           30                 0.99              0.95              1e-3
//   dynamic_range              -            8                 0.95               0.7
//   int4                       -            6                 0.95               0.7
//   int8                       -            6                 0.95               0.7
//   int16x8                    -           10                 0.97               0.7
// A sound conversion is far inside of them, a broken one far outside. On made-up inputs a quantized model only has to
// reach 0 dB: it is far from what it was calibrated for.
ValidationLimits DefaultLimits(QuantizationMode mode);

struct RewriterOptions {
  std::string name;

  // The file made, in the model's directory.
  std::string filename = "tflite";
  bool copy_assets = true;
  bool copy_assets_extra = true;

  // TFX's way to say how to quantize.
  std::vector<Optimize> quantization_optimizations;
  std::vector<DataType> quantization_supported_types;  // {kHalf}: float16
  bool quantization_enable_full_integer = false;
  // The simple way; wins over the three above.
  std::optional<QuantizationMode> quantization;

  // Empty: "serving_default", or the only signature there is.
  std::string signature_key;
  RepresentativeDataset representative_dataset;

  // For int8 and int16x8: kFloat keeps the SavedModel's types; kInt8, kUint8 (int8) or kInt16 (int16x8) quantize them.
  DataType inference_input_type = DataType::kFloat;
  DataType inference_output_type = DataType::kFloat;

  // What the model may need beyond TFLite's built-in operators. Without these, such an operator is an error that names
  // it.
  bool allow_select_tf_ops = false;
  bool allow_custom_ops = false;

  // Operators (by TFLite name, "SOFTMAX") and tensors or layers (by a part of the name) that stay float when
  // quantizing.
  std::vector<std::string> keep_float_ops;
  std::vector<std::string> keep_float_layers;
  // Of an int8 model: layers whose activations are int16 (weights int8), by regular expressions (RE2) that match a part
  // of the name of a tensor that an operator makes. Operators that have no 16x8 kernel stay int8, with a note.
  std::vector<std::string> int16_layers;
  // Takes as few further layers out of int8 as it needs to meet the limits, into int16 where that is enough and else into
  // float (of int16x8: into float), and calibrates by percentile if the representative data have outliers and that is
  // what it takes. The report says of each layer what was chosen and why.
  bool keep_float_automatically = false;
  Calibration calibration = Calibration::kMinMax;
  double calibration_percentile = 95;

  // Sizes of inputs whose dimensions after the first are dynamic, by name: {"image", {1, 224, 320, 3}}. Of made-up
  // inputs, and of examples whose number of values does not tell them.
  InputShapes input_shapes;

  // The batch of a file that takes so many examples each time, made of a SavedModel whose batch is open; 0: open as it
  // is. With a batch that is known an LSTM of tf_keras is one operator (docs/usage.md, Rewriting).
  int batch_size = 0;

  bool validate = true;
  ValidationLimits limits;
  // Where the report of validation and of the layers' errors goes; empty: nowhere.
  std::string report_file;
};

// The mode that the options stand for. INVALID_ARGUMENT: full integer without a representative dataset, types that do
// not go with the mode, and the like. `trained_ranges`: whether the model brings the ranges of its activations
// (FakeQuant operations of quantization-aware training), so that int8 needs no dataset; or may, while the model is not
// known.
absl::StatusOr<QuantizationMode> ResolveQuantization(const RewriterOptions& options, bool trained_ranges = false);

}  // namespace tfxm

#endif  // TFXM_REWRITING_REWRITER_OPTIONS_H_
