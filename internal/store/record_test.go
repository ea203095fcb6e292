package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

var model = synchook.ModelID("mod_1")

func content(text string) store.RecordWrite {
	sum := sha256.Sum256([]byte(text))
	return store.RecordWrite{Digest: base64.RawURLEncoding.EncodeToString(sum[:16]), Payload: []byte(text)}
}

func record(id, text string) store.RecordWrite {
	w := content(`{"id":"` + id + `","v":"` + text + `"}`)
	w.ID = id
	return w
}

func writer(run string, kind synchook.LaneKind, fence int64) store.Writer {
	return store.Writer{Project: "prj_1", Connection: "con_1", Run: synchook.RunID(run), Lane: kind, Fence: fence}
}

func open(t *rapid.T, st *store.Store, w store.Writer) store.Opened {
	o, err := st.OpenRun(context.Background(), w)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// truth is the simple model that the store must agree with.
type truth struct {
	records map[string]truthRecord
	last    map[string]seenRecord // what compare saw last
}

type seenRecord struct {
	state    string
	modified time.Time
}

type truthRecord struct {
	state    string // "-" absent, "x" deleted, else the content
	modified int64
}

type truthRun struct {
	writer store.Writer
	start  time.Time
	before map[string]string // what a record was before the run first changed it
	after  map[string]string // what it was after the run last wrote it
}

func (tr *truth) write(run *truthRun, id, becomes string, now int64) {
	r, ok := tr.records[id]
	if !ok {
		r.state = "-"
	}
	if becomes == "x" && r.state == "-" {
		return
	}
	if _, changed := run.before[id]; !changed {
		if r.state == becomes {
			return
		}
		run.before[id] = r.state
	}
	run.after[id] = becomes
	if r.state != becomes {
		tr.records[id] = truthRecord{becomes, now}
	}
}

func (run *truthRun) counts() synchook.Counts {
	var c synchook.Counts
	for id, before := range run.before {
		after, gone := run.after[id], before == "-" || before == "x"
		switch {
		case after == "x" && !gone:
			c.Deleted++
		case after != "x" && gone:
			c.Added++
		case after != "x" && after != before:
			c.Updated++
		}
	}
	return c
}

// Any sequence of saves, updates and deletes by runs on both lanes, retried and fenced, with the clock
// stepping back and deleted records being forgotten, leaves records, net counts and every delta equal to a simple model's.
func TestRecordsCountsAndDeltaEqualASimpleModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		mr := miniredis.NewMiniRedis()
		if err := mr.Start(); err != nil {
			rt.Fatal(err)
		}
		defer mr.Close()
		rdb := redis.NewClient(&redis.Options{Addr: mr.Addr()})
		defer func() { _ = rdb.Close() }()
		checkAgainstModel(rt, storetest.On(t, rdb), rdb, "con_1", func(now time.Time) { mr.SetTime(now) })
	})
}

// The same on a real Redis, whose clock nobody moves.
func TestRecordsCountsAndDeltaEqualASimpleModelOnRedis(t *testing.T) {
	t.Parallel()
	rdb := server(t)
	st := storetest.On(t, rdb)
	rapid.Check(t, func(rt *rapid.T) {
		con := synchook.ConnectionID(synchook.NewID(synchook.ConnectionPrefix, time.Now()))
		checkAgainstModel(rt, st, rdb, con, func(time.Time) {})
	})
}

