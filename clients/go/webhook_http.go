package synchookclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxWebhook is more than any webhook of synchook has.
const maxWebhook = 1 << 20

// VerifyRequest reads and verifies the webhook that a request brings, of either kind. The request's body can be read
// again afterwards. [StatusOf] says what to answer to an error.
func VerifyRequest(r *http.Request, secrets ...string) (Webhook, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxWebhook+1))
	r.Body = io.NopCloser(bytes.NewReader(body))
	switch {
	case err != nil:
		return Webhook{}, fmt.Errorf("%w: reading it failed: %w", ErrWebhookBody, err)
	case len(body) > maxWebhook:
		return Webhook{}, fmt.Errorf("%w: it is larger than 1 MiB", ErrWebhookBody)
	}
	return ReadWebhook(r.Header, body, secrets...)
}

// StatusOf is what a receiver answers after [VerifyRequest]: 401 to what synchook did not send, 400 to what cannot be
// read, and 500 where the receiver itself is set up wrongly, so that the webhook comes again when that is mended.
func StatusOf(err error) int {
	switch {
	case err == nil:
		return http.StatusNoContent
	case errors.Is(err, ErrWebhookSecret):
		return http.StatusInternalServerError
	case errors.Is(err, ErrWebhookBody):
		return http.StatusBadRequest
	}
	return http.StatusUnauthorized
}

type webhookKey struct{}

// RequireWebhook lets only verified webhooks through to a handler, which finds them by [WebhookOf]. Whatever the handler
// answers but 2xx makes synchook send the webhook again later.
func RequireWebhook(next http.Handler, secrets ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hook, err := VerifyRequest(r, secrets...)
		if err != nil {
			http.Error(w, err.Error(), StatusOf(err))
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), webhookKey{}, hook)))
	})
}

// WebhookOf returns the webhook that [RequireWebhook] verified. Of any other request it is empty.
func WebhookOf(r *http.Request) Webhook {
	hook, _ := r.Context().Value(webhookKey{}).(Webhook)
	return hook
}
