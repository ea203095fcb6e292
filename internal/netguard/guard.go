package netguard

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// Options set up a Guard.
type Options struct {
	// Allow lists what may be dialled although it is not public, such as the network of the
	// customer's own services. Empty: public addresses only.
	Allow []netip.Prefix

	// Resolver looks names up. Nil: the system's way.
	Resolver *net.Resolver

	// Proxy is the egress proxy through which Transport goes; see ParseProxy. Nil: it dials by itself.
	// A proxy looks names up where the guard cannot see it, so that only a host that is written as an
	// address is judged here: the proxy itself has to refuse names that lead to private addresses.
	Proxy *url.URL
}

// Loopback is the list for Options.Allow that lets development reach the machine itself.
func Loopback() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("127.0.0.0/8"),
		netip.MustParsePrefix("::1/128"),
	}
}

// RefusedError says that the guard did not dial an address. Whoever sees it can be sure that nothing
// was sent.
type RefusedError struct {
	// Address is what would have been dialled. Its port is zero when it came from Check.
	Address netip.AddrPort

	// Reason completes "it is ...", such as "a private address".
	Reason string
}

// Error names the address and why it was refused.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("refused to connect to %s: it is %s, and not on the list of allowed networks", e.target(), e.Reason)
}

// target leaves out a port that nobody asked for.
func (e *RefusedError) target() string {
	if e.Address.Port() == 0 {
		return e.Address.Addr().String()
	}
	return e.Address.String()
}

// Guard dials public and allowed addresses and refuses all others. It may be used concurrently.
type Guard struct {
	allow  []netip.Prefix
	dialer *net.Dialer
	proxy  *url.URL
}

// New returns a guard.
func New(options Options) *Guard {
	g := &Guard{allow: make([]netip.Prefix, 0, len(options.Allow)), proxy: options.Proxy}
	for _, prefix := range options.Allow {
		g.allow = append(g.allow, prefix.Masked())
	}
	g.dialer = &net.Dialer{
		Timeout:   10 * time.Second,
		KeepAlive: 30 * time.Second,
		Resolver:  options.Resolver,
		Control:   g.control,
	}
	return g
}

// Check returns nil when the guard would dial the address, and a *RefusedError otherwise. It is meant
// for addresses that people wrote down; a name's address counts only at the moment it is dialled.
func (g *Guard) Check(addr netip.Addr) error {
	return g.check(netip.AddrPortFrom(addr, 0))
}

func (g *Guard) check(address netip.AddrPort) error {
	// A prefix contains no address with a zone, so that fe80::1%eth0 would slip through the table.
	addr := address.Addr().WithZone("")
	if g.allowed(addr) {
		// Whoever opens a translator's prefix wants the public hosts behind it, not its private ones.
		if inner, ok := embedded(addr); !ok || g.allowed(inner) || reason(inner) == "" {
			return nil
		}
	}
	if reason := reason(addr); reason != "" {
		return &RefusedError{Address: address, Reason: reason}
	}
	return nil
}

func (g *Guard) allowed(addr netip.Addr) bool {
	for _, prefix := range g.allow {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// control runs between the making of a socket and its connecting, once for each address tried.
func (g *Guard) control(network, address string, _ syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return &RefusedError{Reason: "not an IP address"}
	}
	return g.check(target)
}

// DialContext connects as net.Dialer does. When an address was refused the error holds a
// *RefusedError. Only TCP is dialled.
func (g *Guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
		return g.dialer.DialContext(ctx, network, address)
	}
	return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("only TCP may be dialled")}
}

// Transport returns a new HTTP transport whose every connection is made by the guard, or goes to the
// egress proxy of the options. No proxy is taken from the environment. It keeps enough idle connections
// for 256 requests at a time to one host. The caller bounds each request by its context.
func (g *Guard) Transport() *http.Transport {
	transport := &http.Transport{
		DialContext:            g.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           1024,
		MaxIdleConnsPerHost:    256,
		IdleConnTimeout:        60 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		// Without pings a request would wait its whole timeout on an HTTP/2 connection whose other
		// end is gone, and so would the next one.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
	}
	if g.proxy != nil {
		g.useProxy(transport)
	}
	return transport
}
