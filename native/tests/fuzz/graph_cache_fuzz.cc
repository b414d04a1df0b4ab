// A cached graph on disk that someone else has written, or damaged.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "engine/graph_cache.h"
#include "fuzz/fuzz.h"
#include "temp_folder.h"

using namespace sonotrack;

namespace {

void Write(const std::string& path, const std::vector<char>& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const TempFolder folder;
  const std::string entry = folder.At("entry.graph");
  const std::string scratch = folder.At("scratch");
  FuzzedDataProvider input(data, size);
  if (input.ConsumeBool()) {
    // As it is: taken only if it bears its own checksum, which no mutation finds.
    Write(entry, input.ConsumeRemainingBytes<char>());
    GraphCache::Load(entry);
    return 0;
  }
  // Committed, then damaged in one place or cut: never the graph of before.
  const size_t at = input.ConsumeIntegral<uint16_t>();
  const auto change = input.ConsumeIntegral<uint8_t>();
  const auto graph = input.ConsumeRemainingBytes<char>();
  Write(scratch, graph);
  FUZZ_EXPECT(GraphCache::Commit(scratch, entry));
  const auto whole = GraphCache::Load(entry);
  FUZZ_EXPECT(whole && *whole == graph);
  const size_t length = std::filesystem::file_size(entry);
  if (at >= length) return 0;
  if (change == 0) {
    std::filesystem::resize_file(entry, at);
  } else {
    std::fstream file(entry, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(at));
    const char before = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(before ^ static_cast<char>(change)));
  }
  const auto damaged = GraphCache::Load(entry);
  FUZZ_EXPECT(!damaged || *damaged == graph);
  return 0;
}
