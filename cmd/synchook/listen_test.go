package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/gen/synchook/v1/synchookv1connect"
)

// fakeListening is a server that streams what a test says, connection by connection.
type fakeListening struct {
	synchookv1connect.UnimplementedDeliveryServiceHandler
	connections []func(*connect.ServerStream[synchookv1.ListenDeliveriesResponse]) error

	mu       sync.Mutex
	requests []*synchookv1.ListenDeliveriesRequest
}

// ListenDeliveries implements the service.
func (f *fakeListening) ListenDeliveries(ctx context.Context, r *synchookv1.ListenDeliveriesRequest, s *connect.ServerStream[synchookv1.ListenDeliveriesResponse]) error {
	f.mu.Lock()
	n := len(f.requests)
	f.requests = append(f.requests, r)
	f.mu.Unlock()
	if n < len(f.connections) {
		return f.connections[n](s)
	}
	<-ctx.Done()
	return ctx.Err()
}

func (f *fakeListening) serve(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(synchookv1connect.NewDeliveryServiceHandler(f))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func webhookOf(id, cursor string) *synchookv1.ListenDeliveriesResponse {
	return &synchookv1.ListenDeliveriesResponse{
		Cursor: cursor, Body: []byte(`{"id":"` + id + `"}`), Headers: map[string]string{"Webhook-Id": id},
		Delivery: &synchookv1.Delivery{Id: id, Model: "Issue", ConnectionId: "user-1"},
	}
}

// localApp is an app on the developer's machine.
func localApp(t *testing.T, status int) (url string, got func() []string) {
	t.Helper()
	var mu sync.Mutex
	var bodies []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		bodies = append(bodies, r.Header.Get("Webhook-Id")+" "+string(body))
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/hook", func() []string { mu.Lock(); defer mu.Unlock(); return append([]string(nil), bodies...) }
}

func runListen(ctx context.Context, t *testing.T, out io.Writer, live bool, args ...string) error {
	t.Helper()
	l, err := parseListen(args, func(string) string { return "" }, out, live)
	if err != nil {
		return err
	}
	return l.listen(ctx)
}

func TestListenGoesOnWhereItWasAfterALostConnection(t *testing.T) {
	t.Parallel()
	refused := connect.NewError(connect.CodeUnauthenticated, errors.New("the API key is unknown or revoked"))
	f := &fakeListening{connections: []func(*connect.ServerStream[synchookv1.ListenDeliveriesResponse]) error{
		func(s *connect.ServerStream[synchookv1.ListenDeliveriesResponse]) error {
			return errors.Join(s.Send(&synchookv1.ListenDeliveriesResponse{Cursor: "c0"}), s.Send(webhookOf("dlv_1", "c1")), connect.NewError(connect.CodeUnavailable, errors.New("bye")))
		},
		func(s *connect.ServerStream[synchookv1.ListenDeliveriesResponse]) error {
			return errors.Join(s.Send(webhookOf("dlv_2", "c2")), s.Send(&synchookv1.ListenDeliveriesResponse{Cursor: "c3"}))
		},
		func(*connect.ServerStream[synchookv1.ListenDeliveriesResponse]) error { return refused },
	}}
	url, got := localApp(t, 204)
	var out bytes.Buffer
	err := runListen(t.Context(), t, &out, false, "--forward-to", url, "--url", f.serve(t), "--endpoint", "end_1", "--since", "1h")
	if err == nil || !strings.Contains(err.Error(), "the API key is unknown or revoked") {
		t.Errorf("it ended by %v", err)
	}
	if list := strings.Join(got(), ","); list != `dlv_1 {"id":"dlv_1"},dlv_2 {"id":"dlv_2"}` {
		t.Errorf("the app got %s", list)
	}
	var cursors []string
	for _, r := range f.requests {
		cursors = append(cursors, r.GetCursor())
		if r.GetEndpointId() != "end_1" || (r.GetSince() == nil) != (r.GetCursor() != "") {
			t.Errorf("asked for %v", r)
		}
	}
	if text := strings.Join(cursors, ","); text != ",c1,c3" {
		t.Errorf("it went on from %s", text)
	}
	for _, want := range []string{"dlv_1", "204 No Content", "the connection was lost: ", "connected again", "2 webhooks were taken by the app (2xx), 0 were not"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in what it shows:\n%s", want, out.String())
		}
	}
}

