// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/internal/arena.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "tflite_generated.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/litert/internal/schema_util.h"

namespace tfxm::litert {
namespace {

// The runtime's alignment of tensors.
constexpr int64_t kArenaAlignment = 64;
constexpr int kNever = std::numeric_limits<int>::max();

struct Lifetime {
  int tensor = 0;
  int64_t bytes = 0;
  int first = kNever, last = -1;  // Steps; last is kNever for what must stay to the end.
  int64_t offset = 0;

  bool whole_run() const { return first == 0 && last == kNever; }
  bool Overlaps(const Lifetime& other) const { return first <= other.last && other.first <= last; }
};

int64_t BytesOf(const schema::Tensor& tensor) {
  int64_t elements = 1;
  for (int dim : Each(tensor.shape())) elements *= dim;
  return (elements * BitsOf(tensor.type()) + 7) / 8;
}

// Operators whose result is their input seen with another shape: the runtime gives both the same memory.
bool IsView(schema::BuiltinOperator kind) {
  return kind == schema::BuiltinOperator_RESHAPE || kind == schema::BuiltinOperator_EXPAND_DIMS ||
         kind == schema::BuiltinOperator_SQUEEZE || kind == schema::BuiltinOperator_BITCAST;
}

std::vector<Lifetime> Lifetimes(const schema::Model& model, const schema::SubGraph& graph) {
  const int n = Size(graph.tensors());
  std::vector<Lifetime> lives(n);
  std::vector<int> memory_of(n);  // Whose memory a tensor is in.
  std::vector<bool> fixed(n, false);
  for (int t = 0; t < n; ++t) {
    const schema::Tensor& tensor = *graph.tensors()->Get(t);
    memory_of[t] = t;
    lives[t].tensor = t;
    if (!HasData(model, tensor)) lives[t].bytes = BytesOf(tensor);
    if (tensor.is_variable()) lives[t].first = 0, lives[t].last = kNever;
  }
  for (int t : Each(graph.inputs())) lives[t].first = 0, lives[t].last = kNever, fixed[t] = true;
  for (int t : Each(graph.outputs())) lives[t].last = kNever, fixed[t] = true;
  for (int step = 0; step < Size(graph.operators()); ++step) {
    const schema::Operator& op = *graph.operators()->Get(step);
    const schema::OperatorCode& code = *model.operator_codes()->Get(op.opcode_index());
    if (IsView(KindOf(code)) && Size(op.inputs()) > 0 && Size(op.outputs()) == 1) {
      const int from = op.inputs()->Get(0), to = op.outputs()->Get(0);
      if (from >= 0 && to >= 0 && !fixed[from] && !fixed[to] && lives[from].bytes == lives[to].bytes &&
          lives[memory_of[from]].first != kNever) {
        memory_of[to] = memory_of[from];
      }
    }
    for (const auto* tensors : {op.outputs(), op.inputs()}) {
      for (int t : Each(tensors)) {
        if (t < 0) continue;
        Lifetime& life = lives[memory_of[t]];
        life.first = std::min(life.first, step);
        life.last = std::max(life.last, step);
      }
    }
  }
  std::erase_if(lives, [](const Lifetime& life) { return life.bytes == 0 || life.first == kNever; });
  return lives;
}

}  // namespace

int64_t PlannedArenaBytes(const schema::Model& model, const schema::SubGraph& graph) {
  std::vector<Lifetime> lives = Lifetimes(model, graph);
  // The runtime's order: what lives for the whole run, then the largest first.
  std::stable_sort(lives.begin(), lives.end(), [](const Lifetime& a, const Lifetime& b) {
    if (a.whole_run() || b.whole_run()) return a.whole_run() && !b.whole_run();
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.first < b.first;
  });
  const auto align = [](int64_t offset) { return (offset + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment; };
  int64_t size = 0;
  std::vector<Lifetime> placed;  // By offset.
  for (Lifetime& life : lives) {
    // The smallest gap that it fits into, between those that are alive at the same time.
    int64_t best = -1, smallest = std::numeric_limits<int64_t>::max(), end = 0;
    for (const Lifetime& other : placed) {
      if (!life.Overlaps(other)) continue;
      if (align(end) + life.bytes <= other.offset && other.offset - align(end) < smallest) {
        best = align(end);
        smallest = other.offset - end;
      }
      end = std::max(end, other.offset + other.bytes);
    }
    life.offset = best >= 0 ? best : align(end);
    size = std::max(size, life.offset + life.bytes);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), life,
                                   [](const Lifetime& a, const Lifetime& b) { return a.offset < b.offset; }),
                  life);
  }
  return size;
}

}  // namespace tfxm::litert
