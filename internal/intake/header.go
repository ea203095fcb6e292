package intake

import (
	"net/http"
	"slices"
	"strings"
)

// visible returns the headers that are kept and that scripts see: all but those that may hold a
// signature or a credential.
func visible(h http.Header) map[string]string {
	out := make(map[string]string, len(h))
	for name, values := range h {
		if !secretHeader(name) {
			out[name] = strings.Join(values, ", ")
		}
	}
	return out
}

// harmless are names that look as if they held a credential and hold none.
var harmless = []string{
	"i-twilio-idempotency-token", // Twilio's ID of the event
	"idempotency-token",
}

// secretParts are what names of headers with signatures or credentials have in them, wherever it stands.
var secretParts = []string{
	"signature", "authorization", "authentication", "token", "secret", "cookie", "hmac", "password", "passwd",
	"credential", "apikey", "api-key", "access-key", "private-key", "session-id", "sessionid",
}

// secretWords are such parts when they are whole words between hyphens: "author" is none.
var secretWords = []string{"auth", "jwt", "otp", "sig", "pwd"}

// secretHeader judges a header by its name. A name that nobody knows is kept: scripts may need it.
func secretHeader(name string) bool {
	low := strings.ToLower(name)
	if slices.Contains(harmless, low) {
		return false
	}
	for _, part := range secretParts {
		if strings.Contains(low, part) {
			return true
		}
	}
	for word := range strings.SplitSeq(low, "-") {
		if slices.Contains(secretWords, word) {
			return true
		}
	}
	return false
}
