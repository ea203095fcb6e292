package worker

import "github.com/prometheus/client_golang/prometheus"

// metrics are what the worker counts.
type metrics struct {
	runs          *prometheus.CounterVec
	runTime       prometheus.Histogram
	runQueued     prometheus.Histogram
	attempts      *prometheus.CounterVec
	attemptTime   prometheus.Histogram
	changes       *prometheus.CounterVec
	postsInFlight prometheus.Gauge
	handedOver    prometheus.Gauge
	rescues       prometheus.Counter
	scheduleLate  prometheus.Histogram
	pruned        prometheus.Counter
	recovered     prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "synchook_runs_total", Help: "Attempts of runs, by what became of the run and by its trigger.",
		}, []string{"state", "trigger"}),
		runTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "synchook_run_seconds", Help: "How long attempts of runs took.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 10),
		}),
		runQueued: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "synchook_run_queued_seconds", Help: "How long runs waited for their first attempt.", Buckets: prometheus.ExponentialBuckets(0.002, 4, 10),
		}),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "synchook_delivery_attempts_total", Help: "Attempts of deliveries, by their outcome.",
		}, []string{"outcome"}),
		attemptTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "synchook_delivery_attempt_seconds", Help: "How long attempts of deliveries took.", Buckets: prometheus.ExponentialBuckets(0.001, 3, 10),
		}),
		changes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "synchook_endpoint_changes_total", Help: "Endpoints that began to fail, came back, or were disabled, by which of these.",
		}, []string{"to"}),
		postsInFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "synchook_posts_in_flight", Help: "Outgoing webhooks that wait for an answer now.",
		}),
		handedOver: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "synchook_shifts_handed_over", Help: "Endpoints that are worked now without a slot, because they do not answer at once.",
		}),
		rescues: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "synchook_sweep_rescues_total", Help: "Lanes that the sweep had to wake again.",
		}),
		scheduleLate: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "synchook_schedule_late_seconds", Help: "How late schedules fired.", Buckets: prometheus.ExponentialBuckets(0.25, 3, 8),
		}),
		pruned: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "synchook_pruned_rows_total", Help: "Finished rows, and deleted records, that were removed after their retention.",
		}),
		recovered: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "synchook_recovered_deliveries_total", Help: "Deliveries that recoveries made pending again.",
		}),
	}
	r.MustRegister(m.runs, m.runTime, m.runQueued, m.attempts, m.attemptTime, m.changes, m.postsInFlight, m.handedOver, m.rescues, m.scheduleLate, m.pruned, m.recovered)
	return m
}

func slotsInUse(slots chan struct{}) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "synchook_script_slots_in_use", Help: "Scripts that run now in this process.",
	}, func() float64 { return float64(len(slots)) })
}

func slotsAtMost(slots chan struct{}) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "synchook_script_slots", Help: "Scripts that may run at once in this process.",
	}, func() float64 { return float64(cap(slots)) })
}
