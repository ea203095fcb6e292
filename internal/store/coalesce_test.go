package store_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// change has a run add n records of a model, since a time that many minutes after noon, and owe the endpoint a webhook
// that may become one with others. It returns the webhook, and the hints to be sent.
func (w *world) change(t *testing.T, model string, n, minute int, how ...func(*synchook.Delivery)) (synchook.DeliveryID, []synchook.Hint) {
	t.Helper()
	run := w.run(synchook.NewID(synchook.RunPrefix, time.Now()))
	w.add(t, run)
	taken := w.turn(t, w.first(string(run.ID)))
	done := w.succeeded(taken.Rows[0], model)
	d := &done.Deliveries[0]
	d.Coalesces = true
	d.Body = webhook.SyncBody{
		ConnectionID: "user-1", ProviderConfigKey: "github", SyncName: "issues", Model: model,
		Counts: webhook.Counts{Added: int64(n)}, QueryTimeStamp: noon.Add(time.Duration(minute) * time.Minute),
	}.Bytes()
	for _, change := range how {
		change(d)
	}
	turn := store.Turn{Lane: w.lane(), Token: string(run.ID), Number: 2, Leave: store.LeaveIdle}
	hints := w.turn(t, turn, done).Hints
	if again := w.turn(t, turn, done); again.Word == store.TurnOK { // it left the lane, so that nobody can send it again
		t.Errorf("the turn that was over says %+v", again)
	}
	return d.ID, hints
}

// every is the minimum interval of the endpoint that is owed a delivery.
func every(interval time.Duration) func(*synchook.Delivery) {
	return func(d *synchook.Delivery) { d.Interval = interval }
}

// wantTold fails unless a delivery tells of so many records since that minute.
func (w *world) wantTold(t *testing.T, id synchook.DeliveryID, n, minute int) {
	t.Helper()
	body, _, err := w.st.DeliveryAttempts(t.Context(), w.p, id)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		ResponseResults map[string]struct{ Added int }
		QueryTimeStamp  time.Time
	}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	for _, counts := range got.ResponseResults {
		if counts.Added != n || !got.QueryTimeStamp.Equal(noon.Add(time.Duration(minute)*time.Minute)) {
			t.Errorf("delivery %s tells %s, want %d records since minute %d", id, body, n, minute)
		}
	}
}

// wantSuperseded fails unless a delivery's place was taken by another.
func (w *world) wantSuperseded(t *testing.T, id, by synchook.DeliveryID) {
	t.Helper()
	d := w.readDelivery(t, id)
	if d.State != synchook.DeliverySuperseded || d.SupersededBy != by || d.Ended.IsZero() || d.Reason != string(by)+" took its place" {
		t.Errorf("delivery %s is %+v, want it superseded by %s", id, d, by)
	}
	wantListed(t, w, synchook.DeliverySuperseded, id)
	if p := w.placed(t, id); p.InLane {
		t.Errorf("delivery %s was superseded and still waits: %+v", id, p)
	}
}

func (w *world) wantPending(t *testing.T, ids ...synchook.DeliveryID) {
	t.Helper()
	var got []synchook.DeliveryID
	for _, d := range w.deliveriesIn(t, synchook.DeliveryPending) {
		got = append(got, d.ID)
	}
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		t.Errorf("pending are %v, want %v", got, ids)
	}
}

// fails hands in that an attempt failed, and leaves the lane.
func (w *world) fails(t *testing.T, token string, d synchook.Delivery, wait time.Duration) store.Taken[synchook.Delivery] {
	t.Helper()
	failed := attempt(d, synchook.DeliveryPending, 500)
	failed.Wait = wait
	leave := at(token, 2)
	leave.Leave, leave.Want = store.LeaveNow, 0
	return w.turnDeliveries(t, leave, failed)
}

const openBreaker = "1 v1 l1 g1 o1767268800000 n1767268801000 s1767268800000 i1r3,zz,1,2,3 rrefused the connection"

