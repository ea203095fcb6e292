package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

const (
	defaultMaxResponseBytes = 64 << 20
	defaultAttemptTimeout   = time.Minute
	maxRedirects            = 10
)

// ErrTooLarge is the cause of an [Error] when a response is larger than the
// client's bound. It is not retried.
var ErrTooLarge = errors.New("the response is too large")

// Client makes requests. The zero value works; its fields must not be changed
// once it is in use. It is safe for concurrent use.
type Client struct {
	// Transport makes the connections; nil means http.DefaultTransport,
	// which dials any address. The program gives it netguard's.
	Transport http.RoundTripper
	// MaxResponseBytes bounds the body of a response after decompression;
	// zero means 64 MiB.
	MaxResponseBytes int64
	// AttemptTimeout bounds one attempt, the body included; zero means one
	// minute.
	AttemptTimeout time.Duration
	// Now tells the time; nil means time.Now.
	Now func() time.Time
	// Sleep waits between attempts and returns early with the context's
	// error; nil means a real wait.
	Sleep func(context.Context, time.Duration) error
	// Random returns a number in [0, 1) for jitter; nil means math/rand.
	Random func() float64
}

// Error says that a request got no response. It names the method and the URL
// without its query, and never a credential.
type Error struct {
	Method   string
	URL      string
	Attempts int
	Err      error
}

// Error returns a sentence for a person.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s %s failed: %v", e.Method, e.URL, e.Err)
	if e.Attempts > 1 {
		s += fmt.Sprintf(" (after %d attempts)", e.Attempts)
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Do makes the request at the target, again as often as the request allows.
// A response of any status, the last one when attempts ran out, is returned
// with a nil error; no response is an [*Error]. When the wait before the next
// attempt would outlast the context's deadline, Do does not wait for what
// cannot come and returns what it has.
func (c *Client) Do(ctx context.Context, t Target, r Request) (Response, error) {
	start := c.now()
	for attempt := 1; ; attempt++ {
		res, header, err := c.attempt(ctx, t, r)
		res.Attempts, res.Duration = attempt, c.now().Sub(start)
		var failed *Error
		if errors.As(err, &failed) {
			failed.Attempts = attempt
		}
		if attempt > r.Retries || !c.again(ctx, r, res, err) {
			return res, err
		}
		if c.wait(ctx, delay(attempt, header, r.RetryHeader, c.now(), c.random())) != nil {
			return res, err
		}
	}
}

// again reports whether another attempt may change the outcome.
func (c *Client) again(ctx context.Context, r Request, res Response, err error) bool {
	if ctx.Err() != nil || errors.Is(err, ErrTooLarge) {
		return false
	}
	var failed *Error
	if err != nil {
		return errors.As(err, &failed)
	}
	return retryable(res.Status, r.RetryOn)
}

// attempt makes one HTTP request and reads its body within the bounds.
func (c *Client) attempt(ctx context.Context, t Target, r Request) (Response, http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, c.attemptTimeout())
	defer cancel()
	req, authorized, err := r.build(ctx, t)
	if err != nil {
		return Response{}, nil, err
	}
	res, err := c.client(req).Do(req)
	if err != nil {
		return Response{}, nil, failure(req, err)
	}
	defer res.Body.Close()
	body, err := c.read(res)
	if err != nil {
		return Response{}, nil, failure(req, err)
	}
	return Response{
		Status:     res.StatusCode,
		StatusText: strings.TrimPrefix(strings.TrimPrefix(res.Status, fmt.Sprint(res.StatusCode)), " "),
		Header:     flatten(res.Header),
		Body:       body,
		Authorized: authorized,
	}, res.Header, nil
}

// client returns an HTTP client that follows redirects of GET and HEAD within
// the origin of the first request and hands any other redirect back.
func (c *Client) client(first *http.Request) *http.Client {
	return &http.Client{
		Transport: c.Transport,
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			safe := first.Method == http.MethodGet || first.Method == http.MethodHead
			if !safe || len(via) > maxRedirects || !sameOrigin(first.URL, next.URL) {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
}

// read reads a body up to the bound. One that says that it is larger is not read at all.
func (c *Client) read(res *http.Response) (b []byte, err error) {
	limit := c.MaxResponseBytes
	if limit == 0 {
		limit = defaultMaxResponseBytes
	}
	if res.ContentLength <= limit {
		b, err = io.ReadAll(io.LimitReader(res.Body, limit+1))
	}
	if err != nil {
		return nil, fmt.Errorf("reading the response: %w", err)
	}
	if max(res.ContentLength, int64(len(b))) > limit {
		return nil, fmt.Errorf("%w: more than %d bytes; ask for smaller pages", ErrTooLarge, limit)
	}
	return b, nil
}

// wait sleeps, or fails at once when ctx ends before the sleep would.
func (c *Client) wait(ctx context.Context, d time.Duration) error {
	if end, ok := ctx.Deadline(); ok && c.now().Add(d).After(end) {
		return context.DeadlineExceeded
	}
	if c.Sleep != nil {
		return c.Sleep(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *Client) random() float64 {
	if c.Random != nil {
		return c.Random()
	}
	return rand.Float64()
}

func (c *Client) attemptTimeout() time.Duration {
	if c.AttemptTimeout > 0 {
		return c.AttemptTimeout
	}
	return defaultAttemptTimeout
}

// failure wraps the error of an attempt without the URL's query.
func failure(req *http.Request, err error) *Error {
	return &Error{Method: req.Method, URL: redacted(req.URL), Err: cause(err)}
}

// flatten makes one lower-case header of each name.
func flatten(h http.Header) map[string]string {
	flat := make(map[string]string, len(h))
	for name, values := range h {
		flat[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return flat
}
