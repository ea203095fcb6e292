package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// dashboardProbe is left out where there is no browser to look at the dashboard with.
const dashboardProbe = "dashboard"

func hasBrowser() bool {
	_, err := exec.LookPath("node")
	if err == nil {
		_, err = exec.LookPath(cmp.Or(os.Getenv("CHROMIUM"), "chromium"))
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "left out: %s: it wants Node and Chromium (CHROMIUM names it): %v\n", dashboardProbe, err)
	}
	return err == nil
}

// pages are those of the dashboard that are measured, by their names in dashboard/scripts/measure.mjs.
var pages = []string{"overview", "deliveries", "undelivered", "filtered", "endpoints"}

// pageFigures are the figures of dashboard: each page with few deliveries, and with many.
func pageFigures() []figure {
	var out []figure
	for _, name := range pages {
		out = append(out, fewAndMany("dashboard, "+name, "ms")...)
	}
	return out
}

// dashboard measures what pages of the dashboard take in Chromium until they show what they ask for, with few and with
// many deliveries in the store.
func dashboard(ctx context.Context, b *bench) ([]sample, error) {
	h, err := newHouse(ctx, b, b.everysec)
	if err != nil {
		return nil, err
	}
	defer h.close()
	p, err := h.finishOne(ctx)
	if err == nil {
		_, err = h.owed(ctx, p, store.DefaultPage) // nobody works
	}
	if err != nil {
		return nil, err
	}
	_, key, err := h.store.CreateAPIKey(ctx, p.ID, "bench", []synchook.Scope{synchook.ScopeRead})
	if err != nil {
		return nil, err
	}
	url, stop, err := h.program(ctx, false)
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := h.copies(ctx, p, few); err != nil {
		return nil, err
	}
	before, err := visitPages(ctx, url, p.ID, key)
	if err != nil {
		return nil, err
	}
	if err := h.copies(ctx, p, b.scale(many)-few); err != nil {
		return nil, err
	}
	after, err := visitPages(ctx, url, p.ID, key)
	if err != nil {
		return nil, err
	}
	var out []sample
	for _, name := range pages {
		out = append(out, sample{value: before[name]}, sample{value: after[name]})
	}
	return out, nil
}

// visitPages returns the median time of each page in milliseconds.
func visitPages(ctx context.Context, url string, p synchook.ProjectID, key string) (map[string]float64, error) {
	node := exec.CommandContext(ctx, "node", filepath.Join("dashboard", "scripts", "measure.mjs"), url, string(p), "15") //nolint:gosec // our own script and server
	node.Env = append(os.Environ(), "KEY="+key)
	var problem bytes.Buffer
	node.Stderr = &problem
	out, err := node.Output()
	if err != nil {
		return nil, fmt.Errorf("visiting the dashboard in Chromium, which wants Node, `make build` and Debian's chromium: %w\n%s", err, problem.Bytes())
	}
	var medians map[string]float64
	return medians, json.Unmarshal(out, &medians)
}
