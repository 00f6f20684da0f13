// SPDX-License-Identifier: Apache-2.0

#include "tfxm/testing/browser.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr int kTimeoutMilliseconds = 120'000;

std::string Find(absl::string_view program) {
  const char* path = std::getenv("PATH");
  std::string rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const size_t end = rest.find(':');
    const std::string candidate = io::JoinPath(rest.substr(0, end), program);
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
  }
  return "";
}

const Value& Member(const Struct& object, const std::string& name) {
  static const Value* const kNone = new Value;
  const auto it = object.fields().find(name);
  return it == object.fields().end() ? *kNone : it->second;
}

const Struct& Object(const Struct& object, const std::string& name) { return Member(object, name).struct_value(); }
std::string Text(const Struct& object, const std::string& name) { return Member(object, name).string_value(); }

}  // namespace

absl::StatusOr<std::unique_ptr<Browser>> Browser::Start() {
  const std::string program = Find("chromium");
  if (program.empty()) {
    return absl::NotFoundError(
        "no chromium in PATH: the tests of the HTML report need it; `make` installs it as root, or: "
        "apt-get install chromium");
  }
  std::unique_ptr<Browser> browser(new Browser);
  ASSIGN_OR_RETURN(browser->profile_, io::MakeTempDir("/tmp", "tfxm-browser-"));
  int to[2], from[2];
  if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) return absl::InternalError("pipe2 failed");
  const std::string profile = absl::StrCat("--user-data-dir=", browser->profile_);
  const char* argv[] = {"chromium",
                        "--headless=new",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-quic",
                        "--disable-dev-shm-usage",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        profile.c_str(),
                        "--remote-debugging-pipe",
                        "about:blank",
                        nullptr};
  const pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, 0);  // Its helpers end with it.
    // The browser reads commands from 3 and writes answers to 4; copies first, for the pipes may be these numbers.
    const int in = fcntl(to[0], F_DUPFD, 10), out = fcntl(from[1], F_DUPFD, 10), null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    dup2(in, 3);
    dup2(out, 4);
    close(in);
    close(out);
    execv(program.c_str(), const_cast<char**>(argv));
    _exit(127);
  }
  close(to[0]);
  close(from[1]);
  if (pid < 0) return absl::InternalError("fork failed");
  browser->pid_ = pid;
  browser->write_ = to[1];
  browser->read_ = from[0];
  return browser;
}

