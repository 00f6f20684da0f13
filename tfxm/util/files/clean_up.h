// SPDX-License-Identifier: Apache-2.0

// What must not be left behind: undone at the end of a scope, or when the user interrupts the program before that.
//
//   const std::string partial = path + ".partial";  // A folder: io::TempDir (util/files/temporary.h) does this itself.
//   CleanUp remove_partial([partial] { io::RemoveAll(partial).IgnoreError(); });
//   …
//   remove_partial.Cancel();  // It has been moved to where it belongs.
//
// Programs, never a library, call HandleInterrupts() at the beginning of main().
//
// Thread safe.
#ifndef TFXM_UTIL_FILES_CLEAN_UP_H_
#define TFXM_UTIL_FILES_CLEAN_UP_H_

#include <cstdint>
#include <functional>

namespace tfxm {

class CleanUp {
 public:
  // `undo` is called at most once, maybe by another thread, while the program goes on doing what it does. It must not
  // wait for the program's other threads.
  explicit CleanUp(std::function<void()> undo);
  ~CleanUp();
  CleanUp(const CleanUp&) = delete;
  CleanUp& operator=(const CleanUp&) = delete;
  void Cancel();

 private:
  int64_t id_;
};

// While one lives, an interruption waits: for steps that belong together and are quick, such as moving files into
// place.
class NoInterruption {
 public:
  NoInterruption();
  ~NoInterruption();
  NoInterruption(const NoInterruption&) = delete;
  NoInterruption& operator=(const NoInterruption&) = delete;
};

// From now on SIGINT, SIGTERM and SIGHUP (those that are not ignored) call what is to be undone, the newest first, and
// then end the process as they would have. REQUIRES: there are no other threads yet. Threads and children of this one
// have the signals blocked; RunSubprocess unblocks them.
void HandleInterrupts();
// Before this process becomes another program (execv): the signals do again what they did.
void StopHandlingInterrupts();

}  // namespace tfxm

#endif  // TFXM_UTIL_FILES_CLEAN_UP_H_
