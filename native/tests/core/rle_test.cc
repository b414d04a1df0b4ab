#include "core/rle.h"

#include <numeric>

#include "check.h"

using namespace sonotrack;
using Bytes = std::vector<uint8_t>;
using Counts = std::vector<uint32_t>;

TEST("runs go down the columns and begin with zeros") {
  const Bytes bitmap = {0, 0, 1,  //
                        0, 1, 1,  //
                        0, 1, 0};
  // columns 000 011 110: four zeros, four ones, one zero
  EXPECT_EQ(MaskRle(bitmap.data(), {3, 3}), (Counts{4, 4, 1}));
}

TEST("a mask that begins with 1 has 0 zeros first") {
  const Bytes bitmap = {7, 0, 0, 0};
  EXPECT_EQ(MaskRle(bitmap.data(), {2, 2}), (Counts{0, 1, 3}));
}

TEST("an empty mask is one run, a full one two") {
  EXPECT_EQ(MaskRle(Bytes(6).data(), {2, 3}), (Counts{6}));
  EXPECT_EQ(MaskRle(Bytes(6, 1).data(), {2, 3}), (Counts{0, 6}));
}

TEST("the counts sum to the pixels") {
  Bytes bitmap(35 * 17);
  for (size_t i = 0; i < bitmap.size(); ++i) bitmap[i] = (i * 2654435761u >> 7) % 3 == 0;
  const Counts counts = MaskRle(bitmap.data(), {35, 17});
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), size_t{0}), bitmap.size());
}

TEST_MAIN("rle")
