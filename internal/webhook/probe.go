package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"
	"time"

	"github.com/synchook/synchook/internal/netguard"
)

// Probe is an attempt that a person looks at: what happened to one request, and how.
type Probe struct {
	Attempt

	// Address was called, such as "203.0.113.7:443"; of several the last one. With an egress proxy it is
	// the proxy's. Empty: none was called.
	Address string

	// TLS describes the encryption. Nil: there is none, or it did not come to that.
	TLS *TLS

	Phases Phases
}

// TLS describes an encrypted connection. When the certificate was not believed, only the certificate is known.
type TLS struct {
	Version string    // such as "TLS 1.3"
	Cipher  string    // such as "TLS_AES_128_GCM_SHA256"
	Subject string    // whom the certificate names
	Issuer  string    // who signed it
	Expires time.Time // when the certificate ends
}

// Phases are how long the parts of a request took. Zero: it did not come to that.
type Phases struct {
	NameLookup time.Duration
	Connect    time.Duration
	Handshake  time.Duration
	Wait       time.Duration // from the request sent to the first byte of the answer
	Read       time.Duration
	Total      time.Duration
}

// Probe signs and posts a message once, as Send does, on a connection of its own, and tells all about it. If
// the sender's transport is not net/http's own, the connection is whatever that gives.
func (s *Sender) Probe(ctx context.Context, message Message) Probe {
	transport := s.transport
	if standard, ok := transport.(interface{ Clone() *http.Transport }); ok {
		fresh := standard.Clone()
		defer fresh.CloseIdleConnections()
		transport = fresh
	}
	w := &witness{now: s.now}
	attempt := s.send(httptrace.WithClientTrace(ctx, w.trace()), transport, message)
	seen := w.testify()
	probe := Probe{Attempt: attempt, Address: seen.address, TLS: describeTLS(seen.tls)}
	probe.Phases = seen.stamps.phases(attempt.StartedAt, attempt.StartedAt.Add(attempt.Duration))
	if sent, err := s.request(ctx, message, attempt.StartedAt); err == nil { // of an attempt that succeeded, too
		probe.RequestHeaders = shownHeaders(sent.Header, message.Header)
	}
	return probe
}

// shownHeaders are those of a request, the values of custom ones and of the authorization left out.
func shownHeaders(sent http.Header, custom map[string]string) map[string]string {
	shown := make(map[string]string, len(sent))
	for name, values := range sent {
		if len(values) > 0 {
			shown[name] = values[0]
		}
	}
	for name := range custom {
		name = textproto.CanonicalMIMEHeaderKey(name)
		if _, ok := shown[name]; ok && !reserved(name) {
			shown[name] = ""
		}
	}
	if _, ok := shown["Authorization"]; ok {
		shown["Authorization"] = ""
	}
	return shown
}

func describeTLS(state *tls.ConnectionState) *TLS {
	if state == nil {
		return nil
	}
	var t TLS
	if state.Version != 0 {
		t.Version, t.Cipher = tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite)
	}
	if len(state.PeerCertificates) > 0 {
		certificate := state.PeerCertificates[0]
		t.Subject, t.Issuer, t.Expires = nameOf(certificate), certificate.Issuer.String(), certificate.NotAfter
	}
	return &t
}

// nameOf returns whom a certificate names: those of today have only alternative names.
func nameOf(certificate *x509.Certificate) string {
	if subject := certificate.Subject.String(); subject != "" || len(certificate.DNSNames) == 0 {
		return subject
	}
	return "CN=" + certificate.DNSNames[0]
}

// stamps are when the parts of a request began and ended. Zero: they did not.
type stamps struct {
	lookup, lookedUp     time.Time
	dial, connected      time.Time
	handshake, encrypted time.Time
	wrote, firstByte     time.Time
}

// phases says how long each part took. One that had not ended when the request did lasted until then.
func (s stamps) phases(began, ended time.Time) Phases {
	lasted := func(from, to time.Time) time.Duration {
		switch {
		case from.IsZero():
			return 0
		case to.IsZero():
			to = ended
		}
		return max(to.Sub(from), 0)
	}
	return Phases{
		NameLookup: lasted(s.lookup, s.lookedUp), Connect: lasted(s.dial, s.connected), Handshake: lasted(s.handshake, s.encrypted),
		Wait: lasted(s.wrote, s.firstByte), Read: lasted(s.firstByte, ended), Total: ended.Sub(began),
	}
}

// testimony is what was seen of a request.
type testimony struct {
	stamps  stamps
	address string
	settled bool // an address has answered: what becomes of others that were tried does not matter
	tls     *tls.ConnectionState
}

// witness sees what the transport does. Dials go on side by side, and may end after the request.
type witness struct {
	now  func() time.Time
	mu   sync.Mutex
	seen testimony
}

// testify returns what was seen so far.
func (w *witness) testify() testimony {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen
}

// note lets see write what it saw, and when.
func (w *witness) note(see func(*testimony, time.Time)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	see(&w.seen, w.now())
}

func (w *witness) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) {
			w.note(func(t *testimony, at time.Time) { t.stamps.lookup = at })
		},
		DNSDone: func(httptrace.DNSDoneInfo) {
			w.note(func(t *testimony, at time.Time) { t.stamps.lookedUp = at })
		},
		ConnectStart: func(string, string) { w.note((*testimony).dials) },
		ConnectDone: func(_, address string, err error) {
			w.note(func(t *testimony, at time.Time) { t.dialled(address, err, at) })
		},
		TLSHandshakeStart: func() {
			w.note(func(t *testimony, at time.Time) { t.stamps.handshake, t.stamps.encrypted, t.tls = at, time.Time{}, nil })
		},
		TLSHandshakeDone: func(state tls.ConnectionState, err error) {
			w.note(func(t *testimony, at time.Time) { t.shookHands(state, err, at) })
		},
		WroteRequest: func(httptrace.WroteRequestInfo) {
			w.note(func(t *testimony, at time.Time) { t.stamps.wrote = at })
		},
		GotFirstResponseByte: func() {
			w.note(func(t *testimony, at time.Time) { t.stamps.firstByte = at })
		},
	}
}

// dials notes the first address that is tried; the phase lasts until one of them answers.
func (t *testimony) dials(at time.Time) {
	if t.stamps.dial.IsZero() {
		t.stamps.dial = at
	}
}

// dialled notes an address that was tried. One that the guard refused was not called.
func (t *testimony) dialled(address string, err error, at time.Time) {
	var refused *netguard.RefusedError
	if !t.settled && !errors.As(err, &refused) {
		t.address, t.stamps.connected, t.settled = address, at, err == nil
	}
}

// shookHands notes the end of a handshake: of one that failed, the certificate that was not believed.
func (t *testimony) shookHands(state tls.ConnectionState, err error, at time.Time) {
	t.stamps.encrypted = at
	var unbelieved *tls.CertificateVerificationError
	switch {
	case err == nil:
		t.tls = &state
	case errors.As(err, &unbelieved):
		t.tls = &tls.ConnectionState{PeerCertificates: unbelieved.UnverifiedCertificates}
	}
}
