package store_test

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

// hintQueue is a queue that keeps its hints until somebody drops them.
type hintQueue struct {
	mu   sync.Mutex
	sent []synchook.Hint
}

func (q *hintQueue) Send(_ context.Context, hints ...synchook.Hint) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sent = append(q.sent, hints...)
	return nil
}

func (q *hintQueue) OnItsWay(_ context.Context, lane synchook.LaneID, generation int64) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, h := range q.sent {
		if h.Lane == lane && h.Generation == generation {
			return true, nil
		}
	}
	return false, nil
}

func (w *world) examine(t *testing.T, queue *hintQueue, repair bool) []store.Finding {
	t.Helper()
	got, err := w.st.Examine(t.Context(), store.Checkup{Queue: queue, Repair: repair, Pause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return got.Findings
}

// wantClean fails unless the doctor finds nothing.
func (w *world) wantClean(t *testing.T, when string) {
	t.Helper()
	for _, f := range w.examine(t, &hintQueue{}, false) {
		t.Errorf("%s: %s: %s", when, f.Code, f.Problem)
	}
}

func TestTheDoctorFindsNothingAmissInAStoreThatWasLivedIn(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t), func(s *synchook.Sync) { s.Frequency = time.Hour })
	w.wantClean(t, "new")
	liveEvent(t, w)
	w.wantClean(t, "after an event")
	liveSchedule(t, w)
	w.wantClean(t, "after a schedule")
	liveSettings(t, w)
	w.wantClean(t, "after a change of settings")
	liveEnd(t, w)
	w.wantClean(t, "after the connection was deleted")
	w.purge(t)
	w.wantClean(t, "at the end")
}

func TestTheDoctorFindsNothingAmissWhileAConnectionIsPurged(t *testing.T) {
	t.Parallel()
	w, _ := busyWorld(t, ownServer(t))
	if err := w.st.DeleteConnection(t.Context(), w.p, w.Connection); err != nil {
		t.Fatal(err)
	}
	for due := w.duePurges(t); len(due) > 0; due = w.duePurges(t) {
		w.wantClean(t, "between two steps")
		if _, err := w.st.Purge(t.Context(), due[0]); err != nil {
			t.Fatal(err)
		}
	}
	w.wantClean(t, "at the end")
}

func TestTheDoctorReadsEveryPrimaryOfACluster(t *testing.T) {
	t.Parallel()
	shards := storetest.NewShards(t, 3, 0)
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: shards.Addrs()})
	t.Cleanup(func() { _ = rdb.Close() })
	var worlds []*world
	for range 6 { // by their IDs, they are on any of the primaries
		w := worldOn(t, rdb)
		liveEvent(t, w)
		worlds = append(worlds, w)
	}
	worlds[0].wantClean(t, "before")
	for _, w := range worlds {
		w.do(t, "ZREM P:runs run_1", "ZADD C:m:MOD 5 x")
	}
	hurt := map[synchook.ProjectID]int{}
	for _, f := range worlds[0].examine(t, &hintQueue{}, true) {
		if !f.Repaired {
			t.Errorf("left: %+v", f)
		}
		hurt[f.Project]++
	}
	for _, w := range worlds {
		if hurt[w.p] != 3 { // the run, the record, and the model's count
			t.Errorf("project %s has %d findings", w.p, hurt[w.p])
		}
	}
	worlds[0].wantClean(t, "after the repair")
}

func TestAStoreOfAnotherVersionIsNotExamined(t *testing.T) {
	t.Parallel()
	w := ownWorld(t)
	if err := w.rdb.Set(t.Context(), "synchook:schema", "999", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.st.Examine(t.Context(), store.Checkup{Queue: &hintQueue{}}); err == nil || !strings.Contains(err.Error(), "999") {
		t.Errorf("version 999: %v", err)
	}
}

func TestLargeThingsAreExaminedAFewAtATime(t *testing.T) {
	t.Parallel()
	w := ownWorld(t)
	writer := store.Writer{Project: w.p, Connection: w.Connection.ID, Run: "run_1", Lane: synchook.LaneFull, Fence: 1}
	if _, err := w.st.OpenRun(t.Context(), writer); err != nil {
		t.Fatal(err)
	}
	for i := range 5 { // in no form that S2 makes smaller
		large := make([]byte, 1<<20)
		_, _ = rand.Read(large)
		name := strconv.Itoa(i)
		if err := w.st.SaveBatch(t.Context(), writer, w.Sync.Sync.Models[0].ID, []store.RecordWrite{{ID: name, Digest: name, Payload: large}}); err != nil {
			t.Fatal(err)
		}
		_, err := w.st.CreateConnection(t.Context(), w.p, synchook.Connection{
			Integration: w.Integration.ID, Name: "large-" + name, Metadata: []byte(`{"a":"` + strings.Repeat("x", 400_000) + `"}`), Config: []byte("{}"),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	w.wantClean(t, "as saved")
	w.do(t, "ZREM P:connections "+string(w.Connection.ID), "ZADD C:m:MOD 5 4")
	wantCodes(t, w.examine(t, &hintQueue{}, true), []string{"record_unlisted", "row_unlisted"}, false)
	w.wantClean(t, "after the repair")
}
