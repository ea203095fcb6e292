package netguard

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestCheckRefusesEverythingThatIsNotPublic(t *testing.T) {
	t.Parallel()
	const public = ""
	tests := map[string]string{
		"0.0.0.0":         "the unspecified address",
		"0.1.2.3":         "an address of this network",
		"1.0.0.0":         public,
		"9.255.255.255":   public,
		"10.0.0.0":        "a private address",
		"10.255.255.255":  "a private address",
		"11.0.0.0":        public,
		"100.63.255.255":  public,
		"100.64.0.0":      "a carrier-grade NAT address",
		"100.100.100.200": "a cloud metadata address",
		"100.127.255.255": "a carrier-grade NAT address",
		"100.128.0.0":     public,
		"126.255.255.255": public,
		"127.0.0.1":       "a loopback address",
		"127.255.255.255": "a loopback address",
		"128.0.0.0":       public,
		"168.63.129.16":   "a cloud metadata address",
		"169.253.255.255": public,
		"169.254.0.1":     "a link-local address",
		"169.254.169.254": "a cloud metadata address",
		"169.254.170.2":   "a cloud metadata address",
		"169.255.0.0":     public,
		"172.15.255.255":  public,
		"172.16.0.0":      "a private address",
		"172.31.255.255":  "a private address",
		"172.32.0.0":      public,
		"192.0.0.1":       "a reserved address",
		"192.0.0.192":     "a cloud metadata address",
		"192.0.1.0":       public,
		"192.0.2.1":       "a documentation address",
		"192.88.99.1":     "a 6to4 relay address",
		"192.167.255.255": public,
		"192.168.0.1":     "a private address",
		"192.169.0.0":     public,
		"198.17.255.255":  public,
		"198.18.0.1":      "a benchmarking address",
		"198.19.255.255":  "a benchmarking address",
		"198.20.0.0":      public,
		"198.51.100.1":    "a documentation address",
		"203.0.113.1":     "a documentation address",
		"223.255.255.255": public,
		"224.0.0.1":       "a multicast address",
		"239.255.255.255": "a multicast address",
		"240.0.0.1":       "a reserved address",
		"255.255.255.255": "the broadcast address",

		"::":                                   "the unspecified address",
		"::1":                                  "a loopback address",
		"::127.0.0.1":                          "an IPv4-compatible address of 127.0.0.1, a loopback address",
		"::8.8.8.8":                            "an IPv4-compatible address of 8.8.8.8",
		"::ffff:127.0.0.1":                     "an IPv4-mapped address of 127.0.0.1, a loopback address",
		"::ffff:8.8.8.8":                       "an IPv4-mapped address of 8.8.8.8",
		"::ffff:0:127.0.0.1":                   "an IPv4-translated address of 127.0.0.1, a loopback address",
		"64:ff9b::10.0.0.1":                    "a NAT64 address of 10.0.0.1, a private address",
		"64:ff9b::169.254.169.254":             "a NAT64 address of 169.254.169.254, a cloud metadata address",
		"64:ff9b::8.8.8.8":                     "a NAT64 address of 8.8.8.8",
		"64:ff9b:1::1":                         "a NAT64 address",
		"64:ff9b:1:ffff::10.0.0.1":             "a NAT64 address",
		"64:ff9b:2::1":                         "a reserved address",
		"100::1":                               "a reserved address",
		"1fff:ffff::1":                         "a reserved address",
		"2001::1":                              "a Teredo address of 255.255.255.254, a reserved address",
		"2001:0:4136:e378:8000:63bf:f5ff:fffe": "a Teredo address of 10.0.0.1, a private address",
		"2001:0:4136:e378:8000:63bf:3fff:fdd2": "a Teredo address of 192.0.2.45, a documentation address",
		"2001:2::1":                            "a benchmarking address",
		"2001:10::1":                           "a reserved address",
		"2001:1ff:ffff::1":                     "a reserved address",
		"2001:200::1":                          public,
		"2001:db8::1":                          "a documentation address",
		"2001:4860:4860::8888":                 public,
		"2002:7f00:1::1":                       "a 6to4 address of 127.0.0.1, a loopback address",
		"2002:a9fe:a9fe::1":                    "a 6to4 address of 169.254.169.254, a cloud metadata address",
		"2002:808:808::1":                      "a 6to4 address of 8.8.8.8",
		"2606:4700::5efe:10.0.0.1":             "an ISATAP address of 10.0.0.1, a private address",
		"2606:4700::200:5efe:8.8.8.8":          "an ISATAP address of 8.8.8.8",
		"2606:4700::100:5efe:8.8.8.8":          public,
		"2606:4700::5eff:10.0.0.1":             public,
		"2606:4700:4700::1111":                 public,
		"3ffe:ffff::1":                         public,
		"3fff::1":                              "a documentation address",
		"3fff:1000::1":                         public,
		"4000::1":                              "a reserved address",
		"5f00::1":                              "a reserved address",
		"fc00::1":                              "a private address",
		"fd00:ec2::254":                        "a cloud metadata address",
		"fd20:ce::254":                         "a cloud metadata address",
		"fdff:ffff::1":                         "a private address",
		"fe80::1":                              "a link-local address",
		"fe80::1%eth0":                         "a link-local address",
		"fe80::a9fe:a9fe":                      "a link-local address",
		"::1%lo":                               "a loopback address",
		"64:ff9b::10.0.0.1%eth0":               "a NAT64 address of 10.0.0.1, a private address",
		"2606:4700:4700::1111%eth0":            public,
		"fec0::1":                              "a private address",
		"ff02::1":                              "a multicast address",
		"ffff:ffff:ffff:ffff::ffff:1":          "a multicast address",
	}
	guard := New(Options{})
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if got := refusal(guard.Check(netip.MustParseAddr(text))); got != want {
				t.Errorf("Check(%s): reason %q, want %q", text, got, want)
			}
		})
	}
	if got := refusal(guard.Check(netip.Addr{})); got != "not an IP address" {
		t.Errorf("the zero address: reason %q", got)
	}
}

