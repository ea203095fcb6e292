package rig

import (
	"bufio"
	"encoding/json"
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
	metrics := map[string]float64{}
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		name, text, _ := strings.Cut(lines.Text(), " ")
		if value, err := strconv.ParseFloat(text, 64); err == nil {
			metrics[name] = value
		}
	}
	if len(metrics) == 0 {
		t.Fatalf("%s serves no metrics at %s: %s", p.name, p.MetricsURL(), resp.Status)
	}
	return metrics
}
