package storetest_test

import (
	"strings"
	"testing"

	"github.com/synchook/synchook/internal/storetest"
)

func TestClusterOwnsAllSlotsAndRefusesAScriptOverTwo(t *testing.T) {
	t.Parallel()
	rdb := storetest.Cluster(t)
	for _, key := range []string{"{a}:1", "{b}:1", "{c}:1"} {
		if err := rdb.Set(t.Context(), key, "1", 0).Err(); err != nil {
			t.Errorf("writing %s: %v", key, err)
		}
	}
	err := rdb.Eval(t.Context(), `redis.call('SET', '{b}:1', 'x'); return 1`, []string{"{a}:1"}).Err()
	if err == nil || !strings.Contains(err.Error(), "do not hash to the same slot") {
		t.Errorf("a script that leaves its slot: %v, want an error", err)
	}
}

func TestRedisIsTheTestsOwn(t *testing.T) {
	t.Parallel()
	one, other := storetest.Redis(t), storetest.Redis(t)
	if err := one.Set(t.Context(), "k", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if n := other.Exists(t.Context(), "k").Val(); n != 0 {
		t.Error("another test sees the key")
	}
}
