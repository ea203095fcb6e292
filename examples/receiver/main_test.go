package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/synchook/synchook/examples/receiver/hook"
)

func TestTheReceiverPrintsALineForEachWebhookUntilItIsStopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"--listen", "127.0.0.1:0", "--secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, w)
	}()
	lines := bufio.NewScanner(r)
	lines.Scan()
	url, ok := strings.CutPrefix(lines.Text(), "Receiving webhooks at ")
	if !ok {
		t.Fatalf("first line %q", lines.Text())
	}
	printed := make(chan string, 1)
	go func() {
		lines.Scan()
		printed <- lines.Text()
	}()
	resp, err := http.Post(url, "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if line := <-printed; !strings.HasPrefix(line, "401  refused a request without webhook-id: ") {
		t.Errorf("line %q", line)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestTheReceiverNeedsASecret(t *testing.T) {
	t.Setenv("SYNCHOOK_SIGNING_SECRET", "") // not parallel: it changes the environment
	if err := run(t.Context(), nil, io.Discard); err == nil || !strings.Contains(err.Error(), "--secret") {
		t.Errorf("error %v", err)
	}
}

func TestALineSaysWhatWasReceived(t *testing.T) {
	t.Parallel()
	for want, w := range map[string]hook.Webhook{
		`204  verified dlv_1: {"a":1}`: {ID: "dlv_1", Raw: []byte(`{"a":1}`), Status: 204},
		"401  refused dlv_2: wrong":    {ID: "dlv_2", Status: 401, Err: errors.New("wrong")},
	} {
		if got := line(w); got != want {
			t.Errorf("line %q, want %q", got, want)
		}
	}
}
