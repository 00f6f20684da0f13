// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/exit_status.h"

#include "absl/strings/cord.h"

namespace tfxm {
namespace {

constexpr char kPayload[] = "tfxm.exit_status";

absl::Status WithExitStatus(absl::Status status, absl::string_view exit_status) {
  status.SetPayload(kPayload, absl::Cord(exit_status));
  return status;
}

}  // namespace

absl::Status AnswerIsNo(absl::string_view message) {
  return WithExitStatus(absl::FailedPreconditionError(message), "1");
}

absl::Status UsageError(absl::string_view message) { return WithExitStatus(absl::InvalidArgumentError(message), "2"); }

int ExitStatusOf(const absl::Status& status) {
  if (status.ok()) return kExitDone;
  const std::optional<absl::Cord> payload = status.GetPayload(kPayload);
  if (!payload) return kExitFailed;
  return *payload == "1" ? kExitNo : kExitUsage;
}

}  // namespace tfxm
