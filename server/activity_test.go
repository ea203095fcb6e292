package server_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
)

func TestActivityTellsWhatCameAndWhatRan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	empty, err := w.client.Projects.GetActivity(t.Context(), &v1.GetActivityRequest{})
	if err != nil || empty.GetTotal().GetEvents() != 0 || len(empty.GetMinutes()) != 0 {
		t.Errorf("of nothing: %v, %v", empty, err)
	}
	w.ingest()
	w.work(w.trigger(), "succeeded", record("1", `{"id":"1"}`))
	w.work(w.trigger(), "failed")
	for _, window := range []*durationpb.Duration{nil, durationpb.New(time.Minute), durationpb.New(48 * time.Hour)} {
		got, err := w.client.Projects.GetActivity(t.Context(), &v1.GetActivityRequest{Window: window})
		if err != nil {
			t.Fatal(err)
		}
		if c := got.GetTotal(); c.GetEvents() != 1 || c.GetRuns() != 2 || c.GetFailedRuns() != 1 || len(got.GetMinutes()) == 0 {
			t.Errorf("within %v: %v", window.AsDuration(), got)
		}
	}
	wantViolation(t, w.call(&v1.GetActivityRequest{Window: durationpb.New(49 * time.Hour)}), "window")
}
