package worker

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/synchook/synchook/internal/proxy"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// accessOf is what an answer says of the credentials with which it was asked for. What an API answers to what it
// lets nobody do (403), or to what it does not have, says nothing of them.
func accessOf(r proxy.Response, credentials int) store.Access {
	a := store.Access{Credentials: credentials}
	switch {
	case !r.Authorized:
	case r.Status == http.StatusUnauthorized:
		a.Standing = store.Bad
	case r.Status >= 200 && r.Status <= 299:
		a.Standing = store.Good
	}
	return a
}

// tell adds to what became of a run how it leaves its sync and its connection, and the webhooks that tell of that.
// Of what it could not read nobody can be told: then nothing is noted, and the next run tells.
func (j *job) tell(done store.RunDone, now time.Time) store.RunDone {
	if !j.known || done.Back {
		return done
	}
	done.Access = j.access
	switch done.Run.State {
	case synchook.RunFailed:
		done.Sync = store.Bad
		done.Deliveries = append(done.Deliveries, j.operational(done.Run, synchook.SyncFailed, now)...)
	case synchook.RunSucceeded:
		done.Sync = store.Good
		done.Deliveries = append(done.Deliveries, j.operational(done.Run, synchook.SyncRecovered, now)...)
	}
	if j.access.Standing == store.Bad {
		done.Deliveries = append(done.Deliveries, j.operational(done.Run, synchook.ConnectionRefused, now)...)
	}
	return done
}

// operational returns the deliveries that tell of a run.
func (j *job) operational(run synchook.Run, t synchook.OperationalType, now time.Time) []synchook.Delivery {
	body := webhook.OperationalBody{
		Type: t, Timestamp: now, RunID: string(run.ID), Attempts: run.Attempts, Error: run.Error,
		Names: webhook.Names{ConnectionID: j.Connection.Name, ProviderConfigKey: j.Integration.Key, SyncName: j.Sync.Name},
	}
	if t == synchook.ConnectionRefused {
		body.LastStatus = http.StatusUnauthorized
		body.Reason = fmt.Sprintf("%s answered 401 to a request with the connection's credentials: renew them", webhook.Redact(baseURL(j.Integration)))
	}
	facts := synchook.DeliveryFacts{
		Run: run.ID, Integration: run.Integration, Connection: run.Connection, Sync: run.Sync, Trace: j.trace, Operational: t,
	}
	// The endpoint of the connection's own URL is not told: it takes the place of the project's first one for what syncs tell.
	ends := append([]synchook.Endpoint{synchook.FirstEndpoint(j.Project, j.Settings)}, j.Endpoints[1:]...)
	return operationalDeliveries(ends, facts, about{id: string(run.ID)}, body)
}

// tell adds to what became of a delivery that is given up the webhooks that tell of it. Of one that told of our own
// work nobody is told: there would be no end of it. While it cannot be known who is to be told, it is not given up.
func (d *deliverer) tell(ctx context.Context, done store.DeliveryDone, url string) store.DeliveryDone {
	if done.Delivery.State != synchook.DeliveryExhausted || done.Delivery.Operational != "" {
		return done
	}
	ends, err := d.store.Endpoints(ctx, d.project)
	if err != nil {
		done.Delivery.State, done.Delivery.Cause, done.Wait = synchook.DeliveryPending, synchook.WaitFault, trouble
		done.Delivery.Reason += "; whom to tell that it is given up could not be read: " + err.Error()
		return done
	}
	done.Deliveries = givenUp(ends, done.Delivery, url, time.Now())
	return done
}

// givenUp returns the deliveries that tell of one that is given up.
func givenUp(ends []synchook.Endpoint, lost synchook.Delivery, url string, now time.Time) []synchook.Delivery {
	body := webhook.OperationalBody{
		Type: synchook.DeliveryGivenUp, Timestamp: now, Names: webhook.NamesIn(lost.Body), RunID: string(lost.Run),
		EndpointID: string(lost.Endpoint), URL: url, DeliveryID: string(lost.ID),
		Attempts: lost.Attempts, LastStatus: lost.LastStatus, Reason: lost.Reason,
	}
	facts := synchook.DeliveryFacts{
		Integration: lost.Integration, Connection: lost.Connection, Sync: lost.Sync, Trace: lost.Trace, Operational: body.Type,
	}
	return operationalDeliveries(ends, facts, about{id: string(lost.ID), base: lost.Base}, body)
}

// about is what an operational webhook tells of: what happened to a run, or to a delivery since it was retried after so
// many attempts.
type about struct {
	id   string
	base int
}

// operationalDeliveries returns a delivery to each endpoint that opted in.
func operationalDeliveries(ends []synchook.Endpoint, facts synchook.DeliveryFacts, of about, body webhook.OperationalBody) []synchook.Delivery {
	var deliveries []synchook.Delivery
	for _, e := range ends {
		if e.OptedInto(body.Type) {
			facts.Endpoint = e.ID
			deliveries = append(deliveries, synchook.Delivery{
				ID: synchook.OperationalDeliveryID(body.Type, of.id, of.base, e.ID), DeliveryFacts: facts, Body: body.Bytes(),
			})
		}
	}
	return deliveries
}
