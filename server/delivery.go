package server

import (
	"context"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// deliveryStore keeps deliveries.
type deliveryStore interface {
	Delivery(ctx context.Context, p synchook.ProjectID, id synchook.DeliveryID) (synchook.Delivery, error)
	PlacedDelivery(ctx context.Context, p synchook.ProjectID, id synchook.DeliveryID) (synchook.Delivery, store.DeliveryPlace, error)
	DeliveryTerms(ctx context.Context, p synchook.ProjectID, ends []synchook.EndpointID) (map[synchook.EndpointID]store.DeliveryTerms, error)
	Endpoint(ctx context.Context, p synchook.ProjectID, id synchook.EndpointID) (synchook.Endpoint, error)
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
		lookupStore
		nameStore
		listenStore
	}
	queue hintSender
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
	shown, err := s.shower(ctx).all(ctx, page)
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
	p := projectOf(ctx)
	d, place, err := s.store.PlacedDelivery(ctx, p, synchook.DeliveryID(r.GetId()))
	if err != nil {
		return nil, err
	}
	body, attempts, err := s.store.DeliveryAttempts(ctx, p, d.ID)
	if err != nil {
		return nil, err
	}
	endpoint, err := s.store.Endpoint(ctx, p, d.Endpoint)
	if err != nil && !synchook.IsKind(err, synchook.KindNotFound) {
		return nil, err
	}
	shown, err := s.showOne(ctx, d)
	if err != nil {
		return nil, err
	}
	why := standing{delivery: d, place: place, endpoint: endpoint, most: int(shown.GetMaxAttempts())}
	return &v1.GetDeliveryResponse{
		Delivery: shown, Body: body, AttemptList: convertAll(attempts, fromAttempt), Reasons: why.reasons(),
	}, nil
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
