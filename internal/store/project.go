package store

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// NewProject is what CreateProject needs to know.
type NewProject struct {
	Name          string
	SigningSecret string // "whsec_..."
}

// draftTime is how long the making of a project may take. What is left of one that took longer, because
// its server died, is purged.
const draftTime = 10 * time.Minute

// CreateProject makes a project. It is a draft, which nobody sees, until all of it is written.
func (s *Store) CreateProject(ctx context.Context, n NewProject) (synchook.Project, error) {
	now := s.now()
	p := synchook.Project{
		ID:       synchook.ProjectID(synchook.NewID(synchook.ProjectPrefix, now)),
		Name:     n.Name,
		PublicID: randomText(20),
		Endpoint: synchook.EndpointID(synchook.NewID(synchook.EndpointPrefix, now)),
		Created:  now,
	}
	if err := s.later(ctx, Purge{Project: p.ID}, draftTime, "NX"); err != nil {
		return p, err
	}
	secrets := s.sealSecrets(p.ID, []synchook.SigningSecret{{Text: n.SigningSecret}})
	err := s.rdb.HSet(ctx, key(p.ID, "project"), "name", p.Name, "public", p.PublicID, "end", string(p.Endpoint),
		"new", millis(now), "set", "{}", "etag", "", "sec", secrets, "draft", "1").Err()
	if err != nil {
		return p, failed("storing the project", err)
	}
	if err := s.rdb.HSet(ctx, "synchook:public", p.PublicID, string(p.ID)).Err(); err != nil {
		return p, failed("storing the project's public ID", err)
	}
	err = s.rdb.ZAdd(ctx, "synchook:projects", redis.Z{Score: float64(now.UnixMilli()), Member: string(p.ID)}).Err()
	if err != nil {
		return p, failed("listing the project", err)
	}
	made, err := s.inProject(ctx, p.ID, createProjectScript).Bool()
	if err == nil && !made {
		return p, synchook.NotFound("project", string(p.ID)) // it took so long that it was given up
	}
	return p, failed("storing the project", err)
}

// DeleteProject makes a project disappear at once; its purge removes all that it held. One that is being
// purged already is no error.
func (s *Store) DeleteProject(ctx context.Context, p synchook.ProjectID) error {
	purge := Purge{Project: p}
	if err := s.intend(ctx, purge); err != nil {
		return err
	}
	deleted, err := s.inProject(ctx, p, deleteProjectScript, "").Bool()
	if err != nil {
		return failed("deleting the project", err)
	}
	if !deleted {
		return synchook.NotFound("project", string(p)) // the intent is dropped when its time comes
	}
	if err := s.closeProject(ctx, p); err != nil {
		return err
	}
	return s.begin(ctx, purge)
}

// Project returns a project.
func (s *Store) Project(ctx context.Context, p synchook.ProjectID) (synchook.Project, error) {
	return readProject(ctx, s.rdb, p)()
}

func readProject(ctx context.Context, r redis.Cmdable, p synchook.ProjectID) func() (synchook.Project, error) {
	cmd := r.HMGet(ctx, key(p, "project"), "name", "public", "end", "new", "draft")
	return func() (synchook.Project, error) {
		f, err := cmd.Result()
		if err != nil {
			return synchook.Project{}, failed("reading the project", err)
		}
		w := words(f)
		if w[1] == "" || w[4] != "" {
			return synchook.Project{}, synchook.NotFound("project", string(p))
		}
		return synchook.Project{ID: p, Name: w[0], PublicID: w[1], Endpoint: synchook.EndpointID(w[2]), Created: fromMillis(w[3])}, nil
	}
}

