package provider

import "net/http"

// Stored returns the request of an event as it was kept: enough to take it apart again, and not to
// verify it.
func Stored(header map[string]string, body []byte) Request {
	h := make(http.Header, len(header))
	for name, value := range header {
		h.Set(name, value)
	}
	return Request{Method: http.MethodPost, Header: h, Body: body}
}
