package store

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Durability is what Redis says about how well it keeps what it acknowledges.
type Durability struct {
	Known    bool // whether it may be asked
	Warnings []Warning
}

// Warning is one way in which data can be lost.
type Warning struct {
	Severe bool
	Text   string
}

// Durability asks Redis how it is set up. A server that refuses CONFIG is unknown.
func (s *Store) Durability(ctx context.Context) Durability {
	if cluster, ok := s.rdb.(*redis.ClusterClient); ok {
		var d Durability
		err := cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
			d = judgeDurability(configOf(ctx, c))
			return nil
		})
		if err != nil {
			return judgeDurability(nil)
		}
		return d
	}
	client, ok := s.rdb.(*redis.Client)
	if !ok {
		return judgeDurability(nil)
	}
	return judgeDurability(configOf(ctx, client))
}

func configOf(ctx context.Context, c *redis.Client) map[string]string {
	config, err := c.ConfigGet(ctx, "append*").Result()
	if err != nil {
		return nil
	}
	policy, err := c.ConfigGet(ctx, "maxmemory-policy").Result()
	if err != nil {
		return nil
	}
	config["maxmemory-policy"] = policy["maxmemory-policy"]
	return config
}

// judgeDurability says what can be lost with that configuration; nil is one that cannot be read.
func judgeDurability(config map[string]string) Durability {
	if len(config) == 0 || config["appendonly"] == "" {
		return Durability{Warnings: []Warning{{Text: "Redis does not tell its configuration (CONFIG is refused), so it is unknown whether accepted events survive its failure"}}}
	}
	d := Durability{Known: true}
	warn := func(severe bool, text string) { d.Warnings = append(d.Warnings, Warning{severe, text}) }
	if config["appendonly"] != "yes" {
		warn(true, "Redis keeps no append-only file: everything since its last snapshot is lost if Redis or its host dies; set appendonly yes and appendfsync always")
	} else if config["appendfsync"] != "always" {
		warn(false, "up to 2 s of accepted events can be lost if Redis or its host dies; set appendfsync always")
	}
	if policy := config["maxmemory-policy"]; policy != "noeviction" {
		warn(true, fmt.Sprintf("Redis may throw data away when its memory is full (maxmemory-policy %s); set maxmemory-policy noeviction", policy))
	}
	return d
}
