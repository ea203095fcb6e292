package webhook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/synchook/synchook/internal/netguard"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/tracing"
)

const (
	defaultTimeout = 20 * time.Second

	// maxRead is how much of an answer is read, so that its connection can be used again; maxKept is
	// how much of it is kept for people to look at.
	maxRead = 64 << 10
	maxKept = 4 << 10

	maxKeptHeader = 1 << 10
)

// Options set up a Sender.
type Options struct {
	// Transport makes the requests. Nil: a guarded one that reaches public addresses only.
	Transport http.RoundTripper

	// UserAgent names us to the endpoints. Empty: "synchook".
	UserAgent string

	// Timeout bounds an attempt from its beginning to the last byte of the answer. Zero: 20 seconds.
	Timeout time.Duration

	// Now is the clock. Nil: time.Now.
	Now func() time.Time
}

// Sender posts webhooks. It may be used concurrently.
type Sender struct {
	transport http.RoundTripper
	userAgent []string
	timeout   time.Duration
	now       func() time.Time
	buffers   sync.Pool
}

// NewSender returns a sender.
func NewSender(options Options) *Sender {
	if options.Transport == nil {
		options.Transport = netguard.New(netguard.Options{}).Transport()
	}
	if options.UserAgent == "" {
		options.UserAgent = "synchook"
	}
	if options.Timeout <= 0 {
		options.Timeout = defaultTimeout
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Sender{
		transport: options.Transport,
		userAgent: []string{options.UserAgent},
		timeout:   options.Timeout,
		now:       options.Now,
		buffers:   sync.Pool{New: func() any { return new([maxKept]byte) }},
	}
}

// Message is one webhook, ready to be signed and posted.
type Message struct {
	// ID is the delivery's, and the same on every attempt.
	ID string

	// URL is the endpoint's. A user name and password in it are sent as basic authorization.
	URL string

	// Body is posted as it is. It must not be changed until Send has returned.
	Body []byte

	// Secrets sign the attempt; see Headers.
	Secrets []Secret

	// Header holds the endpoint's custom headers. Reserved ones are left out; see CheckHeaders.
	Header map[string]string
}

// Attempt is what happened to one request.
type Attempt struct {
	StartedAt time.Time

	// Duration is until the last byte of the answer, or until the error.
	Duration time.Duration

	// Status is zero when no answer came.
	Status int

	// URL is where the request went, without its password and query. Empty: none was made.
	URL string

	// RequestHeaders are those of an attempt that failed. Those that the message asked for, and its authorization, have no
	// values here. Nil: the endpoint took the webhook, or no request was made.
	RequestHeaders map[string]string

	// ResponseHeaders are the few headers of the answer that help to understand it, without the secrets of the message that it
	// sends back. Nil: none came.
	ResponseHeaders map[string]string

	// Response is the beginning of the answer's body, at most 4 KiB, without the secrets of the message
	// that it sends back.
	Response []byte

	// Error is what went wrong on the network. Empty: nothing.
	Error string

	Verdict Verdict
}

// Send signs and posts a message once, and judges the answer. It returns within the sender's timeout.
// Redirects are not followed. It never fails: whatever goes wrong is in the attempt, and no text in
// the attempt repeats the URL's password or query.
func (s *Sender) Send(ctx context.Context, message Message) Attempt {
	return s.send(ctx, s.transport, message)
}

func (s *Sender) send(ctx context.Context, transport http.RoundTripper, message Message) Attempt {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	attempt := Attempt{StartedAt: s.now()}
	request, err := s.request(ctx, message, attempt.StartedAt)
	var header http.Header
	if err == nil {
		attempt.URL = shownURL(request.URL)
		header, err = s.exchange(transport, request, &attempt)
	}
	ended := s.now()
	attempt.Duration = ended.Sub(attempt.StartedAt)
	attempt.ResponseHeaders = keepHeaders(header)
	attempt.Verdict = Judge(attempt.Status, header, err, ended)
	if attempt.Verdict.Outcome != Delivered && request != nil {
		attempt.RequestHeaders = shownHeaders(request.Header, message.Header)
	}
	if err != nil {
		attempt.Error = brief(err)
	}
	if len(attempt.Response) > 0 || len(attempt.ResponseHeaders) > 0 {
		attempt.cut(secretsIn(message))
	}
	return attempt
}

// cut takes secrets out of what the endpoint answered.
func (a *Attempt) cut(secrets synchook.Redactor) {
	if len(a.Response) > 0 {
		a.Response = []byte(secrets.Cut(string(a.Response)))
	}
	for name, value := range a.ResponseHeaders {
		a.ResponseHeaders[name] = secrets.Cut(value)
	}
}

// secretsIn returns what takes out of an answer what the message has told in confidence: the values of
// the custom headers, and the password and the query of the URL.
func secretsIn(m Message) synchook.Redactor {
	secrets := slices.Collect(maps.Values(m.Header))
	if u, err := url.Parse(m.URL); err == nil {
		password, _ := u.User.Password()
		secrets = append(secrets, password)
		for _, values := range u.Query() {
			secrets = append(secrets, values...)
		}
	}
	return synchook.NewRedactor(secrets...)
}

// exchange makes the request and reads the answer into the attempt.
func (s *Sender) exchange(transport http.RoundTripper, request *http.Request, attempt *Attempt) (http.Header, error) {
	// A Client would follow redirects, and copy the headers to do so.
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	attempt.Status = response.StatusCode
	attempt.Response, err = s.read(response)
	_ = response.Body.Close()
	return response.Header, err
}

// request builds the signed request.
func (s *Sender) request(ctx context.Context, message Message, at time.Time) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, message.URL, bytes.NewReader(message.Body))
	if err != nil || request.URL.Host == "" {
		return nil, errURL
	}
	header := request.Header
	if user := request.URL.User; user != nil {
		password, _ := user.Password()
		request.SetBasicAuth(user.Username(), password)
	}
	header["Content-Type"] = contentType
	header["User-Agent"] = s.userAgent
	// Asking for no compression also keeps the transport from asking for it and expanding the answer.
	header["Accept-Encoding"] = identity
	// An empty list is not sent. It tells the transport that the request may be sent again when a kept
	// connection turns out to be closed: the receiver knows the webhook by its ID.
	header["Idempotency-Key"] = nil
	addCustom(header, message.Header)
	tracing.Inject(ctx, header)
	sign(header, message.ID, at, message.Body, message.Secrets)
	return request, nil
}

