// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/internal/compiled_model_rep.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tflite_generated.h"
#include "tfxm/litert/internal/hidden_fields.h"
#include "tfxm/litert/internal/string_tensor.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::litert {
namespace {

// What a string output gets at most.
constexpr size_t kMaxStringBytes = size_t{1} << 28;

}  // namespace

TensorMemory* CompiledModel::Rep::MemoryOf(const SignatureTensor& tensor) {
  for (auto& [t, memory] : memories) {
    if (t == tensor.tensor && !memory->is_string()) return memory.get();
  }
  memories.emplace_back(tensor.tensor, std::make_unique<TensorMemory>(tensor.spec.dtype));
  return memories.back().second.get();
}

bool CompiledModel::Rep::IsAlsoInput(const TensorMemory* memory) const {
  return std::find(input_memory.begin(), input_memory.end(), memory) != input_memory.end();
}

std::string CompiledModel::Rep::Where(const char* side, const std::string& name) const {
  return absl::StrCat(file->name(), ": ", side, " \"", name, "\"");
}

std::vector<ObservingOp> CompiledModel::Rep::Observers() const {
  std::vector<ObservingOp> out;
  if (options.observer == nullptr) return out;
  for (int g = 0; g < static_cast<int>(file->model().subgraphs()->size()); ++g) {
    out.push_back({TensorObserver::OpName(g), options.observer, g});
  }
  return out;
}

absl::Status CompiledModel::Rep::LayOut() {
  if (!resized) return absl::OkStatus();
  if (!settled) RETURN_IF_ERROR(Settle());
  ASSIGN_OR_RETURN(const std::vector<Shape> shapes, LaidOutShapes(*runtime));
  RETURN_IF_ERROR(catcher == nullptr ? TakeOutputs(shapes) : TakeCaughtOutputs());
  resized = false;
  ran = false;  // A new layout begins with zeros.
  return absl::OkStatus();
}

absl::Status CompiledModel::Rep::TakeOutputs(const std::vector<Shape>& shapes) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const absl::Status status = output_memory[i]->SetShape(shapes[i], Where("output", outputs[i].name));
    // Dimensions that are not known yet may stand there as 0.
    if (absl::IsUnimplemented(status)) {
      RETURN_IF_ERROR(CatchOutputs());
      RETURN_IF_ERROR(LaidOutShapes(*runtime).status());
      return TakeCaughtOutputs();
    }
    RETURN_IF_ERROR(status);
    if (!output_memory[i]->is_string() && !IsAlsoInput(output_memory[i])) output_memory[i]->MarkUnwritten();
  }
  unwritten = true;
  return absl::OkStatus();
}

absl::Status CompiledModel::Rep::TakeCaughtOutputs() {
  if (done == nullptr) done = std::make_unique<TensorMemory>(DataType::kInt32);
  RETURN_IF_ERROR(done->SetShape({1}, file->name()));
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!output_memory[i]->is_string()) continue;
    RETURN_IF_ERROR(output_memory[i]->SetShapeAndSize({1}, std::max<size_t>(output_memory[i]->bytes().size(), 1 << 16),
                                                      Where("output", outputs[i].name)));
  }
  unwritten = false;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Shape>> CompiledModel::Rep::LaidOutShapes(Runtime& of) const {
  auto shapes = of.LayOut();
  if (shapes.ok()) return shapes;
  std::vector<std::string> given;
  for (size_t i = 0; i < inputs.size(); ++i) {
    given.push_back(absl::StrCat(inputs[i].name, " ", ShapeString(input_memory[i]->shape())));
  }
  return absl::InvalidArgumentError(absl::StrCat(file->name(), ": the model cannot work on inputs of shape ",
                                                 absl::StrJoin(given, ", "), ": ", of.hint(),
                                                 ". LiteRT says: ", shapes.status().message()));
}

absl::Status CompiledModel::Rep::Settle() {
  settled = true;
  const bool maybe_dynamic = MayHaveDynamicOutputs(file->model(), signature.subgraph);
  ASSIGN_OR_RETURN(const std::vector<size_t> still, OutputsThatDoNotFollow());
  const auto is_open = [this](size_t i) {
    return std::any_of(outputs[i].shape.begin(), outputs[i].shape.end(), [](int64_t d) { return d < 0; });
  };
  if (still.empty()) return absl::OkStatus();
  if (std::any_of(still.begin(), still.end(), is_open) && HasOpenBatch()) return CatchOutputs();
  if (!maybe_dynamic) return absl::OkStatus();
  // The operator that catches the outputs is prepared by the layout if, and only if, all before it was.
  ASSIGN_OR_RETURN(auto catching, MakeCatching());
  RETURN_IF_ERROR(LaidOutShapes(*catching.second).status());
  if (!catching.first->prepared) Catch(std::move(catching));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<size_t>> CompiledModel::Rep::OutputsThatDoNotFollow() {
  const auto resize = [&](int more) -> absl::Status {
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!IsOpenBatch(inputs[i])) continue;
      Shape shape = input_memory[i]->shape();
      shape[0] += more;
      RETURN_IF_ERROR(runtime->Resize(static_cast<int>(i), shape));
    }
    return absl::OkStatus();
  };
  ASSIGN_OR_RETURN(const std::vector<Shape> before, LaidOutShapes(*runtime));
  std::vector<Shape> after = before;
  if (HasOpenBatch()) {
    RETURN_IF_ERROR(resize(1));
    if (auto shapes = runtime->LayOut(); shapes.ok()) after = *std::move(shapes);
    RETURN_IF_ERROR(resize(0));
  }
  std::vector<size_t> still;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!output_memory[i]->is_string() && !IsAlsoInput(output_memory[i]) && before[i] == after[i]) still.push_back(i);
  }
  return still;
}