// ProjectByPublicID returns the project whose webhook URLs have that part, which may have been deleted: it
// has no integrations then. The answer never changes, so it is asked for once.
func (s *Store) ProjectByPublicID(ctx context.Context, public string) (synchook.ProjectID, error) {
	if id, ok := s.public.Load(public); ok {
		return id.(synchook.ProjectID), nil // nothing else is stored in it
	}
	id, err := s.rdb.HGet(ctx, "synchook:public", public).Result()
	if isNil(err) {
		return "", synchook.NotFound("project", public)
	}
	if err != nil {
		return "", failed("looking up the project", err)
	}
	s.public.Store(public, synchook.ProjectID(id))
	return synchook.ProjectID(id), nil
}

// Projects returns a page of all projects, oldest first.
func (s *Store) Projects(ctx context.Context, page Page) ([]synchook.Project, string, error) {
	ids, next, err := s.page(ctx, "synchook:projects", page, oldestFirst)
	if err != nil {
		return nil, "", err
	}
	out := make([]synchook.Project, 0, len(ids))
	for _, id := range ids {
		p, err := s.Project(ctx, synchook.ProjectID(id))
		if synchook.IsKind(err, synchook.KindNotFound) {
			continue // being made, or deleted meanwhile
		}
		if err != nil {
			return nil, "", err
		}
		out = append(out, p)
	}
	return out, next, nil
}

// ProjectIDs returns the IDs of all projects.
func (s *Store) ProjectIDs(ctx context.Context) ([]synchook.ProjectID, error) {
	ids, err := s.rdb.ZRange(ctx, "synchook:projects", 0, -1).Result()
	out := make([]synchook.ProjectID, len(ids))
	for i, id := range ids {
		out[i] = synchook.ProjectID(id)
	}
	return out, failed("listing the projects", err)
}

// Settings returns a project's settings.
func (s *Store) Settings(ctx context.Context, p synchook.ProjectID) (synchook.Settings, error) {
	return s.readSettings(ctx, s.rdb, p)()
}

func (s *Store) readSettings(ctx context.Context, r redis.Cmdable, p synchook.ProjectID) func() (synchook.Settings, error) {
	cmd := r.HMGet(ctx, key(p, "project"), "set", "etag", "head")
	return func() (set synchook.Settings, err error) {
		f, err := cmd.Result()
		if err != nil {
			return set, failed("reading the settings", err)
		}
		w := words(f)
		if w[0] == "" {
			return set, synchook.NotFound("project", string(p))
		}
		if err := fromJSON(w[0], &set); err != nil {
			return set, err
		}
		set.Etag = w[1]
		if w[2] == "" {
			return set, nil
		}
		headers, err := s.keyring.open(w[2], string(p)+"/headers")
		if err != nil {
			return set, err
		}
		err = fromJSON(headers, &set.WebhookHeaders)
		return set, err
	}
}

// sealHeaders returns the settings without the values of their headers, which may be secrets, and these
// apart, encrypted.
func (s *Store) sealHeaders(p synchook.ProjectID, set synchook.Settings) (shown synchook.Settings, sealed string) {
	if len(set.WebhookHeaders) == 0 {
		return set, ""
	}
	shown = set.Clone()
	shown.WebhookHeaders = withoutValues(set.WebhookHeaders)
	return shown, s.keyring.seal(toJSON(set.WebhookHeaders), string(p)+"/headers")
}

// UpdateSettings applies change to a project's settings. If somebody else changes them meanwhile,
// it applies it again; an etag that the caller saw makes that an error instead.
func (s *Store) UpdateSettings(ctx context.Context, c synchook.Caller, etag string, change func(*synchook.Settings) error) (synchook.Settings, error) {
	for range 10 {
		old, err := s.Settings(ctx, c.Project)
		if err != nil {
			return old, err
		}
		if etag != "" && etag != old.Etag {
			break
		}
		set := old.Clone()
		if err := change(&set); err != nil {
			return old, err
		}
		set.Updated = s.now().UTC()
		set.Etag = randomText(12)
		shown, headers := s.sealHeaders(c.Project, set)
		audit := toJSON(map[string]any{"time": set.Updated, "key": c.Key, "admin": c.Admin, "settings": shown})
		word, err := s.inProject(ctx, c.Project, settingsScript, old.Etag, toJSON(shown), set.Etag, audit, headers).Text()
		if err != nil {
			return old, failed("storing the settings", err)
		}
		if word == "ok" {
			return set, nil
		}
	}
	return synchook.Settings{}, &synchook.Fault{
		Kind: synchook.KindConflict, Reason: "etag_mismatch", Field: "settings.etag", Subject: etag,
		Message: "the settings have changed since they were read",
		Help:    "Read the settings again, apply the change to what they are now, and send that with its etag.",
	}
}

