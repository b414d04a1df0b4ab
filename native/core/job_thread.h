#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace sonotrack {

/** Work for the inference thread. Must not throw: a job keeps its own failure. */
class Job {
 public:
  virtual ~Job() = default;
  virtual void Run() noexcept = 0;
};

/**
 * One thread that runs jobs in the order posted and hands each finished one to `done`, on that
 * thread. Jobs that were left undone are destroyed in `Join`, by the thread that calls it.
 */
class JobThread {
 public:
  explicit JobThread(std::function<void(std::unique_ptr<Job>)> done);
  /** Aborts and joins. */
  ~JobThread();
  JobThread(const JobThread&) = delete;
  JobThread& operator=(const JobThread&) = delete;

  /** Queues the job; false, and the job is destroyed, after `Close` or `Abort`. */
  bool Post(std::unique_ptr<Job> job);
  /** Refuses new jobs; those queued still run, `last` (if any) after them. Idempotent: a second
   * `last` is dropped. */
  void Close(std::unique_ptr<Job> last = nullptr);
  /** Refuses new jobs and leaves those queued undone. */
  void Abort();
  /** Waits for the thread to end; after `Close` or `Abort`. */
  void Join();

 private:
  void Loop();

  const std::function<void(std::unique_ptr<Job>)> done_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Job>> jobs_;
  bool closed_ = false;
  bool aborted_ = false;
  std::thread thread_;  // last: starts when the rest stands
};

}  // namespace sonotrack
