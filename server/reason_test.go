package server

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// noon is now in the tests of reasons.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// standingSo returns a delivery that waits in its lane after three attempts, due a minute ago, and changed.
func standingSo(change ...func(*standing)) standing {
	s := standing{
		delivery: synchook.Delivery{
			State: synchook.DeliveryPending, Attempts: 3, LastStatus: 500, Reason: "the endpoint answered 500", Due: noon.Add(-time.Minute),
		},
		place: store.DeliveryPlace{Now: noon, InLane: true}, endpoint: synchook.Endpoint{ID: "end_1"}, most: 13,
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

// observed is the text of a flow that observed outcomes, of a delivery each, the last a second ago.
func observed(rules webhook.FlowRules, outcomes ...webhook.Outcome) string {
	var f webhook.Flow
	for i, outcome := range outcomes {
		f = f.Sent(1, rules, 0, noon.Add(-2*time.Second))
		f = f.After(webhook.Observation{
			Delivery: fmt.Sprintf("dlv_%d", i), Outcome: outcome, Status: http.StatusServiceUnavailable, Reason: "answered 503",
			RetryAfter: 30 * time.Second, At: noon.Add(-time.Second), InFlight: 1,
		}, rules, 0.5)
	}
	return f.Text(rules, noon)
}

func ended(state synchook.DeliveryState, reason string) func(*standing) {
	return func(s *standing) { s.delivery.State, s.delivery.Reason = state, reason }
}

func due(after time.Duration, cause synchook.WaitCause) func(*standing) {
	return func(s *standing) { s.delivery.Due, s.delivery.Cause = noon.Add(after), cause }
}

func lane(l store.LaneStand) func(*standing) { return func(s *standing) { s.place.Lane = l } }

func behind(n int64) func(*standing) { return func(s *standing) { s.place.Before = n } }

func TestADeliveryExplainsItself(t *testing.T) {
	t.Parallel()
	const (
		schedule = "RETRY_SCHEDULE @12:01:00 waits until 12:01:00 UTC for attempt 4 of 13: the endpoint answered 500"
		isDue    = "DUE attempt 4 of 13 is due, and is made as soon as a worker comes to it"
		paused   = "ENDPOINT_PAUSED the endpoint is paused since 2026-03-03 12:00:00 UTC: a new release; what it is owed waits until somebody resumes it"
	)
	failing := observed(webhook.FlowRules{}, slices.Repeat([]webhook.Outcome{webhook.Retry}, 5)...)
	throttled := observed(webhook.FlowRules{}, webhook.Throttle)
	limited := func(s *standing) {
		s.endpoint.Rate, s.endpoint.Burst = 0.1, 1
		rules := webhook.FlowRules{Rate: 0.1, Burst: 1}
		s.place.Lane.Flow = webhook.Flow{}.Sent(1, rules, 0, noon).Text(rules, noon)
	}
	pausedLane := lane(store.LaneStand{Held: synchook.EndpointPaused, Why: "a new release", Since: noon.Add(-24 * time.Hour), NotBefore: noon.Add(time.Hour)})
	told := map[v1.ReasonKind]bool{}
	for name, c := range map[string]struct {
		s    standing
		want []string
	}{
		"delivered":  {standingSo(ended(synchook.DeliveryDelivered, "the endpoint answered 200")), []string{"DELIVERED the endpoint answered 200 at attempt 3 of 13"}},
		"exhausted":  {standingSo(ended(synchook.DeliveryExhausted, "all 13 attempts failed")), []string{"EXHAUSTED all 13 attempts failed"}},
		"cancelled":  {standingSo(ended(synchook.DeliveryCancelled, "the endpoint was deleted")), []string{"CANCELLED the endpoint was deleted"}},
		"superseded": {standingSo(func(s *standing) { s.delivery.State, s.delivery.SupersededBy = synchook.DeliverySuperseded, "dlv_2" }), []string{"SUPERSEDED dlv_2 took its place, and tells what this one would have told (dlv_2)"}},

		"in no lane":              {standingSo(func(s *standing) { s.place.InLane = false }), []string{"FAULT it is pending and waits in no lane, so nobody will attempt it: run `synchook doctor --repair`, or retry it"}},
		"in flight":               {standingSo(func(s *standing) { s.place.InFlight = true }, behind(3), pausedLane), []string{"IN_FLIGHT attempt 4 of 13 is under way"}},
		"due":                     {standingSo(), []string{isDue}},
		"the first attempt":       {standingSo(func(s *standing) { s.delivery.Attempts = 0 }), []string{"DUE attempt 1 of 13 is due, and is made as soon as a worker comes to it"}},
		"one more than there are": {standingSo(func(s *standing) { s.delivery.Attempts = 13 }), []string{"DUE attempt 14 of 14 is due, and is made as soon as a worker comes to it"}},

		"behind one":       {standingSo(behind(1)), []string{"BEHIND_OTHERS 1 other of the endpoint is due before it [1]", isDue}},
		"behind many":      {standingSo(behind(4120)), []string{"BEHIND_OTHERS 4,120 others of the endpoint are due before it [4120]", isDue}},
		"behind very many": {standingSo(behind(1234567)), []string{"BEHIND_OTHERS 1,234,567 others of the endpoint are due before it [1234567]", isDue}},

		"retry":    {standingSo(due(time.Minute, synchook.WaitSchedule), behind(2)), []string{schedule, "BEHIND_OTHERS 2 others of the endpoint are due before it [2]"}},
		"tomorrow": {standingSo(due(12*time.Hour, synchook.WaitSchedule)), []string{"RETRY_SCHEDULE @00:00:00 waits until 2026-03-05 00:00:00 UTC for attempt 4 of 13: the endpoint answered 500"}},
		"asked":    {standingSo(due(time.Minute, synchook.WaitAsked)), []string{"RETRY_AFTER @12:01:00 waits until 12:01:00 UTC for attempt 4 of 13, as the endpoint asked: the endpoint answered 500"}},
		"fault":    {standingSo(due(time.Minute, synchook.WaitFault), func(s *standing) { s.delivery.Reason = "a fault of ours: no memory" }), []string{"FAULT @12:01:00 waits until 12:01:00 UTC for attempt 4 of 13: a fault of ours: no memory"}},
		"interval": {standingSo(due(time.Minute, synchook.WaitSchedule), func(s *standing) { s.delivery.Attempts, s.endpoint.MinInterval = 0, 5*time.Minute }), []string{"MINIMUM_INTERVAL @12:01:00 waits until 12:01:00 UTC for attempt 1 of 13: the endpoint gets one webhook of this connection, sync and model in 5m0s at most"}},

		"paused":                      {standingSo(pausedLane), []string{paused}},
		"paused and waiting":          {standingSo(pausedLane, due(time.Minute, synchook.WaitSchedule), behind(2)), []string{paused, schedule, "BEHIND_OTHERS 2 others of the endpoint are due before it [2]"}},
		"disabled":                    {standingSo(lane(store.LaneStand{Held: synchook.EndpointOff, Why: "the endpoint answered 410", Since: noon})), []string{"ENDPOINT_DISABLED the endpoint is disabled since 2026-03-04 12:00:00 UTC: the endpoint answered 410; what it is owed waits until somebody resumes it"}},
		"paused by nobody knows whom": {standingSo(lane(store.LaneStand{Held: synchook.EndpointPaused, Since: noon})), []string{"ENDPOINT_PAUSED the endpoint is paused since 2026-03-04 12:00:00 UTC; what it is owed waits until somebody resumes it"}},

		"failing":                             {standingSo(lane(store.LaneStand{Flow: failing, NotBefore: noon.Add(time.Second)})), []string{"ENDPOINT_FAILING @12:00:01 the endpoint answered 503; single attempts probe it until one is answered; the next attempt goes at 12:00:01 UTC"}},
		"failing, while a probe is under way": {standingSo(lane(store.LaneStand{Flow: failing}), func(s *standing) { s.place.Now, s.place.Flying = noon.Add(time.Minute), 1 }), []string{"ENDPOINT_FAILING the endpoint answered 503; single attempts probe it until one is answered"}},
		"failing, and due later":              {standingSo(lane(store.LaneStand{Flow: failing, NotBefore: noon.Add(time.Second)}), due(time.Minute, synchook.WaitSchedule)), []string{schedule, "ENDPOINT_FAILING @12:00:01 the endpoint answered 503; single attempts probe it until one is answered; the next attempt goes at 12:00:01 UTC"}},
		"throttled":                           {standingSo(lane(store.LaneStand{Flow: throttled})), []string{"ENDPOINT_THROTTLED @12:00:29 the endpoint asked for fewer webhooks; it gets 0.871 a second at most; the next attempt goes at 12:00:29 UTC"}},
		"rate limit":                          {standingSo(limited), []string{"RATE_LIMIT @12:00:10 the endpoint gets 0.1 webhooks a second at most; the next attempt goes at 12:00:10 UTC"}},
		"rate limit, and due later":           {standingSo(limited, due(time.Minute, synchook.WaitSchedule)), []string{schedule}},
		"in flight limit":                     {standingSo(func(s *standing) { s.place.Flying = 8 }, behind(2)), []string{"IN_FLIGHT_LIMIT 8 requests are in flight to the endpoint, which is as many as it may have now", "BEHIND_OTHERS 2 others of the endpoint are due before it [2]"}},
		"in flight, and more may be":          {standingSo(func(s *standing) { s.place.Flying = 7 }), []string{isDue}},
		"a fault made a pause":                {standingSo(lane(store.LaneStand{NotBefore: noon.Add(time.Second)})), []string{"FAULT @12:00:01 something on our side stopped the last attempt; the next attempt goes at 12:00:01 UTC"}},
		"an unreadable flow":                  {standingSo(lane(store.LaneStand{Flow: "8 v9 x"})), []string{isDue}},
	} {
		var got []string
		for _, r := range c.s.reasons() {
			told[r.GetKind()] = true
			got = append(got, reasonText(r))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
		}
	}
	for number, kind := range v1.ReasonKind_name {
		if number != 0 && !told[v1.ReasonKind(number)] {
			t.Errorf("no case has the reason %s", kind)
		}
	}
}

// reasonText writes a reason in a line.
func reasonText(r *v1.Reason) string {
	text := r.GetKind().String()[len("REASON_KIND_"):]
	if r.GetUntilTime() != nil {
		text += " @" + r.GetUntilTime().AsTime().Format(time.TimeOnly)
	}
	text += " " + r.GetText()
	if r.GetBehind() > 0 {
		text += fmt.Sprintf(" [%d]", r.GetBehind())
	}
	if r.GetDeliveryId() != "" {
		text += " (" + r.GetDeliveryId() + ")"
	}
	return text
}