func TestListenShowsWhatTheAppAnswers(t *testing.T) {
	t.Parallel()
	refusing, _ := localApp(t, 500)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // until then the server does not see that its caller has gone
		<-r.Context().Done()
	}))
	t.Cleanup(hanging.Close)
	for name, tt := range map[string]struct {
		url, answer string
		status      int
	}{
		"a refusal":           {refusing, "500 Internal Server Error", 500},
		"an app that is down": {closed.URL, "is the app running?", 0},
		"an app that hangs":   {hanging.URL, "did not answer within 200ms", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, format := range []string{"--plain", "--json"} {
				ctx, cancel := context.WithCancel(t.Context())
				f := &fakeListening{connections: []func(*connect.ServerStream[synchookv1.ListenDeliveriesResponse]) error{
					func(s *connect.ServerStream[synchookv1.ListenDeliveriesResponse]) error {
						return errors.Join(s.Send(webhookOf("dlv_1", "c1")), s.Send(webhookOf("dlv_2", "c2")))
					},
					func(*connect.ServerStream[synchookv1.ListenDeliveriesResponse]) error { cancel(); return nil },
				}}
				var out bytes.Buffer
				if err := runListen(ctx, t, &out, true, "--forward-to", tt.url, "--url", f.serve(t), "--timeout", "200ms", format); err != nil {
					t.Errorf("interrupted, it ended by %v", err)
				}
				if n := strings.Count(out.String(), tt.answer); format == "--plain" && n != 2 {
					t.Errorf("%q is %d times in what it shows:\n%s", tt.answer, n, out.String())
				}
				if format == "--json" {
					wantObjects(t, &out, tt.status)
				}
			}
		})
	}
}

// wantObjects wants an object for each of two webhooks.
func wantObjects(t *testing.T, out io.Reader, status int) {
	t.Helper()
	decoder := json.NewDecoder(out)
	for _, id := range []string{"dlv_1", "dlv_2"} {
		var f forwarded
		if err := decoder.Decode(&f); err != nil || f.Delivery != id || f.Status != status || f.Model != "Issue" || (f.Error == "") != (status > 0) {
			t.Errorf("the object is %+v (%v)", f, err)
		}
	}
	if decoder.More() {
		t.Error("it writes more than objects")
	}
}

func TestALiveTableShowsAWebhookWhileTheAppAnswers(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := newShow(&out, false, true)
	f := forwarded{Time: time.Now(), Delivery: "dlv_1", Type: "endpoint.disabled", Replay: true}
	s.begun(f)
	if text := out.String(); !strings.HasSuffix(text, "...") || !strings.Contains(text, "endpoint.disabled (aga") {
		t.Errorf("it begins with %q", text)
	}
	f.Status = 200
	s.ended(f)
	if text := out.String(); !strings.Contains(text, "...\r\x1b[K") || !strings.HasSuffix(text, "200 OK in 0 ms\n") {
		t.Errorf("it ends with %q", text)
	}
}

func TestListenSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"--forward-to http://localhost:3000/webhook": nil,
		"write it with http:// or https://":          {"--forward-to", "localhost:3000/webhook"},
		"the app's URL is --forward-to":              {"http://localhost:3000"},
		"see `synchook listen --help`":               {"--nonsense"},
		"Is synchook running there?":                 {"--forward-to", "http://localhost:3000", "--url", "http://127.0.0.1:1"},
	} {
		err := runListen(t.Context(), t, io.Discard, false, args...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q in it", args, err, want)
		}
	}
}

func TestListenConnectsAgainWhenTheServerFallsSilent(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	silent := func(s *connect.ServerStream[synchookv1.ListenDeliveriesResponse]) error {
		if err := s.Send(webhookOf("dlv_1", "c1")); err != nil {
			return err
		}
		<-ctx.Done() // as behind a NAT that has forgotten the connection: no byte comes, and no end
		return nil
	}
	f := &fakeListening{connections: []func(*connect.ServerStream[synchookv1.ListenDeliveriesResponse]) error{
		silent,
		func(s *connect.ServerStream[synchookv1.ListenDeliveriesResponse]) error {
			defer cancel()
			return s.Send(webhookOf("dlv_2", "c2"))
		},
	}}
	url, got := localApp(t, 200)
	var out bytes.Buffer
	l, err := parseListen([]string{"--forward-to", url, "--url", f.serve(t)}, func(string) string { return "" }, &out, false)
	if err != nil {
		t.Fatal(err)
	}
	l.silence = 300 * time.Millisecond
	if err := l.listen(ctx); err != nil {
		t.Errorf("it ended by %v", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.requests) < 2 || f.requests[1].GetCursor() != "c1" || !strings.Contains(out.String(), errSilent.Error()) {
		t.Errorf("it asked for %v, and shows\n%s", f.requests, out.String())
	}
	if list := strings.Join(got(), ","); !strings.HasPrefix(list, `dlv_1 {"id":"dlv_1"}`) || strings.Count(list, `"dlv_1"`) != 1 {
		t.Errorf("the app got %s", list)
	}
}
