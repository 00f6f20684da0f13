// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/files/list_tree.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/testing/status_matchers.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using ::testing::ElementsAre;

TEST(ListTreeTest, FilesAndLinksSortedByPath) {
  const TempDir dir;
  ASSERT_THAT(io::MakeDirs(dir / "b/empty"), IsOk());
  ASSERT_THAT(io::WriteFile(dir / "b/file", "x"), IsOk());
  ASSERT_THAT(io::WriteFile(dir / "a", "x"), IsOk());
  ASSERT_EQ(symlink("a", (dir / "link").c_str()), 0);
  ASSERT_EQ(symlink("b", (dir / "to_folder").c_str()), 0);
  ASSERT_EQ(symlink("gone", (dir / "to_nothing").c_str()), 0);
  const auto files = ListTree(dir.path());
  ASSERT_THAT(files, IsOk());
  std::vector<std::string> lines;
  for (const TreeFile& file : *files) {
    lines.push_back(file.path + (file.is_file ? " file" : "") + (file.is_link ? " link" : ""));
  }
  EXPECT_THAT(lines, ElementsAre("a file", "b/file file", "link file link", "to_folder link", "to_nothing file link"));
}

TEST(ListTreeTest, AFolderThatIsNotThereIsAnError) {
  const TempDir dir;
  EXPECT_THAT(ListTree(dir / "nothing"), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace tfxm
