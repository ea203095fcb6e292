package server

import (
	"context"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	api "github.com/synchook/synchook/gen/synchook/v1/synchookv1connect"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// deliveryStore keeps deliveries.
type deliveryStore interface {
	Delivery(ctx context.Context, p synchook.ProjectID, id synchook.DeliveryID) (synchook.Delivery, error)
	DeliveryAttempts(ctx context.Context, p synchook.ProjectID, id synchook.DeliveryID) ([]byte, []synchook.Attempt, error)
	Deliveries(ctx context.Context, p synchook.ProjectID, q store.DeliveryQuery, page store.Page) ([]synchook.Delivery, string, error)
	RetryDelivery(ctx context.Context, p synchook.ProjectID, d synchook.Delivery) ([]synchook.Hint, error)
	WatchDeliveries(ctx context.Context, p synchook.ProjectID) (<-chan []synchook.DeliveryID, error)
}

// deliveryService serves synchook.v1.DeliveryService.
type deliveryService struct {
	store interface {
		deliveryStore
		statsStore
		settingsStore
		lookupStore
		nameStore
	}
	queue hintSender

	api.UnimplementedDeliveryServiceHandler
}

// ListDeliveries implements the service.
func (s *deliveryService) ListDeliveries(ctx context.Context, r *v1.ListDeliveriesRequest) (*v1.ListDeliveriesResponse, error) {
	q, err := s.query(ctx, r)
	if err != nil {
		return nil, err
	}
	page, next, err := s.store.Deliveries(ctx, projectOf(ctx), q, pageOf(r))
	if err != nil {
		return nil, err
	}
	shower, err := s.shower(ctx)
	if err != nil {
		return nil, err
	}
	shown, err := tryAll(page, func(d synchook.Delivery) (*v1.Delivery, error) { return shower.show(ctx, d) })
	return &v1.ListDeliveriesResponse{Deliveries: shown, NextPageToken: next}, err
}

// query reads what a list is to hold.
func (s *deliveryService) query(ctx context.Context, r *v1.ListDeliveriesRequest) (store.DeliveryQuery, error) {
	at, err := placeOf(ctx, s.store, projectOf(ctx), r)
	return store.DeliveryQuery{
		States: deliveryStates(r.GetState()), Endpoint: synchook.EndpointID(r.GetEndpointId()),
		Integration: at.integration, Connection: at.connection, Sync: at.sync, Model: r.GetModel(), Run: synchook.RunID(r.GetRunId()),
		From: timeOf(r.GetCreatedAfter()), Before: timeOf(r.GetCreatedBefore()), OldestFirst: r.GetOrder() == v1.Order_ORDER_OLDEST_FIRST,
	}, err
}

// deliveryStates returns the states that a filter holds. None: it holds all.
func deliveryStates(filter v1.DeliveryState) []synchook.DeliveryState {
	if filter == v1.DeliveryState_DELIVERY_STATE_UNDELIVERED {
		return []synchook.DeliveryState{synchook.DeliveryPending, synchook.DeliveryExhausted}
	}
	if state := deliveryStateWords().word(filter); state != "" {
		return []synchook.DeliveryState{state}
	}
	return nil
}

// GetDelivery implements the service.
func (s *deliveryService) GetDelivery(ctx context.Context, r *v1.GetDeliveryRequest) (*v1.GetDeliveryResponse, error) {
	d, err := s.store.Delivery(ctx, projectOf(ctx), synchook.DeliveryID(r.GetId()))
	if err != nil {
		return nil, err
	}
	body, attempts, err := s.store.DeliveryAttempts(ctx, projectOf(ctx), d.ID)
	if err != nil {
		return nil, err
	}
	shown, err := s.showOne(ctx, d)
	return &v1.GetDeliveryResponse{Delivery: shown, Body: body, AttemptList: convertAll(attempts, fromAttempt)}, err
}

// RetryDelivery implements the service.
func (s *deliveryService) RetryDelivery(ctx context.Context, r *v1.RetryDeliveryRequest) (*v1.Delivery, error) {
	p, id := projectOf(ctx), synchook.DeliveryID(r.GetId())
	d, err := s.store.Delivery(ctx, p, id)
	if err != nil {
		return nil, err
	}
	hints, err := s.store.RetryDelivery(ctx, p, d)
	if err != nil {
		return nil, err
	}
	s.queue.send(ctx, hints)
	if d, err = s.store.Delivery(ctx, p, id); err != nil {
		return nil, err
	}
	return s.showOne(ctx, d)
}

func (s *deliveryService) showOne(ctx context.Context, d synchook.Delivery) (*v1.Delivery, error) {
	shower, err := s.shower(ctx)
	if err != nil {
		return nil, err
	}
	return shower.show(ctx, d)
}

// deliveryShower converts deliveries of one project.
type deliveryShower struct {
	names *names
	most  int32 // attempts
}

func (s *deliveryService) shower(ctx context.Context) (*deliveryShower, error) {
	set, err := s.store.Settings(ctx, projectOf(ctx))
	if err != nil {
		return nil, err
	}
	waits := len(set.RetrySchedule)
	if waits == 0 {
		waits = len(webhook.Default())
	}
	return &deliveryShower{names: newNames(s.store, projectOf(ctx)), most: int32(waits) + 1}, nil
}

func (s *deliveryShower) show(ctx context.Context, d synchook.Delivery) (*v1.Delivery, error) {
	key, connection, sync, err := s.names.of(ctx, d.Integration, d.Connection, d.Sync)
	if err != nil {
		return nil, err
	}
	shown := &v1.Delivery{
		Id: string(d.ID), State: deliveryStateWords().enum(d.State), EndpointId: string(d.Endpoint), RunId: string(d.Run),
		ProviderConfigKey: key, ConnectionId: connection, SyncName: sync, Model: d.Model, Attempts: int32(d.Attempts),
		MaxAttempts: s.most, LastStatus: int32(d.LastStatus), Reason: d.Reason, CreateTime: timestamp(d.Created), EndTime: timestamp(d.Ended),
		OperationalType: string(d.Operational), SupersededBy: string(d.SupersededBy),
	}
	if d.State == synchook.DeliveryPending {
		shown.NextAttemptTime = timestamp(d.Due)
	}
	return shown, nil
}

func fromAttempt(a synchook.Attempt) *v1.Attempt {
	return &v1.Attempt{
		Number: int32(a.Number), StartTime: timestamp(a.Started), Duration: durationpb.New(a.Duration), Status: int32(a.Status),
		Error: a.Error, Response: a.Response,
	}
}