// refusal is the reason in a refusal, or empty for nil.
func refusal(err error) string {
	var refused *RefusedError
	if errors.As(err, &refused) {
		return refused.Reason
	}
	return ""
}

func TestAllowListOpensItsPrefixesAndNothingElse(t *testing.T) {
	t.Parallel()
	guard := New(Options{Allow: append(Loopback(), netip.MustParsePrefix("10.1.2.3/16"))})
	for text, want := range map[string]string{
		"127.0.0.1":        "",
		"::1":              "",
		"10.1.255.255":     "",
		"8.8.8.8":          "",
		"10.2.0.0":         "a private address",
		"::ffff:127.0.0.1": "an IPv4-mapped address of 127.0.0.1, a loopback address",
		"::127.0.0.1":      "an IPv4-compatible address of 127.0.0.1, a loopback address",
	} {
		if got := refusal(guard.Check(netip.MustParseAddr(text))); got != want {
			t.Errorf("Check(%s): reason %q, want %q", text, got, want)
		}
	}
}

func TestAllowedTranslatorOpensOnlyWhatMayBeDialledItself(t *testing.T) {
	t.Parallel()
	allow := []string{"64:ff9b::/96", "2002::/16", "::/96", "10.1.0.0/16", "64:ff9b:1::/48"}
	prefixes := make([]netip.Prefix, 0, len(allow))
	for _, text := range allow {
		prefixes = append(prefixes, netip.MustParsePrefix(text))
	}
	guard := New(Options{Allow: prefixes})
	for text, want := range map[string]string{
		"64:ff9b::8.8.8.8":         "",
		"64:ff9b::10.1.2.3":        "",
		"64:ff9b::10.2.0.1":        "a NAT64 address of 10.2.0.1, a private address",
		"64:ff9b::127.0.0.1":       "a NAT64 address of 127.0.0.1, a loopback address",
		"64:ff9b::169.254.169.254": "a NAT64 address of 169.254.169.254, a cloud metadata address",
		"64:ff9b:1::10.2.0.1":      "",
		"2002:808:808::1":          "",
		"2002:a02:1::1":            "a 6to4 address of 10.2.0.1, a private address",
		"::127.0.0.1":              "an IPv4-compatible address of 127.0.0.1, a loopback address",
		"::1":                      "",
		"::":                       "",
	} {
		if got := refusal(guard.Check(netip.MustParseAddr(text))); got != want {
			t.Errorf("Check(%s): reason %q, want %q", text, got, want)
		}
	}
}

func TestRefusalSaysWhatAndWhy(t *testing.T) {
	t.Parallel()
	_, err := New(Options{}).DialContext(t.Context(), "tcp", "127.0.0.1:9")
	var refused *RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want a RefusedError", err)
	}
	if refused.Address != netip.MustParseAddrPort("127.0.0.1:9") {
		t.Errorf("Address is %v", refused.Address)
	}
	const want = "refused to connect to 127.0.0.1:9: it is a loopback address, and not on the list of allowed networks"
	if refused.Error() != want {
		t.Errorf("Error is %q", refused.Error())
	}
}

func TestLiteralsInEverySpellingAreRefusedWithoutAConnection(t *testing.T) {
	t.Parallel()
	listener, port := listen(t)
	guard := New(Options{})
	for _, host := range []string{"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "0.0.0.0", "[::]", "localhost"} {
		_, err := guard.DialContext(t.Context(), "tcp", host+":"+port)
		if refusal(err) == "" {
			t.Errorf("%s: got %v, want a refusal", host, err)
		}
	}
	wantNoConnection(t, listener)
}

