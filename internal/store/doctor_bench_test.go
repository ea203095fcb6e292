package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

// fill makes n rows of each kind by the store's own ways: events with a run each, and records.
func (w *world) fill(t testing.TB, n int) {
	t.Helper()
	ctx := t.Context()
	for from := 0; from < n; from += 500 {
		var runs []synchook.Run
		for i := from; i < min(from+500, n); i++ {
			runs = append(runs, w.manual(fmt.Sprintf("run_b%d", i)))
		}
		if _, err := w.st.AddRuns(ctx, w.p, runs); err != nil {
			t.Fatal(err)
		}
	}
	writer := store.Writer{Project: w.p, Connection: w.Connection.ID, Run: "run_b0", Lane: synchook.LaneFull, Fence: 1}
	if _, err := w.st.OpenRun(ctx, writer); err != nil {
		t.Fatal(err)
	}
	for from := 0; from < n; from += 500 {
		var records []store.RecordWrite
		for i := from; i < min(from+500, n); i++ {
			records = append(records, record(fmt.Sprint(i), fmt.Sprintf("%0900d", i)))
		}
		if err := w.st.SaveBatch(ctx, writer, w.Sync.Sync.Models[0].ID, records); err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkExamine tells how many rows a second the doctor looks at, and how long its slowest script was.
func BenchmarkExamine(b *testing.B) {
	w := worldOn(b, storetest.Redis(b))
	w.fill(b, 50_000)
	w.rdb.ConfigSet(b.Context(), "slowlog-log-slower-than", "1000")
	w.rdb.SlowLogReset(b.Context())
	var members int64
	for b.Loop() {
		got, err := w.st.Examine(b.Context(), store.Checkup{Queue: &hintQueue{}, Pause: time.Millisecond})
		if err != nil {
			b.Fatal(err)
		}
		members += got.Members
	}
	b.ReportMetric(float64(members)/b.Elapsed().Seconds(), "members/s")
	var slowest time.Duration
	for _, s := range w.rdb.(*redis.Client).SlowLogGet(b.Context(), 1000).Val() {
		slowest = max(slowest, s.Duration)
	}
	b.ReportMetric(float64(slowest.Microseconds()), "slowest-µs")
}
