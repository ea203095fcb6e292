package proxy

import (
	"log/slog"
	"net/http"
)

// Kind says how a connection proves itself to an external API.
type Kind string

// The kinds of credentials. The zero value is KindNone.
const (
	KindNone   Kind = ""
	KindBearer Kind = "bearer"
	KindBasic  Kind = "basic"
	KindHeader Kind = "header"
)

// Credentials are what a connection sends with each request to prove itself.
// Make them with [Bearer], [Basic] or [Header]; the zero value sends nothing.
// They print, and are logged, as their kind alone.
type Credentials struct {
	kind   Kind
	name   string // the username, or the name of the header
	secret string
}

// Bearer returns credentials sent as "Authorization: Bearer token".
func Bearer(token string) Credentials {
	return Credentials{kind: KindBearer, secret: token}
}

// Basic returns credentials sent by HTTP basic authentication (RFC 7617).
func Basic(username, password string) Credentials {
	return Credentials{kind: KindBasic, name: username, secret: password}
}

// Header returns credentials sent as one header of the API's own, such as
// "X-Api-Key: value".
func Header(name, value string) Credentials {
	return Credentials{kind: KindHeader, name: name, secret: value}
}

// Kind returns how the credentials are sent.
func (c Credentials) Kind() Kind { return c.kind }

// String returns the kind, never the secret.
func (c Credentials) String() string {
	if c.kind == KindNone {
		return "no credentials"
	}
	return string(c.kind) + " credentials"
}

// GoString keeps the secret out of %#v.
func (c Credentials) GoString() string { return c.String() }

// LogValue keeps the secret out of structured logs.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// apply adds the credentials to h, and reports whether it did. A header that
// the script has set itself stays: some APIs exchange one token for another
// within a script.
func (c Credentials) apply(h http.Header) bool {
	switch c.kind {
	case KindBearer:
		return setDefault(h, "Authorization", "Bearer "+c.secret)
	case KindBasic:
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth(c.name, c.secret)
		return setDefault(h, "Authorization", r.Header.Get("Authorization"))
	case KindHeader:
		return setDefault(h, c.name, c.secret)
	}
	return false
}

// setDefault sets a header that is not there yet, and reports whether it did.
func setDefault(h http.Header, name, value string) bool {
	if h.Get(name) != "" {
		return false
	}
	h.Set(name, value)
	return true
}
