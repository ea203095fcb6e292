package server_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

func TestDeliveriesAreListedShownAndRetried(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	w.settings(&v1.ProjectSettings{RetrySchedule: []*durationpb.Duration{seconds(1)}}, "retry_schedule")
	run := w.trigger()
	id := string(w.work(run, "succeeded", record("1", `{"id":"1"}`)))
	list, err := w.client.Deliveries.ListDeliveries(t.Context(), &v1.ListDeliveriesRequest{
		ProviderConfigKey: "github", ConnectionId: "user-1", SyncName: "issues", Model: "Issue", RunId: string(run), State: v1.DeliveryState_DELIVERY_STATE_PENDING,
	})
	if err != nil || len(list.GetDeliveries()) != 1 {
		t.Fatalf("deliveries = %v, %v", list, err)
	}
	got := list.GetDeliveries()[0]
	if got.GetId() != id || got.GetConnectionId() != "user-1" || got.GetSyncName() != "issues" || got.GetMaxAttempts() != 2 || got.GetNextAttemptTime() == nil {
		t.Errorf("delivery = %v", got)
	}
	none, err := w.client.Deliveries.ListDeliveries(t.Context(), &v1.ListDeliveriesRequest{Model: "Other"})
	if err != nil || len(none.GetDeliveries()) != 0 {
		t.Errorf("of another model: %v, %v", none, err)
	}
	one, err := w.client.Deliveries.GetDelivery(t.Context(), &v1.GetDeliveryRequest{Id: id})
	if err != nil || string(one.GetBody()) != "{}" || len(one.GetAttemptList()) != 0 {
		t.Errorf("delivery = %v, %v", one, err)
	}
	before := w.queue.sent()
	if _, err := w.client.Deliveries.RetryDelivery(t.Context(), &v1.RetryDeliveryRequest{Id: id}); err != nil {
		t.Error(err)
	}
	if w.queue.sent() < before {
		t.Error("hints are gone")
	}
}

