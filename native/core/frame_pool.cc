#include "core/frame_pool.h"

#include <utility>

namespace sonotrack {

PooledBytes& PooledBytes::operator=(PooledBytes&& other) noexcept {
  if (this != &other) {
    GiveBack();
    pool_ = std::move(other.pool_);
    bytes_ = std::move(other.bytes_);
  }
  return *this;
}

PooledBytes::~PooledBytes() { GiveBack(); }

void PooledBytes::GiveBack() {
  if (pool_) pool_->GiveBack(std::move(bytes_));
  pool_.reset();
}

std::shared_ptr<FramePool> FramePool::Create(size_t max_free) {
  return std::shared_ptr<FramePool>(new FramePool(max_free));
}

PooledBytes FramePool::Copy(const uint8_t* data, size_t size) {
  std::vector<uint8_t> bytes;
  {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      bytes = std::move(free_.back());
      free_.pop_back();
    }
  }
  bytes.assign(data, data + size);
  return PooledBytes(shared_from_this(), std::move(bytes));
}

size_t FramePool::free_count() const {
  std::lock_guard lock(mutex_);
  return free_.size();
}

void FramePool::GiveBack(std::vector<uint8_t> bytes) {
  std::lock_guard lock(mutex_);
  if (free_.size() < max_free_) free_.push_back(std::move(bytes));
}

}  // namespace sonotrack
