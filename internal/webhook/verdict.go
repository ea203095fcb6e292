package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Outcome is what an attempt means for its delivery.
type Outcome int

// The outcomes. The zero value is none of them.
const (
	// Delivered: the endpoint has the webhook.
	Delivered Outcome = iota + 1
	// Retry: the attempt failed, and another one may succeed.
	Retry
	// Gone: the endpoint wants no webhooks any more and is to be disabled.
	Gone
	// Throttle: the endpoint wants fewer webhooks; the delivery is not to blame.
	Throttle
	// Interrupted: we gave up, not the endpoint. Nothing was learned, and nothing is counted.
	Interrupted
	// Fault: we could not call, because of something on our side. The endpoint is not to blame either.
	Fault
)

// String names the outcome in lower case.
func (o Outcome) String() string {
	switch o {
	case Delivered:
		return "delivered"
	case Retry:
		return "retry"
	case Gone:
		return "gone"
	case Throttle:
		return "throttle"
	case Interrupted:
		return "interrupted"
	case Fault:
		return "fault"
	}
	return "none"
}

// Counts reports whether an attempt with this outcome uses its delivery's schedule up. One that was
// throttled, interrupted or stopped by a fault of ours does not: seven days bound those instead.
func (o Outcome) Counts() bool {
	return o == Delivered || o == Retry || o == Gone
}

// Verdict is the judgement of an attempt.
type Verdict struct {
	Outcome Outcome

	// RetryAfter is how long the endpoint asked us to wait, at most MaxRetryAfter. Zero: it did not.
	RetryAfter time.Duration

	// Reason says what happened, and where it can, what to do about it. It completes "the endpoint ...".
	Reason string
}

// Judge decides what an attempt means. The status is zero when no answer came; err is what went wrong
// on the network, which may be after a status had come. Only a 2xx whose body arrived whole is a
// success: a redirect is not, and is never followed. Any other status speaks for itself, even if its
// body was cut.
func Judge(status int, header http.Header, err error, now time.Time) Verdict {
	success := status >= 200 && status <= 299
	switch {
	case (status == 0 || success) && errors.Is(err, context.Canceled):
		return Verdict{Outcome: Interrupted, Reason: "was not waited for: the attempt was interrupted"}
	case success && err != nil:
		return Verdict{Outcome: Retry, Reason: fmt.Sprintf("answered %d, but then %s", status, bodyReason(err))}
	case status == 0 && isFault(err):
		return Verdict{Outcome: Fault, Reason: faultReason(err)}
	case status == 0:
		return Verdict{Outcome: Retry, Reason: networkReason(err)}
	case success:
		return Verdict{Outcome: Delivered, Reason: statusReason(status)}
	case status == http.StatusGone:
		return Verdict{Outcome: Gone, Reason: statusReason(status)}
	}
	verdict := Verdict{Outcome: Retry, RetryAfter: retryAfter(header, now), Reason: statusReason(status)}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		verdict.Outcome = Throttle
	}
	return verdict
}

// statusReason puts a status into words.
func statusReason(status int) string {
	answered := "answered " + statusText(status)
	switch {
	case status >= 200 && status <= 299:
		return answered
	case status >= 300 && status <= 399:
		return answered + ": redirects are not followed, so set the URL that it leads to"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return answered + ": let webhooks in without a login, or set the header that it wants"
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return answered + ": check the path of its URL, and that it takes POST"
	case status == http.StatusProxyAuthRequired:
		return answered + ": it is a proxy that answered, and it wants a login"
	case status == http.StatusRequestEntityTooLarge:
		return answered + ": let it take larger bodies"
	case status == http.StatusGone:
		return answered + ": it wants no more webhooks"
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return answered + ": it asks for fewer webhooks"
	case status == http.StatusBadGateway, status == http.StatusGatewayTimeout:
		return answered + ": a proxy before it got no good answer from it, so see that it runs"
	case status >= 400 && status <= 499:
		return answered + ": only 2xx counts as received, so look at its answer"
	case status >= 500 && status <= 599:
		return answered + ": look at its logs"
	}
	return answered + ", which is no final status of HTTP"
}
