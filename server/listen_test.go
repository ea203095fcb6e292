package server_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	synchookclient "github.com/synchook/synchook/clients/go"
	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/server"
)

type listenStream = connect.ServerStreamForClient[v1.ListenDeliveriesResponse]

// listen listens, and returns when the server has begun to.
func (w *world) listen(ctx context.Context, key string, r *v1.ListenDeliveriesRequest) *listenStream {
	w.t.Helper()
	stream, err := w.as(key).Deliveries.ListenDeliveries(ctx, r)
	if err != nil {
		w.t.Fatal(err)
	}
	if r.GetCursor() == "" && r.GetSince() == nil {
		if !stream.Receive() || stream.Msg().GetDelivery() != nil || stream.Msg().GetCursor() == "" {
			w.t.Fatalf("the stream begins with %v, %v", stream.Msg(), stream.Err())
		}
	}
	w.t.Cleanup(func() { _ = stream.Close() })
	return stream
}

// heard is the next delivery that is streamed.
func heard(t *testing.T, stream *listenStream) *v1.ListenDeliveriesResponse {
	t.Helper()
	for stream.Receive() {
		if m := stream.Msg(); m.GetDelivery() != nil {
			return m
		}
	}
	t.Fatalf("the stream ended by %v", stream.Err())
	return nil
}

func wantHeard(t *testing.T, stream *listenStream, id synchook.DeliveryID, replay bool) *v1.ListenDeliveriesResponse {
	t.Helper()
	m := heard(t, stream)
	if m.GetDelivery().GetId() != string(id) || m.GetReplay() != replay {
		t.Errorf("heard %v (replay %t), want %s (%t)", m.GetDelivery(), m.GetReplay(), id, replay)
	}
	return m
}

func wantEnd(t *testing.T, stream *listenStream, code connect.Code) {
	t.Helper()
	for stream.Receive() {
		if d := stream.Msg().GetDelivery(); d != nil {
			t.Errorf("heard %v, want the end", d)
		}
	}
	if connect.CodeOf(stream.Err()) != code {
		t.Errorf("the stream ended by %v, want %v", stream.Err(), code)
	}
}

