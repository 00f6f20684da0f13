#include "tfxm/litert/compiled_model.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "tflite_generated.h"
#include "tfxm/litert/litert_api.h"
#include "tfxm/litert/schema_util.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::litert {
namespace {

// What the runtime demands of memory it is given, and what XNNPACK may read beyond a tensor's end.
constexpr size_t kAlignment = 64;
constexpr size_t kPadding = 128;

// An input or output tensor's memory. Grows only, so that going back and forth between batch sizes allocates nothing.
struct Slot {
  int tensor = 0;
  int element_type = 0;
  size_t element_size = 0;
  Shape shape;
  size_t bytes = 0;
  size_t capacity = 0;
  char* data = nullptr;
  LiteRtTensorBuffer handle = nullptr;

  ~Slot() {
    if (handle) LiteRtDestroyTensorBuffer(handle);
    std::free(data);
  }

  absl::Status SetShape(const Shape& new_shape, const std::string& where) {
    if (handle != nullptr && new_shape == shape) return absl::OkStatus();
    const size_t need = NumElements(new_shape) * element_size;
    if (need > capacity || data == nullptr) {
      const size_t allocate = (need + kPadding + kAlignment - 1) / kAlignment * kAlignment;
      char* memory = static_cast<char*>(std::aligned_alloc(kAlignment, allocate));
      if (memory == nullptr)
        return absl::ResourceExhaustedError(absl::StrCat(where, ": no memory for ", need, " bytes"));
      std::memset(memory, 0, allocate);
      std::free(data);
      data = memory;
      capacity = need;
    }
    LiteRtRankedTensorType type = {};
    type.element_type = element_type;
    type.layout.rank = new_shape.size();
    for (size_t i = 0; i < new_shape.size(); ++i) type.layout.dimensions[i] = static_cast<int32_t>(new_shape[i]);
    if (handle) LiteRtDestroyTensorBuffer(handle);
    handle = nullptr;
    // An empty tensor still needs an address.
    if (LiteRtCreateTensorBufferFromHostMemory(&type, data, std::max<size_t>(need, 1), nullptr, &handle) != 0) {
      return absl::InternalError(
          absl::StrCat(where, ": LiteRT does not take a buffer of shape ", ShapeString(new_shape)));
    }
    shape = new_shape;
    bytes = need;
    return absl::OkStatus();
  }
};

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

std::vector<std::string> CustomOps(const schema::Model& model) {
  std::set<std::string> names;
  for (const auto* code : Each(model.operator_codes())) {
    if (code->custom_code() == nullptr || code->custom_code()->size() == 0) continue;
    if (!absl::StartsWith(code->custom_code()->str(), "TfxmObserve")) names.insert(code->custom_code()->str());
  }
  return {names.begin(), names.end()};
}

// schema::TensorType -> TfLiteType.
int ElementType(DataType dtype) {
  switch (dtype) {
    case DataType::kFloat: return 1;
    case DataType::kInt32: return 2;
    case DataType::kUint8: return 3;
    case DataType::kInt64: return 4;
    case DataType::kBool: return 6;
    case DataType::kInt16: return 7;
    case DataType::kInt8: return 9;
    case DataType::kHalf: return 10;
    case DataType::kDouble: return 11;
    case DataType::kUint64: return 13;
    case DataType::kUint32: return 16;
    case DataType::kUint16: return 17;
    default: return 0;
  }
}

// The custom operator that shows its inputs to a TensorObserver.
struct ObserveOp {
  TensorObserver* observer = nullptr;
  int subgraph = 0;
};

LiteRtStatus ObserveLayouts(void*, size_t, const LiteRtLayout*, size_t num_outputs, LiteRtLayout* outputs) {
  for (size_t i = 0; i < num_outputs; ++i) {
    outputs[i] = {};
    outputs[i].rank = 1;
    outputs[i].dimensions[0] = 1;
  }
  return 0;
}

LiteRtStatus ObserveRun(void* user_data, size_t num_inputs, const LiteRtTensorBuffer* inputs, size_t,
                        LiteRtTensorBuffer*) {
  const ObserveOp& op = *static_cast<ObserveOp*>(user_data);
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

struct CompiledModel::Rep {
  std::shared_ptr<const ModelFile> file;
  SignatureInfo signature;
  size_t signature_index = 0;
  std::vector<TensorSpec> inputs, outputs;
  LiteRtModel model = nullptr;
  LiteRtOptions options = nullptr;
  LiteRtCompiledModel compiled = nullptr;

  std::vector<std::unique_ptr<Slot>> slots;      // One per tensor.
  std::vector<Slot*> input_slots, output_slots;  // As inputs and outputs.
  std::vector<LiteRtTensorBuffer> input_handles, output_handles;
  bool resized = true;
  std::vector<ObserveOp> observe_ops;  // One per subgraph, if there is an observer.

  ~Rep() {
    slots.clear();
    if (compiled) LiteRtDestroyCompiledModel(compiled);
    if (options) LiteRtDestroyOptions(options);
    if (model) LiteRtDestroyModel(model);
  }

  absl::Status Failed(absl::string_view what) const {
    std::string message = absl::StrCat(file->name(), ": ", what);
    char* errors = nullptr;
    if (compiled != nullptr && LiteRtCompiledModelGetErrorMessages(compiled, &errors) == 0 && errors != nullptr) {
      const absl::string_view text = absl::StripSuffix(errors, "\n");
      if (!text.empty()) absl::StrAppend(&message, ": ", text);
      std::free(errors);
      LiteRtCompiledModelClearErrors(compiled);
    }
    return absl::InternalError(message);
  }

  Slot* SlotOf(const SignatureTensor& tensor) {
    for (auto& slot : slots) {
      if (slot->tensor == tensor.tensor) return slot.get();
    }
    auto slot = std::make_unique<Slot>();
    slot->tensor = tensor.tensor;
    slot->element_type = ElementType(tensor.spec.dtype);
    slot->element_size = DataTypeSize(tensor.spec.dtype);
    slots.push_back(std::move(slot));
    return slots.back().get();
  }

  // Lets the runtime lay out its tensors for the inputs' shapes, and the output buffers follow.
  absl::Status Update() {
    if (!resized) return absl::OkStatus();
    std::vector<LiteRtLayout> layouts(outputs.size());
    if (LiteRtGetCompiledModelOutputTensorLayouts(compiled, signature_index, layouts.size(), layouts.data(),
                                                  /*update_allocation=*/true) != 0) {
      std::vector<std::string> shapes;
      for (size_t i = 0; i < inputs.size(); ++i) {
        shapes.push_back(absl::StrCat(inputs[i].name, " ", ShapeString(input_slots[i]->shape)));
      }
      return Failed(absl::StrCat("the model cannot work on inputs of shape ", absl::StrJoin(shapes, ", ")));
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Shape shape(layouts[i].dimensions, layouts[i].dimensions + layouts[i].rank);
      RETURN_IF_ERROR(output_slots[i]->SetShape(shape, absl::StrCat(file->name(), ": output ", outputs[i].name)));
    }
    for (size_t i = 0; i < input_slots.size(); ++i) input_handles[i] = input_slots[i]->handle;
    for (size_t i = 0; i < outputs.size(); ++i) output_handles[i] = output_slots[i]->handle;
    resized = false;
    return absl::OkStatus();
  }
};

CompiledModel::CompiledModel() : rep_(std::make_unique<Rep>()) {}
CompiledModel::~CompiledModel() = default;

absl::StatusOr<std::unique_ptr<CompiledModel>> CompiledModel::Load(absl::string_view path,
                                                                   const CompiledModelOptions& options) {
  ASSIGN_OR_RETURN(std::shared_ptr<const ModelFile> file, ModelFile::Read(path));
  return Create(std::move(file), options);
}

absl::StatusOr<std::unique_ptr<CompiledModel>> CompiledModel::Create(std::shared_ptr<const ModelFile> file,
                                                                     const CompiledModelOptions& options) {
  std::unique_ptr<CompiledModel> out(new CompiledModel);
  Rep& rep = *out->rep_;
  rep.file = std::move(file);
  ASSIGN_OR_RETURN(const SignatureInfo* signature, rep.file->FindSignature(options.signature));
  rep.signature = *signature;
  rep.signature_index = signature - rep.file->signatures().data();
  const schema::SubGraph& graph = *rep.file->model().subgraphs()->Get(signature->subgraph);
  for (const auto* side : {&signature->inputs, &signature->outputs}) {
    for (const SignatureTensor& tensor : *side) {
      if (ElementType(tensor.spec.dtype) == 0) {
        return absl::UnimplementedError(absl::StrCat(rep.file->name(), ": \"", tensor.spec.name, "\" has type ",
                                                     TensorTypeName(graph.tensors()->Get(tensor.tensor)->type()),
                                                     ", which cannot be fed or read"));
      }
      (side == &signature->inputs ? rep.inputs : rep.outputs).push_back(tensor.spec);
      (side == &signature->inputs ? rep.input_slots : rep.output_slots).push_back(rep.SlotOf(tensor));
    }
  }
  rep.input_handles.resize(rep.inputs.size());
  rep.output_handles.resize(rep.outputs.size());

  LiteRtEnvironment environment = Environment();
  if (environment == nullptr) return absl::InternalError("libLiteRt.so could not be initialized");
  if (LiteRtCreateOptions(&rep.options) != 0 ||
      LiteRtSetOptionsHardwareAccelerators(rep.options, kLiteRtHwAcceleratorCpu) != 0) {
    return absl::InternalError("LiteRT does not take its options");
  }
  RETURN_IF_ERROR(AddOption(rep.options, "xnnpack",
                            absl::StrCat("kernel_mode = \"", options.xnnpack ? "delegate" : "builtin",
                                         "\"\nnum_threads = ", std::max(1, options.num_threads), "\n")));
  RETURN_IF_ERROR(AddOption(rep.options, "runtime_options_string",
                            absl::StrCat("error_reporter_mode = 2\nenable_profiling = ",
                                         options.profile ? "true" : "false", "\n")));
  if (options.observer != nullptr) {
    rep.observe_ops.resize(rep.file->model().subgraphs()->size());
    for (size_t g = 0; g < rep.observe_ops.size(); ++g) {
      rep.observe_ops[g] = {options.observer, static_cast<int>(g)};
      if (LiteRtAddCustomOpKernelOption(rep.options, TensorObserver::OpName(g).c_str(), 1, &kObserveKernel,
                                        &rep.observe_ops[g]) != 0) {
        return absl::InternalError("LiteRT does not take a custom operator");
      }
    }
  }
  const std::string& bytes = rep.file->bytes();
  if (LiteRtCreateModelFromBuffer(environment, bytes.data(), bytes.size(), &rep.model) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(rep.file->name(), ": LiteRT cannot read this model"));
  }
  // What the runtime lacks shows here or, for some operators, when it first lays out the tensors below.
  const std::vector<std::string> custom = CustomOps(rep.file->model());
  const std::string hint = custom.empty() ? "an operator has inputs or options that LiteRT does not support"
                                          : absl::StrCat("it contains operators that are not built into TFLite: ",
                                                         absl::StrJoin(custom, ", "));
  if (LiteRtCreateCompiledModel(environment, rep.model, rep.options, &rep.compiled) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(rep.file->name(), ": LiteRT cannot prepare this model; ", hint));
  }
  for (size_t i = 0; i < rep.input_slots.size(); ++i) {
    const auto* dims = graph.tensors()->Get(signature->inputs[i].tensor)->shape();
    Shape shape;
    for (int d = 0; dims != nullptr && d < static_cast<int>(dims->size()); ++d) shape.push_back(dims->Get(d));
    RETURN_IF_ERROR(rep.input_slots[i]->SetShape(shape, rep.file->name()));
  }
  if (absl::Status status = rep.Update(); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(status.message(), "; ", hint));
  }
  return out;
}

