package server

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Problem is something that is wrong with the process or with what it stands on.
type Problem struct {
	// Part is what is concerned, such as "redis".
	Part string `json:"part"`
	// Message says in a sentence what is wrong.
	Message string `json:"message"`
	// Help says in a sentence what to do.
	Help string `json:"help"`
	// Fatal says that the process cannot do its work meanwhile. False: it works, and somebody should know.
	Fatal bool `json:"fatal"`
}

// HealthOptions are what is told about a process that serves no API. All but AdminKey are required.
type HealthOptions struct {
	// AdminKey opens /metrics. Empty: it stays closed.
	AdminKey string
	// Version is shown by /healthz.
	Version string
	// Ready says what is wrong with the process.
	Ready func(context.Context) []Problem
	// Registry has the metrics.
	Registry *prometheus.Registry
}

// NewHealth returns a handler of /healthz, /readyz and /metrics alone, for a process that is only a
// worker.
func NewHealth(o HealthOptions) http.Handler {
	mux := http.NewServeMux()
	s := &Server{Options: Options{AdminKey: o.AdminKey, Version: o.Version, Ready: o.Ready, Registry: o.Registry}}
	s.watched(mux)
	return mux
}

// watched adds the routes by which others watch the process.
func (s *Server) watched(mux *http.ServeMux) {
	h := &health{s.Options}
	mux.HandleFunc("GET /healthz", h.alive)
	mux.HandleFunc("GET /readyz", h.ready)
	mux.Handle("GET /metrics", s.adminOnly(promhttp.HandlerFor(s.Registry, promhttp.HandlerOpts{})))
}

// health answers whether the process lives and whether it can work. It is open to everybody and shows no
// secrets.
type health struct{ Options }

// alive serves /healthz: the process runs. Nothing that it stands on is asked.
func (h *health) alive(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, struct {
		Status  string `json:"status"`
		Version string `json:"version,omitempty"`
	}{"ok", h.Version})
}

// ready serves /readyz: the process can work, or what is wrong.
func (h *health) ready(w http.ResponseWriter, r *http.Request) {
	problems := h.Ready(r.Context())
	word, status := "ready", http.StatusOK
	if fatal(problems) {
		word, status = "not ready", http.StatusServiceUnavailable
	}
	writeJSON(w, status, struct {
		Status   string    `json:"status"`
		Problems []Problem `json:"problems"`
	}{word, append([]Problem{}, problems...)})
}

// Check implements grpchealth.Checker: all services stand or fall together.
func (h *health) Check(ctx context.Context, r *grpchealth.CheckRequest) (*grpchealth.CheckResponse, error) {
	if r.Service != "" && !slices.Contains(services(), r.Service) {
		return nil, connect.NewError(connect.CodeNotFound, errors.New("there is no such service here"))
	}
	if fatal(h.Ready(ctx)) {
		return &grpchealth.CheckResponse{Status: grpchealth.StatusNotServing}, nil
	}
	return &grpchealth.CheckResponse{Status: grpchealth.StatusServing}, nil
}

func fatal(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return p.Fatal })
}
