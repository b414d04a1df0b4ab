#include "engine/graph_cache.h"

#include <filesystem>
#include <fstream>

#include "check.h"
#include "temp_folder.h"

using namespace sonotrack;
namespace fs = std::filesystem;

namespace {

void Write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string Text(const std::optional<std::vector<char>>& bytes) {
  return bytes ? std::string(bytes->begin(), bytes->end()) : "none";
}

}  // namespace

TEST("what was committed is loaded, under a name that appears only when complete") {
  const TempFolder folder;
  Write(folder.At("m.onnx"), "model");
  const GraphCache cache(folder.At("cache"));
  const std::string entry = cache.EntryFor(folder.At("m.onnx"), "1.30.0 cpu").value();
  EXPECT_EQ(Text(GraphCache::Load(entry)), std::string("none"));
  const std::string scratch = cache.ScratchFor(entry).value();
  Write(scratch, "optimised");
  EXPECT(!fs::exists(entry));
  EXPECT(GraphCache::Commit(scratch, entry));
  EXPECT(!fs::exists(scratch));
  EXPECT_EQ(Text(GraphCache::Load(entry)), std::string("optimised"));
}

TEST("the entry depends on the model's content and on the optimiser") {
  const TempFolder folder;
  const GraphCache cache(folder.At("cache"));
  Write(folder.At("m.onnx"), "model");
  const auto entry = cache.EntryFor(folder.At("m.onnx"), "1.30.0 cpu");
  EXPECT(entry == cache.EntryFor(folder.At("m.onnx"), "1.30.0 cpu"));
  EXPECT(entry != cache.EntryFor(folder.At("m.onnx"), "1.30.0 cuda"));
  Write(folder.At("m.onnx"), "modem");
  EXPECT(entry != cache.EntryFor(folder.At("m.onnx"), "1.30.0 cpu"));
  EXPECT(!cache.EntryFor(folder.At("missing.onnx"), "1.30.0 cpu").has_value());
}

TEST("an altered, truncated or foreign file counts as absent") {
  const TempFolder folder;
  const std::string entry = folder.At("e.graph"), scratch = folder.At("s");
  Write(scratch, "optimised");
  EXPECT(GraphCache::Commit(scratch, entry));
  std::string bytes;
  {
    std::ifstream file(entry, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  std::string altered = bytes;
  altered.back() ^= 1;
  for (const std::string& broken : {altered, bytes.substr(0, bytes.size() - 1), bytes.substr(0, 10),
                                    bytes + "x", "X" + bytes.substr(1), std::string()}) {
    Write(entry, broken);
    EXPECT_EQ(Text(GraphCache::Load(entry)), std::string("none"));
  }
  Write(entry, bytes);
  EXPECT_EQ(Text(GraphCache::Load(entry)), std::string("optimised"));
}

TEST("a folder that cannot be made means no cache") {
  const TempFolder folder;
  Write(folder.At("file"), "");
  const GraphCache cache(folder.At("file/cache"));
  EXPECT(!cache.ScratchFor(folder.At("file/cache/e.graph")).has_value());
  EXPECT(!GraphCache::Commit(folder.At("missing"), folder.At("e.graph")));
}

TEST_MAIN("graph_cache")
