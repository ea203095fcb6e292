package proxy

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// resolve returns the URL that r means at an API with the given base URL.
func resolve(base string, r Request) (*url.URL, error) {
	if r.BaseURLOverride != "" {
		base = r.BaseURLOverride
	}
	address := r.Endpoint
	if !isAbsolute(address) {
		address = join(base, r.Endpoint)
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("endpoint %q does not make a URL: %w", withoutQuery(r.Endpoint), cause(err))
	}
	if !isAbsolute(address) || u.Host == "" {
		return nil, fmt.Errorf("base URL %q is not an absolute http or https URL", withoutQuery(base))
	}
	if u.User != nil {
		return nil, errors.New("a URL must not hold a user name or password: put them in the connection's credentials")
	}
	u.RawQuery = joinQuery(u.RawQuery, strings.TrimPrefix(r.Query, "?"))
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// join puts exactly one slash between base and endpoint. The slash is also
// what keeps an endpoint like "@evil.example" or ".evil.example" from
// becoming a part of the host.
func join(base, endpoint string) string {
	endpoint = strings.TrimPrefix(endpoint, "/")
	base = strings.TrimRight(base, "/")
	if endpoint == "" || strings.HasPrefix(endpoint, "?") {
		return base + endpoint
	}
	return base + "/" + endpoint
}

// joinQuery joins two encoded queries, either of which may be empty.
func joinQuery(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "&" + b
}

// isAbsolute reports whether address begins with http:// or https://.
func isAbsolute(address string) bool {
	scheme, _, found := strings.Cut(address, "://")
	return found && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// sameOrigin reports whether a and b have the same scheme, host and port.
// The scheme counts, so that credentials for https never go out in clear.
func sameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) &&
		strings.EqualFold(a.Hostname(), b.Hostname()) &&
		port(a) == port(b)
}

// port returns the port of u, the scheme's own when it names none.
func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if strings.EqualFold(u.Scheme, "https") {
		return "443"
	}
	return "80"
}

// withoutQuery leaves out of a text that makes no URL what would be its query, and a user name and password.
func withoutQuery(text string) string {
	text, _, _ = strings.Cut(text, "?")
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return text
	}
	return scheme + "://" + rest[strings.LastIndexByte(rest, '@')+1:]
}

// Shown returns the method and URL of a request, without what may be secret: its query, and a user name
// and password. Of a URL that cannot be made it is "".
func Shown(t Target, r Request) (method, shown string) {
	u, err := resolve(t.BaseURL, r)
	if err != nil {
		return r.method(), ""
	}
	return r.method(), redacted(u)
}

// redacted returns u without user, query and fragment.
func redacted(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// cause strips the URL that net/url and net/http put into their errors.
func cause(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
