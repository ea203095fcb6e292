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

// OperationalTypes returns all types of operational webhooks.
func OperationalTypes() []synchookv1.OperationalType {
	var types []synchookv1.OperationalType
	for n := range synchookv1.OperationalType_name {
		if n != 0 {
			types = append(types, synchookv1.OperationalType(n))
		}
	}
	return types
}

// Endpoint returns the endpoint of the project's settings as the API shows it.
func (p *Project) Endpoint() *synchookv1.Endpoint {
	t := p.House.T
	t.Helper()
	list, err := p.Client().Endpoints.ListEndpoints(t.Context(), &synchookv1.ListEndpointsRequest{PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	return list.GetEndpoints()[0]
}

// Pause pauses the endpoint of the project's settings.
func (p *Project) Pause() {
	t := p.House.T
	t.Helper()
	if _, err := p.Client().Endpoints.PauseEndpoint(t.Context(), &synchookv1.PauseEndpointRequest{Id: p.Endpoint().GetId(), Reason: "a test"}); err != nil {
		t.Fatal(err)
	}
}

// Resume resumes the endpoint of the project's settings, and returns the ID of the recovery of what was given up.
func (p *Project) Resume() (recovery string) {
	t := p.House.T
	t.Helper()
	res, err := p.Client().Endpoints.ResumeEndpoint(t.Context(), &synchookv1.ResumeEndpointRequest{Id: p.Endpoint().GetId()})
	if err != nil {
		t.Fatal(err)
	}
	return res.GetRecoveryId()
}
