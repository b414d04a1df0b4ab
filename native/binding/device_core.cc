#include "binding/device_core.h"

#include <algorithm>

#include "binding/addon_data.h"
#include "engine/ort_engine.h"

namespace sonotrack {

PromiseJob::PromiseJob(std::shared_ptr<DeviceCore> core, Napi::Env env, const char* stage)
    : DeviceJob(std::move(core)), stage_(stage), deferred_(Napi::Promise::Deferred::New(env)) {}

void PromiseJob::Run() noexcept {
  timings_.queue_ms = MsSince(called_);
  try {
    Work(&timings_);
  } catch (const Error& error) {
    error_.emplace(error);
  } catch (const std::exception& error) {
    error_.emplace(ErrorCode::kInternal, stage_, error.what());
  }
  timings_.total_ms = MsSince(called_);
}

void PromiseJob::Settle(Napi::Env env) {
  if (error_) {
    deferred_.Reject(ToJs(env, *error_));
    return;
  }
  try {
    deferred_.Resolve(Result(env, timings_));
  } catch (const Napi::Error& error) {  // out of memory for the result, for instance
    deferred_.Reject(error.Value());
  }
}

/** The last job of a device. */
class DeviceCore::CloseJob : public DeviceJob {
 public:
  using DeviceJob::DeviceJob;
  void Run() noexcept override { core()->FreeAll(); }
  void Settle(Napi::Env) override { core()->FinishClose(); }
};

std::shared_ptr<DeviceCore> DeviceCore::Create(Napi::Env env) {
  auto core = std::shared_ptr<DeviceCore>(new DeviceCore(env));
  const auto name = Napi::String::New(env, "sonotrack");
  // No bound of its own: it holds at most what the callers await.
  const napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, nullptr, CallJs, &core->to_js_);
  if (status != napi_ok) throw Napi::Error::New(env);
  napi_unref_threadsafe_function(env, core->to_js_);
  core->thread_ = std::make_unique<JobThread>([raw = core.get()](std::unique_ptr<Job> job) {
    // Fails only when the environment has ended, and then there is nothing to settle.
    Job* released = job.release();
    if (napi_call_threadsafe_function(raw->to_js_, released, napi_tsfn_nonblocking) != napi_ok) {
      delete released;
    }
  });
  core->self_ = core;
  AddonData::Of(env)->devices.insert(core.get());
  // Hooks run in reverse order: this one before that of the thread-safe function, which the thread
  // still uses.
  napi_add_env_cleanup_hook(env, OnEnvironmentEnd, core.get());
  return core;
}

void DeviceCore::RequireOpen(const char* stage) const {
  if (!closing_) return;
  throw Error(ErrorCode::kDeviceClosed, stage, "the device is closed");
}

Napi::Promise DeviceCore::Post(std::unique_ptr<PromiseJob> job) {
  const Napi::Promise promise = job->promise();
  HoldLoop();
  thread_->Post(std::move(job));
  return promise;
}

Napi::Promise DeviceCore::Close(Napi::Env env) {
  const auto deferred = Napi::Promise::Deferred::New(env);
  if (closed_) {
    deferred.Resolve(env.Undefined());
  } else {
    close_waiters_.push_back(deferred);
    BeginClose();
  }
  return deferred.Promise();
}

void DeviceCore::BeginClose() {
  if (closing_) return;
  closing_ = true;
  HoldLoop();
  thread_->Close(std::make_unique<CloseJob>(shared_from_this()));
}

void DeviceCore::FinishClose() {
  thread_->Join();  // it has run its last job
  closed_ = true;
  const Napi::Env env(env_);
  for (const auto& waiter : close_waiters_) waiter.Resolve(env.Undefined());
  close_waiters_.clear();
}

void DeviceCore::Shutdown() {
  if (closed_) return;
  closing_ = true;
  closed_ = true;
  {
    std::lock_guard lock(engine_mutex_);
    cancelled_ = true;
    if (engine_) engine_->Cancel();
  }
  thread_->Abort();
  thread_->Join();
  FreeAll();
}

void DeviceCore::OnEnvironmentEnd(void* raw) {
  const auto core = std::move(static_cast<DeviceCore*>(raw)->self_);
  core->Shutdown();
  AddonData::Of(core->env_)->devices.erase(core.get());
}

void DeviceCore::Retire() {
  napi_remove_env_cleanup_hook(env_, OnEnvironmentEnd, this);
  napi_release_threadsafe_function(to_js_, napi_tsfn_release);
  AddonData::Of(env_)->devices.erase(this);
  self_.reset();
}

void DeviceCore::CallJs(napi_env env, napi_value, void*, void* data) {
  const std::unique_ptr<DeviceJob> job(static_cast<DeviceJob*>(static_cast<Job*>(data)));
  if (env == nullptr) return;  // the environment has ended
  const Napi::HandleScope scope(env);
  DeviceCore* core = job->core();
  try {
    job->Settle(env);
  } catch (const Napi::Error&) {
    // Only where JavaScript can no longer run, in a worker that is being terminated.
  }
  core->ReleaseLoop();
  if (core->closed_) core->Retire();
}

void DeviceCore::HoldLoop() {
  // Work in flight keeps the process alive, an idle device does not.
  if (in_flight_++ == 0) napi_ref_threadsafe_function(env_, to_js_);
}

void DeviceCore::ReleaseLoop() {
  if (--in_flight_ == 0) napi_unref_threadsafe_function(env_, to_js_);
}

void DeviceCore::Open(const DeviceOptions& options) {
  provider_ = OpenWithFirst(options.runtime.providers, [&](Provider provider) {
    std::shared_ptr<InferenceEngine> engine = CreateOrtEngine(options.runtime.On(provider));
    {
      std::lock_guard lock(engine_mutex_);
      engine_ = engine;
      if (cancelled_) engine->Cancel();
    }
    models_ = std::make_unique<Models>(std::move(engine), options.graphs, options.geometry,
                                       options.runtime.threads);
  });
  tracker_memory_bytes_ = Tracker::MemoryBytes(models_->deaot(), models_->sonosam());
  object_slots_ = options.geometry.object_slots;
}

void DeviceCore::Adopt(const std::shared_ptr<Resource>& resource) {
  const auto gone = [](const std::weak_ptr<Resource>& other) { return other.expired(); };
  resources_.erase(std::remove_if(resources_.begin(), resources_.end(), gone), resources_.end());
  resources_.push_back(resource);
}

void DeviceCore::FreeAll() {
  for (const auto& weak : resources_) {
    if (const auto resource = weak.lock()) resource->Free();
  }
  resources_.clear();
  models_.reset();
  std::lock_guard lock(engine_mutex_);
  engine_.reset();
}

}  // namespace sonotrack
