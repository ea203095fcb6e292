package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/synchook/synchook/server"
)

// listen listens at the address, which that flag sets.
func listen(ctx context.Context, address, flag string) (l net.Listener, url string, err error) {
	if l, err = new(net.ListenConfig).Listen(ctx, "tcp", address); err != nil {
		return nil, "", fmt.Errorf("listening: %w; choose another address with %s", err, flag)
	}
	return l, "http://" + l.Addr().String(), nil
}

// serve serves until it is stopped, which takes the stop timeout at most.
func (a *App) serve(l net.Listener, h *http.Server) (stop func()) {
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.fail(fmt.Errorf("serving: %w", err))
		}
	}()
	return func() { a.shutDown(h); <-served }
}

func (a *App) shutDown(h *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), a.options.StopTimeout)
	defer cancel()
	if err := h.Shutdown(ctx); err != nil {
		a.options.Log.Warn("requests were cut off, because they did not end in time", "error", err)
		_ = h.Close()
	}
}

// startHealth serves what a process that is only a worker is asked, for as long as it lives: also while
// it stops.
func (a *App) startHealth(ctx context.Context) error {
	if a.options.HealthListen == "" {
		a.options.Log.Info("this worker serves no /healthz, /readyz and /metrics; --health-listen host:port makes it serve them")
		return nil
	}
	if a.options.AdminKey == "" {
		a.options.Log.Warn("/metrics stays closed, because there is no admin key; set SYNCHOOK_ADMIN_KEY to the servers'")
	}
	l, url, err := listen(ctx, a.options.HealthListen, "--health-listen")
	if err != nil {
		return err
	}
	h := &http.Server{
		Handler:           server.NewHealth(server.HealthOptions{AdminKey: a.options.AdminKey, Version: a.options.Version, Ready: a.ready, Registry: a.registry}),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	a.health = url
	a.cleanup("health", a.serve(l, h))
	return nil
}

// Summary says in the words of a log line what was started: where it listens, on what it stands and what
// it tells to whom.
func (a *App) Summary() []any {
	line := []any{"does", a.does(), "version", a.options.Version, "redis", a.dial.where, "traces", a.tracer.Where()}
	if a.url != "" {
		line = append(line, "url", a.url)
	}
	if watched := a.watchedAt(); watched != "" {
		line = append(line, "metrics", watched+"/metrics")
	}
	return line
}

func (a *App) does() string {
	switch {
	case a.options.Server && a.options.Worker:
		return "serves, runs syncs and delivers"
	case a.options.Server:
		return "serves"
	}
	return "runs syncs and delivers"
}

// watchedAt is where /healthz, /readyz and /metrics are; empty: nowhere.
func (a *App) watchedAt() string {
	if a.url != "" {
		return a.url
	}
	return a.health
}
