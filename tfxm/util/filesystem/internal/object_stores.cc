// SPDX-License-Identifier: Apache-2.0

// s3:// and gs://, by Arrow's file systems: the plugin "object_stores". What the environment sets: docs/files.md.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "arrow/filesystem/filesystem.h"
#include "arrow/filesystem/gcsfs.h"
#include "arrow/filesystem/s3fs.h"
#include "arrow/io/interfaces.h"
#include "arrow/result.h"
#include "arrow/status.h"
#include "arrow/util/key_value_metadata.h"
#include "tfxm/util/filesystem/file_system.h"
#include "tfxm/util/io.h"
#include "tfxm/util/process/environment.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::io {
namespace {

using ArrowFileSystem = std::shared_ptr<arrow::fs::FileSystem>;
using Kind = PathInfo::Kind;

// What a store says may repeat what it was sent.
std::string WithoutSecrets(std::string text) {
  for (const char* name : {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID"}) {
    const std::string secret = EnvironmentOr(name);
    if (secret.size() >= 8) text = absl::StrReplaceAll(text, {{secret, absl::StrCat("$", name)}});
  }
  return text;
}

absl::Status FromArrow(const arrow::Status& status, absl::string_view what, absl::string_view path) {
  if (status.ok()) return absl::OkStatus();
  const std::string reason = WithoutSecrets(status.message());
  const auto says = [&](std::initializer_list<const char*> words) {
    return std::any_of(words.begin(), words.end(), [&](const char* w) { return absl::StrContains(reason, w); });
  };
  std::string message = absl::StrCat("cannot ", what, " ", path, ": ");
  if (says({"ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH", "HTTP response code is 403",
            "PERMISSION_DENIED", "UNAUTHENTICATED", "Forbidden"})) {
    return absl::PermissionDeniedError(absl::StrCat(
        message, "the store does not allow it; do the keys of the environment belong to it? (", reason, ")"));
  }
  if (says({"NO_SUCH_BUCKET", "NO_SUCH_KEY", "does not exist", "NOT_FOUND"})) {
    return absl::NotFoundError(absl::StrCat(message, "there is no such object or bucket (", reason, ")"));
  }
  if (status.IsInvalid()) return absl::InvalidArgumentError(absl::StrCat(message, reason));
  return absl::UnavailableError(absl::StrCat(message, reason));
}

// "bucket/a" of "s3://bucket/a".
std::string Inner(absl::string_view path) { return std::string(path.substr(Scheme(path).size() + 3)); }

std::string Bucket(absl::string_view path) {
  const std::string inner = Inner(path);
  return inner.substr(0, inner.find('/'));
}

PathInfo ToInfo(const arrow::fs::FileInfo& info) {
  PathInfo out;
  if (info.type() == arrow::fs::FileType::Directory) out.kind = Kind::kDirectory;
  if (info.type() != arrow::fs::FileType::File) return out;
  out = {.kind = Kind::kFile, .size = info.size()};
  if (info.mtime() != arrow::fs::kNoTime) out.modified = info.mtime().time_since_epoch().count();
  return out;
}

class ArrowRemoteFile : public RemoteFile {
 public:
  ArrowRemoteFile(std::shared_ptr<arrow::io::RandomAccessFile> file, int64_t size, std::string path)
      : file_(std::move(file)), size_(size), path_(std::move(path)) {}
  int64_t size() const override { return size_; }

  absl::Status ReadAt(int64_t offset, char* to, size_t n) override {
    const arrow::Result<int64_t> got = file_->ReadAt(offset, static_cast<int64_t>(n), to);
    if (!got.ok()) return FromArrow(got.status(), "read", path_);
    if (*got == static_cast<int64_t>(n)) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat(path_, ": of ", n, " bytes from byte ", offset, " on the store gave ", *got,
                                            "; has it changed while it was read?"));
  }

 private:
  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
  const int64_t size_;
  const std::string path_;
};

class ArrowOutputFile : public OutputFile {
 public:
  ArrowOutputFile(std::shared_ptr<arrow::io::OutputStream> stream, std::string path)
      : stream_(std::move(stream)), path_(std::move(path)) {}
  ~ArrowOutputFile() override {
    if (!stream_->closed()) (void)stream_->Abort();
  }

  absl::Status Write(absl::string_view bytes) override {
    return FromArrow(stream_->Write(bytes.data(), static_cast<int64_t>(bytes.size())), "write", path_);
  }
  absl::Status Close() override { return FromArrow(stream_->Close(), "write", path_); }

 private:
  const std::shared_ptr<arrow::io::OutputStream> stream_;
  const std::string path_;
};

class ObjectStore : public FileSystem {
 public:
  absl::StatusOr<PathInfo> Info(const std::string& path) override {
    ASSIGN_OR_RETURN(const ArrowFileSystem store, StoreOf(path));
    const auto info = store->GetFileInfo(Inner(path));
    if (!info.ok()) return FromArrow(info.status(), "read", path);
    return ToInfo(*info);
  }

