#include "core/geometry.h"

#include <cmath>

#include "check.h"

using namespace sonotrack;

TEST("a square frame fills the letterbox") {
  const Letterbox box = FitLetterbox({512, 512}, 256);
  EXPECT_EQ(box.scale, 0.5);
  EXPECT_EQ(box.rh, 256);
  EXPECT_EQ(box.rw, 256);
}

TEST("the longer side decides the scale, the other is rounded halves up") {
  const Letterbox wide = FitLetterbox({600, 800}, 256);
  EXPECT_EQ(wide.rw, 256);
  EXPECT_EQ(wide.rh, 192);
  const Letterbox half = FitLetterbox({5, 8}, 4);  // 2.5 → 3
  EXPECT_EQ(half.rh, 3);
  EXPECT_EQ(half.rw, 4);
}

TEST("a small frame is enlarged and a sliver keeps one pixel") {
  EXPECT_EQ(FitLetterbox({2, 4}, 256).rh, 128);
  EXPECT_EQ(FitLetterbox({1, 1000}, 256).rh, 1);
}

TEST("frame coordinates go to the letterbox and back") {
  for (const Size size : {Size{600, 800}, Size{481, 333}, Size{7, 3}}) {
    const Letterbox box = FitLetterbox(size, 256);
    EXPECT_EQ(FrameToModelX(box, size.w), box.rw);
    EXPECT_EQ(FrameToModelY(box, size.h), box.rh);
    for (const double at : {0.0, 0.5, 1.25, 2.9}) {
      EXPECT_NEAR(ModelToFrameX(box, FrameToModelX(box, at)), at, 1e-12);
      EXPECT_NEAR(ModelToFrameY(box, FrameToModelY(box, at)), at, 1e-12);
    }
  }
}

TEST("a frame of the grid's size reads its own cells") {
  const GridTaps taps = GridTapsOf(FitLetterbox({3, 3}, 3), 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(taps.rows[i].i0, i);
    EXPECT_EQ(taps.columns[i].f, 0.0f);
  }
}

TEST("a frame twice the grid reads quarter ways and is clamped at the ends") {
  // (x + 0.5) · 1/2 − 0.5 for x = 0 … 3: −0.25, 0.25, 0.75, 1.25
  const GridTaps taps = GridTapsOf(FitLetterbox({4, 4}, 4), 2);
  EXPECT_EQ(taps.columns[0].i0, 0);
  EXPECT_EQ(taps.columns[0].f, 0.0f);
  EXPECT_EQ(taps.columns[1].f, 0.25f);
  EXPECT_EQ(taps.columns[2].f, 0.75f);
  EXPECT_EQ(taps.columns[3].i0, 1);
  EXPECT_EQ(taps.columns[3].f, 0.0f);
}

TEST("no pixel reads cells that hold padding only") {
  // 4 × 8 in a letterbox of 8: two of the four grid rows hold content.
  const GridTaps taps = GridTapsOf(FitLetterbox({4, 8}, 8), 4);
  for (const GridTap& tap : taps.rows) EXPECT(tap.i1 <= 1);
  EXPECT_EQ(taps.columns.back().i1, 3);
}

TEST("shrinking weighs source pixels by the area they share") {
  const ResampleTaps taps = ResampleTapsOf(3, 2);  // 1.5 px each
  EXPECT_EQ(taps.total, 3u);
  EXPECT_EQ(taps.first, (std::vector<int>{0, 2, 4}));
  EXPECT_EQ(taps.index, (std::vector<int>{0, 1, 1, 2}));
  EXPECT_EQ(taps.weight, (std::vector<unsigned>{2, 1, 1, 2}));
}

TEST("enlarging is bilinear between pixel centres and clamped at the edges") {
  const ResampleTaps taps = ResampleTapsOf(2, 4);  // −0.25 → 0, 0.25, 0.75, 1.25 → 1
  EXPECT_EQ(taps.total, 8u);
  EXPECT_EQ(taps.first, (std::vector<int>{0, 1, 3, 5, 6}));
  EXPECT_EQ(taps.index, (std::vector<int>{0, 0, 1, 0, 1, 1}));
  EXPECT_EQ(taps.weight, (std::vector<unsigned>{8, 6, 2, 2, 6, 8}));
}

TEST("the weights of every destination pixel sum to the total") {
  for (const auto& [source, destination] :
       {std::pair(1, 1), std::pair(1, 7), std::pair(1023, 256), std::pair(100, 256)}) {
    const ResampleTaps taps = ResampleTapsOf(source, destination);
    bool whole = true;
    for (int i = 0; i < destination; ++i) {
      unsigned sum = 0;
      for (int k = taps.first[i]; k < taps.first[i + 1]; ++k) {
        sum += taps.weight[k];
        whole = whole && taps.index[k] >= 0 && taps.index[k] < source;
      }
      whole = whole && sum == taps.total;
    }
    EXPECT(whole);
  }
}

TEST_MAIN("geometry")