func TestDeliveriesAreFilteredAndOrdered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	first := string(w.work(w.trigger(), "succeeded", record("1", `{"id":"1"}`)))
	second := string(w.work(w.trigger(), "succeeded", record("2", `{"id":"2"}`)))
	p, err := w.store.Project(t.Context(), w.project)
	if err != nil {
		t.Fatal(err)
	}
	future := timestamppb.New(time.Now().Add(time.Hour))
	for name, c := range map[string]struct {
		r    *v1.ListDeliveriesRequest
		want []string
	}{
		"newest first": {&v1.ListDeliveriesRequest{}, []string{second, first}},
		"oldest first": {&v1.ListDeliveriesRequest{Order: v1.Order_ORDER_OLDEST_FIRST}, []string{first, second}},
		"undelivered":  {&v1.ListDeliveriesRequest{State: v1.DeliveryState_DELIVERY_STATE_UNDELIVERED}, []string{second, first}},
		"superseded":   {&v1.ListDeliveriesRequest{State: v1.DeliveryState_DELIVERY_STATE_SUPERSEDED}, nil},
		"endpoint":     {&v1.ListDeliveriesRequest{EndpointId: string(p.Endpoint)}, []string{second, first}},
		"another":      {&v1.ListDeliveriesRequest{EndpointId: "end_other"}, nil},
		"after now":    {&v1.ListDeliveriesRequest{CreatedAfter: future}, nil},
		"before then":  {&v1.ListDeliveriesRequest{CreatedBefore: future}, []string{second, first}},
	} {
		list, err := w.client.Deliveries.ListDeliveries(t.Context(), c.r)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range list.GetDeliveries() {
			got = append(got, d.GetId())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestADeliveryTellsWhyItStandsAsItDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	id := string(w.work(w.trigger(), "succeeded", record("1", `{"id":"1"}`)))
	explained := func(want v1.ReasonKind) *v1.GetDeliveryResponse {
		t.Helper()
		got, err := w.client.Deliveries.GetDelivery(t.Context(), &v1.GetDeliveryRequest{Id: id})
		if err != nil || len(got.GetReasons()) != 1 || got.GetReasons()[0].GetKind() != want {
			t.Fatalf("reasons = %v, %v; want one of kind %s", got.GetReasons(), err, want)
		}
		return got
	}
	explained(v1.ReasonKind_REASON_KIND_DUE)
	d := w.take("1")[0]
	explained(v1.ReasonKind_REASON_KIND_IN_FLIGHT)
	w.attempt(d, synchook.DeliveryPending, 500)
	waits := explained(v1.ReasonKind_REASON_KIND_RETRY_SCHEDULE)
	until := waits.GetReasons()[0].GetUntilTime().AsTime()
	if !waits.GetDelivery().GetNextAttemptTime().AsTime().Equal(until) || until.Before(time.Now()) || waits.GetDelivery().GetMaxAttempts() != 13 {
		t.Errorf("it waits until %v: %v", until, waits.GetDelivery())
	}
	if _, err := w.client.Deliveries.RetryDelivery(t.Context(), &v1.RetryDeliveryRequest{Id: id}); err != nil {
		t.Fatal(err)
	}
	explained(v1.ReasonKind_REASON_KIND_DUE)
	w.attempt(w.take("2")[0], synchook.DeliveryDelivered, 200)
	if got := explained(v1.ReasonKind_REASON_KIND_DELIVERED).GetReasons()[0].GetText(); got != "the endpoint answered 200 OK at attempt 2 of 13" {
		t.Errorf("it says %q", got)
	}
}

func TestDeliveryStatsTellWhatHappenedAndWhatIsOwed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	empty, err := w.client.Deliveries.GetDeliveryStats(t.Context(), &v1.GetDeliveryStatsRequest{})
	if err != nil || empty.GetTotal().SuccessRate != nil || empty.GetTotal().GetLatencyP50() != nil || len(empty.GetMinutes())+len(empty.GetBacklogs()) != 0 {
		t.Errorf("of nothing: %v, %v", empty, err)
	}
	first := w.work(w.trigger(), "succeeded", record("1", `{"id":"1"}`))
	w.attempt(w.take("1")[0], synchook.DeliveryDelivered, 200)
	second := w.work(w.trigger(), "succeeded", record("2", `{"id":"2"}`))
	w.attempt(w.take("2")[0], synchook.DeliveryPending, 500)
	d, err := w.store.Delivery(t.Context(), w.project, second)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*v1.GetDeliveryStatsRequest{{}, {EndpointId: string(d.Endpoint)}, {Window: durationpb.New(48 * time.Hour)}} {
		got, err := w.client.Deliveries.GetDeliveryStats(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		c := got.GetTotal()
		if c.GetCreated() != 2 || c.GetDelivered() != 1 || c.GetAttempts() != 2 || c.GetFailedAttempts() != 1 || c.GetSuccessRate() != 0.5 || c.GetLatencyP95().AsDuration() < time.Millisecond {
			t.Errorf("%v: in all %v", r, c)
		}
		b := got.GetBacklogs()
		if got.GetPending() != 1 || got.GetExhausted() != 0 || len(b) != 1 || b[0].GetOldestDeliveryId() != string(second) || b[0].GetPending() != 1 || !b[0].GetOldestCreateTime().AsTime().Equal(d.Created) {
			t.Errorf("%v: pending %d, exhausted %d, owed %v; delivered was %s", r, got.GetPending(), got.GetExhausted(), b, first)
		}
		if n := len(got.GetMinutes()); n < 1 || n > 2 {
			t.Errorf("%v: %d minutes", r, n)
		}
	}
}

// take takes what is due to the project's endpoint, as a worker of that token does.
func (w *world) take(token string) []synchook.Delivery {
	w.t.Helper()
	p, err := w.store.Project(w.t.Context(), w.project)
	if err != nil {
		w.t.Fatal(err)
	}
	taken, err := w.store.TurnDeliveries(w.t.Context(), w.project, store.Turn{
		Lane: synchook.DeliveryLane(p.Endpoint), Token: token, Number: 1, Want: 10, Limit: 10,
	}, nil)
	if err != nil || len(taken.Rows) == 0 {
		w.t.Fatalf("taking deliveries: %v, %+v", err, taken)
	}
	w.token = token
	return taken.Rows
}

// attempt hands in that the endpoint answered after a millisecond, and gives the lane back. What is still
// pending waits for a minute.
func (w *world) attempt(d synchook.Delivery, state synchook.DeliveryState, status int) {
	w.t.Helper()
	d.State, d.LastStatus, d.Reason = state, status, fmt.Sprintf("the endpoint answered %d", status)
	d.Attempts++
	_, err := w.store.TurnDeliveries(w.t.Context(), w.project, store.Turn{
		Lane: synchook.DeliveryLane(d.Endpoint), Token: w.token, Number: 2, Limit: 10, Leave: store.LeaveNow,
	}, []store.DeliveryDone{{
		Delivery: d, Wait: time.Minute, Attempt: &synchook.Attempt{Number: d.Attempts, Started: time.Now(), Duration: time.Millisecond, Status: status},
	}})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestWatchDeliveriesShowsEachChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	for name, options := range map[string][]connect.ClientOption{
		"connect": nil, "grpc": {connect.WithGRPC()}, "grpc-web": {connect.WithGRPCWeb()}, "json": {connect.WithProtoJSON()},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		stream := w.watch(ctx, w.key, &v1.WatchDeliveriesRequest{State: v1.DeliveryState_DELIVERY_STATE_PENDING}, options...)
		id := w.work(w.trigger(), "succeeded", record("1", `{"id":"1"}`))
		if !stream.Receive() || stream.Msg().GetDelivery().GetId() != string(id) || stream.Msg().GetDelivery().GetConnectionId() != "user-1" {
			t.Errorf("%s: %v, %v", name, stream.Msg(), stream.Err())
		}
		cancel()
		for stream.Receive() {
			t.Errorf("%s: after the end: %v", name, stream.Msg())
		}
		if code := connect.CodeOf(stream.Err()); code != connect.CodeCanceled {
			t.Errorf("%s: ended by %v", name, stream.Err())
		}
	}
}

func TestWatchDeliveriesShowsNoOtherProject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	_, _, other := w.newProject()
	ctx, cancel := context.WithCancel(t.Context())
	strange := w.watch(ctx, other, &v1.WatchDeliveriesRequest{})
	own := w.watch(ctx, w.key, &v1.WatchDeliveriesRequest{})
	w.work(w.trigger(), "succeeded", record("1", `{"id":"1"}`))
	if !own.Receive() { // by then, the other would have it too
		t.Fatal(own.Err())
	}
	cancel()
	if strange.Receive() {
		t.Errorf("another project sees %v", strange.Msg())
	}
}

