// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/compiled_model.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tflite_generated.h"
#include "tfxm/litert/internal/compiled_model_rep.h"
#include "tfxm/litert/internal/hidden_fields.h"
#include "tfxm/litert/internal/runtime.h"
#include "tfxm/litert/internal/schema_edit.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/litert/internal/string_tensor.h"
#include "tfxm/litert/internal/tensor_memory.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::litert {
namespace {

bool HasOpenSides(const TensorSpec& spec) {
  return std::any_of(spec.shape.begin() + std::min<size_t>(1, spec.shape.size()), spec.shape.end(),
                     [](int64_t d) { return d < 0; });
}

// The model with its first subgraph's inputs and outputs as a signature: without one LiteRT cannot lay out a model of
// several subgraphs.
absl::StatusOr<std::shared_ptr<const ModelFile>> WithSignature(const ModelFile& file) {
  std::unique_ptr<schema::ModelT> model = UnpackModel(file.model());
  auto def = std::make_unique<schema::SignatureDefT>();
  def->signature_key = "tfxm";
  const auto add = [](const std::vector<SignatureTensor>& from, auto& to) {
    for (const SignatureTensor& tensor : from) {
      to.push_back(std::make_unique<schema::TensorMapT>());
      to.back()->name = absl::StrCat("tfxm_", to.size());
      to.back()->tensor_index = tensor.tensor;
    }
  };
  add(file.signatures()[0].inputs, def->inputs);
  add(file.signatures()[0].outputs, def->outputs);
  model->signature_defs.push_back(std::move(def));
  return ModelFile::Pack(*model, file.name());
}

}  // namespace

CompiledModel::CompiledModel() : rep_(std::make_unique<Rep>()) {}
CompiledModel::~CompiledModel() = default;

absl::StatusOr<std::unique_ptr<CompiledModel>> CompiledModel::Load(absl::string_view path,
                                                                   const CompiledModelOptions& options) {
  ASSIGN_OR_RETURN(std::shared_ptr<const ModelFile> file, ModelFile::Read(path));
  return Create(std::move(file), options);
}

absl::StatusOr<std::unique_ptr<CompiledModel>> CompiledModel::Create(std::shared_ptr<const ModelFile> file,
                                                                     const CompiledModelOptions& options) {
  auto made = CreateAsAsked(file, options);
  // XNNPACK claims operators that it cannot prepare (a FULLY_CONNECTED of more than six dimensions), and there is no way
  // to keep it from some only.
  if (!made.ok() && options.xnnpack && absl::StrContains(made.status().message(), "failed to delegate")) {
    CompiledModelOptions without = options;
    without.xnnpack = false;
    return CreateAsAsked(std::move(file), without);
  }
  return made;
}

absl::StatusOr<std::unique_ptr<CompiledModel>> CompiledModel::CreateAsAsked(std::shared_ptr<const ModelFile> file,
                                                                            const CompiledModelOptions& options) {
  std::unique_ptr<CompiledModel> out(new CompiledModel);
  Rep& rep = *out->rep_;
  rep.options = options;
  rep.file = std::move(file);
  ASSIGN_OR_RETURN(const SignatureInfo* signature, rep.file->FindSignature(options.signature));
  rep.signature = *signature;
  rep.signature_index = signature - rep.file->signatures().data();
  const schema::SubGraph& graph = *rep.file->model().subgraphs()->Get(signature->subgraph);
  for (const auto* side : {&signature->inputs, &signature->outputs}) {
    for (const SignatureTensor& tensor : *side) {
      if (ElementTypeOf(tensor.spec.dtype) == 0) {
        return absl::UnimplementedError(absl::StrCat(rep.file->name(), ": \"", tensor.spec.name, "\" has type ",
                                                     TensorTypeName(graph.tensors()->Get(tensor.tensor)->type()),
                                                     ", which cannot be fed or read"));
      }
      (side == &signature->inputs ? rep.inputs : rep.outputs).push_back(tensor.spec);
      (side == &signature->inputs ? rep.input_memory : rep.output_memory).push_back(rep.MemoryOf(tensor));
    }
  }
  rep.has_state = !options.keep_state && HasVariables(rep.file->model());
  if (rep.outputs.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(rep.file->name(), ": the model has no outputs"));
  }
  rep.run_file = rep.file;
  if (Size(rep.file->model().signature_defs()) == 0 && rep.file->model().subgraphs()->size() > 1) {
    ASSIGN_OR_RETURN(rep.run_file, rep.file->Derived("with a signature", [&rep] { return WithSignature(*rep.file); }));
  }
  auto runtime = Runtime::Create(rep.run_file, rep.signature_index, options, rep.Observers());
  RETURN_IF_ERROR(Annotate(runtime.status(), rep.file->name()));
  rep.runtime = *std::move(runtime);
  bool open_sides = false;
  for (size_t i = 0; i < rep.inputs.size(); ++i) {
    open_sides = open_sides || HasOpenSides(rep.inputs[i]);
    const auto* dims = graph.tensors()->Get(signature->inputs[i].tensor)->shape();
    Shape shape;
    for (int d : Each(dims)) shape.push_back(d);
    RETURN_IF_ERROR(rep.input_memory[i]->SetShape(shape, rep.Where("input", rep.inputs[i].name)));
  }
  // Of sizes that are open nobody knows which the model can work on.
  if (!open_sides) RETURN_IF_ERROR(rep.LayOut());
  return out;
}

