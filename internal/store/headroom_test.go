package store_test

import (
	"testing"

	"github.com/synchook/synchook/internal/storetest"
)

func TestARedisTellsItsMemoryAndAClusterThatOfAPrimary(t *testing.T) {
	t.Parallel()
	for name, rdb := range map[string]func() (int64, error){
		"a Redis": func() (int64, error) { m, err := storetest.New(t).Memory(t.Context()); return m.Used, err },
		"a cluster": func() (int64, error) {
			m, err := storetest.On(t, storetest.Cluster(t)).Memory(t.Context())
			return m.Used, err
		},
	} {
		if used, err := rdb(); err != nil || used <= 0 {
			t.Errorf("%s uses %d bytes, %v", name, used, err)
		}
	}
	if m, err := storetest.On(t, inProcess(t)).Memory(t.Context()); err != nil || m.Max != 0 {
		t.Errorf("an in-process server: %+v, %v; want no limit", m, err)
	}
}
