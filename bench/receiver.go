package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// receiver is a customer's app that takes whatever comes.
type receiver struct {
	url  string
	stop func()
}

// newReceiver tells of each body that it has received; it answers 200 with nothing.
func newReceiver(received func(body []byte)) (*receiver, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil {
			received(body)
		}
	})}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // the bench has no other use for a receiver that does not receive
		}
	}()
	return &receiver{url: "http://" + l.Addr().String() + "/hook", stop: func() { _ = s.Close(); <-served }}, nil
}
