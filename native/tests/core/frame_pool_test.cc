#include "core/frame_pool.h"

#include <thread>
#include <utility>

#include "check.h"

using namespace sonotrack;

TEST("a buffer holds a copy of what was given") {
  auto pool = FramePool::Create();
  uint8_t data[] = {1, 2, 3};
  const PooledBytes bytes = pool->Copy(data, 3);
  data[0] = 9;
  EXPECT_EQ(bytes.size(), 3u);
  EXPECT_EQ(static_cast<int>(bytes.data()[0]), 1);
}

TEST("a buffer that is let go is used again") {
  auto pool = FramePool::Create();
  const std::vector<uint8_t> data(1000, 5);
  const uint8_t* first = nullptr;
  {
    const PooledBytes bytes = pool->Copy(data.data(), data.size());
    first = bytes.data();
    EXPECT_EQ(pool->free_count(), 0u);
  }
  EXPECT_EQ(pool->free_count(), 1u);
  const PooledBytes bytes = pool->Copy(data.data(), 10);
  EXPECT(bytes.data() == first);
  EXPECT_EQ(bytes.size(), 10u);
}

TEST("the pool keeps no more buffers than it was told") {
  auto pool = FramePool::Create(1);
  const uint8_t data[] = {1};
  { const PooledBytes a = pool->Copy(data, 1), b = pool->Copy(data, 1); }
  EXPECT_EQ(pool->free_count(), 1u);
}

TEST("a moved buffer goes back once, from any thread, also after the pool's owner has gone") {
  auto pool = FramePool::Create();
  const uint8_t data[] = {1};
  PooledBytes a = pool->Copy(data, 1);
  PooledBytes b = std::move(a);
  b = PooledBytes();
  EXPECT_EQ(pool->free_count(), 1u);
  PooledBytes last = pool->Copy(data, 1);
  pool.reset();
  std::thread([bytes = std::move(last)]() mutable { bytes = PooledBytes(); }).join();
  EXPECT(last.data() == nullptr);
}

TEST_MAIN("frame_pool")
