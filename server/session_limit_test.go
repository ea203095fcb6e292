package server

import (
	"fmt"
	"testing"
	"time"
)

func TestFailedLoginsOfOneClientDoNotStopAnother(t *testing.T) {
	t.Parallel()
	f, now := newFailedLogins(), time.Unix(1_000_000, 0)
	for range loginBurst {
		f.note("one", now)
	}
	if got := f.wait("one", now); got != loginRefill {
		t.Errorf("one waits %s", got)
	}
	if got := f.wait("two", now); got != 0 {
		t.Errorf("two waits %s", got)
	}
	if got := f.wait("one", now.Add(loginRefill)); got != 0 {
		t.Errorf("one waits %s later", got)
	}
}

func TestFailedLoginsTakeNoMoreThanTheirRoom(t *testing.T) {
	t.Parallel()
	f, now := newFailedLogins(), time.Unix(1_000_000, 0)
	for i := range 3 * loginClients {
		f.note(fmt.Sprint(i), now)
	}
	if len(f.clients) > loginClients {
		t.Errorf("%d clients are remembered", len(f.clients))
	}
}

func TestAClientIsAnAddressOrASubscribersNetwork(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.7:1234": "192.0.2.7", "[::ffff:192.0.2.7]:1": "192.0.2.7", "[2001:db8:1:2:3:4:5:6]:9": "2001:db8:1:2::/64", "@": "@",
	} {
		if got := clientOf(remote); got != want {
			t.Errorf("%s: %s, want %s", remote, got, want)
		}
	}
}