const std::shared_ptr<const ModelFile>& CompiledModel::shared_file() const { return rep_->file; }
const std::vector<TensorSpec>& CompiledModel::inputs() const { return rep_->inputs; }
const std::vector<TensorSpec>& CompiledModel::outputs() const { return rep_->outputs; }
const Quantization& CompiledModel::input_quantization(int i) const { return rep_->signature.inputs[i].quantization; }
const Quantization& CompiledModel::output_quantization(int i) const { return rep_->signature.outputs[i].quantization; }

absl::Status CompiledModel::ResizeInput(int i, const Shape& shape) {
  Rep& rep = *rep_;
  Slot& slot = *rep.input_slots[i];
  if (slot.shape == shape) return absl::OkStatus();
  const TensorSpec& spec = rep.inputs[i];
  bool fits = shape.size() == spec.shape.size();
  int64_t elements = 1;
  for (size_t d = 0; fits && d < shape.size(); ++d) {
    fits = shape[d] >= 0 && (spec.shape[d] < 0 || spec.shape[d] == shape[d]);
    elements *= std::max<int64_t>(shape[d], 1);
    fits = fits && elements <= std::numeric_limits<int32_t>::max();
  }
  if (!fits) {
    return absl::InvalidArgumentError(absl::StrCat(rep.file->name(), ": input \"", spec.name, "\" has shape ",
                                                   ShapeString(spec.shape), "; it cannot be made ",
                                                   ShapeString(shape)));
  }
  const std::vector<int> dims(shape.begin(), shape.end());
  if (LiteRtCompiledModelResizeInputTensor(rep.compiled, rep.signature_index, i, dims.data(), dims.size()) != 0) {
    return rep.Failed(absl::StrCat("input \"", spec.name, "\" cannot be resized to ", ShapeString(shape)));
  }
  RETURN_IF_ERROR(slot.SetShape(shape, rep.file->name()));
  rep.resized = true;
  return rep.Update();
}

