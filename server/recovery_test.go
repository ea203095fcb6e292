package server_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/synchook"
)

// givenUp makes a delivery that is exhausted after an attempt.
func (w *world) givenUp() synchook.DeliveryID {
	w.t.Helper()
	id := w.work(w.trigger(), "succeeded", record("1", `{"id":"1"}`))
	w.attempt(w.take("token-" + string(id))[0], synchook.DeliveryExhausted, 500)
	return id
}

func (w *world) recovery(r *v1.CreateRecoveryRequest) *v1.Recovery {
	w.t.Helper()
	made, err := w.client.Recoveries.CreateRecovery(w.t.Context(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

// recoverStep takes a step of a recovery, as a worker does.
func (w *world) recoverStep(r *v1.Recovery) {
	w.t.Helper()
	if _, err := w.store.Recover(w.t.Context(), w.project, synchook.RecoveryID(r.GetId())); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) delivery(id synchook.DeliveryID) *v1.Delivery {
	w.t.Helper()
	got, err := w.client.Deliveries.GetDelivery(w.t.Context(), &v1.GetDeliveryRequest{Id: string(id)})
	if err != nil {
		w.t.Fatal(err)
	}
	return got.GetDelivery()
}

func TestARecoveryIsCountedMadeAndShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	id := w.givenUp()
	filter := &v1.RecoveryFilter{
		CreatedAfter: timestamppb.New(time.Now().Add(-time.Hour).Truncate(time.Millisecond)), EndpointId: w.firstEndpoint(),
		ProviderConfigKey: "github", ConnectionId: "user-1", SyncName: "issues", Model: "Issue",
	}
	dry := w.recovery(&v1.CreateRecoveryRequest{Filter: filter, RateLimit: 5, DryRun: true})
	if dry.GetId() != "" || dry.GetState() != v1.RecoveryState_RECOVERY_STATE_DRY_RUN || dry.GetFound() != 1 || dry.GetReason() == "" {
		t.Errorf("the dry run = %v", dry)
	}
	if list, err := w.client.Recoveries.ListRecoveries(t.Context(), &v1.ListRecoveriesRequest{}); err != nil || len(list.GetRecoveries()) != 0 {
		t.Errorf("after the dry run there are %v (%v)", list, err)
	}
	if d := w.delivery(id); d.GetState() != v1.DeliveryState_DELIVERY_STATE_EXHAUSTED {
		t.Errorf("after the dry run the delivery is %v", d)
	}

	sent := w.queue.sent()
	made := w.recovery(&v1.CreateRecoveryRequest{Filter: filter, RateLimit: 5})
	if made.GetState() != v1.RecoveryState_RECOVERY_STATE_RUNNING || made.GetFound() != 1 || made.GetRateLimit() != 5 || !proto.Equal(made.GetFilter(), filter) || w.queue.sent() != sent+1 {
		t.Errorf("made is %v, and %d hints were sent", made, w.queue.sent()-sent)
	}
	w.recoverStep(made)
	done, err := w.client.Recoveries.GetRecovery(t.Context(), &v1.GetRecoveryRequest{Id: made.GetId()})
	if err != nil || done.GetState() != v1.RecoveryState_RECOVERY_STATE_SUCCEEDED || done.GetExamined() != 1 || done.GetRetried() != 1 || done.GetEndTime() == nil || done.GetReason() != "all 1 are pending again" {
		t.Errorf("done is %v (%v)", done, err)
	}
	list, err := w.client.Recoveries.ListRecoveries(t.Context(), &v1.ListRecoveriesRequest{})
	if err != nil || len(list.GetRecoveries()) != 1 || !proto.Equal(list.GetRecoveries()[0], done) {
		t.Errorf("listed is %v (%v)", list, err)
	}
	if d := w.delivery(id); d.GetState() != v1.DeliveryState_DELIVERY_STATE_PENDING || d.GetAttempts() != 1 || d.GetMaxAttempts() != 14 || !strings.Contains(d.GetReason(), made.GetId()) {
		t.Errorf("the delivery is %v, want it to have 13 attempts more", d)
	}
}

func TestARecoveryOfWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	for reason, f := range map[string]*v1.RecoveryFilter{
		"endpoint_not_found": {EndpointId: "end_none"}, "integration_not_found": {ProviderConfigKey: "none"},
		"connection_not_found": {ProviderConfigKey: "github", ConnectionId: "none"}, "sync_not_found": {ProviderConfigKey: "github", SyncName: "none"},
	} {
		for _, dry := range []bool{true, false} {
			if got := w.call(&v1.CreateRecoveryRequest{Filter: f, DryRun: dry}); got.code != "not_found" || got.problem.GetReason() != reason {
				t.Errorf("%v: %+v, want %s", f, got, reason)
			}
		}
	}
}

func TestARecoveryThatEndedCannotBeSteered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	w.givenUp()
	id := w.recovery(&v1.CreateRecoveryRequest{}).GetId()
	client := w.client.Recoveries
	paused, err := client.PauseRecovery(t.Context(), &v1.PauseRecoveryRequest{Id: id})
	if err != nil || paused.GetState() != v1.RecoveryState_RECOVERY_STATE_PAUSED || paused.GetReason() != "a person paused it; 1 of 1 are left" {
		t.Errorf("paused: %v, %v", paused, err)
	}
	sent := w.queue.sent()
	resumed, err := client.ResumeRecovery(t.Context(), &v1.ResumeRecoveryRequest{Id: id})
	if err != nil || resumed.GetState() != v1.RecoveryState_RECOVERY_STATE_RUNNING || w.queue.sent() != sent+1 {
		t.Errorf("resumed: %v, %v, and %d hints were sent", resumed, err, w.queue.sent()-sent)
	}
	cancelled, err := client.CancelRecovery(t.Context(), &v1.CancelRecoveryRequest{Id: id})
	if err != nil || cancelled.GetState() != v1.RecoveryState_RECOVERY_STATE_CANCELLED || cancelled.GetEndTime() == nil {
		t.Errorf("cancelled: %v, %v", cancelled, err)
	}
	for verb, request := range map[string]proto.Message{"paused": &v1.PauseRecoveryRequest{Id: id}, "resumed": &v1.ResumeRecoveryRequest{Id: id}} {
		got := w.call(request)
		if got.code != "failed_precondition" || got.problem.GetReason() != "recovery_ended" || got.message != "the recovery was cancelled and has ended, so it cannot be "+verb {
			t.Errorf("answer = %+v", got)
		}
	}
	for _, request := range []proto.Message{&v1.GetRecoveryRequest{Id: "rec_none"}, &v1.PauseRecoveryRequest{Id: "rec_none"}, &v1.CancelRecoveryRequest{Id: "rec_none"}} {
		if got := w.call(request); got.code != "not_found" || got.problem.GetReason() != "recovery_not_found" {
			t.Errorf("%T: %+v", request, got)
		}
	}
}

