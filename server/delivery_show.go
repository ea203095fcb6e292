package server

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// deliveryShower converts deliveries of one project. It remembers names.
type deliveryShower struct {
	store   deliveryStore
	project synchook.ProjectID
	names   *names
}

func (s *deliveryService) shower(ctx context.Context) *deliveryShower {
	p := projectOf(ctx)
	return &deliveryShower{store: s.store, project: p, names: newNames(s.store, p)}
}

func (s *deliveryService) showOne(ctx context.Context, d synchook.Delivery) (*v1.Delivery, error) {
	return s.shower(ctx).one(ctx, d)
}

func (s *deliveryShower) one(ctx context.Context, d synchook.Delivery) (*v1.Delivery, error) {
	shown, err := s.all(ctx, []synchook.Delivery{d})
	if err != nil {
		return nil, err
	}
	return shown[0], nil
}

// all converts deliveries, by the terms that their endpoints have now.
func (s *deliveryShower) all(ctx context.Context, list []synchook.Delivery) ([]*v1.Delivery, error) {
	terms, err := s.store.DeliveryTerms(ctx, s.project, unique(convertAll(list, func(d synchook.Delivery) synchook.EndpointID { return d.Endpoint })))
	if err != nil {
		return nil, err
	}
	return tryAll(list, func(d synchook.Delivery) (*v1.Delivery, error) { return s.show(ctx, d, terms[d.Endpoint]) })
}

func (s *deliveryShower) show(ctx context.Context, d synchook.Delivery, terms store.DeliveryTerms) (*v1.Delivery, error) {
	key, connection, sync, err := s.names.of(ctx, d.Integration, d.Connection, d.Sync)
	if err != nil {
		return nil, err
	}
	return &v1.Delivery{
		Id: string(d.ID), State: deliveryStateWords().enum(d.State), EndpointId: string(d.Endpoint), RunId: string(d.Run),
		ProviderConfigKey: key, ConnectionId: connection, SyncName: sync, Model: d.Model, Attempts: int32(d.Attempts),
		MaxAttempts: int32(webhook.ScheduleOf(terms.Schedule).Most(d.Attempts, d.Base+d.Throttled)), NextAttemptTime: timestamp(nextAttempt(d, terms.Lane)),
		LastStatus: int32(d.LastStatus), Reason: d.Reason, CreateTime: timestamp(d.Created), EndTime: timestamp(d.Ended),
		OperationalType: string(d.Operational), SupersededBy: string(d.SupersededBy),
	}, nil
}

// nextAttempt says when a delivery is attempted next. Zero: nobody knows, or never.
func nextAttempt(d synchook.Delivery, lane store.LaneStand) time.Time {
	if d.State != synchook.DeliveryPending || lane.Held != "" {
		return time.Time{}
	}
	return later(d.Due, lane.NotBefore)
}

func fromAttempt(a synchook.Attempt) *v1.Attempt {
	return &v1.Attempt{
		Number: int32(a.Number), StartTime: timestamp(a.Started), Duration: durationpb.New(a.Duration), Status: int32(a.Status),
		Error: a.Error, Response: a.Response, Url: a.URL, RequestHeaders: a.RequestHeaders, ResponseHeaders: a.ResponseHeaders,
	}
}