func checkAgainstModel(t *rapid.T, st *store.Store, rdb redis.UniversalClient, con synchook.ConnectionID, setTime func(time.Time)) {
	ctx := context.Background()
	clock := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	setTime(clock)
	tr := &truth{records: map[string]truthRecord{}, last: map[string]seenRecord{}}
	runs := map[synchook.LaneKind]*truthRun{}
	var ended []*truthRun
	number, fence := 0, int64(0)
	id := rapid.SampledFrom([]string{"a", "b", "c", "d"})
	kind := rapid.SampledFrom([]synchook.LaneKind{synchook.LaneEvent, synchook.LaneFull})

	begin := func(k synchook.LaneKind) *truthRun {
		if runs[k] == nil {
			number++
			fence++
			w := writer(fmt.Sprintf("run_%s_%d", con, number), k, fence)
			w.Connection = con
			o := open(t, st, w)
			runs[k] = &truthRun{writer: w, start: o.Started, before: map[string]string{}, after: map[string]string{}}
		}
		return runs[k]
	}
	end := func(k synchook.LaneKind) {
		run := runs[k]
		sealed, err := st.SealRun(ctx, run.writer, store.Ending{State: synchook.RunSucceeded})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := sealed.Counts[model], run.counts(); got != want {
			t.Fatalf("run %s counts %+v, want %+v (before %v, after %v)", run.writer.Run, got, want, run.before, run.after)
		}
		ended = append(ended, run)
		runs[k] = nil
	}
	t.Repeat(map[string]func(*rapid.T){
		"save": func(t *rapid.T) {
			run := begin(kind.Draw(t, "lane"))
			var batch []store.RecordWrite
			for range rapid.IntRange(1, 4).Draw(t, "n") {
				batch = append(batch, record(id.Draw(t, "id"), rapid.SampledFrom([]string{"1", "2"}).Draw(t, "v")))
			}
			if err := st.SaveBatch(ctx, run.writer, model, batch); err != nil {
				t.Fatal(err)
			}
			last := map[string]string{}
			for _, r := range batch {
				last[r.ID] = string(r.Payload)
			}
			for id, text := range last {
				tr.write(run, id, text, clock.UnixMilli())
			}
		},
		"delete": func(t *rapid.T) {
			run, id := begin(kind.Draw(t, "lane")), id.Draw(t, "id")
			if err := st.DeleteBatch(ctx, run.writer, model, []string{id, id}); err != nil {
				t.Fatal(err)
			}
			tr.write(run, id, "x", clock.UnixMilli())
		},
		"update": func(t *rapid.T) {
			run, id := begin(kind.Draw(t, "lane")), id.Draw(t, "id")
			next := record(id, "merged")
			err := st.UpdateBatch(ctx, run.writer, model, []store.RecordWrite{{ID: id}}, func(_, _ []byte) (store.RecordWrite, error) { return next, nil })
			if err != nil {
				t.Fatal(err)
			}
			if r, ok := tr.records[id]; ok && r.state != "x" {
				tr.write(run, id, string(next.Payload), clock.UnixMilli())
			}
		},
		"the worker dies and another goes on": func(t *rapid.T) {
			run := begin(kind.Draw(t, "lane"))
			dead := run.writer
			fence++
			run.writer.Fence = fence
			if o := open(t, st, run.writer); !o.Started.Equal(run.start) {
				t.Fatalf("the retried run starts at %v, want its first start %v", o.Started, run.start)
			}
			if err := st.SaveBatch(ctx, dead, model, []store.RecordWrite{record("a", "zombie")}); !errors.Is(err, store.ErrFenced) {
				t.Fatalf("a fenced worker's save: %v", err)
			}
		},
		"end": func(t *rapid.T) {
			if k := kind.Draw(t, "lane"); runs[k] != nil {
				end(k)
			}
		},
		"the clock moves": func(t *rapid.T) {
			clock = clock.Add(time.Duration(rapid.IntRange(-600_000, 600_000).Draw(t, "ms")) * time.Millisecond)
			setTime(clock)
		},
		"deleted records are forgotten": func(t *rapid.T) {
			forget(t, st, rdb, con, tr, slices.Collect(maps.Values(runs)))
		},
		"": func(t *rapid.T) { compare(t, st, con, tr, ended) },
	})
	for k, run := range maps.Clone(runs) {
		if run != nil {
			end(k)
		}
	}
	compare(t, st, con, tr, ended)
}

// forget forgets records that were deleted up to the deletion of one of them, and checks that these, and
// no others, are gone: none whose deletion an open run counts.
func forget(t *rapid.T, st *store.Store, rdb redis.UniversalClient, con synchook.ConnectionID, tr *truth, runs []*truthRun) {
	ctx := context.Background()
	all := readAll(t, st, con, time.Time{})
	ids := slices.Sorted(maps.Keys(all))
	one := all[rapid.SampledFrom(append(ids, "none")).Draw(t, "up to")]
	if one.LastAction != synchook.ActionDeleted {
		t.SkipNow()
	}
	before := one.Deleted.Add(time.Millisecond)
	member := string(con) + "." + string(model)
	if err := rdb.ZAdd(ctx, "{prj_1}:tombs", redis.Z{Score: 1, Member: member}).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Forget(ctx, "prj_1", before, 10); err != nil {
		t.Fatal(err)
	}
	rdb.ZRem(ctx, "{prj_1}:tombs", member)
	for _, run := range runs {
		if run != nil && run.start.Before(before) {
			before = run.start
		}
	}
	left := readAll(t, st, con, time.Time{})
	for id, r := range all {
		forgotten := r.LastAction == synchook.ActionDeleted && r.Deleted.Before(before)
		if _, there := left[id]; there == forgotten {
			t.Fatalf("record %s, %s at %v, is there: %v, after forgetting what was deleted before %v", id, r.LastAction, r.LastModified, there, before)
		}
		if forgotten {
			delete(tr.records, id)
			delete(tr.last, id)
		}
	}
}