// watchRecovery watches a recovery, and returns when the first answer has come.
func (w *world) watchRecovery(ctx context.Context, id string) *connect.ServerStreamForClient[v1.WatchRecoveryResponse] {
	w.t.Helper()
	stream, err := w.client.Recoveries.WatchRecovery(ctx, &v1.WatchRecoveryRequest{Id: id})
	if err != nil {
		w.t.Fatal(err)
	}
	if !stream.Receive() {
		w.t.Fatalf("the stream ends at once: %v", stream.Err())
	}
	return stream
}

func TestWatchRecoveryShowsHowItGoesOnUntilItHasEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	w.givenUp()
	w.givenUp()
	r := w.recovery(&v1.CreateRecoveryRequest{RateLimit: 0.001})
	stream := w.watchRecovery(t.Context(), r.GetId())
	if got := stream.Msg().GetRecovery(); got.GetRetried() != 0 || got.GetFound() != 2 {
		t.Errorf("at first: %v", got)
	}
	w.recovery(&v1.CreateRecoveryRequest{Filter: &v1.RecoveryFilter{Model: "Other"}}) // is nobody's concern here
	w.recoverStep(r)
	if !stream.Receive() || stream.Msg().GetRecovery().GetRetried() != 1 || stream.Msg().GetRecovery().GetState() != v1.RecoveryState_RECOVERY_STATE_RUNNING {
		t.Errorf("after a step: %v, %v", stream.Msg(), stream.Err())
	}
	if _, err := w.client.Recoveries.CancelRecovery(t.Context(), &v1.CancelRecoveryRequest{Id: r.GetId()}); err != nil {
		t.Fatal(err)
	}
	if !stream.Receive() || stream.Msg().GetRecovery().GetState() != v1.RecoveryState_RECOVERY_STATE_CANCELLED {
		t.Errorf("when it was cancelled: %v, %v", stream.Msg(), stream.Err())
	}
	if stream.Receive() || stream.Err() != nil {
		t.Errorf("afterwards: %v, %v", stream.Msg(), stream.Err())
	}
}

func TestWatchRecoveryTellsWhatChangesSoonTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	w.givenUp()
	r := w.recovery(&v1.CreateRecoveryRequest{RateLimit: 0.001})
	stream := w.watchRecovery(t.Context(), r.GetId())
	steer := func(to synchook.RecoveryState) {
		t.Helper()
		if _, err := w.store.SteerRecovery(t.Context(), synchook.Caller{Project: w.project}, synchook.RecoveryID(r.GetId()), to); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		steer(synchook.RecoveryPaused)
		steer(synchook.RecoveryRunning)
	}
	steer(synchook.RecoveryCancelled)
	answers, last := 1, v1.RecoveryState_RECOVERY_STATE_UNSPECIFIED
	for stream.Receive() {
		answers, last = answers+1, stream.Msg().GetRecovery().GetState()
	}
	if err := stream.Err(); err != nil || answers > 10 || last != v1.RecoveryState_RECOVERY_STATE_CANCELLED {
		t.Errorf("41 changes were told in %d answers, the last one %s (%v)", answers, last, err)
	}
}

func TestWatchRecoveryIsForTheProjectsOwnKeysThatMayRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	id := w.recovery(&v1.CreateRecoveryRequest{}).GetId()
	_, _, other := w.newProject()
	for key, want := range map[string]connect.Code{
		"": connect.CodeUnauthenticated, "sk_unknown": connect.CodeUnauthenticated, w.keyWith(v1.Scope_SCOPE_WRITE): connect.CodePermissionDenied,
		other: connect.CodeNotFound,
	} {
		stream, err := w.as(key).Recoveries.WatchRecovery(t.Context(), &v1.WatchRecoveryRequest{Id: id})
		if err != nil {
			t.Fatal(err)
		}
		if stream.Receive() || connect.CodeOf(stream.Err()) != want {
			t.Errorf("with the key %.5q: %v, want %s", key, stream.Err(), want)
		}
		_ = stream.Close()
	}
}
