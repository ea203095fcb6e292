package netguard

import (
	"errors"
	"testing"
)

func TestCheckHostKnowsEverySpellingOfAnAddress(t *testing.T) {
	t.Parallel()
	const (
		name     = ""
		loopback = "a loopback address"
		metadata = "a cloud metadata address"
	)
	guard := New(Options{})
	for host, want := range map[string]string{
		"127.0.0.1": loopback, "127.1": loopback, "127.0.1": loopback, "127.0.0.1.": loopback,
		"2130706433": loopback, "0x7f000001": loopback, "0X7F000001": loopback, "017700000001": loopback,
		"0x7f.1": loopback, "0177.0.0.1": loopback, "0177.0x0.0.01": loopback, "127.0x000001": loopback,
		"169.254.169.254": metadata, "2852039166": metadata, "0xa9fea9fe": metadata, "0251.0376.0251.0376": metadata,
		"0": "the unspecified address", "10.1": "a private address", "4294967295": "the broadcast address",
		"::1": loopback, "fe80::1%eth0": "a link-local address",
		"::ffff:7f00:1": "an IPv4-mapped address of 127.0.0.1, a loopback address",

		"8.8.8.8": name, "0x08080808": name, "134744072": name,
		"": name, ".": name, "1.2.3.4.5": name, "4294967296": name, "256.1.1.1.": name, "1.256.1": name, "127.0.0.0x": name,
		"08.1": name, "0b1": name, "1_0": name, "+1": name, "-1": name, "0x": name, "127..1": name,
		"app.example.com": name, "localhost.example.com": name, "face.b00c": name,
	} {
		if got := refusal(guard.CheckHost(host)); got != want {
			t.Errorf("CheckHost(%q): reason %q, want %q", host, got, want)
		}
	}
}

func TestCheckHostKnowsTheMachinesOwnNames(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"localhost", "LOCALHOST", "localhost.", "app.localhost"} {
		if err := New(Options{}).CheckHost(host); !errors.Is(err, errOwnMachine) {
			t.Errorf("%s: %v", host, err)
		}
		if err := New(Options{Allow: Loopback()}).CheckHost(host); err != nil {
			t.Errorf("%s on a developer's machine: %v", host, err)
		}
	}
}
