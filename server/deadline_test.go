package server_test

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
)

// The time for reading a request is set to almost nothing, and the stream is used when it has long passed.
func TestAStreamOutlivesTheTimeForReadingARequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	hurried := *w
	hurried.serve(func(h *http.Server) { h.ReadTimeout = 50 * time.Millisecond })
	old := hurried.as(w.key) // over HTTP/1.1
	stream, err := old.Deliveries.WatchDeliveries(t.Context(), &v1.WatchDeliveriesRequest{})
	if err != nil || !stream.Receive() {
		t.Fatal(err, stream.Err())
	}
	newer := hurried.watch(t.Context(), w.key, &v1.WatchDeliveriesRequest{})
	<-time.After(200 * time.Millisecond)
	id := string(w.work(w.trigger(), "succeeded", record("1", `{"id":"1"}`)))
	if !stream.Receive() || stream.Msg().GetDelivery().GetId() != id {
		t.Errorf("over HTTP/1.1: %v", stream.Err())
	}
	if !newer.Receive() || newer.Msg().GetDelivery().GetId() != id {
		t.Errorf("over HTTP/2: %v", newer.Err())
	}
	_, _ = stream.Close(), newer.Close()
}

func TestWhoHasNoKeyCannotHoldARequestOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hurried := *w
	hurried.serve(func(h *http.Server) { h.ReadTimeout = 50 * time.Millisecond })
	conn, err := net.Dial("tcp", strings.TrimPrefix(hurried.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, err = conn.Write([]byte("POST /grpc.health.v1.Health/Check HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode < 400 {
		t.Errorf("status = %d", res.StatusCode)
	}
}
