package netguard

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// ParseProxy reads the URL of an egress proxy: http, https (both asked by CONNECT for https targets),
// socks5 or socks5h (the same: the proxy looks names up). A user name and password in it are sent to the
// proxy. The error does not repeat them.
func ParseProxy(text string) (*url.URL, error) {
	proxy, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("the text is not a URL")
	}
	switch proxy.Scheme {
	case "http", "https", "socks5", "socks5h":
	default:
		return nil, errors.New("the URL must begin with http://, https://, socks5:// or socks5h://")
	}
	if proxy.Hostname() == "" {
		return nil, errors.New("the URL has no host")
	}
	return proxy, nil
}

// ProxyError says that the egress proxy answered, and did not open the way to a host. Nothing was sent
// to that host.
type ProxyError struct {
	// Status is what the proxy answered to CONNECT, such as 403.
	Status int
}

// Error names the status.
func (e *ProxyError) Error() string {
	return fmt.Sprintf("the egress proxy answered %d %s to CONNECT", e.Status, http.StatusText(e.Status))
}

// useProxy sends all requests of a transport through the proxy. The proxy is the operator's choice, so
// that its own address is not judged.
func (g *Guard) useProxy(transport *http.Transport) {
	dialer := &net.Dialer{Timeout: g.dialer.Timeout, KeepAlive: g.dialer.KeepAlive, Resolver: g.dialer.Resolver}
	transport.DialContext = dialer.DialContext
	transport.Proxy = func(request *http.Request) (*url.URL, error) {
		if err := g.CheckHost(request.URL.Hostname()); err != nil {
			return nil, err
		}
		return g.proxy, nil
	}
	transport.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
		if answer.StatusCode != http.StatusOK {
			return &ProxyError{Status: answer.StatusCode}
		}
		return nil
	}
}
