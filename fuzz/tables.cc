// SPDX-License-Identifier: Apache-2.0

// CSV and JSON Lines (tables/tables.h), read to the end; each record must be a tf.Example. The first byte says which it
// is and how it is read.
#include "tfxm/tables/tables.h"

#include <cstdlib>

#include "fuzz/input.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/tables/internal/arrow_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tfxm::tables::CsvOptions;
  static const tfxm::fuzz::Scratch scratch;
  if (size < 1) return 0;
  const std::string path = scratch.Write("table", tfxm::fuzz::Text(data + 1, size - 1));
  absl::StatusOr<std::unique_ptr<tfxm::data::ExampleSource>> source;
  if (data[0] % 2 == 0) {
    CsvOptions options;
    options.bad_rows = static_cast<CsvOptions::BadRows>(data[0] / 2 % 3);
    options.empty_is_missing = data[0] / 8 % 2 != 0;
    if (data[0] / 16 % 2 != 0) options.delimiter = ';';
    if (data[0] / 32 % 2 != 0) options.encoding = "cp932";
    if (data[0] / 64 % 2 != 0) options.column_names = {"a", "b"};
    source = tfxm::tables::OpenCsvFiles({path}, options);
  } else {
    source = tfxm::tables::OpenJsonlFiles({path}, {});
  }
  if (!source.ok()) return 0;
  while (true) {
    const auto block = (*source)->Next();
    if (!block.ok() || *block == nullptr) break;
    for (int i = 0; i < (*block)->size(); ++i) {
      std::string record;
      tfxm::data::ExampleBatch batch;
      if (!(*block)->Encode(i, &record).ok()) continue;
      if (!batch.Append(record).ok() || (*block)->Origin(i).empty()) abort();
    }
  }
  return 0;
}
