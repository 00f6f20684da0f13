// SPDX-License-Identifier: Apache-2.0

// Where the tf.Examples of an ExampleGen come from: files of some kind, read a block at a time in order, and each block
// turned into tf.Examples by as many threads as there are.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<ExampleSource> source, tables::OpenCsv(files, {}));
//   while (true) {
//     ASSIGN_OR_RETURN(std::unique_ptr<ExampleBlock> block, source->Next());
//     if (block == nullptr) break;
//     for (int i = 0; i < block->size(); ++i) {
//       std::string record;
//       RETURN_IF_ERROR(Annotate(block->Encode(i, &record), block->Origin(i)));
//     }
//   }
//
// What the blocks are follows from the files alone, so that whatever is made of them is the same on every machine.
#ifndef TFXM_DATA_EXAMPLE_SOURCE_H_
#define TFXM_DATA_EXAMPLE_SOURCE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::data {

// Some examples of a file. Thread safe.
class ExampleBlock {
 public:
  virtual ~ExampleBlock() = default;
  virtual int size() const = 0;
  // Replaces `record` by example i as a serialized tf.Example. The error does not name the example.
  virtual absl::Status Encode(int i, std::string* record) const = 0;
  // Adds examples [begin, end) to a batch, which is cheaper for those who do not want the records. The error names the
  // example.
  virtual absl::Status AppendTo(int begin, int end, ExampleBatch* batch) const {
    std::string record;
    for (int i = begin; i < end; ++i) {
      absl::Status status = Encode(i, &record);
      if (status.ok()) status = batch->Append(record);
      if (!status.ok()) return Annotate(status, Origin(i));
    }
    return absl::OkStatus();
  }
  // Where example i is, for messages: "data/people.csv: line 17".
  virtual std::string Origin(int i) const = 0;
  // Whether records are deterministic serializations (features sorted, no field twice).
  virtual bool IsDeterministic() const { return true; }
  // Whether records may be tf.SequenceExamples.
  virtual bool TakesSequenceExamples() const { return false; }
};

// The examples of some files. One thread at a time.
class ExampleSource {
 public:
  virtual ~ExampleSource() = default;
  // The next block, which may hold no example; null at the end. An error names the file and the place in it. A block
  // may outlive the source.
  virtual absl::StatusOr<std::unique_ptr<ExampleBlock>> Next() = 0;
  // The files read so far that have no example.
  virtual std::vector<std::string> EmptyFiles() const = 0;
  // What else a person should know of what was read so far, a line each: rows that were skipped.
  virtual std::vector<std::string> Warnings() const { return {}; }
};

}  // namespace tfxm::data

#endif  // TFXM_DATA_EXAMPLE_SOURCE_H_
