package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"

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

// Durability asks Redis how it is set up: of a cluster every primary, and the worst of them counts. A server
// that refuses CONFIG is unknown.
func (s *Store) Durability(ctx context.Context) Durability {
	switch rdb := s.rdb.(type) {
	case *redis.Client:
		return s.durabilityOf(ctx, rdb)
	case *redis.ClusterClient:
		var mu sync.Mutex
		var all []Durability
		err := rdb.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
			d := s.durabilityOf(ctx, c)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, d)
			return nil
		})
		if err == nil {
			return worst(all)
		}
	}
	return judgeDurability(nil)
}

// worst is known when all are, and warns of what any warns of.
func worst(all []Durability) Durability {
	d := Durability{Known: len(all) > 0}
	for _, one := range all {
		d.Known = d.Known && one.Known
		for _, w := range one.Warnings {
			if !slices.Contains(d.Warnings, w) {
				d.Warnings = append(d.Warnings, w)
			}
		}
	}
	return d
}

// durabilityOf asks one primary.
func (s *Store) durabilityOf(ctx context.Context, c *redis.Client) Durability {
	d := judgeDurability(configOf(ctx, c))
	info := c.InfoMap(ctx, "replication").Item("Replication", "connected_slaves")
	if connected, err := strconv.Atoi(info); err == nil {
		d.Warnings = append(d.Warnings, judgeReplicas(connected, s.replicas.Number)...)
	}
	return d
}

// judgeReplicas says what a failover can lose, with so many replicas connected and so many waited for.
func judgeReplicas(connected, wanted int) []Warning {
	switch {
	case wanted == 0 && connected > 0:
		return []Warning{{Text: "a failover can lose accepted events, because Redis answers before its replicas have them; set --wait-replicas 1"}}
	case connected < wanted:
		return []Warning{{Severe: true, Text: fmt.Sprintf("no events are accepted: --wait-replicas wants %d replicas and a primary has %d; look at the replicas of Redis", wanted, connected)}}
	}
	return nil
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
