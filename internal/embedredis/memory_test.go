package embedredis

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestInProcessServerLetsKeysExpireByTheClock(t *testing.T) {
	t.Parallel()
	memory, err := InProcess()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(memory.Stop)
	client := redis.NewClient(&redis.Options{Addr: memory.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	if err := client.Set(t.Context(), "key", "soon gone", 20*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the key expires", func() bool {
		return errors.Is(client.Get(t.Context(), "key").Err(), redis.Nil)
	})
}

func TestInProcessServerStopsMoreThanOnce(t *testing.T) {
	t.Parallel()
	memory, err := InProcess()
	if err != nil {
		t.Fatal(err)
	}
	memory.Stop()
	memory.Stop()
}
