package store_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

func (w *world) addEndpoint(t *testing.T, e synchook.Endpoint) synchook.Endpoint {
	t.Helper()
	made, err := w.st.CreateEndpoint(t.Context(), synchook.Caller{Project: w.p}, e, "whsec_own")
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestEndpointsKeepTheirOwnValuesAndSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	caller := synchook.Caller{Project: w.p}
	made := w.addEndpoint(t, synchook.Endpoint{URL: "https://two.example", Headers: map[string]string{"X-Key": "1"}, Rate: 5})
	changed, err := w.st.UpdateEndpoint(t.Context(), caller, made.ID, made.Etag, func(e *synchook.Endpoint) error {
		e.URL = "https://three.example"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.st.UpdateEndpoint(t.Context(), caller, made.ID, made.Etag, func(*synchook.Endpoint) error { return nil }); !synchook.IsKind(err, synchook.KindConflict) {
		t.Errorf("an update of what somebody else has changed: %v", err)
	}
	got, err := w.st.Endpoint(t.Context(), w.p, made.ID)
	if err != nil || got.URL != "https://three.example" || got.Rate != 5 || got.Etag != changed.Etag || !maps.Equal(got.Headers, made.Headers) {
		t.Errorf("the endpoint is %+v, %v", got, err)
	}
	if err := w.st.RotateEndpointSecret(t.Context(), caller, made.ID, "whsec_new", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	own, err := w.st.EndpointSecrets(t.Context(), w.p, made.ID)
	if err != nil || len(own) != 2 || own[0].Text != "whsec_new" || own[1].Text != "whsec_own" {
		t.Errorf("its secrets are %v, %v", own, err)
	}
}

func TestTheFirstEndpointIsTheOneOfTheSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	further := w.addEndpoint(t, synchook.Endpoint{URL: "https://two.example"})
	_, err := w.st.UpdateSettings(t.Context(), synchook.Caller{Project: w.p}, "", func(s *synchook.Settings) error {
		s.WebhookURL, s.RetrySchedule = "https://one.example", []time.Duration{time.Second}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	all, err := w.st.Endpoints(t.Context(), w.p)
	if err != nil || len(all) != 2 || all[0].URL != "https://one.example" || all[1].ID != further.ID || len(all[1].RetrySchedule) != 1 {
		t.Errorf("the endpoints are %+v, %v", all, err)
	}
	if _, err := w.st.DeleteEndpoint(t.Context(), synchook.Caller{Project: w.p}, all[0].ID); !synchook.IsKind(err, synchook.KindNotFound) {
		t.Errorf("the first endpoint was deleted: %v", err)
	}
	if _, err := w.st.DeleteEndpoint(t.Context(), synchook.Caller{Project: w.p}, further.ID); err != nil {
		t.Fatal(err)
	}
	if all, err = w.st.Endpoints(t.Context(), w.p); err != nil || len(all) != 1 {
		t.Errorf("after deleting one, the endpoints are %+v, %v", all, err)
	}
	if _, err := w.st.Endpoint(t.Context(), w.p, further.ID); !synchook.IsKind(err, synchook.KindNotFound) {
		t.Errorf("the deleted endpoint is still there: %v", err)
	}
}

// oweTo makes deliveries pending for an endpoint, one for each model, and returns them.
func (w *world) oweTo(t *testing.T, id synchook.EndpointID, models ...string) []synchook.Delivery {
	t.Helper()
	run := w.run(synchook.NewID(synchook.RunPrefix, time.Now()))
	w.add(t, run)
	done := w.succeeded(w.turn(t, w.first("owe")).Rows[0], models...)
	for i, m := range models {
		done.Deliveries[i].ID, done.Deliveries[i].Endpoint = synchook.SyncDeliveryID(run.ID, m, id), id
	}
	w.turn(t, store.Turn{Lane: w.lane(), Token: "owe", Number: 2, Leave: store.LeaveIdle}, done)
	return done.Deliveries
}

// turnAt takes a turn on the lane of an endpoint.
func (w *world) turnAt(t *testing.T, id synchook.EndpointID, turn store.Turn, done ...store.DeliveryDone) store.Taken[synchook.Delivery] {
	t.Helper()
	turn.Lane = synchook.DeliveryLane(id)
	taken, err := w.st.TurnDeliveries(t.Context(), w.p, turn, done)
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

// cancelAll works the lane of a deleted endpoint until it is empty.
func (w *world) cancelAll(t *testing.T, id synchook.EndpointID) {
	t.Helper()
	taken := w.turnAt(t, id, at("cancel", 1))
	var done []store.DeliveryDone
	for _, d := range taken.Rows {
		d.State, d.Reason = synchook.DeliveryCancelled, "the endpoint was deleted"
		done = append(done, store.DeliveryDone{Delivery: d})
	}
	leave := at("cancel", 2)
	leave.Leave = store.LeaveIdle
	wantWord(t, w.turnAt(t, id, leave, done...), store.TurnLeft, 0)
}

func TestADeletedEndpointIsWokenToCancelAndLeavesNothing(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t))
	caller := synchook.Caller{Project: w.p}
	idle, owed := w.addEndpoint(t, synchook.Endpoint{URL: "https://idle.example"}), w.addEndpoint(t, synchook.Endpoint{URL: "https://owed.example"})
	for _, e := range []synchook.Endpoint{idle, owed} {
		w.oweTo(t, e.ID, "Issue")
	}
	d := w.turnAt(t, idle.ID, at("x", 1)).Rows[0]
	leave := at("x", 2)
	leave.Leave = store.LeaveIdle
	w.turnAt(t, idle.ID, leave, attempt(d, synchook.DeliveryDelivered, 200))
	w.wantClean(t, "before")

	hints, err := w.st.DeleteEndpoint(t.Context(), caller, idle.ID)
	if err != nil || len(hints) != 0 {
		t.Errorf("an endpoint that is owed nothing was woken: %v, %v", hints, err)
	}
	hints, err = w.st.DeleteEndpoint(t.Context(), caller, owed.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantHint(t, hints, synchook.DeliveryLane(owed.ID))
	w.wantClean(t, "while something is owed to a deleted endpoint")
	w.cancelAll(t, owed.ID)
	w.wantClean(t, "after")
	for _, e := range []synchook.Endpoint{idle, owed} {
		for _, kind := range []string{"endpoint:", "lane:", "rows:"} {
			if n := w.rdb.Exists(t.Context(), w.key(kind+string(e.ID)), w.key(kind+string(e.ID)+".d")).Val(); n != 0 {
				t.Errorf("%s%s is left", kind, e.ID)
			}
		}
	}
}

func TestTheLaneOfADeletedEndpointIsRemovedAlthoughItsWorkerDied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.addEndpoint(t, synchook.Endpoint{URL: "https://two.example"})
	w.oweTo(t, e.ID, "Issue")
	if _, err := w.st.DeleteEndpoint(t.Context(), synchook.Caller{Project: w.p}, e.ID); err != nil {
		t.Fatal(err)
	}
	d := w.turnAt(t, e.ID, at("dies", 1)).Rows[0]
	d.State = synchook.DeliveryCancelled
	w.turnAt(t, e.ID, at("dies", 2), store.DeliveryDone{Delivery: d}) // and stays
	lane := synchook.DeliveryLane(e.ID)
	w.leaseEnds(t, lane)
	overdue, err := w.st.OverdueLanes(t.Context(), []synchook.ProjectID{w.p}, 10)
	if err != nil || len(overdue[w.p]) != 1 {
		t.Fatalf("overdue: %v, %v", overdue, err)
	}
	if hints, err := w.st.Rewake(t.Context(), w.p, overdue[w.p][0], false); err != nil || len(hints) != 0 {
		t.Errorf("an empty lane was woken: %v, %v", hints, err)
	}
	if n := w.rdb.Exists(t.Context(), w.key("lane", string(lane))).Val(); n != 0 {
		t.Error("the lane is left")
	}
}

func TestAConnectionsOwnURLIsAnEndpointUntilTheConnectionIsDeleted(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t))
	ctx, caller := t.Context(), synchook.Caller{Project: w.p}
	_, err := w.st.UpdateSettings(ctx, caller, "", func(s *synchook.Settings) error { s.WebhookURL = "https://one.example"; return nil })
	if err != nil {
		t.Fatal(err)
	}
	id := synchook.ConnectionEndpointID(w.Connection.ID)
	setURL := func(url string) {
		t.Helper()
		_, err := w.st.UpdateConnection(ctx, w.p, w.Connection.ID, func(c *synchook.Connection) error { c.WebhookURL = url; return nil })
		if err != nil {
			t.Fatal(err)
		}
		w.wantClean(t, "with the URL "+url)
	}
	setURL("https://own.example")
	w.oweTo(t, id, "Issue")
	for url, want := range map[string]string{"": "https://one.example", "https://new.example": "https://new.example"} {
		setURL(url)
		if e, err := w.st.Endpoint(ctx, w.p, id); err != nil || e.URL != want || e.Connection != w.Connection.ID {
			t.Errorf("with the URL %q, the endpoint is %+v, %v", url, e, err)
		}
	}
	if err := w.st.DeleteConnection(ctx, w.p, w.Connection); err != nil {
		t.Fatal(err)
	}
	if _, err := w.st.Endpoint(ctx, w.p, id); !synchook.IsKind(err, synchook.KindNotFound) {
		t.Errorf("the endpoint of a deleted connection: %v", err)
	}
	w.purge(t)
	w.wantGone(t, string(id))
	w.wantClean(t, "after the purge")
}

func TestEndpointsOfAllKindsAreListedInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := []synchook.EndpointID{w.Project.Endpoint}
	for range 3 {
		want = append(want, w.addEndpoint(t, synchook.Endpoint{URL: "https://two.example"}).ID)
	}
	for _, name := range []string{"a", "b"} {
		con, err := w.st.CreateConnection(t.Context(), w.p, synchook.Connection{
			Integration: w.Integration.ID, Name: name, Metadata: []byte("{}"), Config: []byte("{}"), WebhookURL: "https://" + name + ".example",
		})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, synchook.ConnectionEndpointID(con.ID))
	}
	slices.Sort(want[1:4]) // those of one millisecond are in any order
	slices.Sort(want[4:])
	for size := 1; size <= len(want)+1; size++ {
		var got []synchook.EndpointID
		for page := (store.Page{Size: size}); ; {
			list, next, err := w.st.EndpointPage(t.Context(), w.p, page)
			if err != nil || len(list) > size {
				t.Fatalf("a page of %d, %v", len(list), err)
			}
			for _, e := range list {
				got = append(got, e.ID)
			}
			if page.Token = next; next == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("in pages of %d: %v, want %v", size, got, want)
		}
	}
	if _, _, err := w.st.EndpointPage(t.Context(), w.p, store.Page{Token: "!"}); !synchook.IsKind(err, synchook.KindInvalid) {
		t.Errorf("a page of a token that nobody gave out: %v", err)
	}
}
