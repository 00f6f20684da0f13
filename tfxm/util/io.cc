// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/json/json.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"
#include "tfxm/util/files/clean_up.h"
#include "tfxm/util/files/file_descriptor.h"
#include "tfxm/util/files/list_tree.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/filesystem/remote_files.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::io {
namespace {

namespace fs = std::filesystem;

absl::Status SystemError(int error, absl::string_view what, absl::string_view path) {
  std::string message = absl::StrCat("cannot ", what, " ", path, ": ", strerror(error));
  if (error == ENOSPC || error == EDQUOT) {
    absl::StrAppend(&message, "; free some space and run again");
    return absl::ResourceExhaustedError(message);
  }
  return absl::ErrnoToStatus(error, absl::StrCat("cannot ", what, " ", path));
}

absl::Status SystemError(const std::error_code& error, absl::string_view what, absl::string_view path) {
  return SystemError(error.value(), what, path);
}

}  // namespace

std::string JoinPath(absl::string_view a, absl::string_view b) {
  if (a.empty() || absl::StartsWith(b, "/") || IsRemote(b)) return std::string(b);
  if (b.empty()) return std::string(a);
  return absl::StrCat(a, absl::EndsWith(a, "/") ? "" : "/", b);
}

std::string Basename(absl::string_view path) {
  while (path.size() > 1 && absl::EndsWith(path, "/")) path.remove_suffix(1);
  return fs::path(std::string(path)).filename().string();
}

std::string Dirname(absl::string_view path) { return fs::path(std::string(path)).parent_path().string(); }

