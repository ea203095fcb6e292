package worker_test

import (
	"strings"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

// TestARunThatMeetsAFaultOfOursFailsAfterItsTries has keys that hold what no script of the store expects:
// a run that came back for ever would hold up its lane for ever.
func TestARunThatMeetsAFaultOfOursFailsAfterItsTries(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, broken := range map[string]func(storetest.Sync) string{
		"that cannot be opened": func(storetest.Sync) string { return "clock" },
		"that cannot save":      func(x storetest.Sync) string { return "r:" + string(x.Sync.Models[0].ID) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &house{t: t, store: h.store, queue: h.queue, intake: h.intake, rdb: h.rdb}
			x := storetest.NewSync(t, h.store, bundle(t, saveIssue))
			h.settings(x, func(s *synchook.Settings) { s.RunRetrySchedule = []time.Duration{time.Millisecond} })
			key := "{" + string(x.Project.ID) + ":" + string(x.Connection.ID) + "}:" + broken(x)
			if err := h.rdb.LPush(t.Context(), key, "junk").Err(); err != nil {
				t.Fatal(err)
			}
			run := h.run(x, h.github(x, "d-1", opened("1", "x")).Event)
			if run.State != synchook.RunFailed || run.Attempts != 2 || !strings.Contains(run.Error, "WRONGTYPE") {
				t.Errorf("run: %+v", run)
			}
			h.rdb.Del(t.Context(), key)
			if next := h.run(x, h.github(x, "d-2", opened("2", "x")).Event); next.State != synchook.RunSucceeded {
				t.Errorf("the run after it: %+v", next)
			}
		})
	}
}
