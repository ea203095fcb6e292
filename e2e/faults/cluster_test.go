package faults

import (
	"testing"
	"time"

	"github.com/synchook/synchook/e2e/rig"
	"github.com/synchook/synchook/internal/storetest"
)

const (
	forgotten = "Redis forgot that the webhook had been handed in"
	waits     = "SYNCHOOK_WAIT_REPLICAS=1"

	// behind is how long a replica is cut off before its primary dies.
	behind = time.Second
)

func onCluster(t testing.TB) rig.Backend {
	t.Helper()
	return rig.NewCluster(t)
}

func onSentinel(t testing.TB) rig.Backend {
	t.Helper()
	return rig.NewSentinel(t)
}

// clusterFaults are those of a Redis Cluster of three primaries with a replica each. Records are in other
// slots than the events that they come of: without waiting for replicas, one can be forgotten and the
// other not.
func clusterFaults() []fault {
	return inGroup("Redis Cluster", onCluster, []fault{
		{name: "slots move: project, connections, queues", do: moveSlots},
		{name: "a failover in order", long: true, doubles: forgotten, do: failOverInOrder},
		{name: "a primary dies", long: true, doubles: forgotten, forgets: rig.ForgottenInPart(), do: killAPrimary(0)},
		{name: "a primary dies, its replica 1 s behind", long: true, doubles: forgotten, forgets: rig.ForgottenInPart(), do: killAPrimary(behind)},
		{name: "a primary dies, its replica 1 s behind, --wait-replicas 1", doubles: forgotten, settings: []string{waits}, do: killAPrimary(behind)},
		{name: "a failover in order, --wait-replicas 1", long: true, doubles: forgotten, settings: []string{waits}, do: failOverInOrder},
	})
}

// sentinelFaults are those of a primary with a replica and three Sentinels. What is forgotten is the end
// of all that was written; on demand, both take writes for a moment, and what was sent again may come late.
func sentinelFaults() []fault {
	return inGroup("Redis Sentinel", onSentinel, []fault{
		{name: "a failover on demand", long: true, doubles: forgotten, forgets: rig.ForgottenInPart(), do: failOverOnDemand},
		{name: "the primary dies", long: true, doubles: forgotten, forgets: rig.Forgotten(), do: killThePrimary(0)},
		{name: "the primary dies, its replica 1 s behind", long: true, doubles: forgotten, forgets: rig.Forgotten(), do: killThePrimary(behind)},
		{name: "the primary dies, its replica 1 s behind, --wait-replicas 1", doubles: forgotten, settings: []string{waits}, do: killThePrimary(behind)},
		{name: "a failover on demand, --wait-replicas 1", long: true, doubles: forgotten, settings: []string{waits}, do: failOverOnDemand},
	})
}

func inGroup(group string, redis func(testing.TB) rig.Backend, list []fault) []fault {
	for i := range list {
		list[i].group, list[i].redis = group, redis
	}
	return list
}

// projectKey is a key in the slot of the project.
func (s *scene) projectKey() string { return "{" + s.project.ID + "}:project" }

// moveSlots moves the slots of the project, of its connections and of the queues, one after the other, to
// other primaries. Each is on its way for longer than a command is tried.
func moveSlots(s *scene) {
	c := stands[*rig.Cluster](s)
	for _, key := range append(s.connectionKeys(), s.projectKey(), "asynq:{runs}:pending", "asynq:{deliveries}:pending") {
		slot, from := c.Slot(key), c.Primary(key)
		to := c.Other(from)
		c.BeginMove(slot, from, to)
		s.wait(byLength(time.Second, 4*time.Second))
		c.MoveAllKeys(slot, from, to)
		s.wait(byLength(time.Second, 4*time.Second))
		c.MoveAllKeys(slot, from, to) // what was made since
		c.EndMove(slot, to)
	}
}

// connectionKeys are a key in the slot of each connection.
func (s *scene) connectionKeys() []string {
	var keys []string
	for _, n := range stands[*rig.Cluster](s).Primaries {
		keys = append(keys, n.Client().Keys(s.t.Context(), "{"+s.project.ID+":*}:clock").Val()...)
	}
	return keys
}

// failOverInOrder makes the replica of the project's primary the primary, and back.
func failOverInOrder(s *scene) {
	c := stands[*rig.Cluster](s)
	primary := c.Primary(s.projectKey())
	replica := c.ReplicaOf(primary)
	c.FailOver(replica)
	c.WaitUntilWhole()
	s.last()
	c.FailOver(primary)
	c.WaitUntilWhole()
}

// killAPrimary kills the primary of the project, whose replica has been cut off for a while, and starts it
// again when the replica has taken over.
func killAPrimary(cutOff time.Duration) func(*scene) {
	return func(s *scene) {
		c := stands[*rig.Cluster](s)
		primary := c.Primary(s.projectKey())
		replica := c.ReplicaOf(primary)
		s.kill(primary, replica, cutOff)
		replica.Rejoin()
		primary.Start()
		c.WaitUntilWhole()
	}
}

// killThePrimary does the same where Sentinels watch. All of them must know the new primary before the old
// one comes back: those that did not would send clients to it.
func killThePrimary(cutOff time.Duration) func(*scene) {
	return func(s *scene) {
		w := stands[*rig.Sentinel](s)
		primary, replica := w.Primary(), w.Replica()
		s.kill(primary, replica, cutOff)
		w.UntilAgreed(replica)
		replica.Rejoin()
		primary.Start()
		w.WaitUntilWhole()
	}
}

func (s *scene) kill(primary, replica *storetest.Node, cutOff time.Duration) {
	if cutOff > 0 {
		replica.CutOff(primary)
		s.wait(cutOff)
	}
	primary.Kill()
	replica.UntilPrimary()
}

// failOverOnDemand has the Sentinels make the replica the primary.
func failOverOnDemand(s *scene) {
	w := stands[*rig.Sentinel](s)
	replica := w.Replica()
	w.FailOver()
	replica.UntilPrimary()
	w.WaitUntilWhole()
}
