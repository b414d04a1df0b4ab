#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sonotrack {

/**
 * Optimised graphs on disk, one file per graph, content, ONNX Runtime version, provider and CPU
 * type. A file carries a checksum; one that is missing, truncated or altered counts as absent and
 * is written anew. Files appear under their name only when complete. A folder that cannot be
 * written to means no cache, never a failure.
 */
class GraphCache {
 public:
  /** `directory` is made when first written to. */
  explicit GraphCache(std::string directory) : directory_(std::move(directory)) {}

  /** The file for the graph at `model_path`, optimised by `optimizer` (version and provider); none
   * if unreadable. */
  std::optional<std::string> EntryFor(const std::string& model_path,
                                      const std::string& optimizer) const;
  /** The optimised graph in `entry`, if it is there and whole. */
  static std::optional<std::vector<char>> Load(const std::string& entry);
  /** A path beside `entry` that no other process or thread uses, for the optimiser to write to. */
  std::optional<std::string> ScratchFor(const std::string& entry) const;
  /** Turns the optimised graph at `scratch` into `entry` and removes `scratch`; false when that
   * failed. */
  static bool Commit(const std::string& scratch, const std::string& entry);

 private:
  std::string directory_;
};

}  // namespace sonotrack
