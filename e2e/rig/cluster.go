package rig

import (
	"strings"
	"testing"

	"github.com/synchook/synchook/internal/storetest"
)

// Cluster is a Redis Cluster of three primaries with a replica each, which keep what they acknowledged.
type Cluster struct{ *storetest.Shards }

// NewCluster starts a cluster.
func NewCluster(t testing.TB) *Cluster {
	t.Helper()
	return &Cluster{storetest.NewShards(t, 3, 1, durable()...)}
}

// URL implements Backend.
func (c *Cluster) URL() string { return "redis-cluster://" + severalAddresses(c.Addrs()) }

// Sentinel is a primary and a replica that keep what they acknowledged, and three Sentinels.
type Sentinel struct{ *storetest.Watched }

// NewSentinel starts them.
func NewSentinel(t testing.TB) *Sentinel {
	t.Helper()
	return &Sentinel{storetest.NewWatched(t, durable()...)}
}

// URL implements Backend.
func (s *Sentinel) URL() string {
	return "redis-sentinel://" + severalAddresses(s.Addrs()) + "&master_name=" + storetest.WatchedName
}

// durable are the arguments of a Redis that keeps what it acknowledges.
func durable() []string {
	return []string{"--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"}
}

// severalAddresses writes addresses as the URL of a Redis takes them.
func severalAddresses(addrs []string) string {
	return addrs[0] + "?addr=" + strings.Join(addrs[1:], "&addr=")
}
