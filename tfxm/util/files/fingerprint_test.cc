// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/files/fingerprint.h"

#include <map>
#include <string>

#include "gtest/gtest.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

// Test vectors of FIPS 180-4 / NIST CSRC.
TEST(Sha256Test, StandardVectors) {
  EXPECT_EQ(Sha256::HexHash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256::HexHash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256::HexHash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256Test, UpdateInPiecesEqualsOneUpdate) {
  const std::string text(1000, 'a');
  for (const size_t piece : {1u, 3u, 63u, 64u, 65u, 500u}) {
    Sha256 h;
    for (size_t i = 0; i < text.size(); i += piece) h.Update(absl::string_view(text).substr(i, piece));
    EXPECT_EQ(h.HexDigest(), Sha256::HexHash(text)) << piece;
  }
}

TEST(Sha256Test, PartsAreDelimited) {
  Sha256 a, b;
  a.UpdatePart("ab"), a.UpdatePart("c");
  b.UpdatePart("a"), b.UpdatePart("bc");
  EXPECT_NE(a.HexDigest(), b.HexDigest());
}

// Names and contents count, the place and the time do not.
TEST(FingerprintPathTest, OfATree) {
  const TempDir temporary;
  const std::string& dir = temporary.path();
  const auto fingerprint = [&](const std::string& tree, const std::map<std::string, std::string>& files) {
    for (const auto& [name, content] : files) {
      EXPECT_EQ(io::MakeDirs(io::Dirname(io::JoinPath(dir, tree, name))), absl::OkStatus());
      EXPECT_EQ(io::WriteFile(io::JoinPath(dir, tree, name), content), absl::OkStatus());
    }
    return FingerprintPath(io::JoinPath(dir, tree)).value();
  };
  const std::string one = fingerprint("one", {{"a", "x"}, {"b/c", "y"}});
  // hashlib.sha256 of "/a", "x", "/b/c" and "y", each after its length in eight bytes.
  EXPECT_EQ(one, "eb00960c8c164420396f076c315875255b2e48b94038ceca7e3f9d87524e5241");
  EXPECT_EQ(fingerprint("same", {{"b/c", "y"}, {"a", "x"}}), one);
  EXPECT_NE(fingerprint("other_content", {{"a", "x"}, {"b/c", "z"}}), one);
  EXPECT_NE(fingerprint("other_name", {{"a", "x"}, {"b/d", "y"}}), one);
  EXPECT_NE(fingerprint("more", {{"a", "x"}, {"b/c", "y"}, {"d", ""}}), one);
  EXPECT_EQ(FingerprintPath(io::JoinPath(dir, "one/a")).value(), FingerprintPath(io::JoinPath(dir, "same/a")).value());
  EXPECT_FALSE(FingerprintPath(io::JoinPath(dir, "nothing")).ok());
  io::RemoveAll(dir).IgnoreError();
}

TEST(HashFileTest, IsTheHashOfTheContent) {
  const TempDir dir;
  const std::string content(3'000'000, 'a');  // Of several blocks.
  ASSERT_EQ(io::WriteFile(dir / "file", content), absl::OkStatus());
  Sha256 hash;
  EXPECT_EQ(HashFile(dir / "file", &hash).value(), 3'000'000);
  EXPECT_EQ(hash.HexDigest(), Sha256::HexHash(content));
  EXPECT_EQ(HashFile(dir / "nothing", &hash).status().code(), absl::StatusCode::kNotFound);
}

// python3 -c 'import hashlib; print(int(hashlib.sha256(b"abc").hexdigest(), 16) % 3)' and % 1000
TEST(DigestModuloTest, IsThatOfTheBigEndianNumber) {
  EXPECT_EQ(DigestModulo(Sha256::Hash("abc"), 3), 1u);
  EXPECT_EQ(DigestModulo(Sha256::Hash("abc"), 1000), 965u);
  EXPECT_EQ(DigestModulo(Sha256::Hash("abc"), 1), 0u);
}

}  // namespace
}  // namespace tfxm