  absl::StatusOr<std::string> Version(const std::string& path) override {
    ASSIGN_OR_RETURN(const ArrowFileSystem store, StoreOf(path));
    const auto file = store->OpenInputFile(Inner(path));
    if (!file.ok()) return FromArrow(file.status(), "read", path);
    const auto metadata = (*file)->ReadMetadata();
    if (!metadata.ok()) return FromArrow(metadata.status(), "read", path);
    for (const char* name : {"ETag", "etag"}) {
      if (*metadata == nullptr) break;
      if (const auto value = (*metadata)->Get(name); value.ok()) return *value;
    }
    return absl::UnavailableError(absl::StrCat("cannot read ", path,
                                               ": the store gives no ETag, which tells whether "
                                               "it is what it was"));
  }

  absl::StatusOr<std::vector<PathEntry>> List(const std::string& dir, bool recursive) override {
    ASSIGN_OR_RETURN(const ArrowFileSystem store, StoreOf(dir));
    arrow::fs::FileSelector all;
    all.base_dir = Inner(dir);
    all.allow_not_found = true;
    all.recursive = recursive;
    const auto found = store->GetFileInfo(all);
    if (!found.ok()) return FromArrow(found.status(), "list", dir);
    std::vector<PathEntry> entries;
    for (const arrow::fs::FileInfo& info : *found) {
      const PathInfo is = ToInfo(info);
      if (is.kind == Kind::kNothing || (recursive && is.kind != Kind::kFile)) continue;
      absl::string_view below = info.path();
      if (!absl::ConsumePrefix(&below, absl::StrCat(all.base_dir, "/"))) continue;
      entries.push_back({.path = std::string(absl::StripSuffix(below, "/")), .info = is});
    }
    std::sort(entries.begin(), entries.end(), [](const PathEntry& a, const PathEntry& b) { return a.path < b.path; });
    return entries;
  }

  absl::StatusOr<std::unique_ptr<RemoteFile>> Open(const std::string& path) override {
    ASSIGN_OR_RETURN(const ArrowFileSystem store, StoreOf(path));
    const auto file = store->OpenInputFile(Inner(path));
    if (!file.ok()) return FromArrow(file.status(), "open", path);
    const auto size = (*file)->GetSize();
    if (!size.ok()) return FromArrow(size.status(), "open", path);
    return std::make_unique<ArrowRemoteFile>(*file, *size, path);
  }

  absl::StatusOr<std::unique_ptr<OutputFile>> Create(const std::string& path) override {
    ASSIGN_OR_RETURN(const ArrowFileSystem store, StoreOf(path));
    const auto stream = store->OpenOutputStream(Inner(path), nullptr);
    if (!stream.ok()) return FromArrow(stream.status(), "write", path);
    return std::make_unique<ArrowOutputFile>(*stream, path);
  }

  absl::Status RemoveAll(const std::string& path) override {
    ASSIGN_OR_RETURN(const ArrowFileSystem store, StoreOf(path));
    ASSIGN_OR_RETURN(const PathInfo info, Info(path));
    if (info.kind == Kind::kNothing || Inner(path) == Bucket(path)) return absl::OkStatus();  // No bucket is removed.
    return FromArrow(info.kind == Kind::kFile ? store->DeleteFile(Inner(path)) : store->DeleteDir(Inner(path)),
                     "remove", path);
  }

 protected:
  // Of one bucket.
  virtual arrow::Result<ArrowFileSystem> Connect(const std::string& bucket) = 0;

 private:
  absl::StatusOr<ArrowFileSystem> StoreOf(const std::string& path) {
    const std::string bucket = Bucket(path);
    if (bucket.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": there is no bucket in it; expected ", Scheme(path), "://BUCKET/KEY"));
    }
    const std::lock_guard lock(mutex_);
    ArrowFileSystem& store = stores_[bucket];
    if (store == nullptr) {
      static const arrow::Status certificates = TellCertificates();
      RETURN_IF_ERROR(FromArrow(certificates, "open", path));
      const arrow::Result<ArrowFileSystem> made = Connect(bucket);
      if (!made.ok()) return FromArrow(made.status(), "open", path);
      store = *made;
    }
    return store;
  }

  // Arrow's wheel does not know where the system has the certificates of those that certify servers.
  static arrow::Status TellCertificates() {
    arrow::fs::FileSystemGlobalOptions options;
    for (const char* variable : {"AWS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"}) {
      if (options.tls_ca_file_path.empty()) options.tls_ca_file_path = EnvironmentOr(variable);
    }
    for (const char* usual : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                              "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
      if (options.tls_ca_file_path.empty() && Exists(usual)) options.tls_ca_file_path = usual;
    }
    return arrow::fs::Initialize(options);
  }

  std::mutex mutex_;
  std::map<std::string, ArrowFileSystem> stores_;  // By bucket: buckets are in different regions.
};

