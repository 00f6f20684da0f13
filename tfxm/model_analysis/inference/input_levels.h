// SPDX-License-Identifier: Apache-2.0

// Whether a quantized model is evaluated in the units it was calibrated in: how many of the values that its inputs can
// take the examples use, and how much of the examples is cut off.
//
//   InputLevels levels(*file, "serving_default");
//   levels.Add(i, column, first, count);         // of input i of the signature, as they are in the examples
//   levels.Warnings();                           // "its quantized input "x" sees 2 of 256 levels: …"
#ifndef TFXM_MODEL_ANALYSIS_INFERENCE_INPUT_LEVELS_H_
#define TFXM_MODEL_ANALYSIS_INFERENCE_INPUT_LEVELS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/litert/flatbuffer.h"

namespace tfxm::model_analysis {

// Thread safe.
class InputLevels {
 public:
  // Of each input that is quantized, or that the model quantizes first of all.
  InputLevels(const litert::ModelFile& file, absl::string_view signature);

  // The values of rows `first` to `first + count` of the feature that gives input `i`. Looks at the first 100,000.
  void Add(int i, const data::Column& column, int first, int count);
  std::vector<std::string> Warnings() const;

 private:
  struct Input {
    std::string name;
    litert::Quantization quantization;
    double low = 0, high = 0;        // The integers' ends
    double min = 0, max = 0;         // Of the levels seen, within them
    double least = 0, greatest = 0;  // Of the values
    int64_t values = 0, cut_off = 0;
  };
  template <typename T>
  void AddValues(Input& input, std::span<const T> values);

  mutable std::mutex mutex_;
  std::atomic<bool> enough_ = false;
  std::vector<Input> inputs_;
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_INFERENCE_INPUT_LEVELS_H_
