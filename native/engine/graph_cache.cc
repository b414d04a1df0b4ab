#include "engine/graph_cache.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <system_error>
#include <thread>

namespace sonotrack {
namespace {

namespace fs = std::filesystem;

constexpr char kMagic[8] = {'s', 'o', 'n', 'o', 'g', 'r', 'f', '1'};

struct Header {
  char magic[8];
  uint64_t size;
  uint64_t checksum;
};

/** FNV-1a over 64 bits. */
uint64_t Hash(const void* data, size_t size, uint64_t hash = 0xcbf29ce484222325u) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  for (size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3u;
  return hash;
}

std::optional<std::vector<char>> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return std::nullopt;
  std::vector<char> bytes(static_cast<size_t>(std::max<std::streamoff>(file.tellg(), 0)));
  file.seekg(0);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return std::nullopt;
  return bytes;
}

/** Optimised graphs hold kernels for the instruction set they were made on, so a folder that moves
 * must not match. */
std::string CpuType() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("flags", 0) == 0 || line.rfind("Features", 0) == 0) return line;
  }
  return {};
}

}  // namespace

std::optional<std::string> GraphCache::EntryFor(const std::string& model_path,
                                                const std::string& optimizer) const {
  const auto model = ReadFile(model_path);
  if (!model) return std::nullopt;
  const std::string cpu = CpuType();
  uint64_t hash = Hash(model->data(), model->size());
  hash = Hash(optimizer.data(), optimizer.size(), hash);
  hash = Hash(cpu.data(), cpu.size(), hash);
  char digits[17];
  std::snprintf(digits, sizeof(digits), "%016llx", static_cast<unsigned long long>(hash));
  const std::string stem = fs::path(model_path).stem().string();
  return (fs::path(directory_) / (stem + "-" + digits + ".graph")).string();
}

std::optional<std::vector<char>> GraphCache::Load(const std::string& entry) {
  auto bytes = ReadFile(entry);
  Header header;
  if (!bytes || bytes->size() < sizeof(header)) return std::nullopt;
  std::memcpy(&header, bytes->data(), sizeof(header));
  bytes->erase(bytes->begin(), bytes->begin() + sizeof(header));
  const bool whole = std::memcmp(header.magic, kMagic, sizeof(kMagic)) == 0 &&
                     header.size == bytes->size() &&
                     header.checksum == Hash(bytes->data(), bytes->size());
  return whole ? std::move(bytes) : std::nullopt;
}

std::optional<std::string> GraphCache::ScratchFor(const std::string& entry) const {
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error || ::access(directory_.c_str(), W_OK) != 0) return std::nullopt;
  const size_t thread = std::hash<std::thread::id>()(std::this_thread::get_id());
  return entry + "." + std::to_string(::getpid()) + "-" + std::to_string(thread) + ".tmp";
}

bool GraphCache::Commit(const std::string& scratch, const std::string& entry) {
  const auto graph = ReadFile(scratch);
  std::error_code error;
  fs::remove(scratch, error);
  if (!graph) return false;
  Header header;
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.size = graph->size();
  header.checksum = Hash(graph->data(), graph->size());
  {
    std::ofstream file(scratch, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&header), sizeof(header));
    file.write(graph->data(), static_cast<std::streamsize>(graph->size()));
    file.close();
    if (!file) {
      fs::remove(scratch, error);
      return false;
    }
  }
  fs::rename(scratch, entry, error);
  if (!error) return true;
  fs::remove(scratch, error);
  return false;
}

}  // namespace sonotrack
