package rig

import (
	"encoding/json"
	"strings"
	"time"
)

// Ailments has `synchook doctor` look at the house's Redis, which others may work on meanwhile, and
// returns what is amiss in it.
func (h *House) Ailments() []string {
	t := h.T
	t.Helper()
	d := Start(t, "doctor", h.Settings(), binary, "doctor", "--json")
	d.WantEnd(2 * time.Minute)
	var examined struct {
		Findings []struct{ Code, Project, Connection, Problem string }
	}
	if err := json.Unmarshal([]byte(strings.Join(d.Output(), "\n")), &examined); err != nil {
		t.Fatalf("the doctor could not look (%v): %s", d.err, d.log.tail(5))
	}
	ailments := make([]string, len(examined.Findings))
	for i, f := range examined.Findings {
		ailments[i] = "the doctor finds " + f.Code + ": " + f.Problem + " (" + strings.TrimSpace(f.Project+" "+f.Connection) + ")"
	}
	return ailments
}