absl::Status CompiledModel::ResizeBatch(int64_t batch_size) {
  Rep& rep = *rep_;
  // All inputs first, then one layout: in between their batch sizes would not match.
  for (size_t i = 0; i < rep.inputs.size(); ++i) {
    const Shape& spec = rep.inputs[i].shape;
    Slot& slot = *rep.input_slots[i];
    if (spec.empty() || spec[0] >= 0 || slot.shape[0] == batch_size) continue;
    Shape shape = slot.shape;
    shape[0] = batch_size;
    const std::vector<int> dims(shape.begin(), shape.end());
    if (batch_size < 0 || batch_size > std::numeric_limits<int32_t>::max() ||
        LiteRtCompiledModelResizeInputTensor(rep.compiled, rep.signature_index, i, dims.data(), dims.size()) != 0) {
      return rep.Failed(absl::StrCat("input \"", rep.inputs[i].name, "\" cannot be resized to ", ShapeString(shape)));
    }
    RETURN_IF_ERROR(slot.SetShape(shape, rep.file->name()));
    rep.resized = true;
  }
  return rep.Update();
}

std::span<char> CompiledModel::input(int i) { return {rep_->input_slots[i]->data, rep_->input_slots[i]->bytes}; }
std::span<const char> CompiledModel::output(int i) const {
  return {rep_->output_slots[i]->data, rep_->output_slots[i]->bytes};
}
const Shape& CompiledModel::input_shape(int i) const { return rep_->input_slots[i]->shape; }
const Shape& CompiledModel::output_shape(int i) const { return rep_->output_slots[i]->shape; }

