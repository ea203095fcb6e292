package netguard

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
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
}

// New returns a guard.
func New(options Options) *Guard {
	g := &Guard{allow: make([]netip.Prefix, 0, len(options.Allow))}
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
	for _, prefix := range g.allow {
		if prefix.Contains(addr) {
			return nil
		}
	}
	if reason := reason(addr); reason != "" {
		return &RefusedError{Address: address, Reason: reason}
	}
	return nil
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

// Transport returns a new HTTP transport whose every connection is made by the guard. It uses no
// proxy, because a proxy would resolve the name where the guard cannot see it. It keeps enough idle
// connections for 256 requests at a time to one host. The caller bounds each request by its context.
func (g *Guard) Transport() *http.Transport {
	return &http.Transport{
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
}
