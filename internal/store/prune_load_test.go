package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
)

// mostScript is how long a script may keep Redis from everybody else.
const mostScript = 20 * time.Millisecond

// atOnce is how many rows the worker has one script look at.
const atOnce = 200

// fillFinished writes n finished rows of each kind, as they are kept.
func (w *world) fillFinished(t testing.TB, n int) {
	t.Helper()
	body := strings.Repeat("x", 300)
	for from := 0; from < n; from += 1000 {
		pipe := w.rdb.Pipeline()
		for i := from; i < min(n, from+1000); i++ {
			id, z := fmt.Sprint(i), redis.Z{Score: float64(i + 1), Member: fmt.Sprint(i)}
			pipe.HSet(t.Context(), w.key("event", id), "acc", i+1, "op", 0, "runs", id, "b", body)
			pipe.HSet(t.Context(), w.key("run", id), "new", i+1, "end", i+1, "st", "succeeded", "b", "{}")
			pipe.HSet(t.Context(), w.key("dlv", id), "new", i+1, "end", i+1, "st", "delivered", "b", body, "a1", body)
			pipe.ZAdd(t.Context(), w.key("events"), z)
			pipe.ZAdd(t.Context(), w.key("runs"), z)
			pipe.ZAdd(t.Context(), w.key("deliveries"), z)
		}
		if _, err := pipe.Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// pruneAll prunes as the worker does and returns how many rows were removed, by how many scripts.
func (w *world) pruneAll(t testing.TB) (total, scripts int) {
	t.Helper()
	for _, kind := range store.RowKinds() {
		for pruned := (store.Pruned{}); !pruned.Done; {
			var err error
			if pruned, err = w.st.Prune(t.Context(), w.p, kind, time.UnixMilli(1_000_000), atOnce, pruned.Next); err != nil {
				t.Fatal(err)
			}
			total, scripts = total+pruned.Removed, scripts+1
		}
	}
	return total, scripts
}

// slow returns how long the project's scripts took that took long.
func (w *world) slow(t testing.TB) (took []time.Duration) {
	t.Helper()
	for _, entry := range w.rdb.(*redis.Client).SlowLogGet(t.Context(), 1000).Val() {
		if strings.Contains(strings.Join(entry.Args, " "), string(w.p)) {
			took = append(took, entry.Duration)
		}
	}
	slices.Sort(took)
	return took
}

func TestAHundredThousandRowsArePrunedWithoutAScriptThatStallsTheOthers(t *testing.T) {
	t.Parallel()
	w := worldOn(t, storetest.Redis(t))
	const each = 34_000
	w.fillFinished(t, each)
	w.rdb.ConfigSet(t.Context(), "slowlog-log-slower-than", fmt.Sprint(mostScript.Microseconds()))
	w.rdb.(*redis.Client).SlowLogReset(t.Context())
	n, scripts := w.pruneAll(t)
	if n != 3*each {
		t.Errorf("%d rows were pruned, want %d", n, 3*each)
	}
	// The machine may stop Redis itself for a while, above all one that does much else: some scripts may seem slow.
	if slow := w.slow(t); len(slow) > scripts/10 {
		t.Errorf("%d of %d scripts took more than %s: %v", len(slow), scripts, mostScript, slow)
	}
}

// BenchmarkPrune tells how many rows a second are pruned, and how long the slowest script was.
func BenchmarkPrune(b *testing.B) {
	w := worldOn(b, storetest.Redis(b))
	w.rdb.ConfigSet(b.Context(), "slowlog-log-slower-than", "1000")
	total := 0
	for range b.N {
		b.StopTimer()
		w.fillFinished(b, 34_000)
		w.rdb.SlowLogReset(b.Context())
		b.StartTimer()
		n, _ := w.pruneAll(b)
		total += n
	}
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "rows/s")
	if slow := w.slow(b); len(slow) > 0 {
		b.ReportMetric(float64(slow[len(slow)-1].Microseconds()), "slowest-µs")
	}
}
