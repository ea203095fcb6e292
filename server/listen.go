package server

import (
	"context"
	"net/http"
	"time"

	"connectrpc.com/connect"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

const (
	// listenPoll is how often whoever listens is looked after, though nothing is said to have changed: their key may have
	// been revoked.
	listenPoll = 2 * time.Second
	// listenSoon is when what was made in this millisecond can be seen whole.
	listenSoon = 2 * time.Millisecond
	// secretsFresh is how old the secrets may be that a request is signed with.
	secretsFresh = time.Second
)

// listenStore is what listening needs.
type listenStore interface {
	Listen(ctx context.Context, c synchook.Caller, cursor string) (store.News, error)
	DeliveryBody(ctx context.Context, p synchook.ProjectID, id synchook.DeliveryID) ([]byte, error)
	EndpointSecrets(ctx context.Context, p synchook.ProjectID, id synchook.EndpointID) ([]synchook.SigningSecret, error)
}

// listener streams a project's deliveries as requests.
type listener struct {
	service *deliveryService
	stream  *connect.ServerStream[v1.ListenDeliveriesResponse]
	shower  *deliveryShower
	only    synchook.EndpointID
	cursor  string
	spoke   time.Time // last
	secrets map[synchook.EndpointID]signers
}

// signers are the secrets of an endpoint, as they were read at a time.
type signers struct {
	list []webhook.Secret
	read time.Time
}

// ListenDeliveries implements the service. The first answer comes at once: from then on nothing is missed.
func (s *deliveryService) ListenDeliveries(ctx context.Context, r *v1.ListenDeliveriesRequest, stream *connect.ServerStream[v1.ListenDeliveriesResponse]) error {
	l := &listener{
		service: s, stream: stream, shower: s.shower(ctx), only: synchook.EndpointID(r.GetEndpointId()), cursor: r.GetCursor(),
		secrets: map[synchook.EndpointID]signers{},
	}
	if l.only != "" {
		if _, err := s.store.Endpoint(ctx, projectOf(ctx), l.only); err != nil {
			return err
		}
	}
	if l.cursor == "" && r.GetSince() != nil {
		l.cursor = store.CursorAt(r.GetSince().AsTime())
	}
	changes, err := s.store.WatchDeliveries(ctx, projectOf(ctx))
	if err != nil {
		return err
	}
	for {
		again, err := l.look(ctx)
		if err != nil {
			return err
		}
		if err := awaitNews(ctx, changes, again); err != nil {
			return err
		}
	}
}

// awaitNews returns when something may have changed, after that time at the latest.
func awaitNews(ctx context.Context, changes <-chan []synchook.DeliveryID, again time.Duration) error {
	timer := time.NewTimer(again)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
	case ids, ok := <-changes:
		if !ok {
			return watchEnded()
		}
		coalesce(ids, changes)
	}
	return nil
}

// look streams what is new, and says when to look again.
func (l *listener) look(ctx context.Context) (again time.Duration, err error) {
	for {
		news, err := l.service.store.Listen(ctx, callerOf(ctx), l.cursor)
		if err != nil {
			return 0, err
		}
		for _, h := range news.Heard {
			if err := l.tell(ctx, h); err != nil {
				return 0, err
			}
		}
		l.cursor = news.Cursor
		if err := l.signOfLife(); err != nil {
			return 0, err
		}
		switch {
		case !news.More:
			return listenPoll, nil
		case len(news.Heard) == 0:
			return listenSoon, nil
		}
	}
}

// signOfLife says where to go on, if nothing was said for long.
func (l *listener) signOfLife() error {
	if time.Since(l.spoke) < keepAlive {
		return nil
	}
	return l.send(&v1.ListenDeliveriesResponse{Cursor: l.cursor})
}

func (l *listener) send(r *v1.ListenDeliveriesResponse) error {
	l.spoke = time.Now()
	return l.stream.Send(r)
}

// tell streams a delivery, unless it is not asked for or not there any more.
func (l *listener) tell(ctx context.Context, h store.Heard) error {
	p := projectOf(ctx)
	d, err := l.service.store.Delivery(ctx, p, h.Delivery)
	if err == nil && l.only != "" && d.Endpoint != l.only {
		return nil
	}
	var body []byte
	if err == nil {
		body, err = l.service.store.DeliveryBody(ctx, p, h.Delivery)
	}
	if synchook.IsKind(err, synchook.KindNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	secrets, err := l.signers(ctx, d.Endpoint)
	if err != nil {
		return err
	}
	shown, err := l.shower.one(ctx, d)
	if err != nil {
		return err
	}
	header := webhook.Headers(string(d.ID), time.Now(), body, secrets)
	header.Set("Content-Type", "application/json")
	return l.send(&v1.ListenDeliveriesResponse{Cursor: h.Cursor, Delivery: shown, Headers: flat(header), Body: body, Replay: h.Replay})
}

// signers are the secrets of an endpoint. One that was deleted has none.
func (l *listener) signers(ctx context.Context, id synchook.EndpointID) ([]webhook.Secret, error) {
	if known := l.secrets[id]; time.Since(known.read) < secretsFresh {
		return known.list, nil
	}
	stored, err := l.service.store.EndpointSecrets(ctx, projectOf(ctx), id)
	if err != nil && !synchook.IsKind(err, synchook.KindNotFound) {
		return nil, err
	}
	list, err := webhook.ParseSecrets(synchook.LiveSecrets(stored, time.Now()))
	if err != nil {
		return nil, err
	}
	if len(l.secrets) > maxChanged {
		clear(l.secrets)
	}
	l.secrets[id] = signers{list, time.Now()}
	return list, nil
}

func flat(header http.Header) map[string]string {
	out := make(map[string]string, len(header))
	for name := range header {
		out[name] = header.Get(name)
	}
	return out
}
