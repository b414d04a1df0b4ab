#include "core/fork_join.h"

namespace sonotrack {
namespace {

/** Looks for work before sleeping. The loops of one frame follow each other within microseconds;
 * each look offers the core to others. */
constexpr int kLooks = 200;

}  // namespace

ForkJoin::ForkJoin(int threads) {
  if (threads > 1) helper_ = std::thread([this] { Help(); });
}

ForkJoin::~ForkJoin() {
  if (!helper_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    state_ = State::kEnding;
  }
  wake_.notify_one();
  helper_.join();
}

void ForkJoin::Run(int count, const void* context, Call call) {
  context_ = context;
  call_ = call;
  count_ = count;
  next_ = 0;
  state_ = State::kOffered;
  if (asleep_) {
    std::lock_guard lock(mutex_);  // it is about to look, or waits
    wake_.notify_one();
  }
  Work();
  State offered = State::kOffered;
  if (state_.compare_exchange_strong(offered, State::kIdle)) return;  // the helper never came
  while (state_ != State::kIdle) std::this_thread::yield();
}

void ForkJoin::Work() {
  for (int i = next_++; i < count_; i = next_++) call_(context_, i);
}

void ForkJoin::Help() {
  for (int looks = 0;; ++looks) {
    State expected = State::kOffered;
    if (state_.compare_exchange_strong(expected, State::kTaken)) {
      Work();
      state_ = State::kIdle;
      looks = 0;
    } else if (expected == State::kEnding) {
      return;
    } else if (looks < kLooks) {
      std::this_thread::yield();
    } else {
      std::unique_lock lock(mutex_);
      asleep_ = true;
      wake_.wait(lock, [this] { return state_ != State::kIdle; });
      asleep_ = false;
      looks = 0;
    }
  }
}

}  // namespace sonotrack
