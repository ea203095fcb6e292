package faults

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/synchook/synchook/e2e/rig"
)

// figures are what must not grow while the program works, by name.
type figures map[string]float64

// bound is how much a figure may be above what it was when the program had warmed up.
type bound struct {
	times float64
	plus  float64
}

// boundOf says how much a figure may grow. Memory is measured when the garbage of the moment is still
// there; sockets, when some are still about to be closed. Of what is stored nothing may be left, but who
// leads, what Asynq counts by the day, and the marks that keep workers from deleted connections for an
// hour.
func boundOf(name string) bound {
	switch name[strings.LastIndexByte(name, ' ')+1:] {
	case "goroutines", "sockets":
		return bound{1, 30}
	case "heap":
		return bound{1.5, 32 << 20}
	case "memory":
		return bound{1.25, 48 << 20}
	case "clients":
		return bound{1, 40}
	case "used":
		return bound{1.25, 4 << 20}
	case "asynq":
		return bound{1, 40}
	case "synchook:lease:", "synchook:ping":
		return bound{1, 4}
	case "C:gone":
		return bound{1, 1e6}
	}
	return bound{1, 0}
}

// above returns the figures that are above their bounds.
func (f figures) above(former figures) []string {
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		b := boundOf(name)
		if most := b.times*former[name] + b.plus; f[name] > most {
			problems = append(problems, fmt.Sprintf("%s: %.0f, was %.0f, want at most %.0f", name, f[name], former[name], most))
		}
	}
	return problems
}

// String tells the figures in one line.
func (f figures) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		value := fmt.Sprintf("%.0f", f[name])
		if f[name] > 1<<20 {
			value = fmt.Sprintf("%.1f MiB", f[name]/(1<<20))
		}
		parts = append(parts, name+" "+value)
	}
	return strings.Join(parts, ", ")
}

// measure reads the figures of a house that rests: of its server and of a worker, and of Redis.
func measure(h *rig.House, worker *rig.Process) figures {
	f := figures{}
	for name, p := range map[string]*rig.Process{"server": h.Server, "worker": worker} {
		m := h.Metrics(p)
		f[name+" goroutines"] = m["go_goroutines"]
		f[name+" sockets"] = m["process_open_fds"]
		f[name+" heap"] = m["go_memstats_heap_alloc_bytes"]
		f[name+" memory"] = m["process_resident_memory_bytes"]
	}
	for line := range strings.Lines(h.Redis.Client().Info(h.T.Context(), "clients", "memory").Val()) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), ":")
		value, _ := strconv.ParseFloat(text, 64) // what is no number is not asked for
		switch name {
		case "connected_clients":
			f["redis clients"] = value
		case "used_memory":
			f["redis used"] = value
		}
	}
	return f
}

// keysOf are how many keys there are of each kind, as figures.
func keysOf(keys map[string]int) figures {
	f := figures{}
	for kind, n := range keys {
		f["keys "+kind] = float64(n)
	}
	return f
}

func TestAFigureThatGrowsIsTold(t *testing.T) {
	t.Parallel()
	former := figures{"server goroutines": 50, "keys P:run:": 7, "worker memory": 100 << 20}
	for _, c := range []struct {
		now  figures
		over int
	}{
		{figures{"server goroutines": 80, "keys P:run:": 7, "worker memory": 170 << 20}, 0},
		{figures{"server goroutines": 81}, 1},
		{figures{"keys P:run:": 8, "keys P:new:": 1}, 2},
		{figures{"worker memory": 200 << 20}, 1},
		{figures{}, 0},
	} {
		if got := c.now.above(former); len(got) != c.over {
			t.Errorf("%v: %q, want %d", c.now, got, c.over)
		}
	}
}
