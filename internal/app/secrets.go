package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// Sample is the project that dev makes, and all that is needed to use it. It is kept in the data folder,
// readable by its owner only.
type Sample struct {
	URL           string `json:"url,omitempty"`
	ProjectID     string `json:"project_id"`
	PublicID      string `json:"public_id"`
	APIKey        string `json:"api_key"`
	AdminKey      string `json:"admin_key"`
	SigningSecret string `json:"signing_secret"`
}

// devSecrets are what dev makes once and keeps in the data folder.
type devSecrets struct {
	EncryptionKey string `json:"encryption_key"`
	AdminKey      string `json:"admin_key"`
	Sample        Sample `json:"sample"`
}

func secretsPath(dir string) string { return filepath.Join(dir, "dev-secrets.json") }

// readDevSecrets reads dev's secrets, making those that are missing.
func readDevSecrets(dir string) (devSecrets, error) {
	var s devSecrets
	text, err := os.ReadFile(secretsPath(dir))
	switch {
	case errors.Is(err, os.ErrNotExist):
		s = devSecrets{EncryptionKey: store.NewKey(), AdminKey: "admin_" + rand.Text()}
		return s, writeDevSecrets(dir, s)
	case err != nil:
		return s, fmt.Errorf("reading dev's secrets: %w", err)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("reading dev's secrets in %s: %w", secretsPath(dir), err)
	}
	return s, nil
}

func writeDevSecrets(dir string, s devSecrets) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(secretsPath(dir), text, 0o600); err != nil {
		return fmt.Errorf("writing dev's secrets: %w", err)
	}
	return nil
}

// sampleOf returns dev's sample project, made anew when the store does not have it: its data may have
// ended with an earlier process.
func sampleOf(ctx context.Context, st *store.Store, dir string, s devSecrets) (Sample, error) {
	if s.Sample.ProjectID != "" {
		_, err := st.Project(ctx, synchook.ProjectID(s.Sample.ProjectID))
		if err == nil || !synchook.IsKind(err, synchook.KindNotFound) {
			return s.Sample, err
		}
	}
	secret, err := webhook.NewSecret(rand.Reader)
	if err != nil {
		return s.Sample, err
	}
	p, err := st.CreateProject(ctx, store.NewProject{Name: "sample", SigningSecret: secret.Text()})
	if err != nil {
		return s.Sample, err
	}
	_, key, err := st.CreateAPIKey(ctx, p.ID, "sample", synchook.AllScopes())
	if err != nil {
		return s.Sample, err
	}
	s.Sample = Sample{ProjectID: string(p.ID), PublicID: p.PublicID, APIKey: key, AdminKey: s.AdminKey, SigningSecret: secret.Text()}
	return s.Sample, writeDevSecrets(dir, s)
}
