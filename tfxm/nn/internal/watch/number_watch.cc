// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/internal/watch/number_watch.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/nn/internal/progress.h"

namespace tfxm::nn {

std::string DescribeNotFinite(const std::vector<std::string>& weights) {
  constexpr size_t kNamed = 3;
  const std::vector<std::string> named(weights.begin(), weights.begin() + std::min(weights.size(), kNamed));
  return absl::StrCat("\"", absl::StrJoin(named, "\", \""), "\"",
                      weights.size() > kNamed ? absl::StrCat(" and ", weights.size() - kNamed, " more weights") : "",
                      weights.size() == 1 ? " has" : " have", " nan or infinite values");
}

void NumberWatch::OnInput(absl::string_view data, absl::string_view what) {
  if (std::exchange(input_, true)) return;
  Tell(absl::StrCat(data.empty() ? "" : absl::StrCat(data, ": "), what,
                    "; a step with such values makes weights nan, and the loss need not show it (relu makes 0 of nan). "
                    "Unless the model is made for them, replace them, in the preprocessing_fn (ops::Where, ops::IsNan) "
                    "or with Dataset::Map"));
}

void NumberWatch::OnLoss(const FitState& state) {
  if (loss_ || std::isfinite(state.loss)) return;
  loss_ = true;
  Tell(absl::StrCat("the loss is ", std::isnan(state.loss) ? "nan" : "infinite", " since step ", state.step,
                    " of epoch ", state.epoch + 1, ", at learning rate ", state.learning_rate,
                    "; a lower rate, clipnorm or global_clipnorm, and data without nan or huge values avoid it, "
                    "callbacks::TerminateOnNaN ends such a training"));
}

void NumberWatch::OnWeights(absl::string_view when, const std::vector<std::string>& weights) {
  if (weights.empty() || std::exchange(weights_, true)) return;
  Tell(absl::StrCat("after ", when, " ", DescribeNotFinite(weights), ": the model is of no use any more"));
}

void NumberWatch::OnEnd(int verbose) const {
  const ProgressListener listener = verbose < 0 ? GetProgressListener() : nullptr;
  if (listener && !told_.empty()) listener(absl::StrCat("warning: ", absl::StrJoin(told_, "; warning: ")), 1);
}

void NumberWatch::Tell(std::string what) {
  Warn(what);
  told_.push_back(std::move(what));
}

}  // namespace tfxm::nn
