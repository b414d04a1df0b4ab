#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace sonotrack {

class FramePool;

/** Bytes that go back to their pool when the last owner lets go; from any thread. */
class PooledBytes {
 public:
  PooledBytes() = default;
  PooledBytes(std::shared_ptr<FramePool> pool, std::vector<uint8_t> bytes)
      : pool_(std::move(pool)), bytes_(std::move(bytes)) {}
  PooledBytes(PooledBytes&&) = default;
  PooledBytes& operator=(PooledBytes&& other) noexcept;
  ~PooledBytes();

  const uint8_t* data() const { return bytes_.data(); }
  uint8_t* data() { return bytes_.data(); }
  size_t size() const { return bytes_.size(); }

 private:
  void GiveBack();

  std::shared_ptr<FramePool> pool_;
  std::vector<uint8_t> bytes_;
};

/** Recycles frame buffers, so that a live stream does not allocate; keeps at most `max_free` of
 * them. */
class FramePool : public std::enable_shared_from_this<FramePool> {
 public:
  static std::shared_ptr<FramePool> Create(size_t max_free = 4);

  /** A buffer that holds a copy of `size` bytes at `data`. */
  PooledBytes Copy(const uint8_t* data, size_t size);
  size_t free_count() const;

 private:
  friend class PooledBytes;
  explicit FramePool(size_t max_free) : max_free_(max_free) {}
  void GiveBack(std::vector<uint8_t> bytes);

  const size_t max_free_;
  mutable std::mutex mutex_;
  std::vector<std::vector<uint8_t>> free_;
};

}  // namespace sonotrack