func TestOnlyTCPIsDialled(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "unix", "ip4:icmp"} {
		if conn, err := New(Options{}).DialContext(t.Context(), network, "8.8.8.8:53"); err == nil {
			t.Errorf("%s was dialled: %v", network, conn.Close())
		}
	}
}

func TestRebindingIsJudgedByTheDialledAddress(t *testing.T) {
	t.Parallel()
	listener, port := listen(t)
	dns := &fakeDNS{answers: []netip.Addr{netip.MustParseAddr("93.184.215.14"), netip.MustParseAddr("127.0.0.1")}}
	resolver := dns.resolver()
	guard := New(Options{Resolver: resolver})

	looked, err := resolver.LookupNetIP(t.Context(), "ip4", "rebind.example.")
	if err != nil || len(looked) != 1 {
		t.Fatalf("the first look-up: %v, %v", looked, err)
	}
	if err := guard.Check(looked[0].Unmap()); err != nil {
		t.Fatalf("the first answer is public, yet: %v", err)
	}
	_, err = guard.DialContext(t.Context(), "tcp4", net.JoinHostPort("rebind.example.", port))
	if refusal(err) != "a loopback address" {
		t.Errorf("the second answer is private, yet: %v", err)
	}
	wantNoConnection(t, listener)
}

// A C library reads these as addresses; Go's resolver asks a name server for those that may be names.
func TestNumbersThatResolversTakeForAddressesLeadNowhere(t *testing.T) {
	t.Parallel()
	listener, port := listen(t)
	for _, host := range []string{"127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001"} {
		dns := &fakeDNS{answers: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}
		for name, resolver := range map[string]*net.Resolver{"system": nil, "name server": dns.resolver()} {
			conn, err := New(Options{Resolver: resolver}).DialContext(t.Context(), "tcp4", net.JoinHostPort(host, port))
			if err == nil {
				t.Errorf("%s: %s led to %v", name, host, conn.RemoteAddr())
			}
		}
	}
	wantNoConnection(t, listener)
}

func TestTransportReachesAllowedHostsAndRefusesRedirectTargets(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://10.0.0.1/", http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, "hello")
	}))
	t.Cleanup(server.Close)
	transport := New(Options{Allow: Loopback()}).Transport()
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}

	response, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); string(body) != "hello" {
		t.Errorf("body is %q", body)
	}
	if response, err := client.Get(server.URL + "/away"); refusal(err) != "a private address" {
		t.Errorf("the redirect was followed: %v, %v", response, err)
	}
}

func TestTransportUsesNoProxyAndTriesHTTP2(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	transport := New(Options{Allow: Loopback()}).Transport()
	t.Cleanup(transport.CloseIdleConnections)
	transport.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	transport.TLSClientConfig.NextProtos = nil
	if transport.Proxy != nil {
		t.Error("the transport has a proxy")
	}
	response, err := (&http.Client{Transport: transport}).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); !strings.HasPrefix(string(body), "HTTP/2") {
		t.Errorf("the request was made with %q", body)
	}
}

// listen returns a listener on loopback and its port.
func listen(t *testing.T) (listener net.Listener, port string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return listener, port
}

// wantNoConnection connects itself: a listener accepts in order, so whoever came before is seen.
func wantNoConnection(t *testing.T, listener net.Listener) {
	t.Helper()
	own, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	first, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if first.RemoteAddr().String() != own.LocalAddr().String() {
		t.Errorf("somebody connected from %v", first.RemoteAddr())
	}
}

// fakeDNS answers the A questions in turn, and every other question with nothing.
type fakeDNS struct {
	answers []netip.Addr
}

func (d *fakeDNS) resolver() *net.Resolver {
	next := make(chan netip.Addr, len(d.answers))
	for _, answer := range d.answers {
		next <- answer
	}
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go answer(server, next)
		return client, nil
	}}
}

// answer reads one question in DNS's stream form (RFC 1035, 4.2.2) and answers it.
func answer(conn net.Conn, next <-chan netip.Addr) {
	defer conn.Close()
	question := make([]byte, 2)
	if _, err := io.ReadFull(conn, question); err != nil {
		return
	}
	question = make([]byte, int(question[0])<<8|int(question[1]))
	if _, err := io.ReadFull(conn, question); err != nil {
		return
	}
	reply := reply(question, next)
	_, _ = conn.Write(append([]byte{byte(len(reply) >> 8), byte(len(reply))}, reply...))
}

func reply(question []byte, next <-chan netip.Addr) []byte {
	end := 12
	for question[end] != 0 {
		end += int(question[end]) + 1
	}
	end += 5
	isA := question[end-3] == 1
	reply := append([]byte{}, question[:2]...)
	reply = append(reply, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0)
	reply = append(reply, question[12:end]...)
	if !isA {
		return reply
	}
	reply[7] = 1
	reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
	return append(reply, (<-next).AsSlice()...)
}
