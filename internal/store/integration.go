package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// MaxIntegrations is how many integrations a project may have.
const MaxIntegrations = 1000

type storedIntegration struct {
	synchook.Integration
	Sealed string // the secrets, encrypted
}

// CreateIntegration stores a new integration and returns it with its ID.
func (s *Store) CreateIntegration(ctx context.Context, p synchook.ProjectID, in synchook.Integration) (synchook.Integration, error) {
	count, err := s.rdb.HLen(ctx, key(p, "integrations")).Result()
	if err != nil {
		return in, failed("counting the integrations", err)
	}
	if count >= MaxIntegrations {
		return in, &synchook.Fault{
			Kind: synchook.KindExhausted, Reason: "too_many_integrations",
			Message: "the project has 1,000 integrations, which is the most", Help: "Delete integrations that are no longer used.",
		}
	}
	in.Created = s.now().UTC()
	in.Updated = in.Created
	in.ID = synchook.IntegrationID(synchook.NewID(synchook.IntegrationPrefix, in.Created))
	taken, err := s.create(ctx, p, [][2]string{{"i:" + in.Key, string(in.ID)}},
		[]any{"HSET", "integrations", string(in.ID), s.sealIntegration(p, in)})
	if err != nil {
		return in, failed("storing the integration", err)
	}
	if taken != "" {
		return in, exists("integration", in.Key, "integration.provider_config_key")
	}
	return in, nil
}

// create takes names and runs commands, all or nothing; it returns the name that is taken, or "".
func (s *Store) create(ctx context.Context, p synchook.ProjectID, names [][2]string, commands ...[]any) (string, error) {
	args := []any{len(names)}
	for _, n := range names {
		args = append(args, n[0], n[1])
	}
	for _, c := range commands {
		args = append(args, len(c))
		args = append(args, c...)
	}
	taken, err := s.inProject(ctx, p, createScript, args...).Text()
	if isNil(err) {
		return "", synchook.NotFound("project", string(p))
	}
	return taken, err
}

func exists(thing, name, field string) *synchook.Fault {
	return &synchook.Fault{
		Kind: synchook.KindExists, Reason: thing + "_exists", Field: field, Subject: name,
		Message: "the " + thing + " \"" + name + "\" exists already",
		Help:    "Choose another name, or update the one that is there.",
	}
}

// name looks up the ID of what people call by a name; it is "" when there is none.
func (s *Store) name(ctx context.Context, p synchook.ProjectID, name string) (string, error) {
	id, err := s.rdb.HGet(ctx, key(p, "names"), name).Result()
	if isNil(err) {
		return "", nil
	}
	return id, failed("looking up a name", err)
}

// Integration returns an integration by its ID.
func (s *Store) Integration(ctx context.Context, p synchook.ProjectID, id synchook.IntegrationID) (synchook.Integration, error) {
	return s.readIntegration(ctx, s.rdb, p, id)()
}

func (s *Store) readIntegration(ctx context.Context, r redis.Cmdable, p synchook.ProjectID, id synchook.IntegrationID) func() (synchook.Integration, error) {
	cmd := r.HGet(ctx, key(p, "integrations"), string(id))
	return func() (synchook.Integration, error) {
		text, err := cmd.Result()
		if isNil(err) {
			return synchook.Integration{}, synchook.NotFound("integration", string(id))
		}
		if err != nil {
			return synchook.Integration{}, failed("reading the integration", err)
		}
		return s.openIntegration(p, text)
	}
}

// LastEvents says when an event last came from each integration. Those from which none has come are not there.
func (s *Store) LastEvents(ctx context.Context, p synchook.ProjectID) (map[synchook.IntegrationID]time.Time, error) {
	last, err := s.rdb.HGetAll(ctx, key(p, "integrations", "last")).Result()
	if err != nil {
		return nil, failed("reading when events came", err)
	}
	times := make(map[synchook.IntegrationID]time.Time, len(last))
	for id, at := range last {
		times[synchook.IntegrationID(id)] = fromMillis(at)
	}
	return times, nil
}

