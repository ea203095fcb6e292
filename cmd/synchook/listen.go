package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"connectrpc.com/connect"
	"github.com/mattn/go-isatty"
	"google.golang.org/protobuf/types/known/timestamppb"

	synchookclient "github.com/synchook/synchook/clients/go"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

const listenUsage = `synchook listen --forward-to URL [flags]

Sends each webhook of a project to an app on this machine, at the moment when it is made or retried: the
same bytes that its endpoint gets, signed with the endpoint's secret. It works from behind a NAT or a
firewall, changes nothing at the endpoint, and goes on where it was after a lost connection.

Flags:
`

const (
	silence    = 45 * time.Second // after which a stream is dead: the server says something every 15 s
	firstAgain = 500 * time.Millisecond
	lastAgain  = 15 * time.Second
)

// listening is one execution of `synchook listen`.
type listening struct {
	address
	target   *url.URL
	endpoint string
	since    time.Duration
	timeout  time.Duration // for the app's answer
	show     show
	app      *http.Client
	silence  time.Duration // after which a stream is dead
	cursor   string
	connects int // how often it was connected
}

// listen sends a project's webhooks to a URL until it is interrupted, or cannot go on.
func listen(ctx context.Context, args []string, out io.Writer) error {
	l, err := parseListen(args, os.Getenv, out, isatty.IsTerminal(os.Stdout.Fd()))
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	return l.listen(ctx)
}

func parseListen(args []string, env func(string) string, out io.Writer, terminal bool) (*listening, error) {
	l := &listening{silence: silence}
	var forward string
	var asJSON, plain bool
	fs := flag.NewFlagSet("listen", flag.ContinueOnError)
	fs.StringVar(&forward, "forward-to", "", "`URL` of the app, such as http://localhost:3000/webhook; required")
	fs.StringVar(&l.endpoint, "endpoint", "", "only what is owed to this endpoint, by its `ID`")
	fs.DurationVar(&l.since, "since", 0, "first send what was made in this `time` until now, such as 10m")
	fs.DurationVar(&l.timeout, "timeout", 20*time.Second, "how long the app may take for an answer")
	fs.BoolVar(&asJSON, "json", false, "write one JSON object a line")
	fs.BoolVar(&plain, "plain", false, "write lines that never change, as where the output is no terminal")
	l.flags(fs, env, "read")
	err := l.parsed(fs, fs.Parse(args), listenUsage, env, out)
	if err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("listen takes no %q; the app's URL is --forward-to", fs.Arg(0))
	}
	if l.target, err = parseTarget(forward); err != nil {
		return nil, err
	}
	l.show = newShow(out, asJSON, terminal && !plain)
	// A redirect is an answer like any other, as for the deliverer.
	l.app = &http.Client{Timeout: l.timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return l, nil
}

func parseTarget(forward string) (*url.URL, error) {
	if forward == "" {
		return nil, errors.New("say where the app is, such as --forward-to http://localhost:3000/webhook")
	}
	u, err := url.Parse(forward)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("--forward-to %q is no URL of an app; write it with http:// or https://, such as http://localhost:3000/webhook", forward)
	}
	return u, nil
}

// listen connects again and again until it is interrupted, which is a good end, or cannot go on.
func (l *listening) listen(ctx context.Context) error {
	for wait := firstAgain; ; wait = min(2*wait, lastAgain) {
		before := l.connects
		err := l.connect(ctx)
		if ctx.Err() != nil {
			l.show.summary()
			return nil //nolint:nilerr // that a person ends it is no error
		}
		if l.connects == 0 || hopeless(err) {
			l.show.summary()
			return explain("listening to "+l.url, err, fieldLine)
		}
		if l.connects > before {
			wait = firstAgain
		}
		l.show.lost(err, wait)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// hopeless reports whether connecting again cannot help.
func hopeless(err error) bool {
	switch connect.CodeOf(err) {
	case connect.CodeUnauthenticated, connect.CodePermissionDenied, connect.CodeNotFound, connect.CodeInvalidArgument,
		connect.CodeFailedPrecondition, connect.CodeUnimplemented:
		return true
	}
	return false
}

// connect streams until the connection ends, or is silent for too long: then this machine slept, or something on the way
// forgot it.
func (l *listening) connect(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(l.silence, func() { cancel(errSilent) })
	defer watchdog.Stop()
	request := &synchookv1.ListenDeliveriesRequest{Cursor: l.cursor, EndpointId: l.endpoint}
	if l.cursor == "" && l.since > 0 {
		request.Since = timestamppb.New(time.Now().Add(-l.since))
	}
	stream, err := synchookclient.New(l.url, l.key).Deliveries.ListenDeliveries(ctx, request)
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }()
	for first := true; stream.Receive(); first = false {
		watchdog.Stop() // not while the app answers
		if first {
			l.connects++
			l.show.connected(l.url, l.target.String(), l.connects > 1)
		}
		if m := stream.Msg(); m.GetDelivery() != nil {
			l.forward(ctx, m)
		}
		if ctx.Err() == nil {
			l.cursor = stream.Msg().GetCursor()
		}
		watchdog.Reset(l.silence)
	}
	if errors.Is(context.Cause(ctx), errSilent) {
		return errSilent
	}
	return cmp.Or(stream.Err(), io.ErrUnexpectedEOF)
}

var errSilent = errors.New("the server said nothing for too long")
