// SPDX-License-Identifier: Apache-2.0

// A headless Chromium that a test drives: opens a page, runs JavaScript in it, and tells what went wrong there. Speaks
// the Chrome DevTools Protocol over two pipes (--remote-debugging-pipe): no driver, no port.
//
//   auto browser = Browser::Start();
//   ASSERT_EQ(browser.status(), absl::OkStatus());
//   (*browser)->Open("/tmp/report.html", {.width = 390, .dark = true});
//   (*browser)->Evaluate("document.title");
#ifndef TFXM_TESTING_BROWSER_H_
#define TFXM_TESTING_BROWSER_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/util/process/process.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm {

class Browser {
 public:
  struct View {
    int width = 1280, height = 900;
    bool dark = false;
  };

  // NOT_FOUND says how to install Chromium if there is none.
  static absl::StatusOr<std::unique_ptr<Browser>> Start();
  ~Browser();

  // Opens a file in a new page and waits until it is drawn. Forgets problems and requests of the page before.
  absl::Status Open(absl::string_view path, const View& view);
  // The value of an expression, as String() gives it; an exception is an error.
  absl::StatusOr<std::string> Evaluate(absl::string_view javascript);
  // Presses a key ("Tab", "Enter", " ") as the keyboard would.
  absl::Status Press(absl::string_view key);

  // Exceptions, errors and warnings on the console, and what the Content-Security-Policy stopped.
  const std::vector<std::string>& problems() const { return problems_; }
  // Every URL asked for, the page's own first.
  const std::vector<std::string>& requests() const { return requests_; }

 private:
  Browser() = default;
  using Parameters = std::function<void(JsonWriter* json)>;  // Writes the members.
  absl::StatusOr<google::protobuf::Struct> Call(absl::string_view method, const Parameters& parameters = nullptr);
  absl::StatusOr<google::protobuf::Struct> Receive();
  void Note(const google::protobuf::Struct& event);

  pid_t pid_ = -1;
  FileDescriptor write_, read_;
  int last_id_ = 0;
  bool loaded_ = false;
  std::string buffer_, session_, profile_;
  std::vector<std::string> problems_, requests_;
};

}  // namespace tfxm

#endif  // TFXM_TESTING_BROWSER_H_
