// SPDX-License-Identifier: Apache-2.0

// An object store in memory, at mem://: for tests of what is done with paths that have a scheme.
//
//   MemoryStore& store = MemoryStore::Fresh();
//   store.files["mem://bucket/a"] = "content";
//   EXPECT_EQ(*io::ReadFile("mem://bucket/a"), "content");
//   EXPECT_THAT(store.asked, ElementsAre("read mem://bucket/a 0+7"));
//
// Thread safe, as far as its functions and not its members are used.
#ifndef TFXM_TESTING_MEMORY_STORE_H_
#define TFXM_TESTING_MEMORY_STORE_H_

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/util/filesystem/file_system.h"

namespace tfxm {

struct MemoryStore {
  std::map<std::string, std::string> files;  // By path.
  std::vector<std::string> asked;            // What was read, written and removed.
  std::string broken;                        // Paths that begin so give an error,
  std::string broken_writes;                 // and those that end so, when they are written.
  // Called before a file of this path is there: for what somebody else does in between.
  std::function<void(const std::string&)> before_write;
  std::mutex mutex;

  static MemoryStore& Get() {
    static MemoryStore store;
    return store;
  }
  static MemoryStore& Fresh();
};

namespace internal {

class MemoryFileSystem : public io::FileSystem {
 public:
  absl::StatusOr<io::PathInfo> Info(const std::string& path) override {
    const std::lock_guard lock(MemoryStore::Get().mutex);
    if (absl::Status status = Check(path); !status.ok()) return status;
    MemoryStore& store = MemoryStore::Get();
    const auto file = store.files.find(path);
    if (file != store.files.end()) {
      return io::PathInfo{
          .kind = io::PathInfo::Kind::kFile, .size = static_cast<int64_t>(file->second.size()), .modified = 7};
    }
    const auto below = store.files.lower_bound(path + "/");
    const bool is_folder = below != store.files.end() && absl::StartsWith(below->first, path + "/");
    return io::PathInfo{.kind = is_folder ? io::PathInfo::Kind::kDirectory : io::PathInfo::Kind::kNothing};
  }
  absl::StatusOr<std::string> Version(const std::string& path) override {
    const std::lock_guard lock(MemoryStore::Get().mutex);
    if (absl::Status status = Check(path); !status.ok()) return status;
    return absl::StrCat("\"", std::hash<std::string>()(MemoryStore::Get().files.at(path)), "\"");
  }
  absl::StatusOr<std::vector<io::PathEntry>> List(const std::string& dir, bool recursive) override {
    const std::lock_guard lock(MemoryStore::Get().mutex);
    if (absl::Status status = Check(dir); !status.ok()) return status;
    std::map<std::string, io::PathInfo> entries;
    for (const auto& [path, content] : MemoryStore::Get().files) {
      if (!absl::StartsWith(path, dir + "/")) continue;
      const std::string below = path.substr(dir.size() + 1);
      const size_t slash = recursive ? std::string::npos : below.find('/');
      entries[below.substr(0, slash)] = slash == std::string::npos
                                            ? io::PathInfo{.kind = io::PathInfo::Kind::kFile,
                                                           .size = static_cast<int64_t>(content.size()),
                                                           .modified = 7}
                                            : io::PathInfo{.kind = io::PathInfo::Kind::kDirectory};
    }
    std::vector<io::PathEntry> list;
    for (const auto& [path, info] : entries) list.push_back({path, info});
    return list;
  }
  absl::StatusOr<std::unique_ptr<io::RemoteFile>> Open(const std::string& path) override {
    const std::lock_guard lock(MemoryStore::Get().mutex);
    if (absl::Status status = Check(path); !status.ok()) return status;
    const auto file = MemoryStore::Get().files.find(path);
    if (file == MemoryStore::Get().files.end()) return absl::NotFoundError(absl::StrCat("cannot open ", path));
    return std::make_unique<File>(path, file->second);
  }
  absl::StatusOr<std::unique_ptr<io::OutputFile>> Create(const std::string& path) override {
    if (absl::Status status = Check(path); !status.ok()) return status;
    return std::make_unique<Output>(path);
  }
  absl::Status RemoveAll(const std::string& path) override {
    const std::lock_guard lock(MemoryStore::Get().mutex);
    MemoryStore::Get().asked.push_back("remove " + path);
    std::erase_if(MemoryStore::Get().files,
                  [&](const auto& file) { return file.first == path || absl::StartsWith(file.first, path + "/"); });
    return absl::OkStatus();
  }

 private:
  class File : public io::RemoteFile {
   public:
    File(std::string path, std::string content) : path_(std::move(path)), content_(std::move(content)) {}
    int64_t size() const override { return static_cast<int64_t>(content_.size()); }
    absl::Status ReadAt(int64_t offset, char* to, size_t n) override {
      const std::lock_guard lock(MemoryStore::Get().mutex);
      MemoryStore::Get().asked.push_back(absl::StrCat("read ", path_, " ", offset, "+", n));
      if (absl::Status status = Check(path_); !status.ok()) return status;
      memcpy(to, content_.data() + offset, n);
      return absl::OkStatus();
    }

   private:
    const std::string path_, content_;
  };
  class Output : public io::OutputFile {
   public:
    explicit Output(std::string path) : path_(std::move(path)) {}
    absl::Status Write(absl::string_view bytes) override {
      content_.append(bytes);
      return absl::OkStatus();
    }
    absl::Status Close() override {
      if (MemoryStore::Get().before_write) MemoryStore::Get().before_write(path_);
      const std::lock_guard lock(MemoryStore::Get().mutex);
      const std::string& broken = MemoryStore::Get().broken_writes;
      if (!broken.empty() && absl::EndsWith(path_, broken)) {
        return absl::UnavailableError(absl::StrCat("cannot write ", path_));
      }
      MemoryStore::Get().asked.push_back("write " + path_);
      MemoryStore::Get().files[path_] = content_;
      return absl::OkStatus();
    }

   private:
    const std::string path_;
    std::string content_;
  };

  static absl::Status Check(const std::string& path) {
    const std::string& broken = MemoryStore::Get().broken;
    if (broken.empty() || !absl::StartsWith(path, broken)) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat("cannot reach ", path));
  }
};

}  // namespace internal

inline MemoryStore& MemoryStore::Fresh() {
  static const bool registered =
      io::FileSystemRegistry::Get().Register("mem", [] { return std::make_unique<internal::MemoryFileSystem>(); });
  MemoryStore& store = Get();
  if (registered) {
    store.files.clear(), store.asked.clear(), store.broken.clear(), store.broken_writes.clear();
    store.before_write = nullptr;
  }
  return store;
}

}  // namespace tfxm

#endif  // TFXM_TESTING_MEMORY_STORE_H_
