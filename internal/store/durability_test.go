package store

import (
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
