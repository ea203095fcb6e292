package app

import (
	"context"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/storetest"
)

// A cluster whose primary died serves its slots again after its node timeout and an election, 2 to 4 s here.
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
	shards.Primary("key").Kill()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for rdb.Set(ctx, "key", "2", 0).Err() != nil {
		if ctx.Err() != nil {
			t.Fatal("no writes within 20 s of a primary's death")
		}
	}
}
