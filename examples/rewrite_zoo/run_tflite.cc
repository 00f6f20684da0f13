// SPDX-License-Identifier: Apache-2.0

// Runs a TFLite model as every command of tfxm does, for the zoo to compare with Python's interpreter:
//
//   run_tflite MODEL INPUTS OUTPUTS [--threads=N] [--xnnpack=false] [--signature=NAME]
//
// INPUTS holds any number of runs, all made on one CompiledModel, one after the other, so that it is resized up and
// down; OUTPUTS then holds what came of each: tensors, or a message. tensors.py has the format of both.
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "tfxm/data/tensor.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/util/status_macros.h"

namespace {

using Tensors = std::map<std::string, tfxm::Tensor>;

template <typename T>
void Put(T value, std::string& out) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void PutString(absl::string_view s, std::string& out) {
  Put<uint32_t>(s.size(), out);
  out.append(s);
}

void PutTensors(const Tensors& tensors, std::string& out) {
  Put<uint32_t>(tensors.size(), out);
  for (const auto& [name, tensor] : tensors) {
    PutString(name, out);
    Put<int32_t>(static_cast<int32_t>(tensor.dtype()), out);
    Put<uint32_t>(tensor.shape().size(), out);
    for (const int64_t d : tensor.shape()) Put<int64_t>(d, out);
    for (const std::string& s : tensor.strings()) PutString(s, out);
    out.append(tensor.bytes().data(), tensor.bytes().size());
  }
}

// Reads what Put… wrote; `ok()` turns false where the bytes end too early.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  bool Read(char* to, size_t size) {
    ok_ = ok_ && size <= bytes_.size();
    if (ok_) {
      std::memcpy(to, bytes_.data(), size);
      bytes_.remove_prefix(size);
    }
    return ok_;
  }
  template <typename T>
  T Get() {
    T value = 0;
    Read(reinterpret_cast<char*>(&value), sizeof(value));
    return value;
  }
  std::string GetString() {
    const auto size = Get<uint32_t>();
    ok_ = ok_ && size <= bytes_.size();
    std::string s(ok_ ? size : 0, '\0');
    Read(s.data(), s.size());
    return s;
  }
  Tensors GetTensors() {
    Tensors tensors;
    for (auto n = Get<uint32_t>(); ok_ && n > 0; --n) {
      const std::string name = GetString();
      const auto dtype = static_cast<tfxm::DataType>(Get<int32_t>());
      tfxm::Shape shape;
      for (auto rank = Get<uint32_t>(); ok_ && rank > 0; --rank) shape.push_back(Get<int64_t>());
      if (!ok_) break;
      tfxm::Tensor tensor(dtype, shape);
      for (std::string& s : tensor.strings()) s = GetString();
      Read(tensor.bytes().data(), tensor.bytes().size());
      tensors.emplace(name, std::move(tensor));
    }
    return tensors;
  }

 private:
  absl::string_view bytes_;
  bool ok_ = true;
};

absl::Status Main(int argc, char** argv) {
  if (argc < 4)
    return absl::InvalidArgumentError(
        "usage: run_tflite MODEL INPUTS OUTPUTS [--threads=N] [--xnnpack=false] [--signature=NAME]");
  tfxm::litert::CompiledModelOptions options;
  for (int i = 4; i < argc; ++i) {
    absl::string_view arg = argv[i];
    if (arg == "--xnnpack=false") {
      options.xnnpack = false;
    } else if (absl::ConsumePrefix(&arg, "--signature=")) {
      options.signature = std::string(arg);
    } else if (!absl::ConsumePrefix(&arg, "--threads=") || !absl::SimpleAtoi(arg, &options.num_threads)) {
      return absl::InvalidArgumentError(argv[i]);
    }
  }
  std::ifstream in(argv[2], std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(in), {});
  ASSIGN_OR_RETURN(const auto model, tfxm::litert::CompiledModel::Load(argv[1], options));
  Reader reader(bytes);
  const auto runs = reader.Get<uint32_t>();
  std::string out;
  for (uint32_t run = 0; run < runs; ++run) {
    const Tensors inputs = reader.GetTensors();
    if (!reader.ok()) return absl::InvalidArgumentError("INPUTS ends too early");
    const absl::StatusOr<Tensors> outputs = model->Run(inputs);
    Put<uint8_t>(outputs.ok(), out);
    outputs.ok() ? PutTensors(*outputs, out) : PutString(outputs.status().message(), out);
  }
  std::ofstream(argv[3], std::ios::binary) << out;
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  const absl::Status status = Main(argc, argv);
  if (status.ok()) return 0;
  std::cerr << "run_tflite: " << status.message() << "\n";
  return 1;
}