func TestWhoListensGetsWhatTheEndpointGetsAndGoesOnWhereTheyWere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	stream := w.listen(t.Context(), w.key, &v1.ListenDeliveriesRequest{})
	first := w.work(w.trigger(), "succeeded", record("1", `{"id":"1"}`))
	m := wantHeard(t, stream, first, false)
	header := http.Header{}
	for name, value := range m.GetHeaders() {
		header[name] = []string{value}
	}
	secrets, err := w.store.EndpointSecrets(t.Context(), w.project, synchook.EndpointID(w.firstEndpoint()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := synchookclient.VerifyWebhook(header, m.GetBody(), secrets[0].Text); !errors.Is(err, synchookclient.ErrWebhookBody) { // well signed; the body is a test's
		t.Errorf("the request is %v: %v", header, err)
	}
	got, err := w.client.Deliveries.GetDelivery(t.Context(), &v1.GetDeliveryRequest{Id: string(first)})
	if err != nil || string(got.GetBody()) != string(m.GetBody()) || header.Get("Webhook-Id") != string(first) || header.Get("Content-Type") != "application/json" {
		t.Errorf("the body is %s and the headers %v (%v)", m.GetBody(), header, err)
	}

	second := w.work(w.trigger(), "succeeded", record("2", `{"id":"2"}`))
	if _, err := w.client.Deliveries.RetryDelivery(t.Context(), &v1.RetryDeliveryRequest{Id: string(first)}); err != nil {
		t.Fatal(err)
	}
	wantHeard(t, stream, second, false)
	last := wantHeard(t, stream, first, true)

	again := w.listen(t.Context(), w.key, &v1.ListenDeliveriesRequest{Cursor: m.GetCursor()})
	wantHeard(t, again, second, false)
	wantHeard(t, again, first, true)
	third := w.work(w.trigger(), "succeeded", record("3", `{"id":"3"}`))
	resumed := w.listen(t.Context(), w.key, &v1.ListenDeliveriesRequest{Cursor: last.GetCursor()})
	wantHeard(t, resumed, third, false)
	since := w.listen(t.Context(), w.key, &v1.ListenDeliveriesRequest{Since: timestamppb.New(time.Now().Add(-time.Hour))})
	for _, id := range []synchook.DeliveryID{first, second, third} {
		wantHeard(t, since, id, false)
	}
}

func TestWhoListensToOneEndpointHearsOfNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	other := w.addEndpoint(&v1.Endpoint{Url: "https://two.example", Filter: &v1.EndpointFilter{NoSyncs: true}}).GetEndpoint().GetId()
	mine := w.listen(t.Context(), w.key, &v1.ListenDeliveriesRequest{EndpointId: w.firstEndpoint()})
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	others := w.listen(ctx, w.key, &v1.ListenDeliveriesRequest{EndpointId: other})
	wantHeard(t, mine, w.work(w.trigger(), "succeeded", record("1", `{"id":"1"}`)), false)
	wantEnd(t, others, connect.CodeDeadlineExceeded)
	for code, r := range map[connect.Code]*v1.ListenDeliveriesRequest{
		connect.CodeNotFound: {EndpointId: "end_none"}, connect.CodeInvalidArgument: {Cursor: "nonsense"},
	} {
		stream, err := w.client.Deliveries.ListenDeliveries(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		wantEnd(t, stream, code)
	}
}

func TestListeningEndsWithTheKeyTheProjectAndTheServer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		end  func(*world, string)
		code connect.Code
	}{
		"the key is revoked": {func(w *world, id string) {
			if _, err := w.client.APIKeys.RevokeAPIKey(w.t.Context(), &v1.RevokeAPIKeyRequest{Id: id}); err != nil {
				w.t.Fatal(err)
			}
		}, connect.CodeUnauthenticated},
		"the project is deleted": {func(w *world, _ string) {
			if _, err := w.as(adminKey).Projects.DeleteProject(w.t.Context(), &v1.DeleteProjectRequest{Id: string(w.project)}); err != nil {
				w.t.Fatal(err)
			}
		}, connect.CodeNotFound},
		"the server stops": {func(w *world, _ string) { go func() { _ = w.http.Shutdown(context.Background()) }() }, connect.CodeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			made, err := w.client.APIKeys.CreateAPIKey(t.Context(), &v1.CreateAPIKeyRequest{Name: "x", Scopes: []v1.Scope{v1.Scope_SCOPE_READ}})
			if err != nil {
				t.Fatal(err)
			}
			stream := w.listen(t.Context(), made.GetSecret(), &v1.ListenDeliveriesRequest{})
			tt.end(w, made.GetApiKey().GetId())
			wantEnd(t, stream, tt.code)
		})
	}
}

// forgetful is a store whose first delivery is pruned while it is looked at.
type forgetful struct {
	*store.Store
	once sync.Once
}

// DeliveryBody finds nothing the first time.
func (f *forgetful) DeliveryBody(ctx context.Context, p synchook.ProjectID, id synchook.DeliveryID) (body []byte, err error) {
	err = synchook.NotFound("delivery", string(id))
	f.once.Do(func() { id = "" })
	if id != "" {
		return f.Store.DeliveryBody(ctx, p, id)
	}
	return nil, err
}

func TestADeliveryThatIsPrunedMeanwhileEndsNoStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *server.Options) { o.Store = &forgetful{Store: o.Store.(*store.Store)} })
	w.setUp()
	w.work(w.trigger(), "succeeded", record("1", `{"id":"1"}`))
	second := w.work(w.trigger(), "succeeded", record("2", `{"id":"2"}`))
	stream := w.listen(t.Context(), w.key, &v1.ListenDeliveriesRequest{Since: timestamppb.New(time.Now().Add(-time.Hour))})
	wantHeard(t, stream, second, false)
}
