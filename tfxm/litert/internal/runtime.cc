// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/internal/runtime.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <set>
#include <span>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tflite_generated.h"
#include "tfxm/litert/internal/hidden_fields.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/util/process/stderr_filter.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::litert {
namespace {

// One per process: it only registers the CPU kernels, and is safe to use from several threads.
LiteRtEnvironment Environment() {
  static const LiteRtEnvironment environment = [] {
    LiteRtEnvOption options[2] = {};
    options[0].tag = kLiteRtEnvOptionTagAutoRegisterAccelerators;
    options[0].value.type = 2;
    options[0].value.int_value = kLiteRtHwAcceleratorCpu;
    options[1].tag = kLiteRtEnvOptionTagMinLoggerSeverity;
    options[1].value.type = 2;
    options[1].value.int_value = kLiteRtLogSeveritySilent;
    LiteRtEnvironment made = nullptr;
    LiteRtCreateEnvironment(2, options, &made);
    return made;
  }();
  return environment;
}

absl::Status AddOption(LiteRtOptions options, const char* identifier, const std::string& toml) {
  LiteRtOpaqueOptions opaque = nullptr;
  char* payload = strdup(toml.c_str());
  if (LiteRtCreateOpaqueOptions(
          identifier, payload, [](void* p) { std::free(p); }, &opaque) != 0 ||
      LiteRtAddOpaqueOptions(options, opaque) != 0) {
    return absl::InternalError("LiteRT does not take its options");
  }
  return absl::OkStatus();
}

std::string Hint(const schema::Model& model) {
  std::set<std::string> names;
  for (const auto* code : Each(model.operator_codes())) {
    if (code->custom_code() == nullptr || code->custom_code()->size() == 0) continue;
    if (!absl::StartsWith(code->custom_code()->str(), "Tfxm")) names.insert(code->custom_code()->str());
  }
  return names.empty()
             ? "an operator has inputs or options that LiteRT does not support"
             : absl::StrCat("it contains operators that are not built into TFLite: ", absl::StrJoin(names, ", "));
}

// The custom operator.
LiteRtStatus ObserveLayouts(void* user_data, size_t, const LiteRtLayout*, size_t num_outputs, LiteRtLayout* outputs) {
  static_cast<ObservingOp*>(user_data)->observer->Prepared();
  for (size_t i = 0; i < num_outputs; ++i) {
    outputs[i] = {};
    outputs[i].rank = 1;
    outputs[i].dimensions[0] = 1;
  }
  return 0;
}

LiteRtStatus ObserveRun(void* user_data, size_t num_inputs, const LiteRtTensorBuffer* inputs, size_t,
                        LiteRtTensorBuffer*) {
  const ObservingOp& op = *static_cast<ObservingOp*>(user_data);
  for (size_t i = 0; i < num_inputs; ++i) {
    void* data = nullptr;
    size_t size = 0;
    LiteRtRankedTensorType type = {};
    if (LiteRtGetTensorBufferHostMemory(inputs[i], &data) != 0 || LiteRtGetTensorBufferSize(inputs[i], &size) != 0 ||
        LiteRtGetTensorBufferTensorType(inputs[i], &type) != 0) {
      return 1;
    }
    const Shape shape(type.layout.dimensions, type.layout.dimensions + type.layout.rank);
    op.observer->Observe(op.subgraph, static_cast<int>(i), shape, {static_cast<const char*>(data), size});
  }
  return 0;
}

constexpr LiteRtCustomOpKernel kObserveKernel = {[](void*, const void*, size_t) { return 0; }, ObserveLayouts,
                                                 ObserveRun, [](void*) { return 0; }};

}  // namespace

Runtime::~Runtime() {
  if (compiled_) LiteRtDestroyCompiledModel(compiled_);
  if (options_) LiteRtDestroyOptions(options_);
  if (model_) LiteRtDestroyModel(model_);
}

absl::Status Runtime::Failed(absl::string_view what) const {
  std::string message(what);
  char* errors = nullptr;
  if (LiteRtCompiledModelGetErrorMessages(compiled_, &errors) == 0 && errors != nullptr) {
    // In one line, as part of a sentence.
    std::vector<std::string> lines = absl::StrSplit(errors, '\n', absl::SkipWhitespace());
    for (std::string& line : lines) line = absl::StripSuffix(absl::StripAsciiWhitespace(line), ".");
    if (!lines.empty()) absl::StrAppend(&message, ": ", absl::StrJoin(lines, "; "));
    std::free(errors);
    LiteRtCompiledModelClearErrors(compiled_);
  }
  return absl::InternalError(message);
}

