package webhook

import (
	"net/http"
	"strings"
	"testing"
)

func TestCheckURL(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"https://app.example/hook":                       "",
		"http://app.example":                             "",
		"HTTPS://app.example/hook?a=b":                   "",
		"https://user:pass@app.example/":                 "",
		"https://[2001:db8::1]:8443/x":                   "",
		"http://127.0.0.1:3000/hook":                     "",
		"https://日本.example/":                            "",
		"":                                               "the URL must begin with https:// or http://",
		"app.example/hook":                               "the URL must begin with https:// or http://",
		"ftp://app.example/":                             "the URL must begin with https:// or http://",
		"file:///etc/passwd":                             "the URL must begin with https:// or http://",
		"javascript:alert(1)":                            "the URL must begin with https:// or http://",
		"https:":                                         "the URL has no host",
		"https:///hook":                                  "the URL has no host",
		"https://:443/hook":                              "the URL has no host",
		"https://user@/hook":                             "the URL has no host",
		"https://app.example/#top":                       "the URL has a fragment (#...), which would never be sent",
		"https://app.example/#":                          "the URL has a fragment (#...), which would never be sent",
		"https://app.example:port/":                      "the text is not a URL",
		"https://user:secret@app.example:x/":             "the text is not a URL",
		"https://app.example/%zz":                        "the text is not a URL",
		"https://app.example/\n":                         "the text is not a URL",
		"https://a.example/" + strings.Repeat("a", 2048): "the URL is longer than 2048 bytes",
	}
	for raw, want := range tests {
		got := ""
		if err := CheckURL(raw); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

func TestRedactLeavesNoSecrets(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"https://user:secret@app.example:8443/a%2Fb?token=secret#secret": "https://app.example:8443/a%2Fb",
		"/login?next=secret":              "/login",
		"https://app.example":             "https://app.example",
		"https://u:secret@app.example:x/": "(not a URL)",
		"mailto:secret@app.example":       "mailto:",
	}
	for raw, want := range tests {
		if got := Redact(raw); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

func TestCheckHeaders(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		headers map[string]string
		want    string
	}{
		"none":          {nil, ""},
		"usual ones":    {map[string]string{"Authorization": "Bearer x", "x-tenant": "", "X-Nango-Other": "a\tb", "Idempotency-Key": "é"}, ""},
		"empty name":    {map[string]string{"": "x"}, `"" is not a header name`},
		"a space":       {map[string]string{"X Y": "x"}, `"X Y" is not a header name`},
		"a colon":       {map[string]string{"X:": "x"}, `"X:" is not a header name`},
		"not ASCII":     {map[string]string{"X-é": "x"}, `"X-é" is not a header name`},
		"a second line": {map[string]string{"X-A": "x\r\nHost: y"}, `the value of the header "X-A" holds control characters`},
		"a zero byte":   {map[string]string{"X-A": "\x00"}, `the value of the header "X-A" holds control characters`},
		"DEL":           {map[string]string{"X-A": "\x7f"}, `the value of the header "X-A" holds control characters`},
		"two spellings": {map[string]string{"X-A": "1", "x-a": "2"}, `the header "X-A" is given twice`},
		"too long":      {map[string]string{"X-A": strings.Repeat("x", 4097)}, `the value of the header "X-A" is longer than 4096 bytes`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := CheckHeaders(test.headers); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestReservedHeadersAreRefusedAndNeverSent(t *testing.T) {
	t.Parallel()
	names := []string{
		"content-type", "Content-Length", "content-encoding", "USER-AGENT", "host", "transfer-encoding", "connection",
		"te", "trailer", "upgrade", "keep-alive", "expect", "accept-encoding", "proxy-authorization", "proxy-connection",
		"webhook-id", "Webhook-Timestamp", "webhook-signature", "webhook-anything", "X-Nango-Hmac-Sha256", "x-nango-signature",
	}
	for _, name := range names {
		err := CheckHeaders(map[string]string{name: "x"})
		if err == nil || !strings.HasSuffix(err.Error(), "is reserved") {
			t.Errorf("%s: %v, want it reserved", name, err)
		}
		header := http.Header{}
		addCustom(header, map[string]string{name: "x"})
		if len(header) != 0 {
			t.Errorf("%s would be sent", name)
		}
	}
}
