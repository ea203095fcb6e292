package webhook

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestEveryStatusIsJudged(t *testing.T) {
	t.Parallel()
	for status := 100; status <= 599; status++ {
		want := Retry
		switch {
		case status >= 200 && status <= 299:
			want = Delivered
		case status == 410:
			want = Gone
		case status == 429 || status == 503:
			want = Throttle
		}
		got := Judge(status, nil, nil, noon)
		if got.Outcome != want || got.RetryAfter != 0 {
			t.Errorf("%d: %v, want %v", status, got, want)
		}
		if !strings.HasPrefix(got.Reason, fmt.Sprintf("answered %d", status)) {
			t.Errorf("%d: reason %q", status, got.Reason)
		}
	}
	for _, status := range []int{-1, 1, 99, 600, 999} {
		if got := Judge(status, nil, nil, noon); got.Outcome != Retry {
			t.Errorf("%d: %v, want retry", status, got)
		}
	}
}

func TestReasonsSayWhatToDo(t *testing.T) {
	t.Parallel()
	tests := map[int]string{
		101: "answered 101 Switching Protocols, which is no final status of HTTP",
		200: "answered 200 OK",
		299: "answered 299",
		302: "answered 302 Found: redirects are not followed, so set the URL that it leads to",
		400: "answered 400 Bad Request: only 2xx counts as received, so look at its answer",
		401: "answered 401 Unauthorized: let webhooks in without a login, or set the header that it wants",
		404: "answered 404 Not Found: check the path of its URL, and that it takes POST",
		407: "answered 407 Proxy Authentication Required: it is a proxy that answered, and it wants a login",
		413: "answered 413 Request Entity Too Large: let it take larger bodies",
		422: "answered 422 Unprocessable Entity: only 2xx counts as received, so look at its answer",
		410: "answered 410 Gone: it wants no more webhooks",
		429: "answered 429 Too Many Requests: it asks for fewer webhooks",
		500: "answered 500 Internal Server Error: look at its logs",
		502: "answered 502 Bad Gateway: a proxy before it got no good answer from it, so see that it runs",
		503: "answered 503 Service Unavailable: it asks for fewer webhooks",
		504: "answered 504 Gateway Timeout: a proxy before it got no good answer from it, so see that it runs",
		777: "answered 777, which is no final status of HTTP",
	}
	for status, want := range tests {
		if got := Judge(status, nil, nil, noon).Reason; got != want {
			t.Errorf("%d: %q, want %q", status, got, want)
		}
	}
}

func TestWhatWeInterruptedTeachesNothing(t *testing.T) {
	t.Parallel()
	cancelled := fmt.Errorf("post: %w", context.Canceled)
	for status, want := range map[int]Outcome{0: Interrupted, 200: Interrupted, 410: Gone, 500: Retry} {
		if got := Judge(status, nil, cancelled, noon); got.Outcome != want {
			t.Errorf("%d: %v, want %v", status, got.Outcome, want)
		}
	}
}

func TestOutcomesHaveNames(t *testing.T) {
	t.Parallel()
	want := []string{"none", "delivered", "retry", "gone", "throttle", "interrupted", "fault", "none"}
	for outcome, name := range want {
		if got := Outcome(outcome).String(); got != name {
			t.Errorf("outcome %d is called %q, want %q", outcome, got, name)
		}
	}
}

func TestOnlyWhatTheEndpointDidUsesTheScheduleUp(t *testing.T) {
	t.Parallel()
	counts := map[Outcome]bool{0: false, Delivered: true, Retry: true, Gone: true, Throttle: false, Interrupted: false, Fault: false}
	for outcome, want := range counts {
		if got := outcome.Counts(); got != want {
			t.Errorf("%v counts: %v, want %v", outcome, got, want)
		}
	}
}
