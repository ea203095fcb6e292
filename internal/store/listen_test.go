package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// listen looks once.
func (w *world) listen(t *testing.T, cursor string) store.News {
	t.Helper()
	news, err := w.st.Listen(t.Context(), synchook.Caller{Project: w.p, Admin: true}, cursor)
	if err != nil {
		t.Fatal(err)
	}
	return news
}

// hear looks until there is no more, and returns what was heard and where to go on.
func (w *world) hear(t *testing.T, cursor string) (heard []string, next string) {
	t.Helper()
	for {
		news := w.listen(t, cursor)
		for _, h := range news.Heard {
			word := string(h.Delivery)
			if h.Replay {
				word += " again"
			}
			heard = append(heard, word)
		}
		cursor = news.Cursor
		if !news.More {
			return heard, cursor
		}
	}
}

func TestWhoListensHearsWhatIsMadeFromThenOnAndWhatIsRetried(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t))
	w.owe(t, "Before")
	w.nextMillisecond(t)
	_, cursor := w.hear(t, "")
	if heard, _ := w.hear(t, cursor); len(heard) != 0 {
		t.Errorf("what was made before is heard: %v", heard)
	}
	w.owe(t, "A", "B")
	var want []string
	for _, d := range w.deliveries(t) {
		if d.Model != "Before" {
			want = append(want, string(d.ID))
		}
	}
	heard, next := w.hear(t, cursor)
	slices.Sort(heard)
	slices.Sort(want)
	want = slices.Compact(want)
	if !slices.Equal(heard, want) {
		t.Errorf("heard %v, want %v", heard, want)
	}
	for range 2 {
		if _, err := w.st.RetryDelivery(t.Context(), w.p, w.readDelivery(t, synchook.DeliveryID(want[0]))); err != nil {
			t.Fatal(err)
		}
		w.nextMillisecond(t)
	}
	if heard, _ := w.hear(t, next); !slices.Equal(heard, []string{want[0] + " again", want[0] + " again"}) {
		t.Errorf("after two retries is heard %v", heard)
	}
	if all, _ := w.hear(t, store.CursorAt(time.Now().Add(-time.Hour))); len(all) != 5 {
		t.Errorf("since an hour ago is heard %v, want three and two retries", all)
	}
	w.wantClean(t, "at the end")
}

func TestEachCursorGoesOnRightAfterItsDelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var models []string
	for n := range 120 {
		models = append(models, fmt.Sprint("M", n))
	}
	w.owe(t, models...)
	start := store.CursorAt(time.Now().Add(-time.Hour))
	all, _ := w.hear(t, start)
	if len(all) != len(models) {
		t.Fatalf("heard %d, want %d", len(all), len(models))
	}
	news := w.listen(t, start)
	for _, i := range []int{0, 50, 99} {
		if rest, _ := w.hear(t, news.Heard[i].Cursor); !slices.Equal(rest, all[i+1:]) {
			t.Errorf("after the cursor of %d follow %d, want %d", i, len(rest), len(all)-i-1)
		}
	}
}

func TestWhoListensWhileManyWriteMissesNothingAndHearsNothingTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const writers, each = 6, 40
	_, cursor := w.hear(t, "")
	var writing sync.WaitGroup
	for n := range writers {
		end := synchook.EndpointID(fmt.Sprint("end_w", n))
		writing.Go(func() {
			for i := range each {
				run := w.run(fmt.Sprintf("run_%d_%d", n, i))
				run.Sync = synchook.SyncID(fmt.Sprint("syn_w", n))
				w.handInAlone(t, run, end)
			}
		})
	}
	done := make(chan struct{})
	go func() { writing.Wait(); close(done) }()
	heard := map[string]int{}
	for over := false; !over; {
		select {
		case <-done:
			over = true
		default:
		}
		var some []string
		some, cursor = w.hear(t, cursor)
		for _, id := range some {
			heard[id]++
		}
	}
	if len(heard) != writers*each {
		t.Errorf("heard of %d, want %d", len(heard), writers*each)
	}
	for id, n := range heard {
		if n != 1 {
			t.Errorf("heard of %s %d times", id, n)
		}
	}
}

// handInAlone queues a run in a lane of its own sync, and hands it in with one delivery.
func (w *world) handInAlone(t *testing.T, run synchook.Run, end synchook.EndpointID) {
	t.Helper()
	if _, err := w.st.AddRuns(t.Context(), w.p, []synchook.Run{run}); err != nil {
		t.Error(err)
		return
	}
	turn := store.Turn{Lane: run.Lane(), Token: string(run.ID), Number: 1, Want: 1, Limit: 1}
	taken, err := w.st.TurnRuns(t.Context(), w.p, turn, nil)
	if err != nil || len(taken.Rows) != 1 {
		t.Errorf("taken %+v, %v", taken, err)
		return
	}
	done := w.succeeded(taken.Rows[0], "Issue")
	done.Deliveries[0].Endpoint = end
	turn.Number, turn.Leave = 2, store.LeaveIdle
	if _, err := w.st.TurnRuns(t.Context(), w.p, turn, []store.RunDone{done}); err != nil {
		t.Error(err)
	}
}

func TestWhoMayNotListenAnyMoreIsToldWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.st.Listen(t.Context(), w.caller(), "")
	wantKind(t, err, synchook.KindUnauthenticated, "unknown_api_key")
	k, _, err := w.st.CreateAPIKey(t.Context(), w.p, "", []synchook.Scope{synchook.ScopeRead})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.st.Listen(t.Context(), synchook.Caller{Project: w.p, Key: k.ID}, ""); err != nil {
		t.Errorf("with a key: %v", err)
	}
	_, err = w.st.Listen(t.Context(), synchook.Caller{Project: "prj_none", Admin: true}, "")
	wantKind(t, err, synchook.KindNotFound, "project_not_found")
	for _, cursor := range []string{"x", "bm9uZQ", "YXx8Ynw", store.CursorAt(time.Now()) + "=="} {
		_, err := w.st.Listen(t.Context(), synchook.Caller{Project: w.p, Admin: true}, cursor)
		wantKind(t, err, synchook.KindInvalid, "invalid_argument")
	}
}

func TestOnlyTheLastRetriesAreKeptForWhoListens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.owe(t, "Issue")
	replays := w.key("replays")
	if err := w.rdb.Eval(t.Context(), "for i = 1, 10050 do redis.call('ZADD', KEYS[1], i, 'dlv_' .. i .. ':' .. i) end return 1", []string{replays}).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.st.RetryDelivery(t.Context(), w.p, w.deliveriesIn(t, synchook.DeliveryPending)[0]); err != nil {
		t.Fatal(err)
	}
	if n := w.rdb.ZCard(t.Context(), replays).Val(); n != 10000 {
		t.Errorf("%d are kept", n)
	}
	if d := w.rdb.PTTL(t.Context(), replays).Val(); d <= 0 || d > 24*time.Hour {
		t.Errorf("they are kept for %v", d)
	}
}
