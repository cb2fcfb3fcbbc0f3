// Prometheus metrics. A thin face, so that prometheus-cpp stays in metrics.cc.
//
//   Counter& rows = metrics.AddCounter("elanus_rows_inserted_total",
//                                      "Rows of acknowledged inserts");
//   rows.Add(100);
//
// Threads:   any.
// Ownership: what Add… returns lives as long as the Metrics.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace elanus::base {

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Add(double value = 1) = 0;
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
};

class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  Metrics();
  ~Metrics();

  // The same name with other labels is the same family; the same name and
  // labels give the same object.
  Counter& AddCounter(const std::string& name, const std::string& help,
                      const Labels& labels = {});
  Gauge& AddGauge(const std::string& name, const std::string& help,
                  const Labels& labels = {});
  // bounds: upper limits of the buckets, rising.
  Histogram& AddHistogram(const std::string& name, const std::string& help,
                          std::vector<double> bounds,
                          const Labels& labels = {});
  // A gauge whose value is asked for at each scrape. `read` must stay callable
  // as long as the Metrics.
  void AddGaugeCallback(const std::string& name, const std::string& help,
                        std::function<double()> read,
                        const Labels& labels = {});

  // Text exposition format 0.0.4.
  std::string Render() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace elanus::base