Browser::~Browser() {
  if (pid_ > 0) {
    kill(-pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (write_ >= 0) close(write_);
  if (read_ >= 0) close(read_);
  (void)io::RemoveAll(profile_);
}

absl::StatusOr<Struct> Browser::Receive() {
  size_t end;
  while ((end = buffer_.find('\0')) == std::string::npos) {
    pollfd fd = {.fd = read_, .events = POLLIN};
    if (poll(&fd, 1, kTimeoutMilliseconds) <= 0) return absl::DeadlineExceededError("Chromium does not answer");
    char chunk[1 << 16];
    const ssize_t n = read(read_, chunk, sizeof(chunk));
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
  const std::string method = Text(event, "method");
  const Struct& parameters = Object(event, "params");
  if (method == "Page.loadEventFired") loaded_ = true;
  if (method == "Network.requestWillBeSent") requests_.push_back(Text(Object(parameters, "request"), "url"));
  if (method == "Runtime.exceptionThrown") {
    const Struct& details = Object(parameters, "exceptionDetails");
    problems_.push_back(absl::StrCat(Text(details, "text"), " ", Text(Object(details, "exception"), "description")));
  }
  const std::string type = Text(parameters, "type");
  if (method == "Runtime.consoleAPICalled" && (type == "error" || type == "warning" || type == "assert")) {
    problems_.push_back(absl::StrCat("console.", type, " ", parameters.ShortDebugString()));
  }
  if (method == "Log.entryAdded") problems_.push_back(Text(Object(parameters, "entry"), "text"));
}

absl::StatusOr<Struct> Browser::Call(absl::string_view method, absl::string_view parameters_json) {
  const int id = ++last_id_;
  std::string message = absl::StrCat("{\"id\":", id, ",\"method\":\"", method, "\",\"params\":", parameters_json);
  if (!session_.empty()) absl::StrAppend(&message, ",\"sessionId\":\"", session_, "\"");
  message += '}';
  message.push_back('\0');
  for (size_t done = 0; done < message.size();) {
    const ssize_t n = write(write_, message.data() + done, message.size() - done);
    if (n <= 0) return absl::UnavailableError("Chromium has ended");
    done += n;
  }
  while (true) {
    ASSIGN_OR_RETURN(const Struct answer, Receive());
    if (Member(answer, "id").number_value() != id) {
      Note(answer);
      continue;
    }
    if (answer.fields().contains("error")) {
      return absl::InternalError(absl::StrCat(method, ": ", Text(Object(answer, "error"), "message")));
    }
    return Object(answer, "result");
  }
}

absl::Status Browser::Open(absl::string_view path, const View& view) {
  session_.clear();
  ASSIGN_OR_RETURN(const Struct target, Call("Target.createTarget", "{\"url\":\"about:blank\"}"));
  ASSIGN_OR_RETURN(const Struct attached,
                   Call("Target.attachToTarget",
                        absl::StrCat("{\"targetId\":\"", Text(target, "targetId"), "\",\"flatten\":true}")));
  session_ = Text(attached, "sessionId");
  for (const char* domain : {"Page", "Runtime", "Log", "Network"})
    RETURN_IF_ERROR(Call(absl::StrCat(domain, ".enable"), "{}").status());
  RETURN_IF_ERROR(Call("Emulation.setDeviceMetricsOverride",
                       absl::StrCat("{\"width\":", view.width, ",\"height\":", view.height,
                                    ",\"deviceScaleFactor\":1,\"mobile\":", view.width < 600 ? "true" : "false", "}"))
                      .status());
  RETURN_IF_ERROR(
      Call("Emulation.setEmulatedMedia", absl::StrCat("{\"features\":[{\"name\":\"prefers-color-scheme\",\"value\":\"",
                                                      view.dark ? "dark" : "light", "\"}]}"))
          .status());
  problems_.clear();
  requests_.clear();
  loaded_ = false;
  RETURN_IF_ERROR(Call("Page.navigate", absl::StrCat("{\"url\":\"file://", path, "\"}")).status());
  while (!loaded_) {
    ASSIGN_OR_RETURN(const Struct event, Receive());
    Note(event);
  }
  // Charts are drawn in the frame after the one they are put into the page.
  return Evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(''))))").status();
}

absl::StatusOr<std::string> Browser::Evaluate(absl::string_view javascript) {
  JsonWriter json;
  json.BeginObject().Key("expression").String(absl::StrCat("(async () => String(await (", javascript, ")))()"));
  json.Key("awaitPromise").Bool(true).Key("returnByValue").Bool(true).Key("userGesture").Bool(true).End();
  ASSIGN_OR_RETURN(const Struct result, Call("Runtime.evaluate", std::move(json).Take()));
  if (result.fields().contains("exceptionDetails")) {
    return absl::InternalError(
        absl::StrCat(javascript, ": ", Text(Object(Object(result, "exceptionDetails"), "exception"), "description")));
  }
  return Text(Object(result, "result"), "value");
}

absl::Status Browser::Press(absl::string_view key) {
  // Enter acts by the character it types, Tab by its key code.
  const int code = key == "Tab" ? 9 : key == "Enter" ? 13 : 32;
  JsonWriter down, up;
  down.BeginObject().Key("type").String("keyDown").Key("key").String(key).Key("windowsVirtualKeyCode").Number(code);
  if (key != "Tab") down.Key("text").String(key == "Enter" ? "\r" : key);
  down.End();
  up.BeginObject().Key("type").String("keyUp").Key("key").String(key).Key("windowsVirtualKeyCode").Number(code).End();
  RETURN_IF_ERROR(Call("Input.dispatchKeyEvent", std::move(down).Take()).status());
  return Call("Input.dispatchKeyEvent", std::move(up).Take()).status();
}

}  // namespace tfxm
