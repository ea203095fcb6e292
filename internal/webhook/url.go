package webhook

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

const (
	maxURL         = 2048
	maxHeaderValue = 4096
)

// errURL stands for whatever is wrong with a URL. The errors of net/url repeat the URL, and with it
// the password that it may hold.
var errURL = errors.New("the URL cannot be used")

// CheckURL says what is wrong with an endpoint's URL, without repeating it. It judges the form only:
// whether the address may be called is decided when it is dialled. A user name and password in the URL
// are sent as basic authorization.
func CheckURL(raw string) error {
	if len(raw) > maxURL {
		return fmt.Errorf("the URL is longer than %d bytes", maxURL)
	}
	parsed, err := url.Parse(raw)
	if err != nil {
		return errors.New("the text is not a URL")
	}
	switch {
	case parsed.Scheme != "http" && parsed.Scheme != "https":
		return errors.New("the URL must begin with https:// or http://")
	case parsed.Hostname() == "":
		return errors.New("the URL has no host")
	case parsed.Fragment != "" || strings.Contains(raw, "#"):
		return errors.New("the URL has a fragment (#...), which would never be sent")
	}
	return nil
}

// Redact leaves the scheme, host and path of a URL, for logs. What cannot be parsed is left out.
func Redact(raw string) string {
	parsed, err := url.Parse(raw)
	if err != nil {
		return "(not a URL)"
	}
	return shownURL(parsed)
}

func shownURL(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return shown.String()
}

// CheckHeaders says what is wrong with an endpoint's custom headers: a name that is not a token, one
// that we or HTTP need, one given twice in different spellings, or a value that would not fit in a line.
func CheckHeaders(headers map[string]string) error {
	seen := make(map[string]bool, len(headers))
	for name, value := range headers {
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		switch {
		case !isToken(name):
			return fmt.Errorf("%q is not a header name", name)
		case reserved(canonical):
			return fmt.Errorf("the header %q is reserved", name)
		case seen[canonical]:
			return fmt.Errorf("the header %q is given twice", canonical)
		case len(value) > maxHeaderValue:
			return fmt.Errorf("the value of the header %q is longer than %d bytes", name, maxHeaderValue)
		case !isHeaderValue(value):
			return fmt.Errorf("the value of the header %q holds control characters", name)
		}
		seen[canonical] = true
	}
	return nil
}

// reserved reports whether a canonical name belongs to us, or to HTTP's own working.
func reserved(name string) bool {
	switch name {
	case "Accept-Encoding", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Expect",
		"Host", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent",
		HeaderNangoHMAC, HeaderNango:
		return true
	}
	return strings.HasPrefix(name, "Webhook-") || strings.HasPrefix(name, "Proxy-")
}

// isToken reports whether a name may be a header's (RFC 9110, 5.6.2).
func isToken(name string) bool {
	const marks = "!#$%&'*+-.^_`|~"
	for i := range len(name) {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (c < '0' || c > '9') && strings.IndexByte(marks, c) < 0 {
			return false
		}
	}
	return name != ""
}

// isHeaderValue reports whether a value stays within its line (RFC 9110, 5.5).
func isHeaderValue(value string) bool {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// addCustom sets the custom headers. Reserved names are left out here too: settings may be older than
// the list.
func addCustom(header http.Header, custom map[string]string) {
	for name, value := range custom {
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		if !reserved(canonical) {
			header[canonical] = []string{value}
		}
	}
}