const std::shared_ptr<const ModelFile>& CompiledModel::shared_file() const { return rep_->file; }
const std::vector<TensorSpec>& CompiledModel::inputs() const { return rep_->inputs; }
const std::vector<TensorSpec>& CompiledModel::outputs() const { return rep_->outputs; }
const Quantization& CompiledModel::input_quantization(int i) const { return rep_->signature.inputs[i].quantization; }
const Quantization& CompiledModel::output_quantization(int i) const { return rep_->signature.outputs[i].quantization; }

absl::Status CompiledModel::Rep::SetInputShape(int i, const Shape& shape) {
  TensorMemory& memory = *input_memory[i];
  if (memory.shape() == shape) return absl::OkStatus();
  const TensorSpec& spec = inputs[i];
  bool fits = shape.size() == spec.shape.size();
  int64_t elements = 1;
  for (size_t d = 0; fits && d < shape.size(); ++d) {
    fits = shape[d] >= 0 && (spec.shape[d] < 0 || spec.shape[d] == shape[d]);
    elements *= std::max<int64_t>(shape[d], 1);
    fits = fits && elements <= std::numeric_limits<int32_t>::max();
  }
  if (!fits) {
    return absl::InvalidArgumentError(absl::StrCat(Where("input", spec.name), " has shape ", ShapeString(spec.shape),
                                                   "; it cannot be made ", ShapeString(shape)));
  }
  RETURN_IF_ERROR(Annotate(runtime->Resize(i, shape), Where("input", spec.name)));
  resized = true;
  return memory.SetShape(shape, Where("input", spec.name));
}

// Other inputs may have to follow before open sides go together.
absl::Status CompiledModel::Rep::LayOutIfKnown() {
  return std::any_of(inputs.begin(), inputs.end(), HasOpenSides) ? absl::OkStatus() : LayOut();
}

absl::Status CompiledModel::ResizeInput(int i, const Shape& shape) {
  if (rep_->input_memory[i]->shape() == shape) return absl::OkStatus();
  RETURN_IF_ERROR(rep_->SetInputShape(i, shape));
  return rep_->LayOutIfKnown();
}

absl::Status CompiledModel::ResizeInputs(std::span<const Shape> shapes) {
  bool any = false;
  for (size_t i = 0; i < shapes.size(); ++i) {
    any = any || rep_->input_memory[i]->shape() != shapes[i];
    RETURN_IF_ERROR(rep_->SetInputShape(static_cast<int>(i), shapes[i]));
  }
  return any ? rep_->LayOutIfKnown() : absl::OkStatus();
}

absl::Status CompiledModel::ResizeBatch(int64_t batch_size) {
  Rep& rep = *rep_;
  if (batch_size < 0 || batch_size > std::numeric_limits<int32_t>::max()) {
    return absl::InvalidArgumentError(absl::StrCat(rep.file->name(), ": no batch can have ", batch_size, " examples"));
  }
  // All inputs first, then one layout: in between their batch sizes would not match.
  for (size_t i = 0; i < rep.inputs.size(); ++i) {
    TensorMemory& memory = *rep.input_memory[i];
    if (!IsOpenBatch(rep.inputs[i]) || memory.shape()[0] == batch_size) continue;
    Shape shape = memory.shape();
    shape[0] = batch_size;
    RETURN_IF_ERROR(Annotate(rep.runtime->Resize(static_cast<int>(i), shape), rep.Where("input", rep.inputs[i].name)));
    rep.resized = true;
    RETURN_IF_ERROR(memory.SetShape(shape, rep.Where("input", rep.inputs[i].name)));
  }
  return rep.LayOutIfKnown();
}

std::span<char> CompiledModel::input(int i) { return rep_->input_memory[i]->bytes(); }

namespace {

// The place of output `i` among those that a catcher takes.
int CaughtPlace(const std::vector<TensorMemory*>& outputs, int i) {
  return static_cast<int>(std::count_if(outputs.begin(), outputs.begin() + i, [](auto* m) { return !m->is_string(); }));
}

}  // namespace

std::span<const char> CompiledModel::output(int i) const {
  if (rep_->catcher == nullptr || rep_->output_memory[i]->is_string()) return rep_->output_memory[i]->bytes();
  return rep_->catcher->outputs[CaughtPlace(rep_->output_memory, i)].bytes;
}
const Shape& CompiledModel::input_shape(int i) const { return rep_->input_memory[i]->shape(); }
const Shape& CompiledModel::output_shape(int i) const {
  if (rep_->catcher == nullptr || rep_->output_memory[i]->is_string()) return rep_->output_memory[i]->shape();
  return rep_->catcher->outputs[CaughtPlace(rep_->output_memory, i)].shape;
}

