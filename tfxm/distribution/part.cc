// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/part.h"

#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/distribution/request.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::distribution {
namespace {

constexpr StateKind kPartKind = {"pass part", 1};
// More than any header has: two names of at most some 30 characters and numbers.
constexpr size_t kMostHeaderBytes = 512;

StateWriter HeaderBytes(const PartHeader& header) {
  StateWriter writer;
  writer.Write(header.request_hash, header.shard, header.num_examples, header.kind, header.version);
  return writer;
}

absl::StatusOr<PartHeader> ReadHeader(absl::string_view bytes) {
  PartHeader header;
  StateReader reader(bytes);
  reader.Read(&header.request_hash);
  reader.ReadCounts(&header.shard, &header.num_examples);
  reader.Read(&header.kind, &header.version);
  if (!reader.ok()) return reader.status();
  return header;
}

// The beginning of the file only, without the checksum; whatever is wrong with it, ReadPart finds.
absl::StatusOr<PartHeader> PeekHeader(const std::string& path) {
  ASSIGN_OR_RETURN(std::string before, SealState(kPartKind, ""));
  const size_t begin = before.size() - sizeof(Sha256Digest);
  std::string bytes(begin + kMostHeaderBytes, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<size_t>(file.gcount()));
  // All but the length of what follows is the same in every part.
  const size_t fixed = begin - sizeof(uint64_t);
  if (bytes.size() < begin || bytes.compare(0, fixed, before, 0, fixed) != 0) {
    return absl::DataLossError(absl::StrCat(path, " is not a part"));
  }
  return ReadHeader(absl::string_view(bytes).substr(begin));
}

absl::Status OtherRequest(const std::string& path) {
  return absl::FailedPreconditionError(
      absl::StrCat(path, " is a part of another request, or of this one with other shards; make it again"));
}

}  // namespace

absl::Status WritePart(const std::string& path, const PartHeader& header, absl::string_view values) {
  const StateWriter writer = HeaderBytes(header);
  ASSIGN_OR_RETURN(const std::string bytes, SealState(kPartKind, absl::StrCat(writer.bytes(), values)));
  return io::WriteFile(path, bytes);
}

absl::StatusOr<Part> ReadPart(const std::string& path) {
  ASSIGN_OR_RETURN(const int64_t size, io::FileSize(path));
  if (static_cast<uint64_t>(size) > kMaxStateBytes + kMostHeaderBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat(path, " has ", size, " bytes, more than the ", kMaxStateBytes, " of the largest part"));
  }
  ASSIGN_OR_RETURN(std::string bytes, io::ReadFile(path));
  const auto values = OpenState(kPartKind, bytes);
  if (!values.ok()) return Annotate(values.status(), path);
  auto header = ReadHeader(*values);
  if (!header.ok()) return Annotate(header.status(), path);
  const size_t header_size = HeaderBytes(*header).bytes().size();
  const size_t begin = static_cast<size_t>(values->data() - bytes.data()) + header_size;
  const size_t num_values = values->size() - header_size;
  return Part(*std::move(header), std::move(bytes), begin, num_values);
}

absl::StatusOr<Part> ReadPartOf(const PassRequest& request, const std::string& request_hash, int64_t shard,
                                const StateKind& kind, const std::string& path) {
  ASSIGN_OR_RETURN(Part part, ReadPart(path));
  const PartHeader& header = part.header();
  if (header.request_hash != request_hash) return OtherRequest(path);
  if (header.shard != shard) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is of shard ", header.shard, ", expected one of ", ShardName(request, shard)));
  }
  if (header.kind != kind.name || header.version != kind.version) {
    return absl::FailedPreconditionError(absl::StrCat(path, " has \"", PrintableText(header.kind), "\" version ",
                                                      header.version, ", expected \"", kind.name, "\" version ",
                                                      kind.version, "; make it with this version of tfxm"));
  }
  return part;
}

absl::StatusOr<std::vector<std::string>> FilesOfParts(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    if (!io::IsDirectory(path)) {
      files.push_back(path);
      continue;
    }
    ASSIGN_OR_RETURN(const std::vector<std::string> inside, io::ListFiles(path));
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

absl::StatusOr<std::vector<std::string>> SortParts(const PassRequest& request, const std::string& request_hash,
                                                   const std::vector<std::string>& paths) {
  ASSIGN_OR_RETURN(const std::vector<std::string> files, FilesOfParts(paths));
  std::vector<std::string> by_shard(request.shards_size());
  for (const std::string& file : files) {
    absl::StatusOr<PartHeader> header = PeekHeader(file);
    if (!header.ok() || header->request_hash != request_hash || header->shard >= request.shards_size()) {
      // Damaged, if its checksum says so; else it is what its header says.
      ASSIGN_OR_RETURN(const Part part, ReadPart(file));
      return OtherRequest(file);
    }
    std::string& place = by_shard[static_cast<size_t>(header->shard)];
    if (!place.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(place, " and ", file, " are both of ", ShardName(request, header->shard), "; give one of them"));
    }
    place = file;
  }
  std::vector<std::string> missing;
  for (int i = 0; i < request.shards_size(); ++i) {
    if (by_shard[i].empty()) missing.push_back(ShardName(request, i));
  }
  if (missing.empty()) return by_shard;
  const size_t num_missing = missing.size();
  if (num_missing > 3) missing.resize(3);
  return absl::InvalidArgumentError(absl::StrCat(num_missing, " part(s) are missing: ", absl::StrJoin(missing, "; "),
                                                 num_missing > 3 ? "; …" : "", "; make them with tfxm pass map"));
}

}  // namespace tfxm::distribution
