#include "engine/engine_folder.h"

#include <exception>
#include <filesystem>
#include <system_error>

namespace sonotrack {
namespace fs = std::filesystem;

bool OpenWithFolder(const std::string& path, const std::string& scratch,
                    const std::function<void(const std::string& folder)>& open) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    try {
      open(path);
      return true;
    } catch (const std::exception&) {
      fs::remove_all(path, ignored);
    }
  }
  fs::create_directories(scratch, ignored);
  try {
    open(scratch);
  } catch (...) {
    fs::remove_all(scratch, ignored);
    throw;
  }
  std::error_code failed;
  fs::rename(scratch, path, failed);
  if (failed) fs::remove_all(scratch, ignored);  // another process was first, or the disk is full
  return false;
}

}  // namespace sonotrack
