#pragma once

#include <functional>
#include <string>

namespace sonotrack {

/**
 * Opens a graph with a folder for what its provider builds, as TensorRT does its engines. When the
 * folder at `path` is there, `open(path)` takes what lies in it; when that throws (an engine of
 * another driver, a damaged one), or nothing is there, `open(scratch)` builds anew, and only then
 * the folder takes its place: a power cut leaves no half of an engine under its name. What the
 * second `open` throws is passed on. Returns whether what had been built before served.
 */
bool OpenWithFolder(const std::string& path, const std::string& scratch,
                    const std::function<void(const std::string& folder)>& open);

}  // namespace sonotrack