absl::Status CompiledModel::Run() {
  Rep& rep = *rep_;
  if (LiteRtRunCompiledModel(rep.compiled, rep.signature_index, rep.input_handles.size(), rep.input_handles.data(),
                             rep.output_handles.size(), rep.output_handles.data()) != 0) {
    return rep.Failed("running the model failed");
  }
  return absl::OkStatus();
}

bool CompiledModel::fully_delegated() const {
  bool full = false;
  return LiteRtCompiledModelIsFullyAccelerated(rep_->compiled, &full) == 0 && full;
}

absl::StatusOr<std::set<std::pair<int, int>>> CompiledModel::RunProfiled() {
  Rep& rep = *rep_;
  LiteRtProfiler profiler = nullptr;
  if (LiteRtCompiledModelGetProfiler(rep.compiled, &profiler) != 0 || profiler == nullptr ||
      LiteRtStartProfiler(profiler) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(rep.file->name(), ": the model was not made with `profile`"));
  }
  const absl::Status status = Run();
  LiteRtStopProfiler(profiler);
  RETURN_IF_ERROR(status);
  int count = 0;
  LiteRtGetNumProfilerEvents(profiler, &count);
  if (count >= kLiteRtProfilerCapacity) {
    return absl::ResourceExhaustedError(
        absl::StrCat(rep.file->name(), ": the model has more operators than LiteRT's profiler can note"));
  }
  std::vector<LiteRtProfilerEvent> events(count);
  if (count > 0 && LiteRtGetProfilerEvents(profiler, count, events.data()) != 0)
    return rep.Failed("profiling the model failed");
  std::set<std::pair<int, int>> operators;
  const auto& graphs = *rep.file->model().subgraphs();
  for (const LiteRtProfilerEvent& event : events) {
    if (event.event_type != kLiteRtProfilerEventOperatorInvoke || event.subgraph >= graphs.size()) continue;
    // Nodes after the file's own ones are a delegate's.
    const schema::SubGraph& graph = *graphs.Get(event.subgraph);
    if (event.node < static_cast<uint64_t>(Size(graph.operators()))) operators.emplace(event.subgraph, event.node);
  }
  return operators;
}