// SigningSecrets returns the secrets that sign a project's webhooks, newest first.
func (s *Store) SigningSecrets(ctx context.Context, p synchook.ProjectID) ([]synchook.SigningSecret, error) {
	sealed, err := s.rdb.HGet(ctx, key(p, "project"), "sec").Result()
	if isNil(err) {
		return nil, synchook.NotFound("project", string(p))
	}
	if err != nil {
		return nil, failed("reading the signing secrets", err)
	}
	text, err := s.keyring.open(sealed, string(p)+"/signing")
	if err != nil {
		return nil, err
	}
	var secrets []synchook.SigningSecret
	err = fromJSON(text, &secrets)
	return secrets, err
}

// ErrOtherKeys says that the store's secrets were encrypted with other keys than it was given.
var ErrOtherKeys = errors.New("SYNCHOOK_ENCRYPTION_KEY is not the key with which the secrets in this Redis were encrypted, so nothing could be signed, verified or called: " +
	"start with the key of before, or give both, separated by commas, the new one first; docs/operating.md says more under \"Keys\"")

// triedProjects is how many projects are tried before the keys are taken to be others: one may be damaged.
const triedProjects = 10

// CheckKeys returns ErrOtherKeys when none of the first projects' secrets can be decrypted.
func (s *Store) CheckKeys(ctx context.Context) error {
	ids, err := s.rdb.ZRange(ctx, "synchook:projects", 0, triedProjects-1).Result()
	if err != nil {
		return failed("listing the projects", err)
	}
	others := false
	for _, id := range ids {
		_, err := s.SigningSecrets(ctx, synchook.ProjectID(id))
		switch {
		case err == nil:
			return nil
		case errors.Is(err, ErrNoKey):
			others = true
		case synchook.IsKind(err, synchook.KindUnavailable):
			return err
		}
	}
	if others {
		return ErrOtherKeys
	}
	return nil
}

// RotateSigningSecret makes text the secret that signs; the former one signs beside it until then.
func (s *Store) RotateSigningSecret(ctx context.Context, p synchook.ProjectID, text string, until time.Time) error {
	old, err := s.SigningSecrets(ctx, p)
	if err != nil {
		return err
	}
	secrets := rotated(old, text, s.now(), until)
	return failed("storing the signing secret", s.rdb.HSet(ctx, key(p, "project"), "sec", s.sealSecrets(p, secrets)).Err())
}

// rotated puts a new secret before the old ones, which end at a time, if they do not end before.
func rotated(old []synchook.SigningSecret, text string, now, until time.Time) []synchook.SigningSecret {
	secrets := []synchook.SigningSecret{{Text: text}}
	for _, o := range old {
		if o.Expires.IsZero() || o.Expires.After(until) {
			o.Expires = until
		}
		if o.Expires.After(now) && len(secrets) < 5 {
			secrets = append(secrets, o)
		}
	}
	return secrets
}

func (s *Store) sealSecrets(p synchook.ProjectID, secrets []synchook.SigningSecret) string {
	return s.keyring.seal(toJSON(secrets), string(p)+"/signing")
}

// randomText returns n unguessable characters of 5 bits each.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // crypto/rand.Read never fails
	return strings.ToLower(base32.StdEncoding.EncodeToString(b))[:n]
}
