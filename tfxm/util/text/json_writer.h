// SPDX-License-Identifier: Apache-2.0

// Writes JSON into a string, compactly, and so that it may stand inside an HTML <script> block and be looked at in a
// terminal: '<', '>', '&', control characters and those that change how others are shown (ChangesOthers) are written as
// \uNNNN. NaN and infinities are the strings "NaN", "Infinity" and "-Infinity". Text that is not UTF-8 becomes
// PrintableText.
//
//   JsonWriter json;
//   json.BeginObject().Key("name").String("auc").Key("values").BeginArray().Number(0.5).End().End();
//   std::string text = std::move(json).Take();   // {"name":"auc","values":[0.5]}
//
// The caller is responsible for the order of the calls; not thread safe.
#ifndef TFXM_UTIL_TEXT_JSON_WRITER_H_
#define TFXM_UTIL_TEXT_JSON_WRITER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/struct.pb.h"

namespace tfxm {

class JsonWriter {
 public:
  // With indent, one member a line; else everything on one line. `printable`: all text becomes PrintableText, for pages
  // that show it as it is.
  explicit JsonWriter(bool indent = false, bool printable = false)
      : indent_(indent ? 1 : 0), printable_(printable), like_python_(false) {}
  // As TFX writes JSON into properties: laid out as by Python's json.dumps, on one line (["a", "b"]) or with two spaces a
  // level; texts and numbers as protobuf writes them. Text that is not UTF-8 becomes empty, NaN and infinities null.
  static JsonWriter LikePython(bool indent = false) { return JsonWriter(indent ? 2 : 0, false, true); }

  JsonWriter& BeginObject() { return Begin('{'); }
  JsonWriter& BeginArray() { return Begin('['); }
  JsonWriter& End();  // Of the innermost object or array.
  JsonWriter& Key(absl::string_view name);
  JsonWriter& String(absl::string_view text);
  JsonWriter& Number(double x);
  JsonWriter& Real(double x);  // A number that is read back as one with a fraction: 1.0.
  JsonWriter& Integer(int64_t n);
  JsonWriter& Bool(bool b);
  JsonWriter& Null();
  JsonWriter& Value(const google::protobuf::Value& value);  // Object members in the order of their names.

  std::string Take() && { return std::move(text_); }

 private:
  JsonWriter(int indent, bool printable, bool like_python)
      : indent_(indent), printable_(printable), like_python_(like_python) {}
  JsonWriter& Begin(char bracket);
  void Element();  // What goes before an element: a comma, a new line.
  void NewLine();
  void Quote(absl::string_view text);

  const int indent_;  // Spaces a level; 0: all on one line.
  const bool printable_, like_python_;
  std::string text_, open_;  // open_: the open brackets.
  bool first_ = true, after_key_ = false;
};

}  // namespace tfxm

#endif  // TFXM_UTIL_TEXT_JSON_WRITER_H_
