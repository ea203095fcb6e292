package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/synchook/synchook/internal/script"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// saveOne is the script of most probes: one record for each event.
const saveOne = `
export const onWebhookPayloadReceived = async (nango, payload) => {
  await nango.batchSave([{ id: payload.issue.id, title: payload.issue.title, state: payload.issue.state }], 'Issue');
};
export default async (nango) => {};
`

// account is a project with one sync "issues" at GitHub and many connections.
type account struct {
	project     synchook.Project
	integration synchook.Integration
	sync        synchook.Sync
	connections []synchook.ConnectionID
}

// account makes one whose n-th connection is that of GitHub's installation n.
func (h *house) account(ctx context.Context, url, code string, connections int) (a account, err error) {
	if a.project, err = h.project(ctx, url); err != nil {
		return a, err
	}
	a.integration, err = h.store.CreateIntegration(ctx, a.project.ID, synchook.Integration{
		Key: "github", Provider: "github", Secrets: []string{eventSecret},
	})
	if err != nil {
		return a, err
	}
	if err := h.deploy(ctx, &a, code); err != nil {
		return a, err
	}
	for i := range connections {
		c, err := h.store.CreateConnection(ctx, a.project.ID, synchook.Connection{
			Integration: a.integration.ID, Name: fmt.Sprintf("customer-%d", i), Metadata: []byte("{}"),
			Config: fmt.Appendf(nil, `{"installation_id":%d}`, i),
		})
		if err != nil {
			return a, err
		}
		a.connections = append(a.connections, c.ID)
	}
	return a, nil
}

// deploy gives the account its sync, as `synchook deploy` does.
func (h *house) deploy(ctx context.Context, a *account, code string) error {
	bundled, err := h.bundle(code)
	if err != nil {
		return err
	}
	syncs, models, err := h.store.ReserveNames(ctx, a.project.ID, a.integration.ID, []string{"issues"}, []string{"Issue"})
	if err != nil {
		return err
	}
	stored := synchook.NewScript(bundled.Code, bundled.SourceMap)
	a.sync = synchook.Sync{
		ID: syncs["issues"], Integration: a.integration.ID, Name: "issues", Script: stored.ID,
		Models: []synchook.Model{{ID: models["Issue"], Name: "Issue"}}, Subscriptions: []string{"issues"},
	}
	return h.store.Deploy(ctx, a.project.ID, store.Deployment{Put: []synchook.Sync{a.sync}, Scripts: []synchook.Script{stored}})
}

// bundle bundles a script's code.
func (b *bench) bundle(code string) (script.Bundled, error) {
	path := filepath.Join(b.dir, "issues.ts")
	if err := os.WriteFile(path, []byte(code), 0o600); err != nil {
		return script.Bundled{}, err
	}
	bundled, faults := script.Bundle(path)
	if len(faults) > 0 {
		return bundled, errors.New(faults[0].Message)
	}
	return bundled, nil
}
