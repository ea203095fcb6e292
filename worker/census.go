package worker

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/synchook/synchook/internal/queue"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

const (
	censusEvery   = 15 * time.Second
	censusTimeout = 5 * time.Second // schedules wait meanwhile
	// censusFresh is how old a census may be that is shown. Whoever leads takes the next one long before;
	// who does not lead any more, and does not know it yet, shows an old one no longer than that.
	censusFresh = censusEvery + leaseFor
)

// census shows what waits in the whole store, as the leader of the sweep counted it last. In a process that
// does not lead it shows nothing, so that nothing is counted twice.
type census struct {
	store Store
	queue Queue
	now   func() time.Time

	mu     sync.Mutex
	tried  time.Time // to take it
	at     time.Time // zero: there is none
	took   time.Duration
	waits  store.Census
	queues map[string]queue.Backlog
}

// take counts, unless that was done or tried a moment ago: while it fails, schedules and the sweep must not
// wait for it each time.
func (c *census) take(ctx context.Context, projects []synchook.ProjectID) error {
	began := c.now()
	c.mu.Lock()
	recent := began.Sub(c.tried) < censusEvery
	if !recent {
		c.tried = began
	}
	c.mu.Unlock()
	if recent {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, censusTimeout)
	defer cancel()
	waits, err := c.store.Census(ctx, projects)
	if err != nil {
		return err
	}
	queues, err := c.queue.Backlogs()
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.took, c.waits, c.queues = began, c.now().Sub(began), waits, queues
	return nil
}

// forget shows nothing any more: the process does not lead.
func (c *census) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tried, c.at = time.Time{}, time.Time{}
}

// The gauges of a census.
var (
	queueTasks        = gauge("synchook_queue_tasks", "Tasks that wait in a queue for a worker.", "queue")
	queueOldest       = gauge("synchook_queue_oldest_seconds", "How long the oldest task waits in a queue for a worker.", "queue")
	runsQueued        = gauge("synchook_runs_queued", "Runs that wait.")
	runsRunning       = gauge("synchook_runs_running", "Runs that are under way.")
	runOldest         = gauge("synchook_run_oldest_queued_seconds", "How long the oldest queued run waits.")
	untaken           = gauge("synchook_lane_oldest_untaken_seconds", "How long the oldest due row waits in a lane that no worker has taken.", "lanes")
	deliveriesPending = gauge("synchook_deliveries_pending", "Deliveries that are owed.")
	deliveryOldest    = gauge("synchook_delivery_oldest_pending_seconds", "How long the oldest pending delivery waits, of the 20 endpoints where it is the oldest.", "project", "endpoint")
	censusTook        = gauge("synchook_census_seconds", "How long it took to count what waits; the process leads the sweep.")
)

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Describe implements prometheus.Collector.
func (c *census) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		queueTasks, queueOldest, runsQueued, runsRunning, runOldest, untaken, deliveriesPending, deliveryOldest, censusTook,
	} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c *census) Collect(to chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now().Sub(c.at) > censusFresh {
		return
	}
	show := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for _, name := range slices.Sorted(maps.Keys(c.queues)) {
		show(queueTasks, float64(c.queues[name].Tasks), name)
		show(queueOldest, c.queues[name].Oldest.Seconds(), name)
	}
	for _, lanes := range slices.Sorted(maps.Keys(c.waits.Untaken)) {
		show(untaken, c.waits.Untaken[lanes].Seconds(), lanes)
	}
	for _, e := range c.waits.Endpoints {
		show(deliveryOldest, e.Oldest.Seconds(), string(e.Project), string(e.Endpoint))
	}
	show(runsQueued, float64(c.waits.RunsQueued))
	show(runsRunning, float64(c.waits.RunsRunning))
	show(runOldest, c.waits.OldestRun.Seconds())
	show(deliveriesPending, float64(c.waits.DeliveriesPending))
	show(censusTook, c.took.Seconds())
}