std::string AbsolutePath(absl::string_view path) {
  if (IsRemote(path)) return remote::Normalized(path);
  std::error_code error;
  std::string out = fs::absolute(std::string(path), error).lexically_normal().string();
  while (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

bool Exists(absl::string_view path) {
  if (IsRemote(path)) return KindOf(path).value_or(PathInfo::Kind::kNothing) != PathInfo::Kind::kNothing;
  std::error_code error;
  return fs::exists(std::string(path), error);
}

bool IsDirectory(absl::string_view path) {
  if (IsRemote(path)) return KindOf(path).value_or(PathInfo::Kind::kNothing) == PathInfo::Kind::kDirectory;
  std::error_code error;
  return fs::is_directory(std::string(path), error);
}

absl::StatusOr<int64_t> FileSize(absl::string_view path) {
  if (IsRemote(path)) {
    ASSIGN_OR_RETURN(const PathInfo info, remote::Info(path));
    if (info.kind == PathInfo::Kind::kFile) return info.size;
    return absl::NotFoundError(absl::StrCat("cannot read ", path, ": there is no such file"));
  }
  struct stat info;
  if (stat(std::string(path).c_str(), &info) != 0) return SystemError(errno, "read", path);
  return info.st_size;
}

absl::StatusOr<int64_t> TreeSize(absl::string_view path) {
  if (!IsDirectory(path)) return FileSize(path);
  int64_t size = 0;
  ASSIGN_OR_RETURN(const std::vector<TreeFile> files, ListTree(path));
  for (const TreeFile& file : files) {
    if (!file.is_file) continue;
    ASSIGN_OR_RETURN(const int64_t of_file, FileSize(JoinPath(path, file.path)));
    size += of_file;
  }
  return size;
}

absl::StatusOr<std::string> ReadFile(absl::string_view path) {
  if (IsRemote(path)) return remote::ReadFile(path);
  const FileDescriptor file(open(std::string(path).c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return SystemError(errno, "open", path);
  struct stat info;
  if (fstat(file.get(), &info) != 0) return SystemError(errno, "read", path);
  if (S_ISDIR(info.st_mode))
    return absl::FailedPreconditionError(absl::StrCat(path, " is a directory, expected a file"));
  std::string content;
  content.resize(static_cast<size_t>(info.st_size));
  size_t size = 0;
  for (;;) {
    if (size == content.size()) content.resize(content.size() + 4096);  // Also for files that report no size.
    const ssize_t n = read(file.get(), content.data() + size, content.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError(errno, "read", path);
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  content.resize(size);
  return content;
}

absl::Status WriteFile(absl::string_view path, absl::string_view content) {
  if (IsRemote(path)) return remote::WriteFile(path, content);
  const std::string final_path(path), folder = Dirname(path).empty() ? "." : Dirname(path);
  const std::string prefix = absl::StrCat(".", Basename(path), ".");
  RemoveAbandoned(folder, prefix);
  // Made by open() and not by mkstemp(), so that the user's umask counts.
  std::string temporary;
  FileDescriptor file;
  std::optional<CleanUp> remove_temporary;
  while (!remove_temporary) {
    const NoInterruption until_it_is_known;  // Between open() and CleanUp() it would be left.
    temporary = JoinPath(folder, internal::TemporaryName(prefix));
    file = FileDescriptor(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (file.get() < 0 && errno != EEXIST) return SystemError(errno, "write", path);
    if (file.get() >= 0 && internal::LockTemporary(file.get(), temporary)) {
      remove_temporary.emplace([temporary] { unlink(temporary.c_str()); });
    } else {
      file.Close();
    }
  }
  for (size_t done = 0; done < content.size();) {
    const ssize_t n = write(file.get(), content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError(errno, "write", path);
    done += static_cast<size_t>(n);
  }
  if (fdatasync(file.get()) != 0) return SystemError(errno, "write", path);
  const NoInterruption until_it_is_in_place;
  if (rename(temporary.c_str(), final_path.c_str()) != 0) return SystemError(errno, "write", path);
  remove_temporary->Cancel();
  return absl::OkStatus();
}

absl::Status MakeDirs(absl::string_view path) {
  if (IsRemote(path)) return absl::OkStatus();  // A store has the folders that its files are in.
  std::error_code error;
  fs::create_directories(std::string(path), error);
  if (error) return SystemError(error, "create directory", path);
  return absl::OkStatus();
}

absl::Status RemoveAll(absl::string_view path) {
  if (IsRemote(path)) return remote::RemoveAll(path);
  std::error_code error;
  fs::remove_all(std::string(path), error);
  if (error) return SystemError(error, "remove", path);
  return absl::OkStatus();
}

absl::Status Rename(absl::string_view from, absl::string_view to) {
  if (IsRemote(from) || IsRemote(to)) return remote::LocalOnly(absl::StrCat("rename ", from, " to"), to);
  std::error_code error;
  fs::rename(std::string(from), std::string(to), error);
  if (error) return SystemError(error, absl::StrCat("rename ", from, " to"), to);
  return absl::OkStatus();
}

absl::Status CopyTree(absl::string_view from, absl::string_view to) {
  if (IsRemote(from) || IsRemote(to)) return remote::CopyTree(from, to);
  std::error_code error;
  fs::copy(std::string(from), std::string(to), fs::copy_options::recursive | fs::copy_options::overwrite_existing,
           error);
  if (error) return SystemError(error, absl::StrCat("copy ", from, " to"), to);
  return absl::OkStatus();
}

absl::StatusOr<std::string> MakeTempDir(absl::string_view parent, absl::string_view prefix) {
  if (IsRemote(parent)) return remote::LocalOnly("create a directory in", parent);
  RETURN_IF_ERROR(MakeDirs(parent));
  std::string path = JoinPath(parent, absl::StrCat(prefix, "XXXXXX"));
  if (mkdtemp(path.data()) == nullptr) return SystemError(errno, "create a directory in", parent);
  return path;
}

bool IsSameFile(absl::string_view a, absl::string_view b) {
  if (IsRemote(a) || IsRemote(b)) return AbsolutePath(a) == AbsolutePath(b) && Exists(a);
  std::error_code error;
  return fs::equivalent(std::string(a), std::string(b), error);
}

absl::StatusOr<bool> SameTree(absl::string_view a, absl::string_view b) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDir(a));
  ASSIGN_OR_RETURN(const std::vector<std::string> others, ListDir(b));
  if (names != others) return false;
  for (const std::string& name : names) {
    const std::string in_a = JoinPath(a, name), in_b = JoinPath(b, name);
    if (IsDirectory(in_a) != IsDirectory(in_b)) return false;
    bool same = false;
    if (IsDirectory(in_a)) {
      ASSIGN_OR_RETURN(same, SameTree(in_a, in_b));
    } else {
      ASSIGN_OR_RETURN(const std::string content, ReadFile(in_a));
      ASSIGN_OR_RETURN(const std::string other, ReadFile(in_b));
      same = content == other;
    }
    if (!same) return false;
  }
  return true;
}

bool IsInside(absl::string_view path, absl::string_view folder) {
  if (IsRemote(path) || IsRemote(folder)) {
    return absl::StartsWith(absl::StrCat(AbsolutePath(path), "/"), absl::StrCat(AbsolutePath(folder), "/"));
  }
  std::error_code error;
  const fs::path inner = fs::weakly_canonical(AbsolutePath(path), error);
  const fs::path outer = fs::weakly_canonical(AbsolutePath(folder), error);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

NewDirs::NewDirs(absl::string_view path) : path_(path) {
  std::error_code error;
  if (!IsRemote(path))
    for (fs::path missing = AbsolutePath(path); !missing.empty() && !fs::exists(missing, error);
         missing = missing.parent_path()) {
      made_.push_back(missing.string());
    }
  remove_.emplace([made = made_] {
    for (const std::string& dir : made) rmdir(dir.c_str());  // Only what is empty, the innermost first.
  });
}

absl::Status NewDirs::Make() { return MakeDirs(path_); }

absl::StatusOr<std::vector<std::string>> ListDir(absl::string_view path) {
  std::vector<std::string> names;
  if (IsRemote(path)) {
    ASSIGN_OR_RETURN(const std::vector<PathEntry> entries, remote::List(path, /*recursive=*/false));
    for (const PathEntry& entry : entries) names.push_back(entry.path);
    return names;
  }
  std::error_code error;
  for (fs::directory_iterator it(std::string(path), error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error) return SystemError(error, "list", path);
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::vector<std::string>> Glob(absl::string_view pattern) {
  if (IsRemote(pattern)) return remote::Glob(pattern);
  glob_t found;
  const int result = glob(std::string(pattern).c_str(), GLOB_NOSORT, nullptr, &found);
  std::vector<std::string> paths;
  if (result == 0) {
    for (size_t i = 0; i < found.gl_pathc; ++i) {
      std::error_code error;
      if (fs::is_regular_file(found.gl_pathv[i], error)) paths.emplace_back(found.gl_pathv[i]);
    }
  }
  globfree(&found);
  if (result != 0 && result != GLOB_NOMATCH) return absl::UnavailableError(absl::StrCat("cannot list ", pattern));
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string EscapeGlob(absl::string_view path) {
  std::string pattern;
  for (const char c : path) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

absl::StatusOr<std::vector<std::string>> ListFiles(absl::string_view dir) {
  std::vector<std::string> files;
  if (IsRemote(dir)) return Glob(JoinPath(EscapeGlob(dir), "*"));
  if (!IsDirectory(dir)) return files;
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDir(dir));
  for (const std::string& name : names) {
    std::error_code error;
    const std::string path = JoinPath(dir, name);
    if (name[0] != '.' && fs::is_regular_file(path, error)) files.push_back(path);
  }
  return files;
}

absl::Status ReadBinaryProto(absl::string_view path, google::protobuf::Message* message) {
  ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
  if (!message->ParseFromString(content)) {
    return absl::DataLossError(absl::StrCat(path, " is not a serialized ", message->GetDescriptor()->full_name()));
  }
  return absl::OkStatus();
}

absl::Status WriteBinaryProto(absl::string_view path, const google::protobuf::Message& message) {
  return WriteFile(path, SerializeDeterministically(message));
}

absl::Status ParseTextProto(absl::string_view text, google::protobuf::Message* message) {
  struct FirstError : google::protobuf::io::ErrorCollector {
    explicit FirstError(absl::string_view text) : lines(absl::StrSplit(text, '\n')) {}
    void RecordError(int line, google::protobuf::io::ColumnNumber column, absl::string_view text) override {
      // Of an enumeration's value the parser is behind it already, perhaps lines below.
      if (absl::StartsWith(text, "Unknown enumeration value of \"")) {
        const absl::string_view value = std::vector<absl::string_view>(absl::StrSplit(text, '"'))[1];
        for (int at = std::min(line, static_cast<int>(lines.size()) - 1); at >= 0; --at) {
          const size_t end = at == line ? static_cast<size_t>(column) : absl::string_view::npos;
          const size_t found = lines[at].substr(0, end).rfind(value);
          if (found == absl::string_view::npos) continue;
          line = at;
          column = static_cast<int>(found);
          break;
        }
      }
      if (message.empty()) message = absl::StrCat("line ", line + 1, ", column ", column + 1, ": ", text);
    }
    const std::vector<absl::string_view> lines;
    std::string message;
  } error(text);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (!parser.ParseFromString(text, message)) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a text ", message->GetDescriptor()->full_name(), ": ", error.message));
  }
  return absl::OkStatus();
}

absl::Status ReadTextProto(absl::string_view path, google::protobuf::Message* message) {
  ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
  return Annotate(ParseTextProto(content, message), path);
}

absl::Status WriteTextProto(absl::string_view path, const google::protobuf::Message& message) {
  std::string text;
  if (!google::protobuf::TextFormat::PrintToString(message, &text)) {
    return absl::InternalError(absl::StrCat("cannot print ", message.GetDescriptor()->full_name()));
  }
  return WriteFile(path, text);
}

absl::Status ParseJson(absl::string_view json, google::protobuf::Message* message) {
  const auto status = google::protobuf::json::JsonStringToMessage(json, message);
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a JSON ", message->GetDescriptor()->full_name(), ": ", status.message()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message) {
  google::protobuf::json::PrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  RETURN_IF_ERROR(google::protobuf::json::MessageToJsonString(message, &json, options));
  while (!json.empty() && json.back() == '\n') json.pop_back();
  return json;
}

std::string SerializeDeterministically(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace tfxm::io
