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

// spread makes n exhausted deliveries of many moments, as copies of one: making them one by one takes too long.
func (w *world) spread(t testing.TB, id synchook.DeliveryID, n int) {
	t.Helper()
	ctx := t.Context()
	row := w.rdb.HGetAll(ctx, w.key("dlv", string(id))).Val()
	for from := 0; from < n; from += 1000 {
		pipe := w.rdb.Pipeline()
		for i := from; i < min(from+1000, n); i++ {
			made := number(row["new"]) - float64(n-i)/10
			made = float64(int64(made))
			copied := fmt.Sprintf("dlv_%06d", i)
			pipe.HSet(ctx, w.key("dlv", copied), row)
			pipe.HSet(ctx, w.key("dlv", copied), "new", made)
			for _, set := range []string{"deliveries", "deliveries:exhausted", "deliveries:exhausted:" + string(w.Project.Endpoint)} {
				pipe.ZAdd(ctx, w.key(set), redis.Z{Score: made, Member: copied})
			}
		}
		if _, err := pipe.Exec(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

func number(text string) (f float64) {
	_, _ = fmt.Sscan(text, &f)
	return f
}

func TestARecoveryOfManyTakesStepsThatAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spread(t, w.exhaust(t, "A")[0], 2500)
	f := synchook.RecoveryFilter{Model: "A"}
	if n, _, err := w.st.CountRecovery(t.Context(), w.p, f); n != 2501 || err != nil {
		t.Errorf("counted %d (%v), want 2501", n, err)
	}
	r := w.recovery(t, f, 0)
	steps, retried := 0, 0
	for step := (store.RecoveryStep{State: synchook.RecoveryRunning}); step.State == synchook.RecoveryRunning; steps++ {
		step = w.recoverStep(t, r.ID)
		if step.Retried > 200 {
			t.Errorf("a step retried %d", step.Retried)
		}
		retried += step.Retried
	}
	if steps != 13 || retried != 2501 {
		t.Errorf("%d steps retried %d, want 13 and 2501", steps, retried)
	}
	wantRecovery(t, "in the end", w.readRecovery(t, r.ID), synchook.RecoverySucceeded, 2501, 2501, 0)
}

// BenchmarkRecovery tells how long counting 100,000 deliveries takes, and the slowest script of counting and of a step.
func BenchmarkRecovery(b *testing.B) {
	w := worldOn(b, storetest.Redis(b))
	seed := synchook.DeliveryID("dlv_seed")
	w.rdb.HSet(b.Context(), w.key("dlv", string(seed)), "f", fmt.Sprintf(`{"e":%q,"m":"A"}`, w.Project.Endpoint), "b", "{}", "st", "exhausted", "new", 1_700_000_000_000, "end", 1_700_000_000_001, "at", 1)
	w.spread(b, seed, 100_000)
	slowest := func(what string, do func()) {
		w.rdb.ConfigSet(b.Context(), "slowlog-log-slower-than", "200")
		w.rdb.SlowLogReset(b.Context())
		began := time.Now()
		do()
		took := time.Since(began)
		var most time.Duration
		for _, s := range w.rdb.(*redis.Client).SlowLogGet(b.Context(), 128).Val() {
			most = max(most, s.Duration)
		}
		b.ReportMetric(float64(took.Milliseconds()), what+"-ms")
		b.ReportMetric(float64(most.Microseconds()), what+"-slowest-µs")
	}
	for b.Loop() {
		slowest("plain-count", func() { w.count(b, synchook.RecoveryFilter{}) })
		slowest("detailed-count", func() { w.count(b, synchook.RecoveryFilter{Model: "A"}) })
		r, _, err := w.st.CreateRecovery(b.Context(), w.caller(), synchook.RecoveryFilter{Model: "A"}, 0)
		if err != nil {
			b.Fatal(err)
		}
		slowest("50-steps", func() {
			for range 50 {
				if step, err := w.st.Recover(b.Context(), w.p, r.ID); err != nil || step.Retried != 200 {
					b.Fatal(step, err)
				}
			}
		})
	}
}

func (w *world) count(t testing.TB, f synchook.RecoveryFilter) {
	t.Helper()
	if _, _, err := w.st.CountRecovery(t.Context(), w.p, f); err != nil {
		t.Fatal(err)
	}
}
