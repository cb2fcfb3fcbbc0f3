#include "base/metrics.h"

#include <deque>
#include <utility>

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "base/mutex.h"

namespace elanus::base {
namespace {

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter)
      : counter_(counter) {}
  void Add(double value) override { counter_.Increment(value); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusGauge final : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void Set(double value) override { gauge_.Set(value); }

 private:
  prometheus::Gauge& gauge_;
};

class PrometheusHistogram final : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& histogram)
      : histogram_(histogram) {}
  void Observe(double value) override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

}  // namespace

class Metrics::State {
 public:
  struct Callback {
    prometheus::Gauge& gauge;
    std::function<double()> read;
  };

  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  Mutex mutex;
  // Deques: what Add… returned must not move.
  std::deque<PrometheusCounter> counters ABSL_GUARDED_BY(mutex);
  std::deque<PrometheusGauge> gauges ABSL_GUARDED_BY(mutex);
  std::deque<PrometheusHistogram> histograms ABSL_GUARDED_BY(mutex);
  std::vector<Callback> callbacks ABSL_GUARDED_BY(mutex);
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::AddCounter(const std::string& name, const std::string& help,
                             const Labels& labels) {
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(
      state_->registry);
  MutexLock lock(state_->mutex);
  return state_->counters.emplace_back(family.Add(labels));
}

Gauge& Metrics::AddGauge(const std::string& name, const std::string& help,
                         const Labels& labels) {
  auto& family =
      prometheus::BuildGauge().Name(name).Help(help).Register(state_->registry);
  MutexLock lock(state_->mutex);
  return state_->gauges.emplace_back(family.Add(labels));
}

Histogram& Metrics::AddHistogram(const std::string& name,
                                 const std::string& help,
                                 std::vector<double> bounds,
                                 const Labels& labels) {
  auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(
      state_->registry);
  MutexLock lock(state_->mutex);
  return state_->histograms.emplace_back(family.Add(labels, std::move(bounds)));
}

void Metrics::AddGaugeCallback(const std::string& name, const std::string& help,
                               std::function<double()> read,
                               const Labels& labels) {
  auto& family =
      prometheus::BuildGauge().Name(name).Help(help).Register(state_->registry);
  MutexLock lock(state_->mutex);
  state_->callbacks.push_back({family.Add(labels), std::move(read)});
}

std::string Metrics::Render() const {
  {
    MutexLock lock(state_->mutex);
    for (State::Callback& callback : state_->callbacks) {
      callback.gauge.Set(callback.read());
    }
  }
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace elanus::base