// compare checks the current state, and that delta from each run's start shows all that it changed.
func compare(t *rapid.T, st *store.Store, con synchook.ConnectionID, tr *truth, ended []*truthRun) {
	all := readAll(t, st, con, time.Time{})
	if len(all) != len(tr.records) {
		t.Fatalf("there are %d records, want %d", len(all), len(tr.records))
	}
	for id, want := range tr.records {
		got := all[id]
		if deleted := got.LastAction == synchook.ActionDeleted; deleted != (want.state == "x") {
			t.Fatalf("record %s deleted: %v, want state %s", id, deleted, want.state)
		} else if !deleted && string(got.Payload) != want.state {
			t.Fatalf("record %s is %s, want %s", id, got.Payload, want.state)
		}
	}
	for id, r := range all { // content that did not change left the time of its last change alone
		was, seen := tr.last[id]
		if seen && was.state == tr.records[id].state && !r.LastModified.Equal(was.modified) {
			t.Fatalf("record %s did not change, and yet at %v, and at %v before", id, r.LastModified, was.modified)
		}
		tr.last[id] = seenRecord{tr.records[id].state, r.LastModified}
	}
	for _, run := range ended {
		since := readAll(t, st, con, run.start)
		for id, r := range all {
			if _, ok := since[id]; ok == r.LastModified.Before(run.start) {
				t.Fatalf("delta %v shows record %s, changed at %v: %v", run.start, id, r.LastModified, ok)
			}
		}
		for id, before := range run.before {
			if _, ok := since[id]; run.after[id] != before && tr.records[id].state == run.after[id] && !ok {
				t.Fatalf("delta %v of run %s misses record %s", run.start, run.writer.Run, id)
			}
		}
	}
}

func readAll(t *rapid.T, st *store.Store, con synchook.ConnectionID, since time.Time) map[string]synchook.Record {
	out := map[string]synchook.Record{}
	q := store.RecordQuery{Connection: con, Model: model, Delta: since, Page: store.Page{Size: 2}}
	last := time.Time{}
	for {
		page, next, err := st.Records(context.Background(), "prj_1", q)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			if _, twice := out[r.ID]; twice || r.LastModified.Before(last) || r.LastModified.Before(since) {
				t.Fatalf("record %s: twice %v, modified %v after %v, delta %v", r.ID, twice, r.LastModified, last, since)
			}
			out[r.ID], last = r, r.LastModified
		}
		if next == "" {
			return out
		}
		q.Page.Token = next
	}
}

func TestARunEndsWhoseLastWriteWasMadeAndNotAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	run := store.Writer{Project: w.p, Connection: "con_1", Run: "run_1", Lane: synchook.LaneEvent, Fence: 1, Writes: &store.Writes{}}
	if _, err := w.st.OpenRun(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	unanswered := run // its caller was cancelled, or out of time, when the answer came
	unanswered.Writes = &store.Writes{}
	if err := w.st.SaveBatch(t.Context(), unanswered, "mod_1", []store.RecordWrite{record("1", "x")}); err != nil {
		t.Fatal(err)
	}
	sealed, err := w.st.SealRun(t.Context(), run, store.Ending{State: synchook.RunFailed, Error: "timed out"})
	if err != nil || sealed.Counts["mod_1"].Added != 1 {
		t.Errorf("sealed as %+v, %v, want one record added", sealed, err)
	}
}

func TestARunWhoseWritesAFailoverForgotMustBeOpenedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	con := synchook.ConnectionID("con_1")
	run := store.Writer{Project: w.p, Connection: con, Run: "run_1", Lane: synchook.LaneEvent, Fence: 1, Writes: &store.Writes{}}
	open := func() {
		run.Writes = &store.Writes{}
		if _, err := w.st.OpenRun(t.Context(), run); err != nil {
			t.Fatal(err)
		}
	}
	save := func(id string) error {
		return w.st.SaveBatch(t.Context(), run, "mod_1", []store.RecordWrite{record(id, "x")})
	}
	forget := func() {
		key := "{" + string(w.p) + ":" + string(con) + "}:run:run_1"
		if err := w.rdb.HIncrBy(t.Context(), key, "n", -1).Err(); err != nil {
			t.Fatal(err)
		}
	}
	open()
	if err := errors.Join(save("1"), save("2")); err != nil {
		t.Fatal(err)
	}
	forget()
	if _, err := w.st.SealRun(t.Context(), run, store.Ending{State: synchook.RunSucceeded}); !errors.Is(err, store.ErrFenced) {
		t.Errorf("sealing: %v, want %v", err, store.ErrFenced)
	}
	if err := save("3"); !errors.Is(err, store.ErrFenced) {
		t.Errorf("saving: %v, want %v", err, store.ErrFenced)
	}
	if err := w.st.DeleteUnseen(t.Context(), run, "mod_1"); !errors.Is(err, store.ErrFenced) {
		t.Errorf("deleting what was not seen: %v, want %v", err, store.ErrFenced)
	}
	open()
	if err := errors.Join(save("1"), save("2"), save("3")); err != nil {
		t.Fatal(err)
	}
	sealed, err := w.st.SealRun(t.Context(), run, store.Ending{State: synchook.RunSucceeded})
	if err != nil || sealed.Counts["mod_1"].Added != 3 {
		t.Errorf("opened again and sealed: %+v, %v, want 3 added", sealed, err)
	}
}
