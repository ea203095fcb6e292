package rig

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// MetricsURL returns where a synchook that is ready serves its metrics; "" when it serves none.
func (p *Process) MetricsURL() string {
	for _, text := range p.Log() {
		var line struct{ Msg, Metrics string }
		if json.Unmarshal([]byte(text), &line) == nil && line.Msg == "ready" {
			return line.Metrics
		}
	}
	return ""
}

// Metrics reads the metrics without labels that a process serves, by name.
func (h *House) Metrics(p *Process) map[string]float64 {
	h.T.Helper()
	metrics := map[string]float64{}
	for line := range strings.Lines(h.MetricsText(p)) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		if value, err := strconv.ParseFloat(text, 64); err == nil {
			metrics[name] = value
		}
	}
	return metrics
}

// MetricsText reads the metrics that a process serves.
func (h *House) MetricsText(p *Process) string {
	t := h.T
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.MetricsURL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("admin", AdminKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("reading the metrics of %s: %v", p.name, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s serves no metrics at %s: %s, %v", p.name, p.MetricsURL(), resp.Status, err)
	}
	return string(text)
}