absl::StatusOr<std::unique_ptr<Runtime>> Runtime::Create(std::shared_ptr<const ModelFile> file, size_t signature_index,
                                                         const CompiledModelOptions& options,
                                                         std::vector<ObservingOp> operators) {
  std::unique_ptr<Runtime> out(new Runtime);
  out->file_ = std::move(file);
  out->signature_index_ = signature_index;
  out->num_outputs_ = out->file_->signatures()[signature_index].outputs.size();
  out->operators_ = std::move(operators);
  const schema::Model& model = out->file_->model();
  out->hint_ = Hint(model);
  const LiteRtEnvironment environment = Environment();
  if (environment == nullptr) return absl::InternalError("libLiteRt.so could not be initialized");
  if (LiteRtCreateOptions(&out->options_) != 0 ||
      LiteRtSetOptionsHardwareAccelerators(out->options_, kLiteRtHwAcceleratorCpu) != 0) {
    return absl::InternalError("LiteRT does not take its options");
  }
  RETURN_IF_ERROR(AddOption(out->options_, "xnnpack",
                            absl::StrCat("kernel_mode = \"", options.xnnpack ? "delegate" : "builtin",
                                         "\"\nnum_threads = ", std::max(1, options.num_threads), "\n")));
  RETURN_IF_ERROR(AddOption(
      out->options_, "runtime_options_string",
      absl::StrCat("error_reporter_mode = 2\nenable_profiling = ", options.profile ? "true" : "false", "\n")));
  for (ObservingOp& op : out->operators_) {
    if (LiteRtAddCustomOpKernelOption(out->options_, op.name.c_str(), 1, &kObserveKernel, &op) != 0) {
      return absl::InternalError("LiteRT does not take a custom operator");
    }
  }
  std::span<const char> bytes(out->file_->bytes());
  LiteRtStatus read;
  if (HiddenFields::Has(model)) {
    out->own_bytes_ = out->file_->bytes();
    bytes = out->own_bytes_;
    const HiddenFields hidden(out->own_bytes_.data());
    read = LiteRtCreateModelFromBuffer(environment, bytes.data(), bytes.size(), &out->model_);
  } else {
    read = LiteRtCreateModelFromBuffer(environment, bytes.data(), bytes.size(), &out->model_);
  }
  if (read != 0) {
    return absl::InvalidArgumentError("LiteRT cannot read this model");
  }
  // What the runtime lacks shows here or, for some operators, when it first lays out its tensors.
  int created;
  {
    const StderrWithoutLine filter("INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n");
    created = LiteRtCreateCompiledModel(environment, out->model_, out->options_, &out->compiled_);
  }
  if (created != 0) {
    return absl::InvalidArgumentError(absl::StrCat("LiteRT cannot prepare this model: ", out->hint_));
  }
  return out;
}

absl::Status Runtime::Resize(int input, const Shape& shape) {
  const std::vector<int> dims(shape.begin(), shape.end());
  if (LiteRtCompiledModelResizeInputTensor(compiled_, signature_index_, input, dims.data(), dims.size()) != 0) {
    return Failed(absl::StrCat("it cannot be resized to ", ShapeString(shape)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Shape>> Runtime::Shapes(bool lay_out) {
  std::vector<LiteRtLayout> layouts(num_outputs_);
  if (LiteRtGetCompiledModelOutputTensorLayouts(compiled_, signature_index_, layouts.size(), layouts.data(), lay_out) !=
      0) {
    return Failed(lay_out ? "its tensors cannot be laid out" : "its outputs have no shape");
  }
  std::vector<Shape> shapes;
  for (const LiteRtLayout& layout : layouts) {
    shapes.emplace_back(layout.dimensions, layout.dimensions + layout.rank);
  }
  return shapes;
}

absl::StatusOr<std::vector<Shape>> Runtime::LayOut() { return Shapes(/*lay_out=*/true); }

absl::Status Runtime::Run(std::vector<LiteRtTensorBuffer>& inputs, std::vector<LiteRtTensorBuffer>& outputs) {
  if (LiteRtRunCompiledModel(compiled_, signature_index_, inputs.size(), inputs.data(), outputs.size(),
                             outputs.data()) != 0) {
    return Failed("running the model failed");
  }
  return absl::OkStatus();
}

absl::Status Runtime::ResetVariables(const std::vector<Shape>& input_shapes) {
  // LiteRT offers no call for it. Another shape and back again makes the next layout start from nothing.
  for (size_t i = 0; i < input_shapes.size(); ++i) {
    const Shape& shape = input_shapes[i];
    if (shape.empty()) continue;
    for (const int more : {1, 0}) {
      std::vector<int> dims(shape.begin(), shape.end());
      dims[0] += more;
      if (LiteRtCompiledModelResizeInputTensorNonStrict(compiled_, signature_index_, i, dims.data(), dims.size()) != 0)
        return Failed("the model's variables cannot be reset");
    }
    break;
  }
  return LayOut().status();
}

bool Runtime::fully_delegated() const {
  bool full = false;
  return LiteRtCompiledModelIsFullyAccelerated(compiled_, &full) == 0 && full;
}

absl::Status Runtime::StartProfiling() {
  LiteRtProfiler profiler = nullptr;
  if (LiteRtCompiledModelGetProfiler(compiled_, &profiler) != 0 || profiler == nullptr ||
      LiteRtStartProfiler(profiler) != 0) {
    return absl::FailedPreconditionError("the model was not made with `profile`");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::pair<uint64_t, uint64_t>>> Runtime::StopProfiling() {
  LiteRtProfiler profiler = nullptr;
  if (LiteRtCompiledModelGetProfiler(compiled_, &profiler) != 0 || profiler == nullptr) {
    return Failed("profiling the model failed");
  }
  LiteRtStopProfiler(profiler);
  int count = 0;
  LiteRtGetNumProfilerEvents(profiler, &count);
  if (count >= kLiteRtProfilerCapacity) {
    return absl::ResourceExhaustedError("the model has more operators than LiteRT's profiler can note");
  }
  std::vector<LiteRtProfilerEvent> events(count);
  if (count > 0 && LiteRtGetProfilerEvents(profiler, count, events.data()) != 0)
    return Failed("profiling the model failed");
  std::vector<std::pair<uint64_t, uint64_t>> out;
  for (const LiteRtProfilerEvent& event : events) {
    if (event.event_type == kLiteRtProfilerEventOperatorInvoke) out.emplace_back(event.subgraph, event.node);
  }
  return out;
}

}  // namespace tfxm::litert
