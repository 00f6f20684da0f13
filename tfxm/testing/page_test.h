// SPDX-License-Identifier: Apache-2.0

// A fixture for tests of a page of ours in a browser: opens it, runs JavaScript, uses controls as a user would. Whatever a
// test does, the page may leave no error on the console and ask for nothing but its own file.
//
//   class MyPageTest : public OpenPageTest { … };
//   TEST_F(MyPageTest, HasATitle) {
//     OpenHtml(html);
//     EXPECT_EQ(Run("document.title"), "Test");
//   }
#ifndef TFXM_TESTING_PAGE_TEST_H_
#define TFXM_TESTING_PAGE_TEST_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tfxm/testing/browser.h"
#include "tfxm/util/io.h"

namespace tfxm {

class OpenPageTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto browser = Browser::Start();
    ASSERT_TRUE(browser.ok()) << browser.status();
    browser_ = browser->release();
  }
  static void TearDownTestSuite() {
    delete browser_;
    browser_ = nullptr;
  }
  void SetUp() override { ASSERT_NE(browser_, nullptr); }
  void TearDown() override {
    if (path_.empty() || browser_ == nullptr) return;
    (void)browser_->Evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(''))))");
    for (const std::string& problem : browser_->problems()) ADD_FAILURE() << problem;
    ASSERT_EQ(browser_->requests().size(), 1) << browser_->requests()[1];
    EXPECT_EQ(browser_->requests()[0], absl::StrCat("file://", path_));
  }

  void OpenHtml(absl::string_view html, const Browser::View& view = {}) {
    path_ = absl::StrCat(testing::TempDir(), "/tfxm_page_", getpid(), "_",
                         testing::UnitTest::GetInstance()->current_test_info()->name(), ".html");
    ASSERT_TRUE(io::WriteFile(path_, html).ok());
    const absl::Status status = browser_->Open(path_, view);
    ASSERT_TRUE(status.ok()) << status;
  }
  std::string Run(absl::string_view javascript) {
    auto value = browser_->Evaluate(javascript);
    EXPECT_TRUE(value.ok()) << value.status();
    return value.value_or("");
  }
  // Sets a control found by its label, as a user would.
  void Set(absl::string_view label, absl::string_view value) {
    Run(absl::StrCat("(() => { const label = [...document.querySelectorAll('label')].find((l) => l.textContent === '",
                     label,
                     "'); const c = document.getElementById(label.htmlFor); if (c.type === 'checkbox') c.click(); else "
                     "{ c.value = '",
                     value, "'; c.dispatchEvent(new Event(c.tagName === 'SELECT' ? 'change' : 'input')); } })()"));
  }

  inline static Browser* browser_ = nullptr;
  std::string path_;
};

}  // namespace tfxm

#endif  // TFXM_TESTING_PAGE_TEST_H_
