// SPDX-License-Identifier: Apache-2.0

#include "tfxm/testing/browser.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/util/io.h"
#include "tfxm/util/process/environment.h"
#include "tfxm/util/process/process.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_value.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm {
namespace {

using google::protobuf::Struct;

constexpr int kTimeoutMilliseconds = 120'000;

const Struct& Object(const Struct& object, const std::string& name) { return JsonMember(object, name).struct_value(); }

}  // namespace

absl::StatusOr<std::unique_ptr<Browser>> Browser::Start() {
  const std::string program = FindProgram("chromium");
  if (program.empty()) {
    return absl::NotFoundError(
        "no chromium in PATH: the tests of the HTML report need it; `make` installs it as root, or: "
        "apt-get install chromium");
  }
  std::unique_ptr<Browser> browser(new Browser);
  ASSIGN_OR_RETURN(browser->profile_, io::MakeTempDir("/tmp", "tfxm-browser-"));
  ASSIGN_OR_RETURN(Pipe to, MakePipe());
  ASSIGN_OR_RETURN(Pipe from, MakePipe());
  const FileDescriptor null(open("/dev/null", O_RDWR | O_CLOEXEC));
  SpawnOptions options{.program = program};
  options.files = {{0, null.get()}, {1, null.get()}, {2, null.get()}, {3, to.read.get()}, {4, from.write.get()}};
  options.own_group = true;  // Its helpers end with it.
  ASSIGN_OR_RETURN(
      browser->pid_,
      Spawn({"chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
             absl::StrCat("--user-data-dir=", browser->profile_), "--remote-debugging-pipe", "about:blank"},
            options));
  browser->write_ = std::move(to.write);
  browser->read_ = std::move(from.read);
  return browser;
}

Browser::~Browser() {
  if (pid_ > 0) {
    kill(-pid_, SIGKILL);
    WaitFor(pid_);
  }
  (void)io::RemoveAll(profile_);
}

absl::StatusOr<Struct> Browser::Receive() {
  size_t end;
  while ((end = buffer_.find('\0')) == std::string::npos) {
    pollfd fd = {.fd = read_.get(), .events = POLLIN};
    if (poll(&fd, 1, kTimeoutMilliseconds) <= 0) return absl::DeadlineExceededError("Chromium does not answer");
    char chunk[1 << 16];
    const ssize_t n = read(read_.get(), chunk, sizeof(chunk));
    if (n <= 0)
      return absl::UnavailableError(
          "Chromium has ended; does it start from a shell (chromium --headless=new --no-sandbox)?");
    buffer_.append(chunk, n);
  }
  Struct message;
  RETURN_IF_ERROR(io::ParseJson(buffer_.substr(0, end), &message));
  buffer_.erase(0, end + 1);
  return message;
}

void Browser::Note(const Struct& event) {
  const std::string method = JsonText(event, "method");
  const Struct& parameters = Object(event, "params");
  if (method == "Page.loadEventFired") loaded_ = true;
  if (method == "Network.requestWillBeSent") requests_.push_back(JsonText(Object(parameters, "request"), "url"));
  if (method == "Runtime.exceptionThrown") {
    const Struct& details = Object(parameters, "exceptionDetails");
    problems_.push_back(
        absl::StrCat(JsonText(details, "text"), " ", JsonText(Object(details, "exception"), "description")));
  }
  const std::string type = JsonText(parameters, "type");
  if (method == "Runtime.consoleAPICalled" && (type == "error" || type == "warning" || type == "assert")) {
    problems_.push_back(absl::StrCat("console.", type, " ", parameters.ShortDebugString()));
  }
  if (method == "Log.entryAdded") problems_.push_back(JsonText(Object(parameters, "entry"), "text"));
}

