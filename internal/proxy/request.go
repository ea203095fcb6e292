package proxy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/synchook/synchook/internal/tracing"
)

// Target is the external API of one connection.
type Target struct {
	// BaseURL is the absolute http or https URL that endpoints are relative
	// to. Credentials are sent to its origin and to no other.
	BaseURL string
	// Credentials are added to each request. The zero value adds nothing.
	Credentials Credentials
}

// Request is what a script asks for.
type Request struct {
	// Method is the HTTP method; empty means GET.
	Method string
	// Endpoint is a path below the base URL, with or without a leading slash
	// and with or without a query, or an absolute URL.
	Endpoint string
	// Query is an encoded query, added to that of the endpoint.
	Query string
	// Header is sent as it is, but for Host, which follows the URL, and
	// Accept-Encoding, which the transport chooses so that it can decode. The
	// span of the context is added, unless there is a Traceparent.
	Header map[string]string
	// Body is sent as it is; empty means no body.
	Body []byte
	// Retries is how many more attempts are made after a network error, a
	// 429, a 5xx or a status in RetryOn. Zero means one attempt only.
	Retries int
	// RetryOn lists more statuses that are worth another attempt.
	RetryOn []int
	// RetryHeader names the API's own headers that say when to come back.
	RetryHeader RetryHeader
	// BaseURLOverride replaces the target's base URL. On another origin the
	// request goes without credentials.
	BaseURLOverride string
}

// RetryHeader names the response headers of an API that say when its rate
// limit ends. They go before Retry-After. Empty names are not looked at.
type RetryHeader struct {
	// At names a header with a time in unix seconds.
	At string
	// After names a header with a number of seconds.
	After string
}

// Response is what the external API answered, whatever its status.
type Response struct {
	Status     int
	StatusText string
	// Header has lower-case names; repeated headers are joined by ", ".
	Header map[string]string
	Body   []byte
	// Duration is that of all attempts together, the waiting included.
	Duration time.Duration
	// Attempts is how many requests were made, at least 1.
	Attempts int
	// Authorized says that the request carried the target's credentials, and not some that the script has set.
	Authorized bool
}

// method returns the method, GET when there is none.
func (r Request) method() string {
	if r.Method == "" {
		return http.MethodGet
	}
	return strings.ToUpper(r.Method)
}

// build makes the HTTP request for one attempt, and reports whether it carries the target's credentials.
func (r Request) build(ctx context.Context, t Target) (req *http.Request, authorized bool, err error) {
	u, err := resolve(t.BaseURL, r)
	if err != nil {
		return nil, false, err
	}
	req, err = http.NewRequestWithContext(ctx, r.method(), u.String(), r.body())
	if err != nil {
		return nil, false, fmt.Errorf("method %q is not one of HTTP", r.Method)
	}
	for name, value := range r.Header {
		req.Header.Set(name, value)
	}
	req.Header.Del("Accept-Encoding")
	setDefault(req.Header, "User-Agent", "synchook")
	tracing.Inject(ctx, req.Header)
	if base, err := url.Parse(t.BaseURL); err == nil && sameOrigin(base, u) {
		authorized = t.Credentials.apply(req.Header)
	}
	return req, authorized, nil
}

// body returns a reader of the body, nil when it is empty, so that a GET
// carries no content-length.
func (r Request) body() io.Reader {
	if len(r.Body) == 0 {
		return nil
	}
	return bytes.NewReader(r.Body)
}
