package netguard

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// errOwnMachine is the refusal of the names that always mean the machine itself (RFC 6761, 6.3).
var errOwnMachine = errors.New("the host is the server's own machine")

// CheckHost judges the host of a URL as far as that is possible before it is looked up: an address in
// any spelling that a resolver may understand (127.0.0.1, [::1], 127.1, 0x7f000001, 017700000001), and
// the names of the machine itself. The error of an address is a *RefusedError. What any other name
// stands for is judged when it is dialled.
func (g *Guard) CheckHost(host string) error {
	name := strings.TrimSuffix(strings.ToLower(host), ".")
	addr, err := netip.ParseAddr(name)
	if err != nil {
		addr = parseOld(name)
	}
	if addr.IsValid() {
		return g.Check(addr)
	}
	own := name == "localhost" || strings.HasSuffix(name, ".localhost")
	if own && g.Check(netip.IPv6Loopback()) != nil && g.Check(netip.AddrFrom4([4]byte{127, 0, 0, 1})) != nil {
		return errOwnMachine
	}
	return nil
}

// parseOld reads what inet_aton of the C library takes for an IPv4 address: one to four numbers, each
// decimal, octal (0...) or hexadecimal (0x...), the last of which fills the bytes that are left. The
// result is not valid when the text is none.
func parseOld(text string) netip.Addr {
	parts := strings.Split(text, ".")
	if len(parts) > 4 {
		return netip.Addr{}
	}
	var whole uint64
	for i, part := range parts {
		bits := 8
		if i == len(parts)-1 {
			bits = 8 * (4 - i)
		}
		number, ok := parseNumber(part, bits)
		if !ok {
			return netip.Addr{}
		}
		whole = whole<<bits | number
	}
	return netip.AddrFrom4([4]byte{byte(whole >> 24), byte(whole >> 16), byte(whole >> 8), byte(whole)})
}

// parseNumber reads a number in the notation of C. ParseUint's own prefixes would also allow 0b, 0o and
// underscores.
func parseNumber(text string, bits int) (number uint64, ok bool) {
	base := 10
	if digits, is := strings.CutPrefix(text, "0x"); is {
		text, base = digits, 16
	} else if len(text) > 1 && text[0] == '0' {
		base = 8
	}
	number, err := strconv.ParseUint(text, base, bits)
	return number, err == nil
}
