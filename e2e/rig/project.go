package rig

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	synchookclient "github.com/synchook/synchook/clients/go"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// Project is a project with a GitHub, connections there, a sync and a receiver.
type Project struct {
	House       *House
	ID          string
	PublicID    string
	Key         string
	Connections []string
	GitHub      *GitHub
	Receiver    *Receiver

	// Pace is the time between two pushes to one connection.
	Pace time.Duration
}

// NewProject sets a project up as its owner does: by the API and by `synchook deploy`.
func (h *House) NewProject(name string, connections ...string) *Project {
	t, ctx := h.T, h.T.Context()
	t.Helper()
	created, err := h.Client(AdminKey).Projects.CreateProject(ctx, &synchookv1.CreateProjectRequest{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	p := &Project{
		House: h, ID: created.GetProject().GetId(), PublicID: created.GetProject().GetPublicId(), Key: created.GetApiKey(),
		Connections: connections, GitHub: NewGitHub(t, rand.Text(), rand.Text()), Receiver: NewReceiver(t, created.GetSigningSecret()),
		Pace: 30 * time.Millisecond,
	}
	_, err = p.Client().Integrations.CreateIntegration(ctx, &synchookv1.CreateIntegrationRequest{Integration: &synchookv1.Integration{
		ProviderConfigKey: "github", Provider: "github", WebhookSecrets: []string{p.GitHub.secret}, BaseUrl: p.GitHub.url,
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range connections {
		p.Connect(c, i+1)
	}
	p.Set(&synchookv1.ProjectSettings{WebhookUrl: p.Receiver.URL()}, "webhook_url")
	p.Deploy(filepath.Join(Root(), "e2e", "rig", "testdata", "tally"))
	return p
}

// Client returns a client with the project's key, for the server that runs now.
func (p *Project) Client() *synchookclient.Client { return p.House.Client(p.Key) }

// Connect makes a connection that stands for an installation at GitHub.
func (p *Project) Connect(connection string, installation int) {
	t := p.House.T
	t.Helper()
	config, err := structpb.NewStruct(map[string]any{"installation_id": installation})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Client().Connections.CreateConnection(t.Context(), &synchookv1.CreateConnectionRequest{Connection: &synchookv1.Connection{
		ProviderConfigKey: "github", ConnectionId: connection, ConnectionConfig: config,
		Credentials: &synchookv1.Credentials{Kind: &synchookv1.Credentials_BearerToken{BearerToken: p.GitHub.token}},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// Set changes the project's settings.
func (p *Project) Set(settings *synchookv1.ProjectSettings, mask ...string) {
	t := p.House.T
	t.Helper()
	_, err := p.Client().Projects.UpdateProjectSettings(t.Context(), &synchookv1.UpdateProjectSettingsRequest{
		Settings: settings, UpdateMask: &fieldmaskpb.FieldMask{Paths: mask},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Deploy deploys the syncs of a folder by the command, in the place of those that there were.
func (p *Project) Deploy(folder string) {
	t := p.House.T
	t.Helper()
	d := Start(t, "deploy", []string{"SYNCHOOK_API_KEY=" + p.Key}, p.House.binary(), "deploy", folder, "--yes", "--url", p.House.URL())
	d.WantEnd(time.Minute)
	if d.err != nil {
		t.Fatalf("deploying: %v\n%s", d.err, d.out.tail(20))
	}
}

// WebhookURL is where the project's GitHub sends its webhooks.
func (p *Project) WebhookURL() string {
	return fmt.Sprintf("%s/webhook/%s/github", p.House.URL(), p.PublicID)
}

// Disconnect deletes a connection.
func (p *Project) Disconnect(connection string) {
	t := p.House.T
	t.Helper()
	_, err := p.Client().Connections.DeleteConnection(t.Context(), &synchookv1.DeleteConnectionRequest{
		ProviderConfigKey: "github", ConnectionId: connection,
	})
	if err != nil {
		t.Errorf("deleting connection %s: %v", connection, err)
	}
}

// Delete deletes the project. What it left is removed by and by.
func (p *Project) Delete() {
	t := p.House.T
	t.Helper()
	_, err := p.House.Client(AdminKey).Projects.DeleteProject(t.Context(), &synchookv1.DeleteProjectRequest{Id: p.ID})
	if err != nil {
		t.Errorf("deleting project %s: %v", p.ID, err)
	}
}
