// SPDX-License-Identifier: Apache-2.0

#include "tfxm/tables/internal/arrow_input.h"

#include <utility>

#include "absl/status/status.h"
#include "arrow/buffer.h"
#include "arrow/io/file.h"
#include "arrow/result.h"
#include "arrow/status.h"
#include "tfxm/util/filesystem/file_system.h"
#include "tfxm/util/filesystem/input_file.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::tables {
namespace {

// ReadAt is that of the base class: Seek and Read under a lock.
class Input : public arrow::io::RandomAccessFile {
 public:
  Input(std::unique_ptr<io::InputFile> file, int64_t size) : file_(std::move(file)), size_(size) {}

  arrow::Result<int64_t> Read(int64_t n, void* to) override {
    const absl::StatusOr<size_t> got = file_->Read(static_cast<char*>(to), static_cast<size_t>(n));
    if (!got.ok()) return arrow::Status::IOError(std::string(got.status().message()));
    position_ += static_cast<int64_t>(*got);
    return static_cast<int64_t>(*got);
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t n) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(n));
    ARROW_ASSIGN_OR_RAISE(const int64_t got, Read(n, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(got));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

  arrow::Status Seek(int64_t position) override {
    const absl::Status status = file_->Seek(position);
    if (!status.ok()) return arrow::Status::IOError(std::string(status.message()));
    position_ = position;
    return arrow::Status::OK();
  }

  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Result<int64_t> GetSize() override { return size_; }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }

 private:
  const std::unique_ptr<io::InputFile> file_;
  const int64_t size_;
  int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace

absl::StatusOr<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForArrow(const std::string& path) {
  if (!io::IsRemote(path)) {
    auto opened = arrow::io::ReadableFile::Open(path);
    if (!opened.ok()) return absl::NotFoundError(opened.status().message());
    return std::shared_ptr<arrow::io::RandomAccessFile>(*opened);
  }
  ASSIGN_OR_RETURN(std::unique_ptr<io::InputFile> file, io::InputFile::Open(path));
  ASSIGN_OR_RETURN(const int64_t size, file->Size());
  return std::make_shared<Input>(std::move(file), size);
}

}  // namespace tfxm::tables
