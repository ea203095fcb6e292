package rig

import (
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// Endpoint is a further endpoint of a project, and the app behind it.
type Endpoint struct {
	*Receiver
	ID      string
	project *Project
}

// AddEndpoint makes a further endpoint, of which the URL is a new receiver's.
func (p *Project) AddEndpoint(e *synchookv1.Endpoint) *Endpoint {
	t := p.House.T
	t.Helper()
	receiver := NewReceiver(t, "")
	e.Url = receiver.URL()
	made, err := p.Client().Endpoints.CreateEndpoint(t.Context(), &synchookv1.CreateEndpointRequest{Endpoint: e})
	if err != nil {
		t.Fatal(err)
	}
	receiver.Trust(made.GetSigningSecret())
	return &Endpoint{Receiver: receiver, ID: made.GetEndpoint().GetId(), project: p}
}
