#include "core/contours.h"

namespace sonotrack {
namespace {

/** Right, down, left, up: turning right on the screen is +1. */
constexpr int kStepX[4] = {1, 0, -1, 0};
constexpr int kStepY[4] = {0, 1, 0, -1};

class Tracer {
 public:
  Tracer(const uint8_t* bitmap, Size size) : bitmap_(bitmap), size_(size), seen_(size.area()) {}

  std::vector<std::vector<float>> Trace() {
    std::vector<std::vector<float>> contours;
    for (int y = 0; y < size_.h; ++y) {
      for (int x = 0; x < size_.w; ++x) {
        if (IsSet(x, y) && !IsSet(x, y - 1) && !seen_[Index(x, y)])
          contours.push_back(Follow(x, y));
      }
    }
    return contours;
  }

 private:
  size_t Index(int x, int y) const {
    return static_cast<size_t>(y) * static_cast<size_t>(size_.w) + static_cast<size_t>(x);
  }

  bool IsSet(int x, int y) const {
    return x >= 0 && y >= 0 && x < size_.w && y < size_.h && bitmap_[Index(x, y)] != 0;
  }

  /** Walks from corner (x, y) along the top edge of its pixel with the foreground on the right
   * hand. */
  std::vector<float> Follow(const int start_x, const int start_y) {
    std::vector<float> points;
    int x = start_x, y = start_y, direction = 0;
    do {
      points.push_back(static_cast<float>(x));
      points.push_back(static_cast<float>(y));
      const int straight = direction;
      do {
        if (direction == 0) seen_[Index(x, y)] = 1;  // an edge that runs right is the top of (x, y)
        x += kStepX[direction];
        y += kStepY[direction];
        direction = Next(x, y, direction);
      } while (direction == straight);
    } while (x != start_x || y != start_y || direction != 0);
    return points;
  }

  /** At corner (x, y): the pixel ahead on the left hand wins, which joins pixels that touch at a
   * corner. */
  int Next(int x, int y, int direction) const {
    // The four pixels around a corner, clockwise from the lower right; ahead on the right hand is
    // number `direction`.
    const bool around[4] = {IsSet(x, y), IsSet(x - 1, y), IsSet(x - 1, y - 1), IsSet(x, y - 1)};
    if (around[(direction + 3) % 4]) return (direction + 3) % 4;
    return around[direction] ? direction : (direction + 1) % 4;
  }

  const uint8_t* bitmap_;
  Size size_;
  std::vector<uint8_t> seen_;  // top edges walked already
};

}  // namespace

std::vector<std::vector<float>> MaskContours(const uint8_t* bitmap, Size size) {
  return Tracer(bitmap, size).Trace();
}

}  // namespace sonotrack