absl::StatusOr<std::map<std::string, Tensor>> CompiledModel::Run(const std::map<std::string, Tensor>& inputs) {
  Rep& rep = *rep_;
  std::vector<const Tensor*> given;
  for (const TensorSpec& spec : rep.inputs) {
    auto it = inputs.find(spec.name);
    if (it == inputs.end()) {
      return absl::InvalidArgumentError(absl::StrCat(rep.file->name(), ": input \"", spec.name, "\" is missing"));
    }
    if (it->second.dtype() != spec.dtype) {
      return absl::InvalidArgumentError(absl::StrCat(rep.file->name(), ": input \"", spec.name, "\" is ",
                                                     DataTypeName(spec.dtype), ", not ",
                                                     DataTypeName(it->second.dtype())));
    }
    given.push_back(&it->second);
  }
  if (inputs.size() != rep.inputs.size()) {
    for (const auto& [name, tensor] : inputs) {
      if (std::none_of(rep.inputs.begin(), rep.inputs.end(), [&](const TensorSpec& s) { return s.name == name; })) {
        return absl::InvalidArgumentError(absl::StrCat(rep.file->name(), ": there is no input \"", name, "\""));
      }
    }
  }
  // Batch sizes go together, so that no intermediate state has two of them.
  if (!given.empty() && !given[0]->shape().empty()) RETURN_IF_ERROR(ResizeBatch(given[0]->shape()[0]));
  for (size_t i = 0; i < given.size(); ++i) {
    RETURN_IF_ERROR(ResizeInput(i, given[i]->shape()));
    std::span<const char> from = given[i]->bytes();
    if (!from.empty()) std::memcpy(input(i).data(), from.data(), from.size());
  }
  RETURN_IF_ERROR(Run());
  std::map<std::string, Tensor> out;
  for (size_t i = 0; i < rep.outputs.size(); ++i) {
    Tensor tensor(rep.outputs[i].dtype, output_shape(i));
    std::span<const char> from = output(i);
    if (!from.empty()) std::memcpy(tensor.bytes().data(), from.data(), from.size());
    out[rep.outputs[i].name] = std::move(tensor);
  }
  return out;
}

}  // namespace tfxm::litert
