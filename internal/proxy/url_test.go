package proxy

import (
	"net/url"
	"strings"
	"testing"
)

func TestAnEndpointResolvesBelowItsBaseAndNeverMovesTheHost(t *testing.T) {
	t.Parallel()
	const base = "https://api.example/v1"
	for _, test := range []struct {
		base    string
		request Request
		want    string
	}{
		{base, Request{}, "https://api.example/v1"},
		{base, Request{Endpoint: "a"}, "https://api.example/v1/a"},
		{base + "/", Request{Endpoint: "/a"}, "https://api.example/v1/a"},
		{base, Request{Endpoint: "?a=1", Query: "b=2"}, "https://api.example/v1?a=1&b=2"},
		{base, Request{Endpoint: "/a#x"}, "https://api.example/v1/a"},
		{base, Request{Endpoint: "/a", BaseURLOverride: "http://o.example"}, "http://o.example/a"},
		{base, Request{Endpoint: "https://o.example/a"}, "https://o.example/a"},
		{"https://api.example", Request{Endpoint: "@evil.example/"}, "https://api.example/@evil.example/"},
		{"https://api.example", Request{Endpoint: ".evil.example"}, "https://api.example/.evil.example"},
		{"https://api.example", Request{Endpoint: "//evil.example"}, "https://api.example//evil.example"},
		{"https://api.example", Request{Endpoint: ":8080/a"}, "https://api.example/:8080/a"},
		{base, Request{Endpoint: "https://u:p@api.example/"}, ""},
		{base, Request{Endpoint: "/%zz"}, ""},
		{"ftp://api.example", Request{Endpoint: "/a"}, ""},
		{"", Request{Endpoint: "/a"}, ""},
		{"https://", Request{}, ""},
	} {
		u, err := resolve(test.base, test.request)
		got := ""
		if err == nil {
			got = u.String()
		}
		if got != test.want {
			t.Errorf("%q at %q: got %q (%v), want %q", test.request.Endpoint, test.base, got, err, test.want)
		}
	}
}

func TestWhatMakesNoURLIsNamedWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		base    string
		request Request
	}{
		{"https://api.example", Request{Endpoint: "/%zz?key=secret"}},
		{"https://somebody:secret@api.example/%zz", Request{Endpoint: "/a"}},
		{"ftp://somebody:secret@api.example", Request{Endpoint: "/a"}},
		{"ftp://api.example?key=secret", Request{Endpoint: "/a"}},
		{"https://api.example", Request{Endpoint: "https://somebody:secret@api.example/a"}},
	} {
		if _, err := resolve(test.base, test.request); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q at %q: %v", test.request.Endpoint, test.base, err)
		}
	}
}

func TestSameOriginComparesSchemeHostAndPort(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"https://a.example/x", "https://A.example:443/y", true},
		{"http://a.example", "http://a.example:80", true},
		{"https://a.example", "http://a.example", false},
		{"https://a.example", "https://a.example:444", false},
		{"https://a.example", "https://b.a.example", false},
	} {
		a, _ := url.Parse(test.a)
		b, _ := url.Parse(test.b)
		if got := sameOrigin(a, b); got != test.want {
			t.Errorf("%s and %s: got %t", test.a, test.b, got)
		}
	}
}
