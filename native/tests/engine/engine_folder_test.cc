#include "engine/engine_folder.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "check.h"
#include "temp_folder.h"

using namespace sonotrack;
namespace fs = std::filesystem;

namespace {

/** A provider that takes an engine it finds, if it is good, and otherwise builds one in a while. */
struct FakeProvider {
  bool Open() {
    return OpenWithFolder(path(), scratch(), [this](const std::string& folder) {
      ++opened;
      const fs::path engine = fs::path(folder) / "x.engine";
      if (fs::exists(engine)) {
        std::string text;
        std::ifstream(engine) >> text;
        if (text != "good") throw std::runtime_error("of another version");
        return;
      }
      std::ofstream(engine) << "half";
      if (fails) throw std::runtime_error("out of memory");
      EXPECT(!fs::is_directory(path()));
      std::ofstream(engine) << "good";
    });
  }
  std::string path() const { return folder.At("g.engines"); }
  std::string scratch() const { return folder.At("g.engines.1.tmp"); }

  const TempFolder folder;
  int opened = 0;
  bool fails = false;
};

}  // namespace

TEST("what was built is taken the next time") {
  FakeProvider provider;
  EXPECT(!provider.Open());
  EXPECT(provider.Open());
  EXPECT_EQ(provider.opened, 2);
  EXPECT(!fs::exists(provider.scratch()));
}

TEST("an engine that does not fit is built anew") {
  FakeProvider provider;
  provider.Open();
  std::ofstream(fs::path(provider.path()) / "x.engine") << "bad";
  EXPECT(!provider.Open());
  EXPECT(provider.Open());
}

TEST("a build that fails leaves nothing, and says why") {
  FakeProvider provider;
  provider.fails = true;
  std::string reason;
  try {
    provider.Open();
  } catch (const std::runtime_error& error) {
    reason = error.what();
  }
  EXPECT_EQ(reason, std::string("out of memory"));
  EXPECT(fs::is_empty(provider.folder.path));
  provider.fails = false;
  EXPECT(!provider.Open());
  EXPECT(provider.Open());
}

TEST("a place that cannot be taken costs the cache, not the session") {
  FakeProvider provider;
  std::ofstream(provider.path()) << "a file";
  EXPECT(!provider.Open());
  EXPECT(!fs::exists(provider.scratch()));
}

TEST_MAIN("engine_folder")
