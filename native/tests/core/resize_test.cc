#include "core/resize.h"

#include <vector>

#include "check.h"

using namespace sonotrack;
using Bytes = std::vector<uint8_t>;

namespace {

Bytes Gray(const Bytes& data, Size size, int channels, int side) {
  Bytes out(static_cast<size_t>(side) * side, 99);
  LetterboxGray({data.data(), size, channels}, side, out.data());
  return out;
}

Bytes Coverage(const Bytes& bitmap, Size size, int side) {
  Bytes out(static_cast<size_t>(side / 2) * (side / 2), 99);
  LetterboxCoverage(bitmap.data(), size, side, out.data());
  return out;
}

}  // namespace

TEST("a frame of the letterbox's size is copied") {
  const Bytes frame = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_EQ(Gray(frame, {3, 3}, 1, 3), frame);
}

TEST("halving averages blocks of four and rounds halves up") {
  const Bytes frame = {1, 2, 10,  20,   //
                       3, 4, 30,  40,   //
                       0, 0, 255, 255,  //
                       0, 1, 255, 254};
  // 10/4 = 2.5 → 3, 100/4 = 25, 1/4 → 0, 1019/4 = 254.75 → 255
  EXPECT_EQ(Gray(frame, {4, 4}, 1, 2), (Bytes{3, 25, 0, 255}));
}

TEST("three pixels to two share the middle one") {
  const Bytes frame = {9, 90, 30, 9, 90, 30, 9, 90, 30};
  // (2·9 + 90)/3 = 36, (90 + 2·30)/3 = 50
  EXPECT_EQ(Gray(frame, {3, 3}, 1, 2), (Bytes{36, 50, 36, 50}));
}

TEST("two pixels to four lie on the line between their centres") {
  EXPECT_EQ(Gray({0, 80, 0, 80}, {2, 2}, 1, 4),
            (Bytes{0, 20, 60, 80, 0, 20, 60, 80, 0, 20, 60, 80, 0, 20, 60, 80}));
}

TEST("what the frame does not fill is 0") {
  EXPECT_EQ(Gray({7, 7, 7, 7}, {1, 4}, 1, 4),
            (Bytes{7, 7, 7, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(Gray({7, 7}, {2, 1}, 1, 2), (Bytes{7, 0, 7, 0}));
}

TEST("colour becomes luma before it is resized, and alpha is ignored") {
  // (299·10 + 587·20 + 114·30 + 500)/1000 = 18.65 → 18
  EXPECT_EQ(Gray({10, 20, 30}, {1, 1}, 3, 1), (Bytes{18}));
  EXPECT_EQ(Gray({10, 20, 30, 0}, {1, 1}, 4, 1), (Bytes{18}));
  EXPECT_EQ(Gray({255, 255, 255}, {1, 1}, 3, 1), (Bytes{255}));
  EXPECT_EQ(Gray({255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 1, 1}, {2, 2}, 3, 2),
            (Bytes{76, 150, 29, 1}));
}

TEST("a constant frame stays constant at any size") {
  for (const Size size : {Size{1, 1}, Size{97, 61}, Size{300, 7}, Size{1000, 750}}) {
    const Bytes out = Gray(Bytes(size.area(), 201), size, 1, 64);
    const Letterbox box = FitLetterbox(size, 64);
    bool same = true;
    for (int y = 0; y < 64; ++y) {
      for (int x = 0; x < 64; ++x) {
        same = same && out[static_cast<size_t>(y * 64 + x)] == (y < box.rh && x < box.rw ? 201 : 0);
      }
    }
    EXPECT(same);
  }
}

TEST("coverage is the share of a cell, and any non-zero counts as 1") {
  const Bytes bitmap = {1, 200, 0, 0,  //
                        1, 1,   1, 0,  //
                        0, 0,   0, 0,  //
                        0, 0,   1, 1};
  // 4/4, 1/4 · 255 = 63.75 → 64, 0, 2/4 → 127.5 → 128
  EXPECT_EQ(Coverage(bitmap, {4, 4}, 4), (Bytes{255, 64, 0, 128}));
}

TEST("coverage lies as its frame lies: an odd content fills its last cells") {
  // 4 × 3 px of content in a square of 4: the third row alone fills the second row of cells.
  EXPECT_EQ(Coverage(Bytes(12, 1), {3, 4}, 4), (Bytes{255, 255, 255, 255}));
  EXPECT_EQ(Coverage({0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0}, {3, 4}, 4), (Bytes{0, 0, 255, 0}));
  // 6 × 5 px keep their places in a square of 6: row 2 is the upper half of the second cells.
  Bytes row(30, 0);
  std::fill(row.begin() + 12, row.begin() + 18, uint8_t{1});
  EXPECT_EQ(Coverage(row, {5, 6}, 6), (Bytes{0, 0, 0, 128, 128, 128, 0, 0, 0}));
}

TEST_MAIN("resize")