// inTrouble makes the endpoint's lane look as its worker or a person leaves it.
func (w *world) inTrouble(t *testing.T, fields ...any) {
	t.Helper()
	if err := w.rdb.HSet(t.Context(), w.key("lane", string(w.endpointLane())), fields...).Err(); err != nil {
		t.Fatal(err)
	}
}

// trouble returns what makes an endpoint's lane look as its worker or a person leaves it.
func trouble(fields ...any) func(*testing.T, *world) {
	return func(t *testing.T, w *world) { t.Helper(); w.inTrouble(t, fields...) }
}

// failure returns what has an attempt fail.
func failure(wait time.Duration) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		t.Helper()
		rows := w.turnDeliveries(t, at("a", 1)).Rows
		first := slices.IndexFunc(rows, func(d synchook.Delivery) bool { return d.Model == "Issue" })
		w.fails(t, "a", rows[first], wait)
	}
}

func (w *world) outOfTrouble(t *testing.T) {
	t.Helper()
	if err := w.rdb.HDel(t.Context(), w.key("lane", string(w.endpointLane())), "held", "nb", "flow").Err(); err != nil {
		t.Fatal(err)
	}
}

func TestANewWebhookTakesThePlaceOfOneThatWaitsForAnEndpointInTrouble(t *testing.T) {
	t.Parallel()
	soon := time.Now().Add(time.Hour).UnixMilli()
	for name, trouble := range map[string]func(*testing.T, *world){
		"it is paused":                   trouble("held", "paused"),
		"it is disabled":                 trouble("held", "disabled"),
		"nothing goes for a while":       trouble("nb", soon),
		"its breaker is open":            trouble("flow", openBreaker),
		"the older one's attempt failed": failure(time.Hour),
		"the older one's attempt failed, and it is due again": failure(0),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := worldOn(t, ownServer(t))
			older, _ := w.change(t, "Issue", 2, 1)
			other, _ := w.change(t, "User", 1, 1)
			trouble(t, w)
			newer, _ := w.change(t, "Issue", 3, 2)
			w.wantSuperseded(t, older, newer)
			w.wantTold(t, newer, 5, 1)
			w.wantPending(t, newer, other)
			if f := total(w.stats(t, "", time.Hour)); f.Created != 3 || f.Superseded != 1 {
				t.Errorf("statistics say %+v", f)
			}
			w.inTrouble(t, "held", "")
			w.wantClean(t, "at the end")
		})
	}
}

func TestAnEndpointThatIsWellGetsEachWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.inTrouble(t, "flow", "64 v1 l64 g2 u900", "nb", 1)
	var ids []synchook.DeliveryID
	for n := range 3 {
		id, _ := w.change(t, "Issue", n, n)
		ids = append(ids, id)
	}
	w.wantPending(t, ids...)
	wantWord(t, w.turnDeliveries(t, at("a", 1)), store.TurnOK, 3)
}

func TestWhatMayNotBecomeOneStands(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]func(*synchook.Delivery){
		"the endpoint does not want it": func(d *synchook.Delivery) { d.Coalesces = false },
		"another model":                 func(d *synchook.Delivery) { d.Model = "Issues" },
		"another model that looks like it": func(d *synchook.Delivery) {
			d.Model = "Issue\x01" + string(d.ID)
		},
		"another sync":                   func(d *synchook.Delivery) { d.Sync = "syn_2" },
		"another connection":             func(d *synchook.Delivery) { d.Connection = "con_2" },
		"another endpoint":               func(d *synchook.Delivery) { d.Endpoint = "end_2" },
		"its body is of an unknown form": func(d *synchook.Delivery) { d.Body = []byte(`{"added":1}`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			older, _ := w.change(t, "Issue", 1, 1)
			w.inTrouble(t, "held", "paused")
			newer, _ := w.change(t, "Issue", 1, 2, how)
			w.wantPending(t, older, newer)
		})
	}
}

func TestAWebhookThatIsUnderWayIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	older, _ := w.change(t, "Issue", 1, 1)
	flying := w.turnDeliveries(t, at("a", 1)).Rows[0]
	w.inTrouble(t, "flow", openBreaker)
	newer, _ := w.change(t, "Issue", 2, 2)
	w.wantPending(t, older, newer)
	w.turnDeliveries(t, store.Turn{Token: "a", Number: 2, Limit: 10}, attempt(flying, synchook.DeliveryDelivered, 200))
	w.wantTold(t, newer, 2, 2)
	w.wantPending(t, newer)
}

