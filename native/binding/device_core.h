#pragma once

#include <napi.h>

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "binding/convert.h"
#include "core/frame_pool.h"
#include "core/job_thread.h"
#include "models/models.h"

namespace sonotrack {

class DeviceCore;

/** What an image or a tracker keeps, and gives back when its device closes. */
class Resource {
 public:
  virtual ~Resource() = default;
  /** On the inference thread. */
  virtual void Free() = 0;
};

/** A job of a device. Made, settled and destroyed on the JS thread; run on the other. */
class DeviceJob : public Job {
 public:
  explicit DeviceJob(std::shared_ptr<DeviceCore> core) : core_(std::move(core)) {}
  virtual void Settle(Napi::Env env) = 0;
  DeviceCore* core() const { return core_.get(); }

 private:
  const std::shared_ptr<DeviceCore> core_;
};

/** A job whose outcome settles a promise. */
class PromiseJob : public DeviceJob {
 public:
  PromiseJob(std::shared_ptr<DeviceCore> core, Napi::Env env, const char* stage);

  void Run() noexcept override;
  void Settle(Napi::Env env) override;
  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  /** On the inference thread; may throw. */
  virtual void Work(Timings* timings) = 0;
  /** On the JS thread, after `Work` succeeded. */
  virtual Napi::Value Result(Napi::Env env, const Timings& timings) = 0;

 private:
  const char* const stage_;
  const Napi::Promise::Deferred deferred_;
  const Clock::time_point called_ = Clock::now();
  Timings timings_;
  std::optional<Error> error_;
};

/**
 * What the JS thread and the inference thread share of a device: the models, the queue between the
 * threads, and the way back. It keeps itself alive until closed. When the environment ends first,
 * the inference that runs is cancelled, the thread joined, and promises stay unsettled, for there
 * is nobody left to hear of them.
 */
class DeviceCore : public std::enable_shared_from_this<DeviceCore> {
 public:
  static std::shared_ptr<DeviceCore> Create(Napi::Env env);

  // On the JS thread.

  /** Runs `work(Timings*)` on the inference thread; `to_js(env, result, timings)` gives what the
   * promise resolves to. */
  template <typename WorkFn, typename Convert>
  Napi::Promise Submit(Napi::Env env, const char* stage, WorkFn work, Convert to_js);
  /** The same for work without a result. */
  template <typename WorkFn>
  Napi::Promise Submit(Napi::Env env, const char* stage, WorkFn work);
  /** Throws DEVICE_CLOSED once `Close` was called. */
  void RequireOpen(const char* stage) const;
  /** Refuses new work, drains the queue, frees models and resources; every call's promise resolves.
   */
  Napi::Promise Close(Napi::Env env);
  void BeginClose();
  /** Ends at once, for an environment that ends. Idempotent. */
  void Shutdown();
  FramePool* pool() const { return pool_.get(); }

  // On the inference thread.

  void Open(const DeviceOptions& options);
  Models& models() { return *models_; }
  void Adopt(const std::shared_ptr<Resource>& resource);

  // Fixed once the device is open.

  const ProviderChoice& provider() const { return provider_; }
  size_t tracker_memory_bytes() const { return tracker_memory_bytes_; }
  int object_slots() const { return object_slots_; }

 private:
  class CloseJob;

  explicit DeviceCore(Napi::Env env) : env_(env) {}
  Napi::Promise Post(std::unique_ptr<PromiseJob> job);
  static void CallJs(napi_env env, napi_value, void*, void* job);
  static void OnEnvironmentEnd(void* core);
  void HoldLoop();
  void ReleaseLoop();
  void FinishClose();
  void Retire();
  void FreeAll();

  const napi_env env_;
  std::shared_ptr<DeviceCore> self_;
  napi_threadsafe_function to_js_ = nullptr;
  std::unique_ptr<JobThread> thread_;
  const std::shared_ptr<FramePool> pool_ = FramePool::Create();

  // JS thread only.
  int in_flight_ = 0;
  bool closing_ = false;
  bool closed_ = false;
  std::vector<Napi::Promise::Deferred> close_waiters_;

  // Inference thread only.
  std::unique_ptr<Models> models_;
  std::vector<std::weak_ptr<Resource>> resources_;
  ProviderChoice provider_;
  size_t tracker_memory_bytes_ = 0;
  int object_slots_ = 0;

  std::mutex engine_mutex_;
  std::shared_ptr<InferenceEngine> engine_;
  bool cancelled_ = false;
};

/** Closes its device when the last JavaScript object that uses it is gone. JS thread only. */
class DeviceHandle {
 public:
  explicit DeviceHandle(std::shared_ptr<DeviceCore> core) : core_(std::move(core)) {}
  ~DeviceHandle() { core_->BeginClose(); }
  DeviceHandle(const DeviceHandle&) = delete;
  DeviceHandle& operator=(const DeviceHandle&) = delete;
  DeviceCore* operator->() const { return core_.get(); }

 private:
  const std::shared_ptr<DeviceCore> core_;
};

/** Calls `body`, which gives a promise; what it throws becomes a rejection. */
template <typename Body>
Napi::Value Promised(Napi::Env env, Body body) {
  const auto rejected = [env](const Napi::Value& reason) {
    const auto deferred = Napi::Promise::Deferred::New(env);
    deferred.Reject(reason);
    return deferred.Promise();
  };
  try {
    return body();
  } catch (const Error& error) {
    return rejected(ToJs(env, error));
  } catch (const Napi::Error& error) {
    return rejected(error.Value());
  }
}

template <typename WorkFn, typename Convert>
Napi::Promise DeviceCore::Submit(Napi::Env env, const char* stage, WorkFn work, Convert to_js) {
  class FunctionJob : public PromiseJob {
   public:
    FunctionJob(std::shared_ptr<DeviceCore> core, Napi::Env env, const char* stage, WorkFn work,
                Convert to_js)
        : PromiseJob(std::move(core), env, stage),
          work_(std::move(work)),
          to_js_(std::move(to_js)) {}

   protected:
    void Work(Timings* timings) override { result_.emplace(work_(timings)); }
    Napi::Value Result(Napi::Env env, const Timings& timings) override {
      return to_js_(env, *result_, timings);
    }

   private:
    WorkFn work_;
    Convert to_js_;
    std::optional<std::invoke_result_t<WorkFn&, Timings*>> result_;
  };
  RequireOpen(stage);
  return Post(std::make_unique<FunctionJob>(shared_from_this(), env, stage, std::move(work),
                                            std::move(to_js)));
}

template <typename WorkFn>
Napi::Promise DeviceCore::Submit(Napi::Env env, const char* stage, WorkFn work) {
  return Submit(
      env, stage,
      [work = std::move(work)](Timings* timings) mutable {
        work(timings);
        return true;
      },
      [](Napi::Env inner, bool, const Timings&) -> Napi::Value { return inner.Undefined(); });
}

}  // namespace sonotrack
