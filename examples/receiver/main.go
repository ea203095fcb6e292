// Command receiver is an app that gets webhooks from synchook: it verifies each and prints a line.
//
//	go run ./examples/receiver --secret whsec_... --listen 127.0.0.1:3000
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/synchook/synchook/examples/receiver/hook"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "receiver:", err)
		os.Exit(1)
	}
}

// run receives webhooks until the context ends.
func run(ctx context.Context, args []string, out io.Writer) error {
	receiver := &hook.Receiver{Received: func(w hook.Webhook) { fmt.Fprintln(out, line(w)) }}
	fs := flag.NewFlagSet("receiver", flag.ContinueOnError)
	listen := fs.String("listen", "127.0.0.1:3000", "`address` to listen on")
	fs.StringVar(&receiver.Secret, "secret", "", "the project's signing `secret` (SYNCHOOK_SIGNING_SECRET)")
	fs.Int64Var(&receiver.FailFirst, "fail-first", 0, "answer the first `N` webhooks with 500, to watch them come again")
	if err := fs.Parse(args); err != nil {
		return err
	}
	receiver.Secret = cmp.Or(receiver.Secret, os.Getenv("SYNCHOOK_SIGNING_SECRET"))
	if receiver.Secret == "" {
		return errors.New("give the project's signing secret: --secret whsec_... (`synchook dev` prints it)")
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Receiving webhooks at http://%s/\n", listener.Addr())
	return serve(ctx, listener, receiver)
}

// serve serves the handler, and lets running requests finish when the context ends.
func serve(ctx context.Context, listener net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	defer context.AfterFunc(ctx, func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		stopped <- server.Shutdown(bounded)
	})()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// line says in a line what was received and what was answered.
func line(w hook.Webhook) string {
	if w.Err != nil {
		return fmt.Sprintf("%d  refused %s: %v", w.Status, cmp.Or(w.ID, "a request without webhook-id"), w.Err)
	}
	return fmt.Sprintf("%d  verified %s: %s", w.Status, w.ID, w.Raw)
}
