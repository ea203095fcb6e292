package netguard

import "net/netip"

// block is a part of the address space that the guard refuses, and why.
type block struct {
	prefix netip.Prefix
	reason string
}

// blocks are the addresses that are not plain hosts of the public internet, after the IANA registries
// of special-purpose IPv4 and IPv6 addresses (RFC 6890 and its updates) and the metadata addresses of
// the large clouds. The first block that contains an address names the reason, so the narrow ones
// come first.
var blocks = []block{
	{netip.MustParsePrefix("169.254.169.254/32"), "a cloud metadata address"},
	{netip.MustParsePrefix("169.254.170.2/32"), "a cloud metadata address"},
	{netip.MustParsePrefix("100.100.100.200/32"), "a cloud metadata address"},
	{netip.MustParsePrefix("168.63.129.16/32"), "a cloud metadata address"},
	{netip.MustParsePrefix("192.0.0.192/32"), "a cloud metadata address"},
	{netip.MustParsePrefix("fd00:ec2::/32"), "a cloud metadata address"},
	{netip.MustParsePrefix("fd20:ce::254/128"), "a cloud metadata address"},

	{netip.MustParsePrefix("0.0.0.0/32"), "the unspecified address"},
	{netip.MustParsePrefix("0.0.0.0/8"), "an address of this network"},
	{netip.MustParsePrefix("10.0.0.0/8"), "a private address"},
	{netip.MustParsePrefix("100.64.0.0/10"), "a carrier-grade NAT address"},
	{netip.MustParsePrefix("127.0.0.0/8"), "a loopback address"},
	{netip.MustParsePrefix("169.254.0.0/16"), "a link-local address"},
	{netip.MustParsePrefix("172.16.0.0/12"), "a private address"},
	{netip.MustParsePrefix("192.0.0.0/24"), "a reserved address"},
	{netip.MustParsePrefix("192.0.2.0/24"), "a documentation address"},
	{netip.MustParsePrefix("192.88.99.0/24"), "a 6to4 relay address"},
	{netip.MustParsePrefix("192.168.0.0/16"), "a private address"},
	{netip.MustParsePrefix("198.18.0.0/15"), "a benchmarking address"},
	{netip.MustParsePrefix("198.51.100.0/24"), "a documentation address"},
	{netip.MustParsePrefix("203.0.113.0/24"), "a documentation address"},
	{netip.MustParsePrefix("224.0.0.0/4"), "a multicast address"},
	{netip.MustParsePrefix("255.255.255.255/32"), "the broadcast address"},
	{netip.MustParsePrefix("240.0.0.0/4"), "a reserved address"},

	{netip.MustParsePrefix("::/128"), "the unspecified address"},
	{netip.MustParsePrefix("::1/128"), "a loopback address"},
	{netip.MustParsePrefix("::/96"), "an IPv4-compatible address"},
	{netip.MustParsePrefix("::ffff:0:0:0/96"), "an IPv4-translated address"},
	{netip.MustParsePrefix("64:ff9b::/96"), "a NAT64 address"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "a NAT64 address"},
	{netip.MustParsePrefix("2001::/32"), "a Teredo address"},
	{netip.MustParsePrefix("2001:2::/48"), "a benchmarking address"},
	{netip.MustParsePrefix("2001::/23"), "a reserved address"},
	{netip.MustParsePrefix("2001:db8::/32"), "a documentation address"},
	{netip.MustParsePrefix("2002::/16"), "a 6to4 address"},
	{netip.MustParsePrefix("3fff::/20"), "a documentation address"},
	{netip.MustParsePrefix("fc00::/7"), "a private address"},
	{netip.MustParsePrefix("fe80::/10"), "a link-local address"},
	{netip.MustParsePrefix("fec0::/10"), "a private address"},
	{netip.MustParsePrefix("ff00::/8"), "a multicast address"},
}

// globalUnicast is the only part of IPv6 from which public hosts have addresses (RFC 4291, 2.4).
// What IANA may open later is refused until somebody has looked at it.
var globalUnicast = netip.MustParsePrefix("2000::/3")

// reason says why the address is refused, or is empty when it is a public one. An address that leads
// through a translator or a tunnel is refused whatever it leads to, because it is not known whose
// translator that is; what it leads to is said too, for whoever reads it.
func reason(addr netip.Addr) string {
	text := ownReason(addr)
	if inner, ok := embedded(addr); ok && text != "" {
		return text + " of " + describe(inner)
	}
	return text
}

// describe names an embedded address and, where it is not public, its kind.
func describe(addr netip.Addr) string {
	if kind := ownReason(addr); kind != "" {
		return addr.String() + ", " + kind
	}
	return addr.String()
}

func ownReason(addr netip.Addr) string {
	if !addr.IsValid() {
		return "not an IP address"
	}
	// IPv4 prefixes do not contain the mapped form, so it has to be looked at before them.
	if addr.Is4In6() {
		return "an IPv4-mapped address"
	}
	for _, b := range blocks {
		if b.prefix.Contains(addr) {
			return b.reason
		}
	}
	if isISATAP(addr) {
		return "an ISATAP address"
	}
	if addr.Is6() && !globalUnicast.Contains(addr) {
		return "a reserved address"
	}
	return ""
}
