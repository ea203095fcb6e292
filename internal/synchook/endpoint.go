package synchook

import (
	"slices"
	"time"
)

// Endpoint is a URL of the customer's that gets webhooks. There are three kinds: the first one of a project,
// whose values are those of its settings; further ones; and that of a connection which names its own URL.
type Endpoint struct {
	ID            EndpointID
	Name          string            `json:",omitempty"`
	URL           string            // empty: nothing is sent and nothing is owed
	Headers       map[string]string `json:",omitempty"` // further headers of its requests
	Filter        EndpointFilter
	Operational   []OperationalType `json:",omitempty"` // that it gets beside syncs' webhooks
	Rate          float64           `json:",omitempty"` // requests a second at most; zero: no limit
	Burst         int               `json:",omitempty"` // how many of them at once; zero: one second's
	RetrySchedule []time.Duration   `json:",omitempty"` // empty: the default
	MinInterval   time.Duration     `json:",omitempty"` // between webhooks of one connection, sync and model
	Coalesce      bool              `json:",omitempty"` // whether those that wait become one
	Connection    ConnectionID      `json:",omitempty"` // whose own URL it is; empty: nobody's
	Created       time.Time
	Updated       time.Time
	Etag          string `json:"-"`
}

// EndpointFilter says which syncs' webhooks an endpoint gets: those that all of its lists hold. An empty list
// holds everything.
type EndpointFilter struct {
	Integrations []string `json:",omitempty"` // names
	Syncs        []string `json:",omitempty"`
	Models       []string `json:",omitempty"`
	NoSyncs      bool     `json:",omitempty"` // it gets operational webhooks only
}

// Wants reports whether the endpoint gets the webhooks of a model of an integration's sync.
func (f EndpointFilter) Wants(integration, sync, model string) bool {
	holds := func(list []string, name string) bool { return len(list) == 0 || slices.Contains(list, name) }
	return !f.NoSyncs && holds(f.Integrations, integration) && holds(f.Syncs, sync) && holds(f.Models, model)
}

// OperationalType is the type of an operational webhook: one about our own work.
type OperationalType string

// The types of operational webhooks.
const (
	SyncFailed        OperationalType = "sync.failed"
	SyncRecovered     OperationalType = "sync.recovered"
	EndpointDisabled  OperationalType = "endpoint.disabled"
	EndpointRecovered OperationalType = "endpoint.recovered"
	DeliveryGivenUp   OperationalType = "delivery.exhausted"
	ConnectionRefused OperationalType = "connection.refused"
)

// OptedInto reports whether the endpoint gets the operational webhooks of a type. Its filter is about syncs'
// webhooks, and says nothing about these.
func (e Endpoint) OptedInto(t OperationalType) bool {
	return e.URL != "" && slices.Contains(e.Operational, t)
}

// EndpointState says how an endpoint does.
type EndpointState string

// The states of an endpoint. The first three follow from its answers; the others are kept until a person
// resumes it.
const (
	EndpointHealthy   EndpointState = "healthy"
	EndpointThrottled EndpointState = "throttled"
	EndpointFailing   EndpointState = "failing"
	EndpointOff       EndpointState = "disabled" // by us
	EndpointPaused    EndpointState = "paused"   // by a person
)

// ConnectionEndpointID returns the ID of the endpoint of a connection's own URL: the same each time.
func ConnectionEndpointID(con ConnectionID) EndpointID {
	return EndpointID(DerivedID(EndpointPrefix, IDTime(string(con)), "endpoint", string(con)))
}

// FirstEndpoint returns the endpoint of the settings' webhook URL.
func FirstEndpoint(p Project, s Settings) Endpoint {
	return Endpoint{
		ID: p.Endpoint, URL: s.WebhookURL, Headers: s.WebhookHeaders, Operational: s.Operational,
		Rate: s.WebhookRate, Burst: s.WebhookBurst, RetrySchedule: s.RetrySchedule, MinInterval: s.MinInterval, Coalesce: s.Coalesce,
		Created: p.Created, Updated: s.Updated, Etag: s.Etag,
	}
}

// ConnectionEndpoint returns the endpoint of a connection's own URL: all but the URL is as the first one's. An
// empty URL means that the connection has none.
func ConnectionEndpoint(p Project, s Settings, c Connection) Endpoint {
	e := FirstEndpoint(p, s)
	e.ID, e.URL, e.Connection, e.Operational = ConnectionEndpointID(c.ID), c.WebhookURL, c.ID, nil
	e.Created, e.Updated = c.Created, c.Updated
	return e
}
