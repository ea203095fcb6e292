package rig

import (
	"encoding/json"
	"strings"
	"time"
)

// Examined is what `synchook doctor` says of a store.
type Examined struct {
	Keys     map[string]int // how many there are of each kind
	Findings []struct{ Code, Project, Connection, Problem string }
}

// Ailments returns what is amiss, in sentences.
func (e Examined) Ailments() []string {
	ailments := make([]string, len(e.Findings))
	for i, f := range e.Findings {
		ailments[i] = "the doctor finds " + f.Code + ": " + f.Problem + " (" + strings.TrimSpace(f.Project+" "+f.Connection) + ")"
	}
	return ailments
}

// Examine has `synchook doctor` look at the house's Redis, which others may work on meanwhile.
func (h *House) Examine() Examined {
	t := h.T
	t.Helper()
	d := Start(t, "doctor", h.Settings(), binary, "doctor", "--json")
	d.WantEnd(2 * time.Minute)
	var e Examined
	if err := json.Unmarshal([]byte(strings.Join(d.Output(), "\n")), &e); err != nil {
		t.Fatalf("the doctor could not look (%v): %s", d.err, d.log.tail(5))
	}
	return e
}
