// SPDX-License-Identifier: Apache-2.0

// A file for Arrow's readers, wherever it is (util/filesystem/input_file.h).
//
//   ASSIGN_OR_RETURN(const std::shared_ptr<arrow::io::RandomAccessFile> file, OpenForArrow("s3://bucket/people.parquet"));
#ifndef TFXM_TABLES_INTERNAL_ARROW_INPUT_H_
#define TFXM_TABLES_INTERNAL_ARROW_INPUT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "arrow/io/interfaces.h"

namespace tfxm::tables {

// NOT_FOUND, or another error of the system's or the store's, names the file.
absl::StatusOr<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForArrow(const std::string& path);

}  // namespace tfxm::tables

#endif  // TFXM_TABLES_INTERNAL_ARROW_INPUT_H_
