package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/netguard"
)

// encrypted starts a receiver that speaks TLS, and returns a sender that believes it.
func encrypted(t *testing.T, handler http.HandlerFunc) (*Sender, *httptest.Server) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = discardLog
	server.StartTLS()
	t.Cleanup(server.Close)
	transport := netguard.New(netguard.Options{Allow: netguard.Loopback()}).Transport()
	t.Cleanup(transport.CloseIdleConnections)
	transport.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	transport.TLSClientConfig.RootCAs.AddCert(server.Certificate())
	return NewSender(Options{Transport: transport}), server
}

func TestAProbeTellsAllAboutARequest(t *testing.T) {
	t.Parallel()
	sender, server := encrypted(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Server", "oracle/1")
		_, _ = io.WriteString(w, "thanks, let-me-in")
	})
	message := Message{
		ID: "msg_1", URL: server.URL, Body: issues.Bytes(), Secrets: []Secret{mustMake(t)},
		Header: map[string]string{"x-key": "let-me-in"},
	}
	for range 2 { // the second one has a connection of its own too
		probe := sender.Probe(t.Context(), message)
		if probe.Status != 200 || probe.Verdict.Outcome != Delivered || string(probe.Response) != "thanks, [redacted]" || probe.ResponseHeaders["Server"] != "oracle/1" {
			t.Errorf("the attempt is %+v", probe.Attempt)
		}
		if probe.Address != server.Listener.Addr().String() {
			t.Errorf("the address is %s", probe.Address)
		}
		if c := probe.TLS; c == nil || c.Version != "TLS 1.3" || !strings.HasPrefix(c.Cipher, "TLS_") || c.Subject != "O=Acme Co" ||
			c.Issuer != "O=Acme Co" || !c.Expires.Equal(server.Certificate().NotAfter) {
			t.Errorf("the encryption is %+v", c)
		}
		p := probe.Phases
		if p.NameLookup != 0 || p.Connect <= 0 || p.Handshake <= 0 || p.Wait <= 0 || p.Read <= 0 || p.Total < p.Connect+p.Handshake {
			t.Errorf("the phases are %+v", p)
		}
		h := probe.RequestHeaders
		if value, sent := h["X-Key"]; value != "" || !sent || h["Webhook-Id"] != "msg_1" || !strings.HasPrefix(h["Webhook-Signature"], "v1,") {
			t.Errorf("the request's headers are %v", h)
		}
	}
}

func TestAProbeSaysWhyNobodyAnswered(t *testing.T) {
	t.Parallel()
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusing := nobody.Addr().String()
	_ = nobody.Close()
	blind := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no name server") }}
	for name, test := range map[string]struct {
		url, address, reason string
		options              netguard.Options
		looked, dialled      bool
	}{
		"refused": {
			url: "http://" + refusing, address: refusing, reason: "refused the connection",
			options: netguard.Options{Allow: netguard.Loopback()}, dialled: true,
		},
		"guard": {url: "http://" + refusing, reason: "is at an address that we do not call", dialled: true},
		"name": {
			url: "http://app.example", reason: "has a host name that could not be looked up",
			options: netguard.Options{Resolver: blind}, looked: true,
		},
		"URL": {url: "http://", reason: "has a URL that cannot be used"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			probe := NewSender(Options{Transport: netguard.New(test.options).Transport()}).Probe(t.Context(), Message{URL: test.url})
			if probe.Address != test.address || probe.Status != 0 || probe.TLS != nil || !strings.HasPrefix(probe.Verdict.Reason, test.reason) {
				t.Errorf("the probe is %+v", probe)
			}
			if p := probe.Phases; p.NameLookup > 0 != test.looked || p.Connect > 0 != test.dialled || p.Wait+p.Read+p.Handshake != 0 || p.Total <= 0 {
				t.Errorf("the phases are %+v", p)
			}
		})
	}
}

func TestAProbeShowsTheCertificateThatIsNotBelieved(t *testing.T) {
	t.Parallel()
	_, server := encrypted(t, func(http.ResponseWriter, *http.Request) { t.Error("the webhook arrived") })
	probe := loopback(t, Options{}).Probe(t.Context(), Message{URL: server.URL})
	if !strings.HasPrefix(probe.Verdict.Reason, "has a TLS certificate of an unknown authority") || probe.Phases.Handshake <= 0 || probe.Phases.Wait != 0 {
		t.Errorf("the probe is %+v", probe)
	}
	if probe.TLS == nil || probe.TLS.Issuer != "O=Acme Co" || probe.TLS.Version != "" {
		t.Errorf("the encryption is %+v", probe.TLS)
	}
}

