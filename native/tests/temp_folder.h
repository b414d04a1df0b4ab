#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

/** A folder of its own, which goes with what is in it. */
struct TempFolder {
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sonotrack_XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string At(const std::string& name) const { return (path / name).string(); }

  std::filesystem::path path;
};
