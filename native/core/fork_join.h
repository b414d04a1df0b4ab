#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace sonotrack {

/**
 * Shares loops between the calling thread and one more of its own. Both take the next task as they
 * come, so that a helper that wakes late, or has no core, keeps nobody waiting for more than the
 * task it is at. Tasks must not throw, nor depend on each other. For one calling thread at a time.
 */
class ForkJoin {
 public:
  /** With less than 2 threads all is done by the calling one. */
  explicit ForkJoin(int threads);
  ~ForkJoin();
  ForkJoin(const ForkJoin&) = delete;
  ForkJoin& operator=(const ForkJoin&) = delete;

  /** task(i) for 0 ≤ i < count, in any order; all have been done on return. */
  template <class Task>
  void ForEach(int count, const Task& task) {
    if (count < 2 || !helper_.joinable()) {
      for (int i = 0; i < count; ++i) task(i);
      return;
    }
    Run(count, &task, [](const void* context, int i) { (*static_cast<const Task*>(context))(i); });
  }

  /** band(first, last) for all rows 0 ≤ row < rows, `rows_per_band` at a time. */
  template <class Band>
  void ForRows(int rows, int rows_per_band, const Band& band) {
    ForEach((rows + rows_per_band - 1) / rows_per_band,
            [&](int i) { band(i * rows_per_band, std::min(rows, (i + 1) * rows_per_band)); });
  }

 private:
  using Call = void (*)(const void* context, int i);
  enum class State { kIdle, kOffered, kTaken, kEnding };

  void Run(int count, const void* context, Call call);
  void Work();
  void Help();

  // Of the loop in progress.
  const void* context_ = nullptr;
  Call call_ = nullptr;
  int count_ = 0;
  std::atomic<int> next_{0};

  std::atomic<State> state_{State::kIdle};
  std::atomic<bool> asleep_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::thread helper_;  // last: starts when the rest stands
};

}  // namespace sonotrack
