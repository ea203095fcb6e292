package store

import (
	"slices"
	"strings"
	"testing"
)

func TestJudgeDurabilitySaysWhatCanBeLost(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config string // appendonly appendfsync maxmemory-policy
		known  bool
		severe bool
		want   []string
	}{
		"all is kept":            {"yes always noeviction", true, false, nil},
		"fsynced every second":   {"yes everysec noeviction", true, false, []string{"up to 2 s"}},
		"fsynced by the kernel":  {"yes no noeviction", true, false, []string{"up to 2 s"}},
		"no append-only file":    {"no always noeviction", true, true, []string{"no append-only file"}},
		"evicting":               {"yes always allkeys-lru", true, true, []string{"allkeys-lru"}},
		"evicting and no file":   {"no everysec volatile-ttl", true, true, []string{"no append-only file", "volatile-ttl"}},
		"configuration withheld": {"", false, false, []string{"CONFIG is refused"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var config map[string]string
			if f := strings.Fields(tt.config); len(f) == 3 {
				config = map[string]string{"appendonly": f[0], "appendfsync": f[1], "maxmemory-policy": f[2]}
			}
			d := judgeDurability(config)
			if d.Known != tt.known || len(d.Warnings) != len(tt.want) {
				t.Fatalf("judged %+v, want known %v and %d warnings", d, tt.known, len(tt.want))
			}
			for i, w := range d.Warnings {
				if !strings.Contains(w.Text, tt.want[i]) || w.Severe != tt.severe {
					t.Errorf("warning %d is %+v, want %q", i, w, tt.want[i])
				}
			}
		})
	}
}

func TestJudgeReplicasSaysWhatAFailoverCanLose(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		connected, wanted int
		severe            bool
		want              string // "": nothing
	}{
		{0, 0, false, ""},
		{1, 0, false, "a failover can lose accepted events"},
		{3, 0, false, "a failover can lose accepted events"},
		{1, 1, false, ""},
		{3, 1, false, ""},
		{0, 1, true, "wants 1 replicas and a primary has 0"},
		{1, 2, true, "wants 2 replicas and a primary has 1"},
	} {
		warnings := judgeReplicas(tt.connected, tt.wanted)
		if tt.want == "" {
			if len(warnings) != 0 {
				t.Errorf("%d of %d: %v, want no warning", tt.connected, tt.wanted, warnings)
			}
			continue
		}
		if len(warnings) != 1 || warnings[0].Severe != tt.severe || !strings.Contains(warnings[0].Text, tt.want) {
			t.Errorf("%d of %d: %v, want %q", tt.connected, tt.wanted, warnings, tt.want)
		}
	}
}

func TestTheWorstPrimaryOfAClusterCounts(t *testing.T) {
	t.Parallel()
	slow, evicting := Warning{Text: "slow"}, Warning{Severe: true, Text: "evicting"}
	got := worst([]Durability{{Known: true}, {Known: true, Warnings: []Warning{slow}}, {Known: true, Warnings: []Warning{slow, evicting}}})
	if !got.Known || !slices.Equal(got.Warnings, []Warning{slow, evicting}) {
		t.Errorf("worst = %+v, want each warning once", got)
	}
	if worst(nil).Known || worst([]Durability{{Known: true}, {}}).Known {
		t.Error("what one primary withholds is known, want not")
	}
}