bool IsSet(const char* variable) {
  const std::string value = absl::AsciiStrToLower(EnvironmentOr(variable));
  return value == "1" || value == "yes" || value == "true";
}

// "http://127.0.0.1:9000", or without a scheme.
arrow::Status ParseEndpoint(absl::string_view variable, absl::string_view url, std::string* scheme, std::string* host) {
  if (!CheckNoSecrets(url).ok()) {
    return arrow::Status::Invalid("$", std::string(variable),
                                  " has a user or a key in it; expected http[s]://HOST[:PORT]");
  }
  const absl::string_view given = Scheme(url);
  if (!given.empty()) {
    *scheme = std::string(given);
    url.remove_prefix(given.size() + 3);
  }
  *host = std::string(absl::StripSuffix(url, "/"));
  if ((*scheme == "http" || *scheme == "https") && !host->empty() && !absl::StrContains(*host, "/")) {
    return arrow::Status::OK();
  }
  return arrow::Status::Invalid("$", std::string(variable), " is ", *scheme, "://", *host,
                                "; expected http[s]://HOST[:PORT]");
}

// Five times more, after 0.2, 0.4, 0.8, 1.6 and 3.2 s, what may go well the next time: connections that are refused, cut or
// silent, and what a store calls its own fault (5xx, slow down).
class Retry : public arrow::fs::S3RetryStrategy {
 public:
  bool ShouldRetry(const AWSErrorDetail& error, int64_t attempted_retries) override {
    return error.should_retry && attempted_retries < 5;
  }
  int64_t CalculateDelayBeforeNextRetry(const AWSErrorDetail& error, int64_t attempted_retries) override {
    return int64_t{200} << std::min<int64_t>(attempted_retries, 4);
  }
};

class S3 : public ObjectStore {
 protected:
  arrow::Result<ArrowFileSystem> Connect(const std::string& bucket) override {
    arrow::fs::S3GlobalOptions global = arrow::fs::S3GlobalOptions::Defaults();
    global.log_level = arrow::fs::S3LogLevel::Off;  // What it says is in the errors.
    static const arrow::Status initialized = arrow::fs::InitializeS3(global);
    ARROW_RETURN_NOT_OK(initialized);
    arrow::fs::S3Options options =
        IsSet("AWS_NO_SIGN_REQUEST") ? arrow::fs::S3Options::Anonymous() : arrow::fs::S3Options::Defaults();
    const char* const variable =
        EnvironmentOr("AWS_ENDPOINT_URL_S3").empty() ? "AWS_ENDPOINT_URL" : "AWS_ENDPOINT_URL_S3";
    const std::string endpoint = EnvironmentOr(variable);
    if (!endpoint.empty()) {
      ARROW_RETURN_NOT_OK(ParseEndpoint(variable, endpoint, &options.scheme, &options.endpoint_override));
    }
    options.region = EnvironmentOr("AWS_REGION", EnvironmentOr("AWS_DEFAULT_REGION"));
    if (options.region.empty() && !endpoint.empty()) options.region = "us-east-1";
    if (options.region.empty()) {
      ARROW_ASSIGN_OR_RAISE(options.region, arrow::fs::ResolveS3BucketRegion(bucket));
    }
    options.connect_timeout = 5;
    options.allow_delayed_open = true;  // A small object is one request.
    options.retry_strategy = std::make_shared<Retry>();
    auto store = arrow::fs::S3FileSystem::Make(options);
    // Only now: what was made with the first store is destroyed by the handlers that were registered after this one.
    static const int registered = std::atexit([] { (void)arrow::fs::EnsureS3Finalized(); });
    (void)registered;
    return store;
  }
};

class Gcs : public ObjectStore {
 protected:
  arrow::Result<ArrowFileSystem> Connect(const std::string& bucket) override {
    const std::string emulator = EnvironmentOr("STORAGE_EMULATOR_HOST");
    arrow::fs::GcsOptions options = IsSet("GS_NO_SIGN_REQUEST") || !emulator.empty()
                                        ? arrow::fs::GcsOptions::Anonymous()
                                        : arrow::fs::GcsOptions::Defaults();
    if (!emulator.empty()) {
      options.scheme = "http";
      ARROW_RETURN_NOT_OK(
          ParseEndpoint("STORAGE_EMULATOR_HOST", emulator, &options.scheme, &options.endpoint_override));
    }
    options.retry_limit_seconds = 30;
    return arrow::fs::GcsFileSystem::Make(options);
  }
};

TFXM_REGISTER(FileSystemRegistry, "s3", [] { return std::make_unique<S3>(); });
TFXM_REGISTER(FileSystemRegistry, "gs", [] { return std::make_unique<Gcs>(); });

}  // namespace
}  // namespace tfxm::io
