package worker

import "github.com/prometheus/client_golang/prometheus"

// metrics are what the worker counts.
type metrics struct {
	runs        *prometheus.CounterVec
	runTime     prometheus.Histogram
	attempts    *prometheus.CounterVec
	attemptTime prometheus.Histogram
	rescues     prometheus.Counter
	pruned      prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "synchook_runs_total", Help: "Attempts of runs, by what became of the run and by its trigger.",
		}, []string{"state", "trigger"}),
		runTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "synchook_run_seconds", Help: "How long attempts of runs took.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 10),
		}),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "synchook_delivery_attempts_total", Help: "Attempts of deliveries, by their outcome.",
		}, []string{"outcome"}),
		attemptTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "synchook_delivery_attempt_seconds", Help: "How long attempts of deliveries took.", Buckets: prometheus.ExponentialBuckets(0.001, 3, 10),
		}),
		rescues: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "synchook_sweep_rescues_total", Help: "Lanes that the sweep had to wake again.",
		}),
		pruned: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "synchook_pruned_rows_total", Help: "Finished rows that were removed after their retention.",
		}),
	}
	r.MustRegister(m.runs, m.runTime, m.attempts, m.attemptTime, m.rescues, m.pruned)
	return m
}
