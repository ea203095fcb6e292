package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// sync runs a run to its end that saves and deletes records, and hands it in.
func (w *world) sync(t *testing.T, id string, save, remove []string) store.Sealed {
	t.Helper()
	w.queue(t, id)
	writer := w.open(t, id)
	model := w.Sync.Sync.Models[0].ID
	for _, r := range save {
		if err := w.st.SaveBatch(t.Context(), writer, model, []store.RecordWrite{record(r, id)}); err != nil {
			t.Fatal(err)
		}
	}
	if len(remove) > 0 {
		if err := w.st.DeleteBatch(t.Context(), writer, model, remove); err != nil {
			t.Fatal(err)
		}
	}
	return w.close(t, writer)
}

// open takes the next run of the lane and opens it.
func (w *world) open(t *testing.T, id string) store.Writer {
	t.Helper()
	taken := w.turn(t, w.first(id))
	wantWord(t, taken, store.TurnOK, 1)
	writer := store.Writer{Project: w.p, Connection: w.Connection.ID, Run: taken.Rows[0].ID, Lane: synchook.LaneEvent, Fence: taken.Fence}
	if _, err := w.st.OpenRun(t.Context(), writer); err != nil {
		t.Fatal(err)
	}
	return writer
}

// close seals a run that was opened and hands it in.
func (w *world) close(t *testing.T, writer store.Writer) store.Sealed {
	t.Helper()
	sealed, err := w.st.SealRun(t.Context(), writer, store.Ending{State: synchook.RunSucceeded})
	if err != nil {
		t.Fatal(err)
	}
	run := w.readRun(t, writer.Run)
	done := w.succeeded(run)
	done.Run.Started = time.Now()
	done.Buried = sealed.Buried
	w.turn(t, store.Turn{Lane: w.lane(), Token: string(writer.Run), Number: 2, Leave: store.LeaveIdle}, done)
	return sealed
}

// forgetAll forgets what was deleted before the time until nothing is due, and returns how many records it
// were.
func (w *world) forgetAll(t *testing.T, before time.Time) int {
	t.Helper()
	total := 0
	for range 100 {
		pruned, err := w.st.Forget(t.Context(), w.p, before, 2)
		if err != nil {
			t.Fatal(err)
		}
		total += pruned.Removed
		if pruned.Done {
			return total
		}
	}
	t.Fatal("forgetting does not end")
	return total
}

// nextMillisecond returns when what happens next can be told from what happened before.
func (w *world) nextMillisecond(t *testing.T) {
	t.Helper()
	now := func() int64 { return w.rdb.Time(t.Context()).Val().UnixMilli() }
	for began := now(); now() <= began; {
		continue
	}
}

// kept are the IDs of the records that are there, deleted ones too.
func (w *world) kept(t *testing.T) []string {
	t.Helper()
	records, _, err := w.st.Records(t.Context(), w.p, store.RecordQuery{
		Connection: w.Connection.ID, Model: w.Sync.Sync.Models[0].ID, Page: store.Page{Size: 100},
	})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range records {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	return ids
}

func TestDeletedRecordsAreForgottenAfterTheirTimeAndNoOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sync(t, "run_1", []string{"1", "2", "3", "4", "5"}, nil)
	w.sync(t, "run_2", nil, []string{"1", "2", "3", "4"})
	w.sync(t, "run_3", []string{"4"}, nil)
	if n := w.forgetAll(t, time.Now().Add(-time.Hour)); n != 0 {
		t.Errorf("%d records were forgotten that were deleted in the last hour", n)
	}
	if n := w.forgetAll(t, inAnHour()); n != 3 {
		t.Errorf("%d records were forgotten, want 3", n)
	}
	if got, want := w.kept(t), []string{"4", "5"}; !slices.Equal(got, want) {
		t.Errorf("the records %v are left, want %v", got, want)
	}
	if n := w.rdb.Exists(t.Context(), w.key("tombs")).Val(); n != 0 {
		t.Error("the model is still looked at, although no deleted record is left")
	}
	if counts := w.sync(t, "run_4", []string{"1", "5"}, nil).Counts[w.Sync.Sync.Models[0].ID]; counts != (synchook.Counts{Added: 1, Updated: 1}) {
		t.Errorf("a record that is saved again is counted as %+v, want an added and an updated one", counts)
	}
}

func TestWhoAsksSinceAForgottenDeletionIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	model := w.Sync.Sync.Models[0].ID
	w.sync(t, "run_1", []string{"1"}, nil)
	if last, err := w.st.Forgotten(t.Context(), w.p, w.Connection.ID, model); err != nil || !last.IsZero() {
		t.Errorf("before anything was forgotten: %v, %v", last, err)
	}
	began := time.Now().Add(-time.Second)
	w.sync(t, "run_2", nil, []string{"1"})
	w.forgetAll(t, inAnHour())
	if last, err := w.st.Forgotten(t.Context(), w.p, w.Connection.ID, model); err != nil || last.Before(began) {
		t.Errorf("the last forgotten deletion was at %v (%v), want after %v", last, err, began)
	}
}

// What a run changes is told from what it found: it must find the record that it deleted.
func TestADeletionIsKeptWhileTheRunIsOpenThatCountsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	model := w.Sync.Sync.Models[0].ID
	w.sync(t, "run_1", []string{"1", "2"}, nil)
	w.sync(t, "run_2", nil, []string{"2"})
	w.nextMillisecond(t)
	w.queue(t, "run_3")
	writer := w.open(t, "run_3")
	if err := w.st.DeleteBatch(t.Context(), writer, model, []string{"1"}); err != nil {
		t.Fatal(err)
	}
	if pruned, err := w.st.Forget(t.Context(), w.p, inAnHour(), 10); err != nil || pruned.Removed != 1 {
		t.Errorf("%+v, %v; want the deletion of the run that has ended forgotten, and no other", pruned, err)
	}
	if err := w.st.SaveBatch(t.Context(), writer, model, []store.RecordWrite{record("1", "run_1")}); err != nil {
		t.Fatal(err)
	}
	if counts := w.close(t, writer).Counts[model]; counts != (synchook.Counts{}) {
		t.Errorf("a run that deletes a record and saves it as it was is counted as %+v", counts)
	}
}

// Between a look that finds no deleted record and the note of it, a run may end that deleted one.
func TestADeletionThatIsHandedInWhileOthersAreForgottenIsNotMissed(t *testing.T) {
	t.Parallel()
	rdb := server(t)
	w := worldOn(t, rdb)
	w.sync(t, "run_1", []string{"1", "2"}, nil)
	process := kill(rdb)
	for n := 1; n < 8; n++ {
		w.sync(t, "run_d"+string(rune('0'+n)), []string{"x"}, nil)
		w.sync(t, "run_e"+string(rune('0'+n)), nil, []string{"x"})
		process.after(n)
		_, _ = w.st.Forget(t.Context(), w.p, inAnHour(), 10) // killed at each of its commands
		process.after(0)
		w.sync(t, "run_f"+string(rune('0'+n)), []string{"y"}, nil)
		w.sync(t, "run_g"+string(rune('0'+n)), nil, []string{"y"})
		w.forgetAll(t, inAnHour())
		if got, want := w.kept(t), []string{"1", "2"}; !slices.Equal(got, want) {
			t.Fatalf("killed after %d commands, the records %v are left, want %v", n, got, want)
		}
	}
}
