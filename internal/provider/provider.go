package provider

import (
	"errors"
	"net/http"
	"strings"
	"time"
)

// The ways in which a request can fail to be the provider's. Each is a sentence for whoever set the
// integration up; callers compare with errors.Is.
var (
	// ErrNoSecret: there is nothing to verify with. Nothing is ever accepted unverified.
	ErrNoSecret = errors.New("the integration has no usable webhook secret: set the one that the provider signs with")
	// ErrMissingSignature: the request does not claim to be signed.
	ErrMissingSignature = errors.New("the request is not signed: set a webhook secret at the provider")
	// ErrWrongSignature: the request is signed with another secret, or was changed on its way.
	ErrWrongSignature = errors.New("the signature does not fit the body: check that both sides have the same secret, and that no proxy changes the body")
	// ErrStale: the request was signed too long ago, or in the future.
	ErrStale = errors.New("the signature's time is more than 5 minutes from now: check the clock, unless somebody replayed the request")
	// ErrBody: the request is signed, but not what the provider sends.
	ErrBody = errors.New("the body is not a webhook of this provider")
)

// Request is an incoming webhook as it was received.
type Request struct {
	// Method and URL are as the provider called them: some signatures cover the public URL.
	Method, URL string

	// Header holds the request's headers in canonical form.
	Header http.Header

	// Body is the raw bytes. Nothing in this package changes them.
	Body []byte

	// Received is when the request came, for signatures that grow old.
	Received time.Time
}

// Config is what an integration knows about its provider's webhooks.
type Config struct {
	// Secrets verify: a signature by any of them is good, so that one can be rotated. Empty ones do
	// not count.
	Secrets []string
}

// Event is one verified request, taken apart.
type Event struct {
	// ID is the provider's own ID of this delivery, the same when it is sent again. Empty: the provider
	// gives none, and the caller takes a hash of the body.
	ID string

	// Type is what happened, in the provider's words. Empty: the request does not say.
	Type string

	// Items are the things inside, in their order. There is at least one.
	Items []Item
}

// Item is one thing inside an event, and the payload of one script run.
type Item struct {
	// ID is the provider's ID of the item, and the event's where there is only one.
	ID string

	// Type is what happened, and the event's where there is only one.
	Type string

	// Payload is valid JSON.
	Payload []byte
}

// Reply is what a handshake is answered with. The zero value: as any other webhook.
type Reply struct {
	Status      int
	ContentType string
	Body        []byte
}

// Provider is the code for one external API. Implementations are values without state and may be used
// concurrently.
type Provider interface {
	// Name is what an integration's provider field holds.
	Name() string

	// Verify returns nil only if one of the secrets signed the raw body, and otherwise one of this
	// package's errors.
	Verify(Request, Config) error

	// Handshake says whether a verified request only greets, and how that wants to be answered. The
	// request is an event all the same.
	Handshake(Request) (Reply, bool)

	// Parse takes a verified request apart. Its errors are ErrBody.
	Parse(Request) (Event, error)

	// DefaultMatch lists the rules that find an event's connection, to be tried in order. Nil: there is
	// no rule that fits every account, and the integration needs its own.
	DefaultMatch() []Match

	// MaxBody is the size in bytes of the largest body that the provider sends.
	MaxBody() int64

	// BaseURL is where the provider's API is. Empty: it has no single one.
	BaseURL() string
}

// all lists the providers by name.
func all() []Provider {
	return []Provider{github{}, standardWebhooks{}}
}

// Lookup finds a provider by its name.
func Lookup(name string) (Provider, bool) {
	for _, provider := range all() {
		if provider.Name() == name {
			return provider, true
		}
	}
	return nil, false
}

// Names lists the providers' names in alphabetical order.
func Names() []string {
	var names []string
	for _, provider := range all() {
		names = append(names, provider.Name())
	}
	return names
}

// Subscribes says whether a sync with these subscriptions wants events of the type. A subscription is
// "*" for all, a type, or the part of a type before a dot: "issues" wants "issues.opened" too.
func Subscribes(subscriptions []string, eventType string) bool {
	for _, subscription := range subscriptions {
		if subscription == "*" {
			return true
		}
		rest, ok := strings.CutPrefix(eventType, subscription)
		if ok && subscription != "" && (rest == "" || rest[0] == '.') {
			return true
		}
	}
	return false
}
