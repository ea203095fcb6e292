package netguard

import (
	"net/netip"
	"strings"
)

var (
	compatible = netip.MustParsePrefix("::/96")
	translated = netip.MustParsePrefix("::ffff:0:0:0/96")
	nat64      = netip.MustParsePrefix("64:ff9b::/96")
	teredo     = netip.MustParsePrefix("2001::/32")
	sixToFour  = netip.MustParsePrefix("2002::/16")
)

// embedded returns the IPv4 address that an IPv6 address leads to, by the rules of its prefix (RFC 4291,
// 2.5.5; RFC 6052, 2; RFC 4380, 4; RFC 3056, 2; RFC 5214, 6.1). Where it stands in an address of
// 64:ff9b:1::/48 is known only to the network that uses it.
func embedded(addr netip.Addr) (inner netip.Addr, ok bool) {
	bytes := addr.As16()
	switch {
	case !addr.Is6(), addr == netip.IPv6Unspecified(), addr == netip.IPv6Loopback():
		return netip.Addr{}, false
	case addr.Is4In6(), compatible.Contains(addr), translated.Contains(addr), nat64.Contains(addr), isISATAP(addr):
		return netip.AddrFrom4([4]byte(bytes[12:])), true
	case teredo.Contains(addr):
		return netip.AddrFrom4([4]byte{^bytes[12], ^bytes[13], ^bytes[14], ^bytes[15]}), true
	case sixToFour.Contains(addr):
		return netip.AddrFrom4([4]byte(bytes[2:6])), true
	}
	return netip.Addr{}, false
}

// isISATAP looks for the mark in the interface identifier, which any prefix may come before.
func isISATAP(addr netip.Addr) bool {
	bytes := addr.As16()
	return addr.Is6() && bytes[8]&^2 == 0 && strings.HasPrefix(string(bytes[9:]), "\x00\x5e\xfe")
}