func TestAWebhookWhoseAttemptFailsJoinsTheOneThatCameMeanwhile(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t))
	older, _ := w.change(t, "Issue", 1, 1)
	flying := w.turnDeliveries(t, at("a", 1)).Rows[0]
	newer, _ := w.change(t, "Issue", 2, 2)
	w.fails(t, "a", flying, time.Minute)
	w.wantSuperseded(t, older, newer)
	w.wantTold(t, newer, 3, 1)
	if d := w.readDelivery(t, newer); d.Due.After(time.Now()) || d.Attempts != 0 {
		t.Errorf("the one that stays is %+v, want it due", d)
	}
	if d := w.readDelivery(t, older); d.Attempts != 1 || d.LastStatus != 500 {
		t.Errorf("of the attempt that failed is known %+v", d)
	}
	w.wantClean(t, "at the end")
}

// A receiver may have got what a dead worker sent, and keeps only the first body of each webhook-id.
func TestAWebhookThatWasSentOnceNeverTellsAnythingElse(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t))
	first, _ := w.change(t, "Issue", 1, 1)
	w.turnDeliveries(t, at("a", 1))
	second, _ := w.change(t, "Issue", 2, 2)
	turn := at("a", 2)
	turn.Want = 1
	w.turnDeliveries(t, turn)
	w.leaseEnds(t, w.endpointLane())
	w.inTrouble(t, "held", "paused")
	w.turnDeliveries(t, store.Turn{Token: "b", Number: 1, Limit: 10, Leave: store.LeaveNow}) // makes both due again
	w.wantPending(t, first, second)
	w.wantTold(t, second, 2, 2)
	third, _ := w.change(t, "Issue", 4, 3)
	w.wantSuperseded(t, first, third)
	w.wantSuperseded(t, second, third)
	w.wantTold(t, third, 7, 1)
}

func TestWebhooksThatSupersedeOneAnotherAddUp(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t))
	w.inTrouble(t, "held", "paused")
	var ids []synchook.DeliveryID
	sum := 0
	for n := range 20 {
		id, _ := w.change(t, "Issue", n+1, 30-n)
		ids, sum = append(ids, id), sum+n+1
	}
	last := len(ids) - 1
	for n := range last {
		w.wantSuperseded(t, ids[n], ids[n+1])
	}
	w.wantTold(t, ids[last], sum, 11)
	w.wantPending(t, ids[last])
}

func TestARunThatIsHandedInAgainMergesNothingTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	older, _ := w.change(t, "Issue", 1, 1)
	w.inTrouble(t, "held", "paused")
	run := w.run("run_again")
	w.add(t, run)
	taken := w.turn(t, w.first("x"))
	done := w.succeeded(taken.Rows[0], "Issue")
	d := &done.Deliveries[0]
	d.Coalesces = true
	d.Body = webhook.SyncBody{Model: "Issue", Counts: webhook.Counts{Added: 2}, QueryTimeStamp: noon}.Bytes()
	again := done
	again.Run.State = synchook.RunQueued // it is not over: an attempt that failed after it had changed something
	turn := store.Turn{Lane: w.lane(), Token: "x", Number: 2, Want: 1, Limit: 1}
	for range 3 {
		w.turn(t, turn, again)
	}
	turn.Number = 3
	w.turn(t, turn, done)
	w.wantSuperseded(t, older, d.ID)
	w.wantTold(t, d.ID, 3, 0)
}

// oweMany makes n webhooks wait for the endpoint, of so many models in turn.
func (w *world) oweMany(t *testing.T, n, models int) []synchook.DeliveryID {
	t.Helper()
	ids := make([]synchook.DeliveryID, n)
	for i := range n {
		ids[i], _ = w.change(t, fmt.Sprintf("M%d", i%models), 1, i)
	}
	return ids
}

