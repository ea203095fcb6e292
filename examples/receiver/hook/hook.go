// Package hook receives the webhooks of synchook as an app would: it reads the body's bytes, verifies
// the signature over them, and only then looks at what they say.
package hook

import (
	"io"
	"net/http"
	"sync/atomic"

	synchookclient "github.com/synchook/synchook/clients/go"
)

// Webhook is one webhook that was received.
type Webhook struct {
	// ID is the delivery's ID, the same on every attempt: an app that must not do its work twice
	// remembers it.
	ID string
	// Raw are the body's bytes.
	Raw []byte
	// Body is what they say of a sync. It is empty unless they were verified, and for operational webhooks.
	Body synchookclient.WebhookBody
	// Operational is what they say of synchook's own work. Nil: they were not verified, or are a sync's.
	Operational *synchookclient.OperationalBody
	// Status is what was answered.
	Status int
	// Err says why the webhook was refused. Nil: it was verified.
	Err error
}

// Receiver is a handler that answers webhooks. It is safe for concurrent use; its fields must not be
// changed once it serves.
type Receiver struct {
	// Secret is the project's signing secret, "whsec_...".
	Secret string
	// FailFirst is how many webhooks are answered with 500 although they are right, to watch them come
	// again. Zero: none.
	FailFirst int64
	// Received is called with each webhook after it was judged and before it is answered, from several
	// goroutines. Nil: nobody wants to know.
	Received func(Webhook)

	failed atomic.Int64
}

// ServeHTTP implements http.Handler. It answers 204 to a webhook that is verified, 401 to one that
// is not, 400 to one that cannot be read, and 500 where the secret is none.
func (rc *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	hook := rc.receive(r)
	if rc.Received != nil {
		rc.Received(hook)
	}
	if hook.Err != nil {
		http.Error(w, hook.Err.Error(), hook.Status)
		return
	}
	w.WriteHeader(hook.Status)
}

// receive reads and judges a webhook.
func (rc *Receiver) receive(r *http.Request) Webhook {
	read, err := synchookclient.VerifyRequest(r, rc.Secret)
	hook := Webhook{ID: r.Header.Get("webhook-id"), Operational: read.Operational, Err: err}
	hook.Raw, _ = io.ReadAll(r.Body) // what was read before
	if read.Sync != nil {
		hook.Body = *read.Sync
	}
	switch {
	case hook.Err != nil:
		hook.Status = synchookclient.StatusOf(hook.Err)
	case rc.failed.Add(1) <= rc.FailFirst:
		hook.Status = http.StatusInternalServerError
	default:
		hook.Status = http.StatusNoContent
	}
	return hook
}