absl::Status CompiledModel::SetStrings(int i, std::span<const std::string> values) {
  Rep& rep = *rep_;
  TensorMemory& memory = *rep.input_memory[i];
  if (!memory.is_string() || NumElements(memory.shape()) != static_cast<int64_t>(values.size())) {
    return absl::InvalidArgumentError(absl::StrCat(rep.Where("input", rep.inputs[i].name), " is ",
                                                   DataTypeName(rep.inputs[i].dtype), " ", ShapeString(memory.shape()),
                                                   "; it was given ", values.size(), " strings"));
  }
  const std::string packed = PackStrings(values);
  const Shape shape = memory.shape();
  RETURN_IF_ERROR(memory.SetShapeAndSize(shape, packed.size(), rep.Where("input", rep.inputs[i].name)));
  std::memcpy(memory.bytes().data(), packed.data(), packed.size());
  return absl::OkStatus();
}

absl::Status CompiledModel::TakeInputs(const CompiledModel& other) {
  const Rep& from = *other.rep_;
  std::vector<Shape> shapes;
  for (const auto& memory : from.input_memory) shapes.push_back(memory->shape());
  RETURN_IF_ERROR(ResizeInputs(shapes));
  for (size_t i = 0; i < from.inputs.size(); ++i) {
    TensorMemory& memory = *from.input_memory[i];
    const std::span<char> bytes = memory.bytes();
    if (memory.is_string()) {
      RETURN_IF_ERROR(SetStrings(static_cast<int>(i), UnpackStrings(bytes)));
    } else if (!bytes.empty()) {
      std::memcpy(input(static_cast<int>(i)).data(), bytes.data(), bytes.size());
    }
  }
  return absl::OkStatus();
}

std::vector<std::string> CompiledModel::Strings(int i) const { return UnpackStrings(output(i)); }

absl::Status CompiledModel::Run() { return rep_->Run(); }

bool CompiledModel::fully_delegated() const { return rep_->catcher == nullptr && rep_->runtime->fully_delegated(); }

absl::StatusOr<std::set<std::pair<int, int>>> CompiledModel::RunProfiled() {
  Rep& rep = *rep_;
  RETURN_IF_ERROR(rep.LayOut());
  RETURN_IF_ERROR(Annotate(rep.runtime->StartProfiling(), rep.file->name()));
  const Runtime* const profiled = rep.runtime.get();
  const absl::Status status = Run();
  RETURN_IF_ERROR(status);
  // The run itself may have found that another one is needed.
  if (rep.runtime.get() != profiled) return RunProfiled();
  ASSIGN_OR_RETURN(const auto events, rep.runtime->StopProfiling());
  const auto& graphs = *rep.file->model().subgraphs();
  std::set<std::pair<int, int>> operators;
  for (const auto& [graph, node] : events) {
    // Nodes after the file's own ones are a delegate's, or those that catch the outputs.
    if (graph < graphs.size() && node < static_cast<uint64_t>(Size(graphs.Get(graph)->operators())))
      operators.emplace(graph, node);
  }
  return operators;
}

absl::StatusOr<std::map<std::string, Tensor>> CompiledModel::Run(const std::map<std::string, Tensor>& inputs) {
  Rep& rep = *rep_;
  std::vector<const Tensor*> given;
  for (const TensorSpec& spec : rep.inputs) {
    auto it = inputs.find(spec.name);
    if (it == inputs.end()) {
      return absl::InvalidArgumentError(absl::StrCat(rep.Where("input", spec.name), " is missing"));
    }
    if (it->second.dtype() != spec.dtype) {
      return absl::InvalidArgumentError(absl::StrCat(rep.Where("input", spec.name), " is ", DataTypeName(spec.dtype),
                                                     ", not ", DataTypeName(it->second.dtype())));
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
  std::vector<Shape> shapes;
  for (const Tensor* tensor : given) shapes.push_back(tensor->shape());
  RETURN_IF_ERROR(ResizeInputs(shapes));
  for (size_t i = 0; i < given.size(); ++i) {
    if (given[i]->dtype() == DataType::kString) {
      RETURN_IF_ERROR(SetStrings(i, given[i]->strings()));
      continue;
    }
    std::span<const char> from = given[i]->bytes();
    if (!from.empty()) std::memcpy(input(i).data(), from.data(), from.size());
  }
  RETURN_IF_ERROR(Run());
  std::map<std::string, Tensor> out;
  for (size_t i = 0; i < rep.outputs.size(); ++i) {
    Tensor tensor(rep.outputs[i].dtype, output_shape(i));
    if (tensor.dtype() == DataType::kString) {
      tensor.strings() = Strings(i);
      tensor.strings().resize(tensor.num_elements());
    } else if (std::span<const char> from = output(i); !from.empty()) {
      std::memcpy(tensor.bytes().data(), from.data(), from.size());
    }
    out[rep.outputs[i].name] = std::move(tensor);
  }
  return out;
}

}  // namespace tfxm::litert
