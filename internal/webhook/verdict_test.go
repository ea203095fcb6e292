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
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/netguard"
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
		410: "answered 410 Gone: it wants no more webhooks",
		429: "answered 429 Too Many Requests: it asks for fewer webhooks",
		500: "answered 500 Internal Server Error: look at its logs",
		777: "answered 777, which is no final status of HTTP",
	}
	for status, want := range tests {
		if got := Judge(status, nil, nil, noon).Reason; got != want {
			t.Errorf("%d: %q, want %q", status, got, want)
		}
	}
}

// networkErrors has one error of each class, wrapped as the transport does.
var networkErrors = map[string]struct {
	err    error
	reason string
}{
	"nothing at all": {nil, "did not answer"},
	"guard": {dial(&netguard.RefusedError{Address: netip.MustParseAddrPort("10.0.0.1:80"), Reason: "a private address"}),
		"is at an address that we do not call: refused to connect to 10.0.0.1:80: it is a private address, and not on the list of allowed networks"},
	"URL":           {errURL, "has a URL that cannot be used"},
	"no such host":  {dial(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}), "has a host name that does not exist"},
	"DNS timeout":   {dial(&net.DNSError{Err: "i/o timeout", Name: "x", IsTimeout: true}), "has a host name that could not be looked up"},
	"unknown CA":    {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "could not prove who it is"},
	"wrong host":    {x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}, "could not prove who it is"},
	"expired":       {x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: x509.Expired}, "could not prove who it is"},
	"not TLS":       {tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, "could not prove who it is"},
	"TLS alert":     {tls.AlertError(40), "could not prove who it is"},
	"remote alert":  {&net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}, "could not prove who it is"},
	"plain HTTP":    {tls.RecordHeaderError{RecordHeader: [5]byte([]byte("HTTP/"))}, "speaks HTTP where its URL says https"},
	"deadline":      {fmt.Errorf("read: %w", context.DeadlineExceeded), "did not answer in full before the timeout"},
	"dial timeout":  {dial(os.ErrDeadlineExceeded), "did not answer in full before the timeout"},
	"OS timeout":    {dial(syscall.ETIMEDOUT), "did not answer in full before the timeout"},
	"refused":       {dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), "refused the connection"},
	"no route":      {dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), "is at an address that cannot be reached"},
	"no network":    {dial(os.NewSyscallError("connect", syscall.ENETUNREACH)), "is at an address that cannot be reached"},
	"reset":         {dial(os.NewSyscallError("read", syscall.ECONNRESET)), "reset the connection"},
	"broken pipe":   {dial(os.NewSyscallError("write", syscall.EPIPE)), "reset the connection"},
	"body cut":      {io.ErrUnexpectedEOF, "cut its answer short"},
	"closed":        {fmt.Errorf("transport: %w", io.EOF), "closed the connection without an answer"},
	"anything else": {errors.New("malformed HTTP response"), "could not be called: malformed HTTP response"},
}

func dial(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }

func TestEveryNetworkErrorIsRetriedWithAReason(t *testing.T) {
	t.Parallel()
	for name, test := range networkErrors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Judge(0, nil, test.err, noon)
			if got.Outcome != Retry || !strings.HasPrefix(got.Reason, test.reason) {
				t.Errorf("got %v %q, want retry %q", got.Outcome, got.Reason, test.reason)
			}
			if test.err == nil {
				return
			}
			cut := Judge(200, nil, test.err, noon)
			if cut.Outcome != Retry || !strings.HasPrefix(cut.Reason, "answered 200, but then "+test.reason) {
				t.Errorf("after 200: got %v %q", cut.Outcome, cut.Reason)
			}
			for status, want := range map[int]Outcome{410: Gone, 429: Throttle, 500: Retry} {
				if got := Judge(status, nil, test.err, noon); got != Judge(status, nil, nil, noon) || got.Outcome != want {
					t.Errorf("a cut body changes the verdict on %d to %v", status, got)
				}
			}
		})
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

func TestRetryAfterIsReadInBothForms(t *testing.T) {
	t.Parallel()
	tests := map[string]time.Duration{
		"":                                0,
		"0":                               0,
		"1":                               time.Second,
		"120":                             2 * time.Minute,
		" 120 ":                           2 * time.Minute,
		"007":                             7 * time.Second,
		"86400":                           24 * time.Hour,
		"86401":                           24 * time.Hour,
		"9223372036854775807":             24 * time.Hour,
		"99999999999999999999999999":      24 * time.Hour,
		"Tue, 24 Nov 2026 12:00:30 GMT":   30 * time.Second,
		"Tuesday, 24-Nov-26 12:00:30 GMT": 30 * time.Second,
		"Tue Nov 24 12:00:30 2026":        30 * time.Second,
		"Tue, 24 Nov 2026 11:59:59 GMT":   0,
		"Thu, 01 Jan 1970 00:00:00 GMT":   0,
		"Fri, 31 Dec 9999 23:59:59 GMT":   24 * time.Hour,
		"-1":                              0,
		"+5":                              0,
		"1.5":                             0,
		"1e3":                             0,
		"0x10":                            0,
		"soon":                            0,
		"12 seconds":                      0,
		"\u0661":                          0,
	}
	for text, want := range tests {
		header := http.Header{"Retry-After": {text}}
		for _, status := range []int{302, 400, 429, 500, 503} {
			if got := Judge(status, header, nil, noon).RetryAfter; got != want {
				t.Errorf("%d with %q: %v, want %v", status, text, got, want)
			}
		}
		for _, status := range []int{200, 410} {
			if got := Judge(status, header, nil, noon).RetryAfter; got != 0 {
				t.Errorf("%d with %q: %v, want none", status, text, got)
			}
		}
	}
}

func TestOutcomesHaveNames(t *testing.T) {
	t.Parallel()
	want := []string{"none", "delivered", "retry", "gone", "throttle", "interrupted", "none"}
	for outcome, name := range want {
		if got := Outcome(outcome).String(); got != name {
			t.Errorf("outcome %d is called %q, want %q", outcome, got, name)
		}
	}
}