func TestAProbeOfASlowEndpointEndsInTime(t *testing.T) {
	t.Parallel()
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // so that the server notices that we have gone
		<-r.Context().Done()
	})
	probe := loopback(t, Options{Timeout: 100 * time.Millisecond}).Probe(t.Context(), Message{URL: url, Body: issues.Bytes()})
	if !strings.HasPrefix(probe.Verdict.Reason, "did not answer before the timeout") || probe.Phases.Wait <= 0 || probe.Phases.Read != 0 {
		t.Errorf("the probe is %+v", probe)
	}
}

func TestAProbeHidesTheAuthorization(t *testing.T) {
	t.Parallel()
	url := serve(t, func(http.ResponseWriter, *http.Request) {})
	probe := loopback(t, Options{}).Probe(t.Context(), Message{URL: strings.Replace(url, "://", "://me:hunter2@", 1)})
	if value, sent := probe.RequestHeaders["Authorization"]; !sent || value != "" {
		t.Errorf("the request's headers are %v", probe.RequestHeaders)
	}
}

func TestPhasesLastUntilTheNextOneOrTheEnd(t *testing.T) {
	t.Parallel()
	at := func(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }
	const ms = time.Millisecond
	whole := stamps{
		lookup: at(1), lookedUp: at(3), dial: at(3), connected: at(7), handshake: at(7), encrypted: at(15), wrote: at(16), firstByte: at(48),
	}
	for name, test := range map[string]struct {
		stamps stamps
		want   Phases
	}{
		"nothing":      {stamps{}, Phases{Total: 100 * ms}},
		"everything":   {whole, Phases{NameLookup: 2 * ms, Connect: 4 * ms, Handshake: 8 * ms, Wait: 32 * ms, Read: 52 * ms, Total: 100 * ms}},
		"lookup hangs": {stamps{lookup: at(1)}, Phases{NameLookup: 99 * ms, Total: 100 * ms}},
		"dial hangs":   {stamps{dial: at(1)}, Phases{Connect: 99 * ms, Total: 100 * ms}},
		"TLS hangs":    {stamps{dial: at(1), connected: at(2), handshake: at(3)}, Phases{Connect: ms, Handshake: 97 * ms, Total: 100 * ms}},
		"no answer":    {stamps{wrote: at(10)}, Phases{Wait: 90 * ms, Total: 100 * ms}},
		"early answer": {stamps{wrote: at(10), firstByte: at(9)}, Phases{Read: 91 * ms, Total: 100 * ms}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.stamps.phases(at(0), at(100)); got != test.want {
				t.Errorf("the phases are %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestOnlyTheAddressThatAnsweredFirstCounts(t *testing.T) {
	t.Parallel()
	var seen testimony
	seen.dials(noon)
	seen.dials(noon.Add(time.Second))
	seen.dialled("10.0.0.1:80", &net.OpError{Op: "dial", Err: &netguard.RefusedError{}}, noon)
	if seen.address != "" {
		t.Errorf("an address that the guard refused was called: %s", seen.address)
	}
	seen.dialled("203.0.113.1:80", errors.New("refused"), noon.Add(time.Second))
	seen.dialled("203.0.113.2:80", nil, noon.Add(2*time.Second))
	seen.dialled("203.0.113.3:80", context.Canceled, noon.Add(3*time.Second))
	if seen.address != "203.0.113.2:80" || !seen.stamps.dial.Equal(noon) || !seen.stamps.connected.Equal(noon.Add(2*time.Second)) {
		t.Errorf("seen: %+v", seen)
	}
}

func TestCertificatesWithoutASubjectAreCalledByTheirFirstName(t *testing.T) {
	t.Parallel()
	for want, certificate := range map[string]*x509.Certificate{
		"CN=app":         {Subject: pkix.Name{CommonName: "app"}, DNSNames: []string{"app.example"}},
		"CN=app.example": {DNSNames: []string{"app.example", "www.example"}},
		"":               {},
	} {
		if got := nameOf(certificate); got != want {
			t.Errorf("a certificate is called %q, want %q", got, want)
		}
	}
}
