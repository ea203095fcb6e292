package worker

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// take takes a turn on the lane, and tells with it how the endpoint does.
func (d *deliverer) take(ctx context.Context, t store.Turn, done []finished[store.DeliveryDone]) (store.Taken[synchook.Delivery], error) {
	now := time.Now()
	told := d.course.tell(t.Number, now)
	if told.flow == nil {
		t.Fresh = d.course.fresh(now)
	} else {
		news, err := d.news(ctx, told)
		if err != nil {
			return store.Taken[synchook.Delivery]{}, err
		}
		flow := *told.flow
		flow.Deliveries, t.Flow = news, &flow
	}
	taken, err := d.store.TurnDeliveries(ctx, d.project, t, outcomes(done))
	if err == nil && (taken.Word == store.TurnOK || taken.Word == store.TurnLeft) {
		d.course.heard(taken.Flow, len(taken.Rows), now)
	}
	return taken, err
}

// news returns the deliveries that tell how the endpoint does now. That it is disabled the others are told.
func (d *deliverer) news(ctx context.Context, told told) ([]synchook.Delivery, error) {
	if told.disabled.IsZero() && told.recovered.IsZero() {
		return nil, nil
	}
	endpoint, _, err := d.current(ctx) // it is there although its secrets cannot be read
	if endpoint.ID == "" {
		return nil, nothingToTell(err)
	}
	ends, err := d.store.Endpoints(ctx, d.project)
	if err != nil {
		return nil, nothingToTell(err)
	}
	var news []synchook.Delivery
	if !told.recovered.IsZero() {
		news = endpointNews(ends, endpoint, synchook.EndpointRecovered, "", told.recovered)
	}
	if !told.disabled.IsZero() {
		news = append(news, endpointNews(without(ends, d.id), endpoint, synchook.EndpointDisabled, told.flow.Disable, told.disabled)...)
	}
	return news, nil
}

// nothingToTell is nil for the fault of a project or an endpoint that was deleted: nobody is told of it.
func nothingToTell(err error) error {
	if synchook.IsKind(err, synchook.KindNotFound) {
		return nil
	}
	return err
}

func without(ends []synchook.Endpoint, id synchook.EndpointID) []synchook.Endpoint {
	return slices.DeleteFunc(slices.Clone(ends), func(e synchook.Endpoint) bool { return e.ID == id })
}

// endpointNews returns the deliveries that tell how an endpoint does.
func endpointNews(ends []synchook.Endpoint, e synchook.Endpoint, t synchook.OperationalType, why string, at time.Time) []synchook.Delivery {
	body := webhook.OperationalBody{Type: t, Timestamp: at, EndpointID: string(e.ID), URL: e.URL, Reason: why}
	return operationalDeliveries(ends, synchook.DeliveryFacts{Operational: t}, about{id: string(e.ID), base: int(at.UnixMilli())}, body)
}

// note counts a change of how the endpoint does, and logs it for whoever looks after it.
func (d *deliverer) note(change turnOfEvents) {
	if change == noChange {
		return
	}
	state := d.course.state(time.Now())
	level, word, to := slog.LevelInfo, "an endpoint takes webhooks again; what it missed follows, beginning with one at a time", "healthy"
	facts := []slog.Attr{slog.String("project", string(d.project)), slog.String("endpoint", string(d.id))}
	switch change {
	case beganToFail:
		level, word, to = slog.LevelWarn, "an endpoint fails; single attempts probe it until one is answered, the rest waits", "failing"
		facts = append(facts, slog.Time("next", state.Next), slog.String("reason", state.Reason))
	case isDisabled:
		level, word, to = slog.LevelWarn, "an endpoint is disabled; everything is kept for it until a person resumes it", "disabled"
		facts = append(facts, slog.String("reason", d.course.end()))
	}
	d.metrics.changes.WithLabelValues(to).Inc()
	d.log.LogAttrs(context.Background(), level, word, facts...)
}
