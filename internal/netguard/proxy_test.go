package netguard

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestParseProxyTakesWhatATransportCanUse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"http://proxy.example:3128":     "",
		"https://me:pass@proxy.example": "",
		"socks5://127.0.0.1:1080":       "",
		"socks5h://[::1]:1080":          "",
		"proxy.example:3128":            "must begin with",
		"ftp://proxy.example":           "must begin with",
		"":                              "must begin with",
		"http://":                       "no host",
		"http://:3128":                  "no host",
		"http://me:pass\x7f@proxy":      "not a URL",
	} {
		_, err := ParseProxy(text)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "pass")) {
			t.Errorf("ParseProxy(%q): %v, want %q", text, err, want)
		}
	}
}

// fakeProxy is an egress proxy that notes what it is asked for and answers by itself.
type fakeProxy struct {
	*httptest.Server
	asked chan string
}

func newFakeProxy(t *testing.T, status int) fakeProxy {
	t.Helper()
	p := fakeProxy{asked: make(chan string, 10)}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked <- r.Method + " " + r.RequestURI + " " + r.Header.Get("Proxy-Authorization")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "from the proxy")
	}))
	t.Cleanup(p.Close)
	return p
}

func (p fakeProxy) client(t *testing.T) *http.Client {
	t.Helper()
	through, err := ParseProxy(strings.Replace(p.URL, "://", "://me:hunter2@", 1))
	if err != nil {
		t.Fatal(err)
	}
	transport := New(Options{Proxy: through}).Transport()
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestProxyIsGivenNamesAndNotAskedForAddressesThatTheGuardRefuses(t *testing.T) {
	t.Parallel()
	proxy := newFakeProxy(t, http.StatusOK)
	client := proxy.client(t)
	for _, host := range []string{"10.0.0.1", "127.1", "0x7f000001", "[::1]:8080", "[fd00:ec2::254]", "169.254.169.254"} {
		for _, scheme := range []string{"http", "https"} {
			if _, err := client.Get(scheme + "://" + host + "/"); refusal(err) == "" {
				t.Errorf("%s://%s: got %v, want a refusal", scheme, host, err)
			}
		}
	}
	if _, err := client.Get("http://localhost/"); !errors.Is(err, errOwnMachine) {
		t.Errorf("localhost: %v", err)
	}
	response, err := client.Get("http://app.example/hook")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	const want = "GET http://app.example/hook Basic bWU6aHVudGVyMg=="
	if got := <-proxy.asked; got != want || len(proxy.asked) != 0 {
		t.Errorf("the proxy was asked for %q and %d more, want %q alone", got, len(proxy.asked), want)
	}
}

func TestProxysRefusalSaysWhatItAnswered(t *testing.T) {
	t.Parallel()
	for _, status := range []int{403, 407, 502, 503} {
		proxy := newFakeProxy(t, status)
		_, err := proxy.client(t).Get("https://app.example/hook")
		var refused *ProxyError
		if !errors.As(err, &refused) || refused.Status != status {
			t.Errorf("%d: got %v", status, err)
		}
		if got := <-proxy.asked; !strings.HasPrefix(got, "CONNECT app.example:443 ") {
			t.Errorf("the proxy was asked for %q", got)
		}
		want := fmt.Sprintf("the egress proxy answered %d", status)
		if err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestTransportTunnelsThroughAProxyOnAPrivateAddress(t *testing.T) {
	t.Parallel()
	target := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	t.Cleanup(target.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { tunnel(t, w, target.Listener.Addr().String()) }))
	t.Cleanup(proxy.Close)
	through, _ := url.Parse(proxy.URL)
	transport := New(Options{Proxy: through}).Transport()
	transport.TLSClientConfig = target.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	t.Cleanup(transport.CloseIdleConnections)

	response, err := (&http.Client{Transport: transport}).Get("https://example.com/")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); string(body) != "hello" {
		t.Errorf("body is %q", body)
	}
}

// tunnel answers CONNECT and copies both ways until one side closes.
func tunnel(t *testing.T, w http.ResponseWriter, to string) {
	t.Helper()
	inner, err := net.Dial("tcp", to)
	if err != nil {
		t.Error(err)
		return
	}
	defer inner.Close()
	w.WriteHeader(http.StatusOK)
	outer, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer outer.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(inner, outer)
		_ = inner.Close()
	}()
	_, _ = io.Copy(outer, inner)
	_ = outer.Close()
	<-done
}

func TestAllowListOpensLiteralAddressesThroughTheProxyToo(t *testing.T) {
	t.Parallel()
	proxy := newFakeProxy(t, http.StatusOK)
	through, _ := url.Parse(proxy.URL)
	transport := New(Options{Proxy: through, Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}).Transport()
	t.Cleanup(transport.CloseIdleConnections)
	response, err := (&http.Client{Transport: transport}).Get("http://10.1.2.3/")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got := <-proxy.asked; got != "GET http://10.1.2.3/ " {
		t.Errorf("the proxy was asked for %q", got)
	}
}
