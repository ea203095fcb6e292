package store

import "testing"

func TestMemoryIsReadFromInfo(t *testing.T) {
	t.Parallel()
	for info, want := range map[string]Memory{
		"# Memory\r\nused_memory:900\r\nused_memory_human:900B\r\nmaxmemory:1000\r\nmaxmemory_human:1K\r\nmem_not_counted_for_evict:100\r\n": {800, 1000},
		"used_memory:900\r\nmaxmemory:0\r\n":      {900, 0},
		"used_memory:many\r\nmaxmemory:1000\r\n":  {0, 1000},
		"":                                        {},
		"# Memory\r\nused_memory_peak:900\r\n":    {},
		"used_memory:5\r\n# Memory\r\nmaxmem:1\r": {5, 0},
	} {
		if got := readMemory(info); got != want {
			t.Errorf("%q: %+v, want %+v", info, got, want)
		}
	}
}

func TestTheReserveIsAPartOfTheLimit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		m       Memory
		reserve int
		left    int64
		limited bool
	}{
		{Memory{800, 1000}, 10, 100, true},
		{Memory{900, 1000}, 10, 0, true},
		{Memory{950, 1000}, 10, -50, true},
		{Memory{950, 1000}, 0, 50, true},
		{Memory{1 << 40, 0}, 10, -1 << 40, false},
	} {
		if left, limited := tt.m.Left(tt.reserve); left != tt.left || limited != tt.limited {
			t.Errorf("%+v with %d%%: %d %v", tt.m, tt.reserve, left, limited)
		}
	}
}

func TestTheScarcestPrimaryCounts(t *testing.T) {
	t.Parallel()
	roomy, scarce, unlimited := Memory{100, 1000}, Memory{1900, 2000}, Memory{5000, 0}
	largeRoomy, largeScarce := Memory{1 << 30, 64 << 30}, Memory{63 << 30, 64 << 30}
	for _, tt := range []struct{ one, other, want Memory }{
		{roomy, scarce, scarce}, {scarce, roomy, scarce}, {unlimited, roomy, roomy}, {roomy, unlimited, roomy}, {Memory{}, unlimited, unlimited}, {unlimited, Memory{}, unlimited},
		{largeRoomy, largeScarce, largeScarce}, {largeScarce, largeRoomy, largeScarce},
	} {
		if got := tt.one.scarcer(tt.other); got != tt.want {
			t.Errorf("%+v and %+v: %+v", tt.one, tt.other, got)
		}
	}
}
