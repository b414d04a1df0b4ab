#include "core/job_thread.h"

#include <utility>

namespace sonotrack {

JobThread::JobThread(std::function<void(std::unique_ptr<Job>)> done)
    : done_(std::move(done)), thread_([this] { Loop(); }) {}

JobThread::~JobThread() {
  Abort();
  Join();
}

bool JobThread::Post(std::unique_ptr<Job> job) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return false;
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

void JobThread::Close(std::unique_ptr<Job> last) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    closed_ = true;
    if (last) jobs_.push_back(std::move(last));
  }
  wake_.notify_one();
}

void JobThread::Abort() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    aborted_ = true;
  }
  wake_.notify_one();
}

void JobThread::Join() {
  if (thread_.joinable()) thread_.join();
  jobs_.clear();
}

void JobThread::Loop() {
  for (;;) {
    std::unique_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
      if (aborted_ || jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job->Run();
    done_(std::move(job));
  }
}

}  // namespace sonotrack
