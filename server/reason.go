package server

import (
	"fmt"
	"math"
	"strconv"
	"time"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// standing is all that says why a delivery stands as it does.
type standing struct {
	delivery synchook.Delivery
	place    store.DeliveryPlace
	endpoint synchook.Endpoint // the zero value: it was deleted
	most     int               // attempts
}

// reasons explains the delivery, the most telling reason first.
func (s standing) reasons() []*v1.Reason {
	d := s.delivery
	switch d.State {
	case synchook.DeliveryDelivered:
		return []*v1.Reason{{Kind: v1.ReasonKind_REASON_KIND_DELIVERED, Text: fmt.Sprintf("%s at attempt %d of %d", d.Reason, d.Attempts, s.most)}}
	case synchook.DeliveryExhausted:
		return []*v1.Reason{{Kind: v1.ReasonKind_REASON_KIND_EXHAUSTED, Text: d.Reason}}
	case synchook.DeliveryCancelled:
		return []*v1.Reason{{Kind: v1.ReasonKind_REASON_KIND_CANCELLED, Text: d.Reason}}
	case synchook.DeliverySuperseded:
		text := fmt.Sprintf("%s took its place, and tells what this one would have told", d.SupersededBy)
		return []*v1.Reason{{Kind: v1.ReasonKind_REASON_KIND_SUPERSEDED, Text: text, DeliveryId: string(d.SupersededBy)}}
	}
	return s.waits()
}

// waits explains a delivery that is pending.
func (s standing) waits() []*v1.Reason {
	switch {
	case !s.place.InLane:
		return []*v1.Reason{{
			Kind: v1.ReasonKind_REASON_KIND_FAULT,
			Text: "it is pending and waits in no lane, so nobody will attempt it: run `synchook doctor --repair`, or retry it",
		}}
	case s.place.InFlight:
		return []*v1.Reason{{Kind: v1.ReasonKind_REASON_KIND_IN_FLIGHT, Text: s.next() + " is under way"}}
	}
	list := s.ofEndpoint()
	if own := s.ofItsOwn(); own != nil {
		if len(list) > 0 && own.GetUntilTime().AsTime().After(untilOf(list[0])) {
			list = append([]*v1.Reason{own}, list...)
		} else {
			list = append(list, own)
		}
	}
	due := len(list) == 0
	if n := s.place.Before; n > 0 {
		list = append(list, &v1.Reason{Kind: v1.ReasonKind_REASON_KIND_BEHIND_OTHERS, Text: others(n) + " due before it", Behind: n})
	}
	if due {
		list = append(list, &v1.Reason{Kind: v1.ReasonKind_REASON_KIND_DUE, Text: s.next() + " is due, and is made as soon as a worker comes to it"})
	}
	return list
}

// untilOf returns until when a reason holds. One without an end holds for ever.
func untilOf(r *v1.Reason) time.Time {
	if r.GetUntilTime() == nil {
		return time.Unix(math.MaxInt32, 0)
	}
	return r.GetUntilTime().AsTime()
}

// next names the next attempt, or the one under way.
func (s standing) next() string {
	n := s.delivery.Attempts + 1
	return fmt.Sprintf("attempt %d of %d", n, max(n, s.most))
}

// ofEndpoint says what keeps everything that the endpoint is owed from being sent. Nothing: it is free.
func (s standing) ofEndpoint() []*v1.Reason {
	lane, now := s.place.Lane, s.place.Now
	switch lane.Held {
	case synchook.EndpointPaused:
		return []*v1.Reason{held(v1.ReasonKind_REASON_KIND_ENDPOINT_PAUSED, "paused", lane)}
	case synchook.EndpointOff:
		return []*v1.Reason{held(v1.ReasonKind_REASON_KIND_ENDPOINT_DISABLED, "disabled", lane)}
	}
	flow := webhook.ParseFlow(lane.Flow)
	state := flow.State(now)
	until := later(lane.NotBefore, state.Next)
	rules := webhook.FlowRules{MaxInFlight: math.MaxInt32, Rate: s.endpoint.Rate, Burst: s.endpoint.Burst}
	if !until.After(now) {
		more, notBefore := flow.Allow(rules, int(s.place.Flying), now)
		if more > 0 || s.delivery.Due.After(now) {
			return nil
		}
		until = notBefore
	}
	return []*v1.Reason{s.pace(flow, state, until)}
}

// pace says why the endpoint gets nothing until a time, or, when that is zero, until something in flight has ended.
func (s standing) pace(flow webhook.Flow, state webhook.FlowState, until time.Time) *v1.Reason {
	r := &v1.Reason{UntilTime: timestamp(until)}
	next := ""
	if !until.IsZero() {
		next = "; the next attempt goes at " + s.moment(until)
	}
	switch {
	case flow.Probing():
		r.Kind, r.Text = v1.ReasonKind_REASON_KIND_ENDPOINT_FAILING, state.Reason+next
	case state.Health == webhook.Throttled:
		r.Kind, r.Text = v1.ReasonKind_REASON_KIND_ENDPOINT_THROTTLED, state.Reason+next
	case until.IsZero():
		r.Kind = v1.ReasonKind_REASON_KIND_IN_FLIGHT_LIMIT
		r.Text = fmt.Sprintf("%d requests are in flight to the endpoint, which is as many as it may have now", s.place.Flying)
	case s.endpoint.Rate > 0:
		r.Kind = v1.ReasonKind_REASON_KIND_RATE_LIMIT
		r.Text = fmt.Sprintf("the endpoint gets %g webhooks a second at most%s", s.endpoint.Rate, next)
	default:
		r.Kind, r.Text = v1.ReasonKind_REASON_KIND_FAULT, "something on our side stopped the last attempt"+next
	}
	return r
}

// ofItsOwn says what the delivery itself waits for. Nothing: it is due.
func (s standing) ofItsOwn() *v1.Reason {
	d := s.delivery
	if !d.Due.After(s.place.Now) {
		return nil
	}
	r := &v1.Reason{UntilTime: timestamp(d.Due)}
	waits := fmt.Sprintf("waits until %s for %s", s.moment(d.Due), s.next())
	switch {
	case d.Cause == synchook.WaitFault:
		r.Kind, r.Text = v1.ReasonKind_REASON_KIND_FAULT, waits+": "+d.Reason
	case d.Cause == synchook.WaitAsked:
		r.Kind, r.Text = v1.ReasonKind_REASON_KIND_RETRY_AFTER, waits+", as the endpoint asked: "+d.Reason
	case d.Cause == synchook.WaitInterval, d.Attempts == 0:
		r.Kind = v1.ReasonKind_REASON_KIND_MINIMUM_INTERVAL
		r.Text = fmt.Sprintf("%s: the endpoint gets one webhook of this connection, sync and model in %s at most", waits, s.endpoint.MinInterval)
	default:
		r.Kind, r.Text = v1.ReasonKind_REASON_KIND_RETRY_SCHEDULE, waits+": "+d.Reason
	}
	return r
}

func held(kind v1.ReasonKind, word string, lane store.LaneStand) *v1.Reason {
	text := fmt.Sprintf("the endpoint is %s since %s", word, lane.Since.UTC().Format(time.DateTime+" UTC"))
	if lane.Why != "" {
		text += ": " + lane.Why
	}
	return &v1.Reason{Kind: kind, Text: text + "; what it is owed waits until somebody resumes it"}
}

// moment writes a time, with its day unless that is today.
func (s standing) moment(t time.Time) string {
	layout := time.DateTime
	if t.UTC().Truncate(24 * time.Hour).Equal(s.place.Now.UTC().Truncate(24 * time.Hour)) {
		layout = time.TimeOnly
	}
	return t.UTC().Format(layout + " UTC")
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// others counts other deliveries of the endpoint.
func others(n int64) string {
	if n == 1 {
		return "1 other of the endpoint is"
	}
	return thousands(n) + " others of the endpoint are"
}

// thousands writes a number with its thousands apart.
func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