func TestWatchDeliveriesWantsAKeyThatMayRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for key, want := range map[string]connect.Code{
		"": connect.CodeUnauthenticated, "sk_unknown": connect.CodeUnauthenticated, w.keyWith(v1.Scope_SCOPE_WRITE): connect.CodePermissionDenied,
	} {
		stream, err := w.as(key).Deliveries.WatchDeliveries(t.Context(), &v1.WatchDeliveriesRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if stream.Receive() || connect.CodeOf(stream.Err()) != want {
			t.Errorf("with the key %.5q: %v, want %s", key, stream.Err(), want)
		}
		_ = stream.Close()
	}
}

func TestWatchersAreToldWhenTheServerStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stream := w.watch(t.Context(), w.key, &v1.WatchDeliveriesRequest{})
	stopped := make(chan error, 1)
	go func() { stopped <- w.http.Shutdown(context.Background()) }()
	if stream.Receive() || connect.CodeOf(stream.Err()) != connect.CodeUnavailable {
		t.Errorf("the stream ended by %v", stream.Err())
	}
	_ = stream.Close()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// watch watches, and returns when the server has begun to.
func (w *world) watch(ctx context.Context, key string, r *v1.WatchDeliveriesRequest, options ...connect.ClientOption) *connect.ServerStreamForClient[v1.WatchDeliveriesResponse] {
	w.t.Helper()
	client := connect.NewClient[v1.WatchDeliveriesRequest, v1.WatchDeliveriesResponse](h2c(w.t), w.url+"/synchook.v1.DeliveryService/WatchDeliveries", options...)
	request := connect.NewRequest(r)
	request.Header().Set("Authorization", "Bearer "+key)
	stream, err := client.CallServerStream(ctx, request)
	if err != nil {
		w.t.Fatal(err)
	}
	if !stream.Receive() || stream.Msg().GetDelivery() != nil {
		w.t.Fatalf("the stream begins with %v, %v", stream.Msg(), stream.Err())
	}
	return stream
}
