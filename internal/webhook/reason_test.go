package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/synchook/synchook/internal/netguard"
)

// at wraps an error as the step of a connection that failed.
func at(op string, err error) error { return &net.OpError{Op: op, Net: "tcp", Err: err} }

func dial(err error) error { return at("dial", err) }

// timeout is net/http's own kind of error: it times out and has no type.
type timeout string

func (t timeout) Error() string { return string(t) }
func (timeout) Timeout() bool   { return true }

// networkErrors has one error of each class, wrapped as the transport does.
var networkErrors = map[string]struct {
	err    error
	reason string
}{
	"nothing at all": {nil, "did not answer"},
	"guard": {dial(&netguard.RefusedError{Address: netip.MustParseAddrPort("10.0.0.1:80"), Reason: "a private address"}),
		"is at an address that we do not call: refused to connect to 10.0.0.1:80: it is a private address, and not on the list of allowed networks"},
	"URL":              {errURL, "has a URL that cannot be used"},
	"no such host":     {dial(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}), "has a host name that does not exist"},
	"DNS timeout":      {dial(&net.DNSError{Err: "i/o timeout", Name: "x", IsTimeout: true}), "has a host name whose name servers did not answer before the timeout"},
	"DNS temporary":    {dial(&net.DNSError{Err: "server misbehaving", Name: "x", IsTemporary: true}), "has a host name that could not be looked up: check its DNS: lookup x"},
	"unknown CA":       {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "has a TLS certificate of an unknown authority"},
	"wrong host":       {&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}}, "has a TLS certificate for another host name"},
	"expired":          {&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: x509.Expired}}, "has a TLS certificate that has expired or is not valid yet"},
	"wrong use":        {x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: x509.IncompatibleUsage}, "could not prove who it is"},
	"bad certificate":  {&tls.CertificateVerificationError{Err: errors.New("odd")}, "could not prove who it is"},
	"not TLS":          {tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, "speaks no TLS where its URL says https"},
	"plain HTTP":       {tls.RecordHeaderError{RecordHeader: [5]byte([]byte("HTTP/"))}, "speaks HTTP where its URL says https"},
	"TLS alert":        {tls.AlertError(40), "could not agree with us on TLS"},
	"remote alert":     {at("remote error", errors.New("tls: handshake failure")), "could not agree with us on TLS"},
	"dial timeout":     {dial(os.ErrDeadlineExceeded), "did not take the connection before the timeout"},
	"OS timeout":       {dial(os.NewSyscallError("connect", syscall.ETIMEDOUT)), "did not take the connection before the timeout"},
	"TLS timeout":      {timeout("net/http: TLS handshake timeout"), "did not finish the TLS handshake before the timeout"},
	"deadline":         {fmt.Errorf("read: %w", context.DeadlineExceeded), "did not answer before the timeout"},
	"header timeout":   {timeout("net/http: timeout awaiting response headers"), "did not answer before the timeout"},
	"refused":          {dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), "refused the connection"},
	"no route":         {dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), "is at an address that cannot be reached"},
	"no network":       {dial(os.NewSyscallError("connect", syscall.ENETUNREACH)), "is at an address that cannot be reached"},
	"reset":            {at("read", os.NewSyscallError("read", syscall.ECONNRESET)), "reset the connection"},
	"broken pipe":      {at("write", os.NewSyscallError("write", syscall.EPIPE)), "reset the connection"},
	"body cut":         {io.ErrUnexpectedEOF, "cut its answer short"},
	"closed":           {fmt.Errorf("transport: %w", io.EOF), "closed the connection without an answer"},
	"headers":          {errors.New("net/http: server response headers exceeded 65536 bytes; aborted"), "answered with more than 64 KiB of headers"},
	"HTTP/2 headers":   {errors.New("http2: response header list larger than advertised limit"), "answered with more than 64 KiB of headers"},
	"malformed":        {errors.New("malformed HTTP response \"SSH\""), "answered something that is not HTTP"},
	"proxy refuses":    {&netguard.ProxyError{Status: 403}, "was not reached through the egress proxy, which answered CONNECT with 403 Forbidden"},
	"proxy reaches no": {&netguard.ProxyError{Status: 502}, "was not reached through the egress proxy, which answered CONNECT with 502 Bad Gateway"},
	"SOCKS refuses":    {at("socks connect", errors.New("connection not allowed by ruleset")), "was not reached through the egress proxy: socks connect tcp: connection not allowed"},
	"anything else":    {errors.New("http2: client connection lost"), "could not be called: http2: client connection lost"},
}

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
			if cut.Outcome != Retry || !strings.HasPrefix(cut.Reason, "answered 200, but then ") {
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

func TestABodyThatNeverEndsIsToldFromAnAnswerThatNeverBegins(t *testing.T) {
	t.Parallel()
	const want = "answered 200, but then did not finish its answer before the timeout"
	for _, err := range []error{context.DeadlineExceeded, at("read", os.ErrDeadlineExceeded), timeout("slow")} {
		if got := Judge(200, nil, err, noon).Reason; !strings.HasPrefix(got, want) {
			t.Errorf("%v: %q", err, got)
		}
	}
	if got := Judge(200, nil, io.ErrUnexpectedEOF, noon).Reason; !strings.HasPrefix(got, "answered 200, but then cut its answer short") {
		t.Errorf("a cut body: %q", got)
	}
}

func TestWhatFailsOnOurSideIsAFault(t *testing.T) {
	t.Parallel()
	const proxy, shortage = "was not called, because the egress proxy could not be used", "was not called, because this machine has run out"
	for name, test := range map[string]struct {
		err    error
		reason string
	}{
		"no proxy":              {at("proxyconnect", dial(syscall.ECONNREFUSED)), proxy},
		"proxy without name":    {at("proxyconnect", dial(&net.DNSError{Err: "no such host", IsNotFound: true})), proxy},
		"proxy's certificate":   {at("proxyconnect", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), proxy},
		"proxy wants a login":   {&netguard.ProxyError{Status: 407}, proxy},
		"too many files":        {dial(os.NewSyscallError("socket", syscall.EMFILE)), shortage},
		"too many files of all": {dial(os.NewSyscallError("socket", syscall.ENFILE)), shortage},
		"no ports":              {dial(os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)), shortage},
		"no buffers":            {dial(os.NewSyscallError("connect", syscall.ENOBUFS)), shortage},
		"no memory":             {dial(os.NewSyscallError("socket", syscall.ENOMEM)), shortage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Judge(0, nil, test.err, noon); got.Outcome != Fault || !strings.HasPrefix(got.Reason, test.reason) {
				t.Errorf("got %v %q, want fault %q", got.Outcome, got.Reason, test.reason)
			}
			if got := Judge(500, nil, test.err, noon); got.Outcome != Retry {
				t.Errorf("after an answer: %v", got)
			}
		})
	}
}
