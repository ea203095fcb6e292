package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// forwarded is what became of one webhook on this machine.
type forwarded struct {
	Time       time.Time `json:"time"`
	Delivery   string    `json:"delivery"`
	Replay     bool      `json:"replay"`
	Type       string    `json:"type,omitempty"` // of an operational webhook
	Connection string    `json:"connection,omitempty"`
	Sync       string    `json:"sync,omitempty"`
	Model      string    `json:"model,omitempty"`
	Status     int       `json:"status"` // 0: there was no answer
	Millis     int64     `json:"duration_ms"`
	Error      string    `json:"error,omitempty"`
}

func (f forwarded) taken() bool { return f.Status >= 200 && f.Status <= 299 }

// forward posts a webhook to the app once, and shows what became of it.
func (l *listening) forward(ctx context.Context, m *synchookv1.ListenDeliveriesResponse) {
	d := m.GetDelivery()
	f := forwarded{
		Time: time.Now(), Delivery: d.GetId(), Replay: m.GetReplay(), Type: d.GetOperationalType(),
		Connection: d.GetConnectionId(), Sync: d.GetSyncName(), Model: d.GetModel(),
	}
	l.show.begun(f)
	status, err := l.post(ctx, m)
	if ctx.Err() != nil {
		return
	}
	f.Status, f.Millis = status, time.Since(f.Time).Milliseconds()
	if err != nil {
		f.Error = l.why(err)
	}
	l.show.ended(f)
}

func (l *listening) post(ctx context.Context, m *synchookv1.ListenDeliveriesResponse) (status int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, l.target.String(), bytes.NewReader(m.GetBody())) //nolint:gosec // to where the person wants it
	if err != nil {
		return 0, err
	}
	for name, value := range m.GetHeaders() {
		r.Header.Set(name, value)
	}
	r.Header.Set("User-Agent", "synchook-listen/"+version)
	res, err := l.app.Do(r) //nolint:gosec // as above
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, err
}

// why says in a few words why the app did not answer.
func (l *listening) why(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens at " + l.target.Host + ": is the app running?"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Sprintf("the app did not answer within %s (--timeout)", l.timeout)
	}
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	return err.Error()
}

// show tells a person, or a program, what happens.
type show interface {
	connected(from, to string, again bool)
	lost(err error, wait time.Duration)
	begun(forwarded)
	ended(forwarded)
	summary()
}

func newShow(out io.Writer, asJSON, live bool) show {
	if asJSON {
		return &jsonShow{json.NewEncoder(out)}
	}
	return &table{out: out, live: live}
}

// jsonShow writes what became of each webhook, and nothing else.
type jsonShow struct{ *json.Encoder }

func (jsonShow) connected(string, string, bool) {}
func (jsonShow) lost(error, time.Duration)      {}
func (jsonShow) begun(forwarded)                {}
func (s jsonShow) ended(f forwarded)            { _ = s.Encode(f) }
func (jsonShow) summary()                       {}

// table writes a line for each webhook. A live one shows it while the app answers, too.
type table struct {
	out          io.Writer
	live         bool
	taken, other int
}

const row = "%-8s  %-22.22s  %-20.20s  %-29s  %s"

func (t *table) connected(from, to string, again bool) {
	if again {
		fmt.Fprintln(t.out, "connected again; what came meanwhile follows")
		return
	}
	fmt.Fprintf(t.out, "listening to %s; each webhook goes to %s, signed with its endpoint's secret; Ctrl-C ends this\n\n", from, to)
	fmt.Fprintf(t.out, row+"\n", "TIME", "MODEL OR TYPE", "CONNECTION", "DELIVERY", "ANSWER")
}

func (t *table) lost(err error, wait time.Duration) {
	fmt.Fprintf(t.out, "the connection was lost: %s; trying again in %s\n", brief(err), wait)
}

// brief is an error without what our own libraries say around it.
func brief(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, "dial tcp "); i >= 0 {
		text = text[i:]
	}
	return text
}

func (t *table) line(f forwarded, answer string) string {
	what := f.Model
	if f.Type != "" {
		what = f.Type
	}
	if f.Replay {
		what += " (again)"
	}
	return fmt.Sprintf(row, f.Time.Format(time.TimeOnly), what, f.Connection, f.Delivery, answer)
}

func (t *table) begun(f forwarded) {
	if t.live {
		fmt.Fprint(t.out, t.line(f, "..."))
	}
}

func (t *table) ended(f forwarded) {
	if f.taken() {
		t.taken++
	} else {
		t.other++
	}
	answer := f.Error
	if f.Status > 0 {
		answer = fmt.Sprintf("%d %s in %d ms", f.Status, http.StatusText(f.Status), f.Millis)
	}
	line := t.line(f, answer)
	if t.live {
		line = "\r\x1b[K" + line // over the line that said that it has begun
	}
	fmt.Fprintln(t.out, line)
}

func (t *table) summary() {
	fmt.Fprintf(t.out, "\n%d webhooks were taken by the app (2xx), %d were not\n", t.taken, t.other)
}