func TestWhatWaitedBeforeTheTroubleGoesAsOneOfEachKeyAfterIt(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t))
	const models, each = 7, 30
	w.oweMany(t, models*each, models)
	w.hold(t, synchook.EndpointPaused, "")
	wantHint(t, w.release(t), w.endpointLane())
	got := map[string]int{}
	for _, d := range w.sendAll(t, "b", 2) {
		minute, _ := strconv.Atoi(d.Model[1:])
		w.wantTold(t, d.ID, each, minute)
		got[d.Model]++
	}
	if len(got) != models {
		t.Errorf("the endpoint got %v", got)
	}
	for model, n := range got {
		if n != 1 {
			t.Errorf("it got %d webhooks of %s, want one", n, model)
		}
	}
	w.wantPending(t)
	w.wantClean(t, "at the end")
}

// sendAll delivers all that is due, so many at a time, and returns it.
func (w *world) sendAll(t *testing.T, token string, limit int) []synchook.Delivery {
	t.Helper()
	var all []synchook.Delivery
	var done []store.DeliveryDone
	for n := 1; ; n++ {
		taken := w.turnDeliveries(t, store.Turn{Token: token, Number: n, Want: limit, Limit: limit, Leave: store.LeaveIdle}, done...)
		done = nil
		for _, d := range taken.Rows {
			done = append(done, attempt(d, synchook.DeliveryDelivered, 200))
		}
		all = append(all, taken.Rows...)
		if taken.Word == store.TurnLeft && (taken.Next.IsZero() || taken.Next.After(taken.Now)) {
			return all
		}
		if taken.Word == store.TurnLeft {
			n, token = 0, token+"+"
		}
	}
}

func TestATurnLooksAtABoundedNumberOfWebhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const each = 450
	w.oweMany(t, each, 1)
	w.inTrouble(t, "down", time.Now().Add(time.Minute).UnixMilli())
	for i, want := range []struct{ rows, left int }{{0, each - 199}, {0, each - 398}, {1, 1}} {
		taken := w.turnDeliveries(t, store.Turn{Token: "a", Number: i + 1, Want: 5, Limit: 5, Leave: store.LeaveIdle})
		if n, err := w.st.Waiting(t.Context(), w.p, w.endpointLane()); err != nil || len(taken.Rows) != want.rows || n != int64(want.left) {
			t.Fatalf("a turn took %d rows and left %d (%v), want %+v", len(taken.Rows), n, err, want)
		}
		if taken.Word != store.TurnOK || len(taken.Hints) > 0 {
			t.Errorf("the worker left with more to do: %+v", taken)
		}
		if want.rows > 0 {
			w.wantTold(t, taken.Rows[0].ID, each, 0)
		}
	}
}

func TestWhatComesAfterTheTroubleIsSentAsItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.inTrouble(t, "down", noon.UnixMilli())
	w.oweMany(t, 4, 2)
	if got := w.sendAll(t, "b", 2); len(got) != 4 {
		t.Errorf("the endpoint got %d webhooks, want 4", len(got))
	}
}

func TestWhatWasSentAndInterruptedComesAgainAsItWas(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t))
	first, _ := w.change(t, "Issue", 1, 1)
	w.nextMillisecond(t)
	second, _ := w.change(t, "Issue", 2, 2)
	wantWord(t, w.turnDeliveries(t, at("dies", 1)), store.TurnOK, 2)
	w.hold(t, synchook.EndpointPaused, "")
	w.leaseEnds(t, w.endpointLane())
	w.turnDeliveries(t, store.Turn{Token: "b", Number: 1, Limit: 10, Leave: store.LeaveNow}) // makes both due again
	w.release(t)
	var sent []synchook.DeliveryID
	for _, d := range w.sendAll(t, "c", 2) {
		sent = append(sent, d.ID)
	}
	if !slices.Equal(sent, []synchook.DeliveryID{first, second}) {
		t.Errorf("sent were %v, want both that may have come already", sent)
	}
	w.wantTold(t, first, 1, 1)
	w.wantTold(t, second, 2, 2)
}