// IntegrationByKey returns the integration of that provider_config_key.
func (s *Store) IntegrationByKey(ctx context.Context, p synchook.ProjectID, name string) (synchook.Integration, error) {
	id, err := s.name(ctx, p, "i:"+name)
	if err != nil {
		return synchook.Integration{}, err
	}
	if id == "" {
		return synchook.Integration{}, synchook.NotFound("integration", name)
	}
	return s.Integration(ctx, p, synchook.IntegrationID(id))
}

// Integrations returns all integrations of a project, by their keys.
func (s *Store) Integrations(ctx context.Context, p synchook.ProjectID) ([]synchook.Integration, error) {
	rows, err := s.rdb.HVals(ctx, key(p, "integrations")).Result()
	if err != nil {
		return nil, failed("listing the integrations", err)
	}
	out := make([]synchook.Integration, 0, len(rows))
	for _, text := range rows {
		in, err := s.openIntegration(p, text)
		if err != nil {
			return nil, err
		}
		out = append(out, in)
	}
	slices.SortFunc(out, func(a, b synchook.Integration) int { return strings.Compare(a.Key, b.Key) })
	return out, nil
}

// UpdateIntegration stores a changed integration.
func (s *Store) UpdateIntegration(ctx context.Context, p synchook.ProjectID, in synchook.Integration) (synchook.Integration, error) {
	in.Updated = s.now().UTC()
	err := s.rdb.HSet(ctx, key(p, "integrations"), string(in.ID), s.sealIntegration(p, in)).Err()
	return in, failed("storing the integration", err)
}

// DeleteIntegration removes an integration and its syncs. It is refused while there are connections.
func (s *Store) DeleteIntegration(ctx context.Context, p synchook.ProjectID, in synchook.Integration) error {
	n, err := s.rdb.ZCard(ctx, key(p, "connections", string(in.ID))).Result()
	if err != nil {
		return failed("counting the connections", err)
	}
	if n > 0 {
		return &synchook.Fault{
			Kind: synchook.KindState, Reason: "integration_has_connections", Subject: in.Key,
			Message: "the integration \"" + in.Key + "\" still has connections", Help: "Delete its connections first.",
		}
	}
	syncs, err := s.Syncs(ctx, p, in.ID)
	if err != nil {
		return err
	}
	retired, err := s.retired(ctx, p, Deployment{Remove: syncs})
	if err != nil {
		return err
	}
	names := []string{"i:" + in.Key}
	// Also those that are reserved for syncs which a deployment never wrote.
	err = s.eachField(ctx, key(p, "names"), syncName(in.ID, "*"), func(name string) error {
		names = append(names, name)
		return nil
	})
	if err != nil {
		return err
	}
	pipe := s.rdb.TxPipeline()
	for _, id := range retired {
		pipe.Expire(ctx, key(p, "script", string(id)), scriptKept)
	}
	pipe.HDel(ctx, key(p, "integrations"), string(in.ID))
	pipe.HDel(ctx, key(p, "integrations", "last"), string(in.ID))
	pipe.HDel(ctx, key(p, "names"), names...)
	for _, what := range []string{"syncs", "removed", "models", "rejected", "match"} {
		pipe.Del(ctx, key(p, what, string(in.ID)))
	}
	_, err = pipe.Exec(ctx)
	return failed("deleting the integration", err)
}

func (s *Store) sealIntegration(p synchook.ProjectID, in synchook.Integration) string {
	row := storedIntegration{Integration: in, Sealed: s.keyring.seal(toJSON(in.Secrets), string(p)+"/"+string(in.ID))}
	row.Secrets = nil
	return toJSON(row)
}

func (s *Store) openIntegration(p synchook.ProjectID, text string) (synchook.Integration, error) {
	var row storedIntegration
	if err := fromJSON(text, &row); err != nil {
		return synchook.Integration{}, err
	}
	secrets, err := s.keyring.open(row.Sealed, string(p)+"/"+string(row.ID))
	if err != nil {
		return synchook.Integration{}, err
	}
	err = fromJSON(secrets, &row.Secrets)
	return row.Integration, err
}
