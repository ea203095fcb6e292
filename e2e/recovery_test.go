package e2e

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// giveUp pushes while the app answers everything with a status, until all that the project owes is given up. With 422 that is no outage of the app's.
func giveUp(t *testing.T, p *rig.Project, pushes, status int) {
	t.Helper()
	p.Receiver.Answer(slices.Repeat([]int{status}, 1000)...)
	owed := len(p.Deliveries()) + len(p.Push(pushes, rig.Now()).End())
	rig.Until(t, time.Minute, "everything is given up", func() bool {
		states := map[synchookv1.DeliveryState]int{}
		list := p.Deliveries()
		for _, d := range list {
			states[d.GetState()]++
		}
		return len(list) == owed && states[synchookv1.DeliveryState_DELIVERY_STATE_PENDING] == 0
	})
	p.Receiver.Answer()
}

// watchRecovery watches a recovery until it has ended, and returns what was told.
func watchRecovery(t *testing.T, p *rig.Project, id string) (told []*synchookv1.Recovery) {
	t.Helper()
	stream, err := p.Client().Recoveries.WatchRecovery(t.Context(), &synchookv1.WatchRecoveryRequest{Id: id})
	if err != nil {
		t.Fatal(err)
	}
	for stream.Receive() {
		told = append(told, stream.Msg().GetRecovery())
	}
	if err := stream.Err(); err != nil || len(told) == 0 {
		t.Fatalf("told %v, and the stream ended by %v", told, err)
	}
	return told
}

// wantAcknowledgedOnce fails unless n webhooks were taken by the app, each once.
func wantAcknowledgedOnce(t *testing.T, p *rig.Project, n int) {
	t.Helper()
	taken := map[string]int{}
	for _, a := range p.Receiver.Got() {
		if a.Acknowledged() {
			taken[a.ID]++
		}
	}
	for id, times := range taken {
		if times != 1 {
			t.Errorf("%s was taken %d times", id, times)
		}
	}
	if len(taken) != n {
		t.Errorf("%d webhooks were taken, want %d", len(taken), n)
	}
}

func TestWhatAMendedEndpointMissedIsRecoveredOnceEachThoughTheWorkerIsKilled(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("mended", "user-1", "user-2")
	dies := h.StartWorker("SYNCHOOK_FAILPOINT=recovery.step=kill:3")
	p.Set(&synchookv1.ProjectSettings{RetrySchedule: []*durationpb.Duration{{Seconds: 1}}}, "retry_schedule")
	giveUp(t, p, 1, 422)
	outside := len(p.Deliveries())
	window := &synchookv1.RecoveryFilter{CreatedAfter: timestamppb.New(time.Now())}
	giveUp(t, p, 5, 422)
	window.CreatedBefore = timestamppb.New(time.Now())
	missed := len(p.Deliveries()) - outside

	recoveries := p.Client().Recoveries
	dry, err := recoveries.CreateRecovery(t.Context(), &synchookv1.CreateRecoveryRequest{Filter: window, DryRun: true})
	if err != nil || dry.GetFound() != int64(missed) {
		t.Fatalf("a dry run finds %v (%v), want %d", dry, err, missed)
	}
	wantAcknowledgedOnce(t, p, 0)
	made, err := recoveries.CreateRecovery(t.Context(), &synchookv1.CreateRecoveryRequest{Filter: window, RateLimit: 3})
	if err != nil {
		t.Fatal(err)
	}
	dies.WantKill()
	h.StartWorker()
	told := watchRecovery(t, p, made.GetId())
	if last := told[len(told)-1]; last.GetState() != synchookv1.RecoveryState_RECOVERY_STATE_SUCCEEDED || last.GetRetried() != int64(missed) || len(told) < 3 {
		t.Errorf("of a recovery of %d was told: %v", missed, told)
	}
	wantDelivered(t, p)
	wantAcknowledgedOnce(t, p, missed)

	rest, err := recoveries.CreateRecovery(t.Context(), &synchookv1.CreateRecoveryRequest{})
	if err != nil || rest.GetFound() != int64(outside) {
		t.Errorf("outside of the window were %v (%v), want %d", rest, err, outside)
	}
	watchRecovery(t, p, rest.GetId())
	wantDelivered(t, p)
	wantAcknowledgedOnce(t, p, missed+outside)
	if sick := h.Examine().Ailments(); len(sick) > 0 {
		t.Errorf("the doctor finds %q", sick)
	}
}

func TestADisabledEndpointThatIsResumedGetsWhatWaitedAndWhatWasGivenUp(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("resumed", "user-1")
	h.StartWorker()
	p.Set(&synchookv1.ProjectSettings{RetrySchedule: []*durationpb.Duration{{Seconds: 1}}}, "retry_schedule")
	giveUp(t, p, 1, 500)
	p.Receiver.Answer(slices.Repeat([]int{410}, 1000)...)
	p.Push(1, rig.Now()).End()
	rig.Until(t, time.Minute, "the endpoint is disabled", func() bool {
		return p.Endpoint().GetState() == synchookv1.EndpointState_ENDPOINT_STATE_DISABLED
	})
	p.Push(3, rig.Now()).End()
	p.Receiver.Answer()

	recovery := p.Resume()
	told := watchRecovery(t, p, recovery)
	if last := told[len(told)-1]; last.GetState() != synchookv1.RecoveryState_RECOVERY_STATE_SUCCEEDED || last.GetRetried() != 1 {
		t.Errorf("the recovery ended as %v", last)
	}
	wantDelivered(t, p)
	wantAcknowledgedOnce(t, p, len(p.Deliveries()))
	if e := p.Endpoint(); e.GetState() != synchookv1.EndpointState_ENDPOINT_STATE_HEALTHY {
		t.Errorf("afterwards the endpoint is %v", e)
	}
}