// These are shared by all requests, and never written to.
var (
	contentType = []string{"application/json"}
	identity    = []string{"identity"}
)

// read returns the beginning of the body and reads on to its end, unless that is too far away: then
// the connection is given up when the body is closed.
func (s *Sender) read(response *http.Response) ([]byte, error) {
	if response.ContentLength == 0 {
		return nil, nil
	}
	buffer := s.buffers.Get().(*[maxKept]byte)
	defer s.buffers.Put(buffer)
	n, err := fill(buffer[:], response.Body)
	kept := bytes.Clone(buffer[:n])
	if err == nil {
		_, err = io.CopyN(io.Discard, response.Body, maxRead-maxKept)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return kept, err
}

// fill reads until the buffer is full. io.ReadFull would give the same error for a body that is short
// and for one that was cut.
func fill(buffer []byte, body io.Reader) (n int, err error) {
	for n < len(buffer) && err == nil {
		var read int
		read, err = body.Read(buffer[n:])
		n += read
	}
	return n, err
}

// keepHeaders picks the headers that say who answered and what it asked for.
func keepHeaders(header http.Header) map[string]string {
	var kept map[string]string
	for _, name := range [...]string{"Content-Type", "Location", "Retry-After", "Server", "X-Request-Id"} {
		value := header.Get(name)
		if value == "" {
			continue
		}
		if kept == nil {
			kept = make(map[string]string, 5)
		}
		kept[name] = value[:min(len(value), maxKeptHeader)]
	}
	if location := kept["Location"]; location != "" {
		kept["Location"] = Redact(location)
	}
	return kept
}