absl::StatusOr<Struct> Browser::Call(absl::string_view method, const Parameters& parameters) {
  const int id = ++last_id_;
  JsonWriter json;
  json.BeginObject().Key("id").Integer(id).Key("method").String(method).Key("params").BeginObject();
  if (parameters) parameters(&json);
  json.End();
  if (!session_.empty()) json.Key("sessionId").String(session_);
  json.End();
  std::string message = std::move(json).Take();
  message.push_back('\0');
  if (!WriteAll(write_.get(), message)) return absl::UnavailableError("Chromium has ended");
  while (true) {
    ASSIGN_OR_RETURN(const Struct answer, Receive());
    if (JsonMember(answer, "id").number_value() != id) {
      Note(answer);
      continue;
    }
    if (answer.fields().contains("error")) {
      return absl::InternalError(absl::StrCat(method, ": ", JsonText(Object(answer, "error"), "message")));
    }
    return Object(answer, "result");
  }
}

absl::Status Browser::Open(absl::string_view path, const View& view) {
  session_.clear();
  ASSIGN_OR_RETURN(const Struct target,
                   Call("Target.createTarget", [](JsonWriter* json) { json->Key("url").String("about:blank"); }));
  ASSIGN_OR_RETURN(const Struct attached, Call("Target.attachToTarget", [&](JsonWriter* json) {
                     json->Key("targetId").String(JsonText(target, "targetId")).Key("flatten").Bool(true);
                   }));
  session_ = JsonText(attached, "sessionId");
  for (const char* domain : {"Page", "Runtime", "Log", "Network"})
    RETURN_IF_ERROR(Call(absl::StrCat(domain, ".enable")).status());
  RETURN_IF_ERROR(Call("Emulation.setDeviceMetricsOverride", [&](JsonWriter* json) {
                    json->Key("width").Integer(view.width).Key("height").Integer(view.height);
                    json->Key("deviceScaleFactor").Integer(1).Key("mobile").Bool(view.width < 600);
                  }).status());
  RETURN_IF_ERROR(Call("Emulation.setEmulatedMedia", [&](JsonWriter* json) {
                    json->Key("features").BeginArray().BeginObject().Key("name").String("prefers-color-scheme");
                    json->Key("value").String(view.dark ? "dark" : "light").End().End();
                  }).status());
  problems_.clear();
  requests_.clear();
  loaded_ = false;
  RETURN_IF_ERROR(Call("Page.navigate", [&](JsonWriter* json) {
                    json->Key("url").String(absl::StrCat("file://", path));
                  }).status());
  while (!loaded_) {
    ASSIGN_OR_RETURN(const Struct event, Receive());
    Note(event);
  }
  // Charts are drawn in the frame after the one they are put into the page.
  return Evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(''))))").status();
}

absl::StatusOr<std::string> Browser::Evaluate(absl::string_view javascript) {
  ASSIGN_OR_RETURN(const Struct result, Call("Runtime.evaluate", [&](JsonWriter* json) {
                     json->Key("expression").String(absl::StrCat("(async () => String(await (", javascript, ")))()"));
                     json->Key("awaitPromise").Bool(true).Key("returnByValue").Bool(true).Key("userGesture").Bool(true);
                   }));
  if (result.fields().contains("exceptionDetails")) {
    return absl::InternalError(absl::StrCat(
        javascript, ": ", JsonText(Object(Object(result, "exceptionDetails"), "exception"), "description")));
  }
  return JsonText(Object(result, "result"), "value");
}

absl::Status Browser::Press(absl::string_view key) {
  // Enter acts by the character it types, Tab by its key code.
  const int code = key == "Tab" ? 9 : key == "Enter" ? 13 : 32;
  RETURN_IF_ERROR(Call("Input.dispatchKeyEvent", [&](JsonWriter* json) {
                    json->Key("type").String("keyDown").Key("key").String(key);
                    json->Key("windowsVirtualKeyCode").Integer(code);
                    if (key != "Tab") json->Key("text").String(key == "Enter" ? "\r" : key);
                  }).status());
  return Call("Input.dispatchKeyEvent",
              [&](JsonWriter* json) {
                json->Key("type").String("keyUp").Key("key").String(key).Key("windowsVirtualKeyCode").Integer(code);
              })
      .status();
}

}  // namespace tfxm
