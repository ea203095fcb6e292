package script

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// urlParts are the properties of JavaScript's URL, as the WHATWG URL standard
// names and writes them.
type urlParts struct {
	Protocol string `json:"protocol"`
	Username string `json:"username"`
	Password string `json:"password"`
	Hostname string `json:"hostname"`
	Port     string `json:"port"`
	Pathname string `json:"pathname"`
	Search   string `json:"search"`
	Hash     string `json:"hash"`
}

// defaultPorts are the ports that a URL does not show.
var defaultPorts = map[string]string{"http": "80", "https": "443", "ws": "80", "wss": "443", "ftp": "21"}

// onParseURL takes a URL apart: the URL and its base, which may be empty. An
// empty answer means that it is none.
func onParseURL(args []any) (any, error) {
	parts, err := parseURL(text(args, 0), text(args, 1))
	if err != nil {
		return "", nil //nolint:nilerr // the runtime throws the TypeError that the standard asks for
	}
	b, err := json.Marshal(parts)
	return string(b), err
}

// parseURL reads a URL with a host, relative to base unless that is empty. It
// follows the WHATWG standard for the URLs of APIs; it knows neither opaque
// URLs such as mailto nor the punycode of international names.
func parseURL(href, base string) (urlParts, error) {
	u, err := url.Parse(tidied(href))
	if err != nil {
		return urlParts{}, err
	}
	if base != "" {
		b, err := url.Parse(tidied(base))
		if err != nil {
			return urlParts{}, err
		}
		u = b.ResolveReference(u)
	}
	if u.Scheme == "" || u.Hostname() == "" || u.Opaque != "" {
		return urlParts{}, fmt.Errorf("%q is not an absolute URL with a host", href)
	}
	if port, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || port > 65535) {
		return urlParts{}, fmt.Errorf("%q is not a port", u.Port())
	}
	return partsOf(u), nil
}

// partsOf writes the parts of a URL in their normal form.
func partsOf(u *url.URL) urlParts {
	parts := urlParts{
		Protocol: u.Scheme + ":",
		Hostname: strings.ToLower(strings.TrimSuffix(u.Host, ":"+u.Port())),
		Port:     u.Port(),
		Pathname: cleaned(u.EscapedPath()),
		Search:   delimited("?", u.RawQuery),
		Hash:     delimited("#", u.EscapedFragment()),
	}
	if parts.Port == defaultPorts[u.Scheme] {
		parts.Port = ""
	}
	parts.Username, parts.Password, _ = strings.Cut(u.User.String(), ":")
	return parts
}

// strayPercent is a percent sign that begins no escape.
var strayPercent = regexp.MustCompile(`%([^0-9a-fA-F]|[0-9a-fA-F][^0-9a-fA-F]|.?$)`)

// tidied drops what the standard ignores in a URL and escapes stray percent
// signs, which it allows.
func tidied(href string) string {
	href = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(strings.TrimSpace(href))
	return strayPercent.ReplaceAllString(href, "%25$1")
}

// cleaned resolves the dot segments of a path. Empty segments stay.
func cleaned(escaped string) string {
	var kept []string
	segments := strings.Split(strings.TrimPrefix(escaped, "/"), "/")
	for i, segment := range segments {
		if segment == ".." && len(kept) > 0 {
			kept = kept[:len(kept)-1]
		}
		dots := segment == "." || segment == ".."
		if !dots {
			kept = append(kept, segment)
		} else if i == len(segments)-1 {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}

// delimited writes a query or fragment with the characters escaped that the
// standard does not leave bare.
func delimited(mark, s string) string {
	if s == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString(mark)
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"<>'`+"`", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