absl::StatusOr<CompiledModel::Rep::Catching> CompiledModel::Rep::MakeCatching() {
  ASSIGN_OR_RETURN(auto changed, file->Derived(absl::StrCat("caught outputs of ", signature_index),
                                               [this] { return WithCaughtOutputs(*run_file, signature); }));
  Catching out;
  out.first = std::make_unique<OutputCatcher>(signature);
  std::vector<ObservingOp> operators = Observers();
  operators.push_back({kCatchOutputsOp, out.first.get(), 0});
  auto made = Runtime::Create(std::move(changed), signature_index, options, std::move(operators));
  RETURN_IF_ERROR(Annotate(made.status(), file->name()));
  out.second = *std::move(made);
  for (size_t i = 0; i < inputs.size(); ++i) {
    // LiteRT refuses to resize a scalar, also to one.
    if (input_memory[i]->shape().empty()) continue;
    RETURN_IF_ERROR(out.second->Resize(static_cast<int>(i), input_memory[i]->shape()));
  }
  return out;
}

void CompiledModel::Rep::Catch(Catching catching) {
  runtime = std::move(catching.second);  // Before the catcher that the old one may refer to.
  catcher = std::move(catching.first);
  settled = true;
  resized = true;
}

absl::Status CompiledModel::Rep::CatchOutputs() {
  ASSIGN_OR_RETURN(Catching catching, MakeCatching());
  Catch(std::move(catching));
  return absl::OkStatus();
}

absl::Status CompiledModel::Rep::CheckGuards() const {
  for (const auto& [side, specs, memory] :
       {std::tuple{"input", &inputs, &input_memory}, std::tuple{"output", &outputs, &output_memory}}) {
    for (size_t i = 0; i < specs->size(); ++i) {
      if ((*memory)[i]->GuardsIntact()) continue;
      return absl::DataLossError(absl::StrCat(
          Where(side, (*specs)[i].name), " of shape ", ShapeString((*memory)[i]->shape()),
          ": something wrote outside of its ", (*memory)[i]->bytes().size(),
          " bytes, so that no result of this process can be trusted; please report the model as a bug of tfxm"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> CompiledModel::Rep::OutputsAreAsLaidOut() {
  ASSIGN_OR_RETURN(const std::vector<Shape> shapes, runtime->OutputShapes());
  for (size_t i = 0; i < outputs.size(); ++i) {
    const TensorMemory& memory = *output_memory[i];
    if (!memory.is_string() && (memory.shape() != shapes[i] || memory.IsUnwritten())) return false;
  }
  return true;
}

absl::Status CompiledModel::Rep::NoteStringShapes() {
  if (std::none_of(output_memory.begin(), output_memory.end(), [](TensorMemory* m) { return m->is_string(); })) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::vector<Shape> shapes, runtime->OutputShapes());
  size_t next = 1;  // Of the catching copy, whose first output is its own.
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (output_memory[i]->is_string()) output_memory[i]->NoteShape(shapes[catcher != nullptr ? next++ : i]);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> CompiledModel::Rep::GrowStrings() {
  bool grown = false;
  for (size_t i = 0; i < outputs.size(); ++i) {
    TensorMemory& memory = *output_memory[i];
    if (!memory.is_string()) continue;
    if (memory.bytes().size() >= kMaxStringBytes) continue;
    RETURN_IF_ERROR(
        memory.SetShapeAndSize(memory.shape(), memory.bytes().size() * 16, Where("output", outputs[i].name)));
    grown = true;
  }
  return grown;
}

void CompiledModel::Rep::CollectHandles() {
  input_handles.clear();
  output_handles.clear();
  for (const TensorMemory* memory : input_memory) input_handles.push_back(memory->handle());
  if (catcher != nullptr) output_handles.push_back(done->handle());
  for (const TensorMemory* memory : output_memory) {
    if (catcher == nullptr || memory->is_string()) output_handles.push_back(memory->handle());
  }
}

absl::Status CompiledModel::Rep::Run() {
  RETURN_IF_ERROR(LayOut());
  if (has_state && ran) {
    std::vector<Shape> shapes;
    for (const TensorMemory* memory : input_memory) shapes.push_back(memory->shape());
    RETURN_IF_ERROR(runtime->ResetVariables(shapes));
  }
  ran = true;
  // Of an output without strings the runtime copies nothing.
  for (TensorMemory* memory : output_memory) {
    if (memory->is_string() && !IsAlsoInput(memory)) std::memset(memory->bytes().data(), 0, sizeof(int32_t));
  }
  CollectHandles();
  const absl::Status status = runtime->Run(input_handles, output_handles);
  RETURN_IF_ERROR(CheckGuards());
  if (status.ok()) {
    const bool first = unwritten;
    unwritten = false;
    if (first) {
      ASSIGN_OR_RETURN(const bool as_laid_out, OutputsAreAsLaidOut());
      if (!as_laid_out) {
        RETURN_IF_ERROR(CatchOutputs());
        return Run();
      }
    }
    return NoteStringShapes();
  }
  // Further signs that the runtime did not know a shape when it laid out the tensors.
  if (catcher == nullptr &&
      (absl::StrContains(status.message(), "allocation_type == kTfLite") ||
       absl::StrContains(status.message(), "Custom allocation is too small")) &&
      CatchOutputs().ok()) {
    return Run();
  }
  ASSIGN_OR_RETURN(const bool grown, GrowStrings());
  return grown ? Run() : Annotate(status, file->name());
}

}  // namespace tfxm::litert
