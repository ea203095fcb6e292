package app

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/storetest"
)

// A cluster whose primary died serves its slots again after its node timeout and an election, 2 to 4 s here, and several
// times that on a machine that is busy with other tests. From then on the client counts.
func TestAClientOfAClusterFindsTheNewPrimarySoon(t *testing.T) {
	t.Parallel()
	shards := storetest.NewShards(t, 3, 1)
	dial, err := dialURL("redis-cluster://" + shards.Primaries[0].Addr)
	if err != nil {
		t.Fatal(err)
	}
	rdb := dial.universal()
	t.Cleanup(func() { _ = rdb.Close() })
	if err := rdb.Set(t.Context(), "key", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	primary := shards.Primary("key")
	replica := shards.ReplicaOf(primary)
	primary.Kill()
	writes := make(chan error, 1)
	go func() { // from its death on, as the program does
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		for ctx.Err() == nil && rdb.Set(ctx, "key", "2", 0).Err() != nil {
		}
		writes <- ctx.Err()
	}()
	replica.UntilPrimary()
	select {
	case err := <-writes:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("no writes within 10 s of the election of another primary")
	}
}

func TestOnlyPrimariesAreRead(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"redis-cluster://h:1?read_only=true&route_by_latency=true&route_randomly=true", "rediss-cluster://h:1"} {
		dial, err := dialURL(url)
		if err != nil {
			t.Fatal(err)
		}
		rdb, ok := dial.universal().(*redis.ClusterClient)
		if !ok {
			t.Fatalf("%s is no cluster", url)
		}
		t.Cleanup(func() { _ = rdb.Close() })
		if o := rdb.Options(); o.ReadOnly || o.RouteByLatency || o.RouteRandomly || (o.TLSConfig != nil) != strings.HasPrefix(url, "rediss") {
			t.Errorf("%s: %+v, want reads from primaries alone, and TLS where it is asked for", url, o)
		}
	}
}

func TestAPlaceInALogHoldsNoPassword(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"redis://:secret@h:1/2":                             "redis://h:1",
		"redis-sentinel://h:1?sentinel_password=secret@x":   "redis-sentinel://h:1",
		"rediss-cluster://u:secret@h:1?addr=h:2&password=s": "rediss-cluster://h:1",
		"unix:///run/redis.sock":                            "unix:///run/redis.sock",
		"redis://%zz":                                       "a Redis whose URL cannot be read",
	} {
		if got := whereOf(raw); got != want {
			t.Errorf("%s is shown as %s, want %s", raw, got, want)
		}
	}
}
