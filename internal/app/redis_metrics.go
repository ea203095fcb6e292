package app

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

// redisMeter is a hook of Redis clients that measures round trips and counts errors.
type redisMeter struct {
	trips  prometheus.Histogram
	errors *prometheus.CounterVec
}

func newRedisMeter(r prometheus.Registerer) *redisMeter {
	m := &redisMeter{
		trips: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "synchook_redis_seconds", Help: "Round trips to Redis, of a command or a pipeline.", Buckets: prometheus.ExponentialBuckets(0.0001, 3, 10),
		}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "synchook_redis_errors_total", Help: "Round trips to Redis that failed, by the first word of its answer, or \"timeout\", \"network\" or \"other\".",
		}, []string{"kind"}),
	}
	r.MustRegister(m.trips, m.errors)
	return m
}

// DialHook leaves dialling as it is.
func (m *redisMeter) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook measures a command.
func (m *redisMeter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		began := time.Now()
		err := next(ctx, cmd)
		m.note(began, err)
		return err
	}
}

// ProcessPipelineHook measures a pipeline.
func (m *redisMeter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		began := time.Now()
		err := next(ctx, cmds)
		m.note(began, err)
		return err
	}
}

func (m *redisMeter) note(began time.Time, err error) {
	m.trips.Observe(time.Since(began).Seconds())
	if kind := redisErrorKind(err); kind != "" {
		m.errors.WithLabelValues(kind).Inc()
	}
}

// redisWords are the answers that are counted by their name: what an operator can do something about.
var redisWords = []string{
	"OOM", "MISCONF", "READONLY", "LOADING", "BUSY", "NOREPLICAS", "CLUSTERDOWN", "TRYAGAIN", "MASTERDOWN",
	"NOAUTH", "WRONGPASS", "NOPERM", "WRONGTYPE",
}

// redisErrorKind says what kind of error it is; "" is none: that there is nothing, that a script must be
// sent once more, and that nobody waits for the answer any more.
func redisErrorKind(err error) string {
	if err == nil || errors.Is(err, redis.Nil) || errors.Is(err, context.Canceled) || redis.HasErrorPrefix(err, "NOSCRIPT") {
		return ""
	}
	var answer redis.Error
	var network net.Error
	switch {
	case errors.As(err, &answer):
		word, _, _ := strings.Cut(err.Error(), " ")
		if slices.Contains(redisWords, word) {
			return word
		}
		return "other"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "timeout"
	}
	return "network"
}

// observed returns a dialer whose clients are measured.
func (d dialer) observed(m *redisMeter) dialer {
	plain := d.universal
	d.universal = func() redis.UniversalClient {
		c := plain()
		c.AddHook(m)
		return c
	}
	return d
}

// watchGauges show what the watch saw last. While Redis does not tell how much memory it uses, that is 0.
func watchGauges(w *watch) []prometheus.Collector {
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	return []prometheus.Collector{
		gauge("synchook_redis_up", "Whether Redis answers and takes writes: 1 or 0.", func() float64 {
			if w.quiet.outage.Load() {
				return 0
			}
			return 1
		}),
		gauge("synchook_redis_memory_used_bytes", "Memory that Redis uses of what it may; of a cluster, on the primary that has the least left.",
			func() float64 { return float64(w.last().Used) }),
		gauge("synchook_redis_memory_max_bytes", "Memory that Redis may use; 0: there is no limit.",
			func() float64 { return float64(w.last().Max) }),
	}
}
