package server_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

func record(id, payload string) store.RecordWrite {
	return store.RecordWrite{ID: id, Digest: payload, Payload: []byte(payload)}
}

func seconds(n int) *durationpb.Duration { return durationpb.New(time.Duration(n) * time.Second) }

// records lists all records in pages of that size.
func (w *world) records(size int32, delta *timestamppb.Timestamp) []*v1.Record {
	w.t.Helper()
	var all []*v1.Record
	request := &v1.ListRecordsRequest{ProviderConfigKey: "github", ConnectionId: "user-1", Model: "Issue", PageSize: size, Delta: delta}
	for {
		res, err := w.client.Records.ListRecords(w.t.Context(), request)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(res.GetRecords()) > int(size) {
			w.t.Fatalf("a page of %d has %d records", size, len(res.GetRecords()))
		}
		all = append(all, res.GetRecords()...)
		if res.GetNextPageToken() == "" {
			return all
		}
		request.PageToken = res.GetNextPageToken()
	}
}

func TestRecordsAreReadInPagesAndSinceARun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	var first []store.RecordWrite
	for i := range 7 {
		first = append(first, record(fmt.Sprint(i), fmt.Sprintf(`{"id":"%d","title":"t"}`, i)))
	}
	w.work(w.trigger(), "succeeded", first...)
	second := w.trigger()
	w.work(second, "succeeded", record("3", `{"id":"3","title":"changed"}`), record("new", `{"id":"new"}`))
	if got := w.records(3, nil); len(got) != 8 {
		t.Errorf("all records are %v", got)
	}
	run, err := w.client.Runs.GetRun(t.Context(), &v1.GetRunRequest{Id: string(second)})
	if err != nil {
		t.Fatal(err)
	}
	changed := w.records(1, run.GetRun().GetStartTime())
	if len(changed) != 2 || changed[0].GetId() != "3" || changed[1].GetId() != "new" {
		t.Fatalf("changed since the run: %v", changed)
	}
	if changed[0].GetLastAction() != v1.RecordAction_RECORD_ACTION_UPDATED || changed[0].GetPayload().AsMap()["title"] != "changed" {
		t.Errorf("record = %v", changed[0])
	}
	after, err := w.client.Records.ListRecords(t.Context(), &v1.ListRecordsRequest{
		ProviderConfigKey: "github", ConnectionId: "user-1", Model: "Issue", PageToken: changed[0].GetCursor(),
	})
	if err != nil || len(after.GetRecords()) != 1 {
		t.Errorf("after the cursor: %v, %v", after, err)
	}
	byID, err := w.client.Records.ListRecords(t.Context(), &v1.ListRecordsRequest{
		ProviderConfigKey: "github", ConnectionId: "user-1", Model: "Issue", Ids: []string{"new", "3", "none"},
		Filter: []v1.RecordAction{v1.RecordAction_RECORD_ACTION_ADDED},
	})
	if err != nil || len(byID.GetRecords()) != 1 || byID.GetRecords()[0].GetId() != "new" {
		t.Errorf("by ID, the added ones: %v, %v", byID, err)
	}
}

func TestARecordThatUTF8CannotSayHidesNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	w.work(w.trigger(), "succeeded", record("1", `{"id":"1","half":"\ud800"}`), record("2", `{"id":"2"}`))
	if got := w.records(10, nil); len(got) != 2 || got[0].GetPayload().AsMap()["half"] != "\ufffd" {
		t.Errorf("records = %v", got)
	}
}

func TestADeltaThatIsNoTimeIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	got := w.call(&v1.ListRecordsRequest{ProviderConfigKey: "github", ConnectionId: "user-1", Model: "Issue", Delta: &timestamppb.Timestamp{Seconds: 1 << 60}})
	if len(got.violations) != 1 || got.violations[0] != "delta" {
		t.Errorf("answer = %+v", got)
	}
}

// forget has a run delete a record, and the record's time be over.
func (w *world) forget(id string) {
	w.t.Helper()
	ctx := w.t.Context()
	run := w.run(w.trigger())
	turn := store.Turn{Lane: run.Lane(), Token: "forget", Number: 1, Want: 1, Limit: 1, Leave: store.Stay}
	taken, err := w.store.TurnRuns(ctx, w.project, turn, nil)
	if err != nil || len(taken.Rows) != 1 {
		w.t.Fatalf("taking the run: %v, %+v", err, taken)
	}
	model, err := w.store.ModelByName(ctx, w.project, run.Integration, "Issue")
	if err != nil {
		w.t.Fatal(err)
	}
	writer := store.Writer{Project: w.project, Connection: run.Connection, Run: run.ID, Lane: run.Lane().Kind(), Fence: taken.Fence}
	opened, err := w.store.OpenRun(ctx, writer)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.store.DeleteBatch(ctx, writer, model, []string{id}); err != nil {
		w.t.Fatal(err)
	}
	sealed, err := w.store.SealRun(ctx, writer, store.Ending{State: synchook.RunSucceeded})
	if err != nil {
		w.t.Fatal(err)
	}
	done := taken.Rows[0]
	done.State, done.Started = synchook.RunSucceeded, opened.Started
	turn.Number, turn.Want, turn.Leave = 2, 0, store.LeaveNow
	if _, err := w.store.TurnRuns(ctx, w.project, turn, []store.RunDone{{Run: done, Buried: sealed.Buried}}); err != nil {
		w.t.Fatal(err)
	}
	if pruned, err := w.store.Forget(ctx, w.project, time.Now().Add(time.Hour), 10); err != nil || pruned.Removed != 1 {
		w.t.Fatalf("forgetting the record: %+v, %v", pruned, err)
	}
}

func TestADeltaOlderThanForgottenDeletionsSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	w.work(w.trigger(), "succeeded", record("1", `{"id":"1"}`), record("2", `{"id":"2"}`))
	before := timestamppb.Now()
	w.forget("1")
	for delta, want := range map[*timestamppb.Timestamp]bool{nil: false, before: true, timestamppb.New(time.Now().Add(time.Hour)): false} {
		res, err := w.client.Records.ListRecords(t.Context(), &v1.ListRecordsRequest{
			ProviderConfigKey: "github", ConnectionId: "user-1", Model: "Issue", Delta: delta,
		})
		if err != nil || res.GetDeletionsMissing() != want {
			t.Errorf("delta %v: deletions missing: %v, %v; want %v", delta, res.GetDeletionsMissing(), err, want)
		}
	}
}
