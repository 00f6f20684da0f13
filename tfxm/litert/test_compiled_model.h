// SPDX-License-Identifier: Apache-2.0

// Models that tests have made in memory (test_models.h), ready to run.
#ifndef TFXM_LITERT_TEST_COMPILED_MODEL_H_
#define TFXM_LITERT_TEST_COMPILED_MODEL_H_

#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tfxm/litert/compiled_model.h"

namespace tfxm::litert::testing {

inline std::unique_ptr<CompiledModel> Make(std::string bytes, const CompiledModelOptions& options = {}) {
  auto file = ModelFile::FromBytes(std::move(bytes), "test.tflite");
  EXPECT_TRUE(file.ok()) << file.status();
  auto model = CompiledModel::Create(*file, options);
  EXPECT_TRUE(model.ok()) << model.status();
  return std::move(*model);
}

inline std::span<float> Input(CompiledModel& model, int i) {
  return {reinterpret_cast<float*>(model.input(i).data()), model.input(i).size() / sizeof(float)};
}

inline std::vector<float> Output(const CompiledModel& model, int i) {
  std::vector<float> out(model.output(i).size() / sizeof(float));
  std::memcpy(out.data(), model.output(i).data(), model.output(i).size());
  return out;
}

}  // namespace tfxm::litert::testing

#endif  // TFXM_LITERT_TEST_COMPILED_MODEL_H_
