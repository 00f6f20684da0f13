// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/internal/progress.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace tfxm::nn {
namespace {

using Clock = std::chrono::steady_clock;

std::mutex listener_mutex;
ProgressListener& Listener() {
  static auto* const listener = new ProgressListener;
  return *listener;
}

std::string Values(const Logs& logs) {
  std::string text;
  for (const auto& [name, value] : logs) {
    // As Keras: small numbers need their exponent.
    absl::StrAppend(
        &text, " - ", name, ": ",
        value != 0 && value > -1e-3 && value < 1e-3 ? absl::StrFormat("%.4e", value) : absl::StrFormat("%.4f", value));
  }
  return text;
}

class ProgressCallback : public Callback {
 public:
  ProgressCallback(bool bar, bool lines, ProgressListener listener)
      : bar_(bar), lines_(lines), listener_(std::move(listener)) {}

  absl::Status OnEpochBegin(FitState& state) override {
    start_ = shown_ = Clock::now();
    first_step_ = state.step;
    if (bar_ || lines_) std::fprintf(stderr, "Epoch %d/%d\n", state.epoch + 1, state.num_epochs);
    return absl::OkStatus();
  }

  absl::Status OnTrainBatchEnd(FitState& state) override {
    last_step_ = state.step;
    if (!bar_ && !listener_) return absl::OkStatus();
    // Looking at the clock at each of many small steps would be felt.
    if (state.step % stride_ != 0) return absl::OkStatus();
    const Clock::time_point now = Clock::now();
    if (now - shown_ < std::chrono::milliseconds(100)) {
      if (now - shown_ < std::chrono::milliseconds(20) && stride_ < 64) stride_ *= 2;
      return absl::OkStatus();
    }
    if (now - shown_ > std::chrono::milliseconds(300)) stride_ = 1;
    shown_ = now;
    Show(state, state.batch_logs());
    return absl::OkStatus();
  }

  absl::Status OnEpochEnd(FitState& state, const Logs& logs) override {
    if (listener_)
      listener_(absl::StrCat("epoch ", state.epoch + 1, "/", state.num_epochs, Values(logs)),
                static_cast<double>(state.epoch + 1) / std::max(state.num_epochs, 1));
    if (!bar_ && !lines_) return absl::OkStatus();
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    const int64_t steps = std::max<int64_t>(last_step_ - first_step_, 1);
    std::fprintf(stderr, "%s%d/%d - %.1fs - %.2fms/step%s\n", bar_ ? "\r\033[K" : "", static_cast<int>(last_step_),
                 static_cast<int>(last_step_), seconds, 1000 * seconds / static_cast<double>(steps),
                 Values(logs).c_str());
    return absl::OkStatus();
  }

 private:
  void Show(const FitState& state, const Logs& logs) {
    const bool known = state.steps_per_epoch > 0;
    const double done = known ? static_cast<double>(state.step) / static_cast<double>(state.steps_per_epoch) : -1;
    if (listener_) {
      listener_(absl::StrCat("epoch ", state.epoch + 1, "/", state.num_epochs, ", step ", state.step,
                             known ? absl::StrCat("/", state.steps_per_epoch) : "", Values(logs)),
                known && state.num_epochs > 0 ? (state.epoch + done) / state.num_epochs : -1);
    }
    if (!bar_) return;
    std::string bar;
    if (known) {
      constexpr int kWidth = 30;
      const int filled = static_cast<int>(done * kWidth);
      bar = absl::StrCat(" [", std::string(filled, '='), filled < kWidth ? ">" : "",
                         std::string(std::max(kWidth - filled - 1, 0), '.'), "]");
    }
    std::fprintf(
        stderr, "\r\033[K%s%s%s",
        known ? absl::StrCat(state.step, "/", state.steps_per_epoch).c_str() : absl::StrCat(state.step).c_str(),
        bar.c_str(), Values(logs).c_str());
    std::fflush(stderr);
  }

  const bool bar_;
  const bool lines_;
  const ProgressListener listener_;
  Clock::time_point start_, shown_;
  int64_t first_step_ = 0;
  int64_t last_step_ = 0;
  int64_t stride_ = 1;
};

}  // namespace

void Warn(absl::string_view message) {
  absl::FPrintF(stderr, "%swarning: %s\n", isatty(STDERR_FILENO) != 0 ? "\r\033[K" : "", message);
}

void SetProgressListener(ProgressListener listener) {
  std::lock_guard<std::mutex> lock(listener_mutex);
  Listener() = std::move(listener);
}

ProgressListener GetProgressListener() {
  std::lock_guard<std::mutex> lock(listener_mutex);
  return Listener();
}

CallbackRef MakeProgressCallback(int verbose) {
  if (verbose == 0) return nullptr;
  ProgressListener listener = verbose < 0 ? GetProgressListener() : nullptr;
  const bool bar = verbose == 1 || (verbose < 0 && !listener && isatty(STDERR_FILENO) != 0);
  const bool lines = verbose == 2 || (verbose < 0 && !bar && !listener);
  return std::make_shared<ProgressCallback>(bar, lines, std::move(listener));
}

}  // namespace tfxm::nn
