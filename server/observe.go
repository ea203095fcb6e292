package server

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what the server counts.
type metrics struct {
	rpcs   *prometheus.HistogramVec // by method and code
	intake *prometheus.HistogramVec // by provider and outcome
}

func newMetrics(r prometheus.Registerer) *metrics {
	buckets := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}
	m := &metrics{
		rpcs: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "synchook_rpc_duration_seconds", Help: "RPCs, by method and code.", Buckets: buckets,
		}, []string{"method", "code"}),
		intake: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "synchook_intake_duration_seconds", Help: "Incoming webhooks, by provider and outcome.", Buckets: buckets,
		}, []string{"provider", "outcome"}),
	}
	r.MustRegister(m.rpcs, m.intake)
	return m
}

// observe gives each RPC its call, and writes its line and its metrics when it has ended.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started, c := time.Now(), new(call)
		next.ServeHTTP(w, r.WithContext(withCall(r.Context(), c)))
		took := time.Since(started)
		if c.code == "" {
			c.code = "refused" // by Connect: not a message, or one over its limit
		}
		method := "unknown"
		if _, ok := accessTo(r.URL.Path); ok {
			method = r.URL.Path[1:]
		}
		s.metrics.rpcs.WithLabelValues(method, c.code).Observe(took.Seconds())
		line := rpcLine(r, c, method, took)
		c.end(line)
		s.Log.LogAttrs(r.Context(), levelOf(c.code), "rpc", line...)
	})
}

// end ends the call's span. A request that the caller got wrong is no failure of the server's.
func (c *call) end(line []slog.Attr) {
	failure := ""
	if c.err != nil && levelOf(c.code) > slog.LevelInfo {
		failure = c.err.Error()
	}
	c.span.Note(line...)
	c.span.End(failure)
}

func rpcLine(r *http.Request, c *call, method string, took time.Duration) []slog.Attr {
	line := []slog.Attr{
		slog.String("method", method), slog.String("code", c.code), slog.Duration("duration", took),
		slog.String("project", string(c.caller.Project)), slog.String("key", string(c.caller.Key)),
		slog.Bool("admin", c.caller.Admin), slog.String("peer", r.RemoteAddr),
	}
	if c.event != "" {
		line = append(line, slog.String("event", string(c.event)))
	}
	if id := c.span.ID(); id != "" {
		line = append(line, slog.String("trace", id))
	}
	if c.err != nil {
		line = append(line, slog.String("error", c.err.Error()))
	}
	return line
}

// levelOf returns how loud a call's line is: faults of ours are errors.
func levelOf(code string) slog.Level {
	switch code {
	case "internal", "unknown", "data_loss":
		return slog.LevelError
	case "unavailable", "deadline_exceeded":
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
