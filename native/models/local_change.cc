#include "models/local_change.h"

#include <algorithm>
#include <limits>

namespace sonotrack {
namespace {

/** Predicted IoU from which an answer is taken whole. */
constexpr float kSureScore = 0.85f;
/** Of the area over the perimeter. */
constexpr double kReach = 4;

struct Extent {
  int64_t area = 0;
  /** Pixels at the mask's edge: one of their four neighbours is not in it. */
  int64_t edge = 0;
};

Extent ExtentOf(const std::vector<uint8_t>& bitmap, Size frame) {
  const auto width = static_cast<size_t>(frame.w);
  Extent found;
  for (size_t i = 0; i < bitmap.size(); ++i) {
    if (bitmap[i] == 0) continue;
    ++found.area;
    const size_t x = i % width;
    const bool inside = x > 0 && bitmap[i - 1] != 0 && x + 1 < width && bitmap[i + 1] != 0 &&
                        i >= width && bitmap[i - width] != 0 && i + width < bitmap.size() &&
                        bitmap[i + width] != 0;
    found.edge += !inside;
  }
  return found;
}

/** 1 for the pixels that are connected to the click by pixels that changed in the same direction.
 */
std::vector<uint8_t> ClickedPatch(const std::vector<uint8_t>& before,
                                  const std::vector<uint8_t>& after, size_t click, Size frame) {
  const uint8_t value = after[click];
  std::vector<uint8_t> found(frame.area());
  std::vector<size_t> open;
  const auto visit = [&](size_t i) {
    if (found[i] != 0 || after[i] != value || (before[i] != 0) == (value != 0)) return;
    found[i] = 1;
    open.push_back(i);
  };
  visit(click);
  while (!open.empty()) {
    const int i = static_cast<int>(open.back());
    open.pop_back();
    const int x = i % frame.w, y = i / frame.w;
    for (int v = std::max(y - 1, 0); v <= std::min(y + 1, frame.h - 1); ++v) {
      for (int u = std::max(x - 1, 0); u <= std::min(x + 1, frame.w - 1); ++u) {
        visit(static_cast<size_t>(v * frame.w + u));
      }
    }
  }
  return found;
}

}  // namespace

std::vector<size_t> ClickedPixels(const Prompts& prompts, Size frame, bool foreground_only) {
  const auto index = [](float at, int size) {
    return static_cast<size_t>(std::clamp(static_cast<int>(at), 0, size - 1));
  };
  std::vector<size_t> pixels;
  for (size_t i = 0; i + 2 < prompts.points.size(); i += 3) {
    if (foreground_only && prompts.points[i + 2] != 1) continue;
    pixels.push_back(index(prompts.points[i + 1], frame.h) * static_cast<size_t>(frame.w) +
                     index(prompts.points[i], frame.w));
  }
  return pixels;
}

void KeepLocalChange(const Prompts& prompts, Size frame, Mask* answer) {
  const std::vector<size_t> clicks = ClickedPixels(prompts, frame, /*foreground_only=*/false);
  if (prompts.box || clicks.empty() || answer->score >= kSureScore) return;
  const Extent before = ExtentOf(prompts.previous, frame);
  if (before.area == 0) return;
  const auto patch = ClickedPatch(prompts.previous, answer->bitmap, clicks.back(), frame);
  const double reach = clicks.size() > 1 ? kReach * static_cast<double>(before.area) /
                                               static_cast<double>(before.edge)
                                         : std::numeric_limits<double>::infinity();
  const int click = static_cast<int>(clicks.back());
  for (size_t i = 0; i < patch.size(); ++i) {
    const double dx = static_cast<int>(i) % frame.w - click % frame.w;
    const double dy = static_cast<int>(i) / frame.w - click / frame.w;
    if (patch[i] == 0 || dx * dx + dy * dy > reach * reach) {
      answer->bitmap[i] = prompts.previous[i] != 0;
    }
  }
}

}  // namespace sonotrack
