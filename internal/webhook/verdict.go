package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/synchook/synchook/internal/netguard"
)

// MaxRetryAfter is the longest wait that an endpoint can ask for.
const MaxRetryAfter = 24 * time.Hour

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
	}
	return "none"
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
		return Verdict{Outcome: Retry, Reason: fmt.Sprintf("answered %d, but then %s", status, networkReason(err))}
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
	answered := "answered " + strconv.Itoa(status)
	if text := http.StatusText(status); text != "" {
		answered += " " + text
	}
	switch {
	case status >= 200 && status <= 299:
		return answered
	case status >= 300 && status <= 399:
		return answered + ": redirects are not followed, so set the URL that it leads to"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return answered + ": let webhooks in without a login, or set the header that it wants"
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return answered + ": check the path of its URL, and that it takes POST"
	case status == http.StatusGone:
		return answered + ": it wants no more webhooks"
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return answered + ": it asks for fewer webhooks"
	case status >= 400 && status <= 499:
		return answered + ": only 2xx counts as received, so look at its answer"
	case status >= 500 && status <= 599:
		return answered + ": look at its logs"
	}
	return answered + ", which is no final status of HTTP"
}

// networkReason puts a network error into words. The order matters: many of these errors are wrapped
// in one another, and some time out as well.
func networkReason(err error) string {
	var refused *netguard.RefusedError
	var dns *net.DNSError
	switch {
	case err == nil:
		return "did not answer"
	case errors.As(err, &refused):
		return "is at an address that we do not call: " + refused.Error()
	case errors.Is(err, errURL):
		return "has a URL that cannot be used: correct it"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "has a host name that does not exist: check its URL and its DNS"
	case errors.As(err, &dns):
		return "has a host name that could not be looked up: check its DNS"
	case isPlainHTTP(err):
		return "speaks HTTP where its URL says https: check its URL"
	case isTLS(err):
		return "could not prove who it is: check its TLS certificate: " + brief(err)
	case isTimeout(err):
		return "did not answer in full before the timeout: answer first and do slow work afterwards"
	}
	return connectionReason(err)
}

func connectionReason(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused the connection: nothing listens at its address and port"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "is at an address that cannot be reached: check its network and firewall"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset the connection: it, or a proxy before it, crashed or closed it"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "cut its answer short: it, or a proxy before it, closed the connection"
	case errors.Is(err, io.EOF):
		return "closed the connection without an answer: it, or a proxy before it, crashed or closed it"
	}
	return "could not be called: " + brief(err)
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// isPlainHTTP looks at the bytes that came instead of a TLS record, as http.Client does.
func isPlainHTTP(err error) bool {
	var record tls.RecordHeaderError
	return errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/"
}

func isTLS(err error) bool {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		alert       tls.AlertError
		authority   x509.UnknownAuthorityError
		host        x509.HostnameError
		invalid     x509.CertificateInvalidError
		op          *net.OpError
	)
	return errors.As(err, &certificate) || errors.As(err, &record) || errors.As(err, &alert) ||
		errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid) ||
		// An alert from the other side has no exported type of its own.
		errors.As(err, &op) && op.Op == "remote error"
}

// brief bounds a text that the other side may have had a hand in.
func brief(err error) string {
	const limit = 300
	text := err.Error()
	if len(text) > limit {
		text = text[:limit] + "..."
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// retryAfter reads Retry-After in its two forms (RFC 9110, 10.2.3). What is neither is ignored.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, ok := parseSeconds(text); ok {
		return seconds
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), MaxRetryAfter)
}

// parseSeconds reads a number of seconds of any length.
func parseSeconds(text string) (time.Duration, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds > int64(MaxRetryAfter/time.Second) {
		return MaxRetryAfter, true
	}
	return time.Duration(seconds) * time.Second, true
}
