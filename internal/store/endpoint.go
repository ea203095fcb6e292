package store

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// MaxEndpoints is how many endpoints a project may have beside its first one and those of connections.
const MaxEndpoints = 1000

// furtherEndpoints are the further endpoints of a project as they were at a version: reading them all for each
// run would cost too much.
type furtherEndpoints struct {
	version string
	list    []synchook.Endpoint
}

// CreateEndpoint stores a further endpoint and the secret that signs what it gets.
func (s *Store) CreateEndpoint(ctx context.Context, c synchook.Caller, e synchook.Endpoint, secret string) (synchook.Endpoint, error) {
	e.Created = s.now().UTC()
	e.Updated = e.Created
	e.ID = synchook.EndpointID(synchook.NewID(synchook.EndpointPrefix, e.Created))
	secrets := s.sealEndpointSecrets(c.Project, e.ID, []synchook.SigningSecret{{Text: secret}})
	return s.writeEndpoint(ctx, c, e, "", secrets)
}

// UpdateEndpoint applies change to a further endpoint. If somebody else changes it meanwhile, it applies it
// again; an etag that the caller saw makes that an error instead.
func (s *Store) UpdateEndpoint(ctx context.Context, c synchook.Caller, id synchook.EndpointID, etag string, change func(*synchook.Endpoint) error) (synchook.Endpoint, error) {
	for range 10 {
		e, err := s.furtherEndpoint(ctx, c.Project, id)
		if err != nil {
			return e, err
		}
		seen := e.Etag
		if etag != "" && etag != seen {
			break
		}
		e.Headers = maps.Clone(e.Headers)
		if err := change(&e); err != nil {
			return e, err
		}
		e.Updated = s.now().UTC()
		if e, err = s.writeEndpoint(ctx, c, e, seen, ""); !synchook.IsKind(err, synchook.KindConflict) {
			return e, err
		}
	}
	return synchook.Endpoint{}, endpointChanged(etag)
}

func endpointChanged(etag string) error {
	return &synchook.Fault{
		Kind: synchook.KindConflict, Reason: "etag_mismatch", Field: "endpoint.etag", Subject: etag,
		Message: "the endpoint has changed since it was read",
		Help:    "Read the endpoint again, apply the change to what it is now, and send that with its etag.",
	}
}

// writeEndpoint writes a row that has the etag seen; none has "".
func (s *Store) writeEndpoint(ctx context.Context, c synchook.Caller, e synchook.Endpoint, seen, secrets string) (synchook.Endpoint, error) {
	e.Etag = randomText(12)
	facts := e
	facts.Headers = withoutValues(e.Headers)
	headers := ""
	if len(e.Headers) > 0 {
		headers = s.keyring.seal(toJSON(e.Headers), endpointPlace(c.Project, e.ID, "headers"))
	}
	audit := toJSON(map[string]any{"time": e.Updated, "key": c.Key, "admin": c.Admin, "endpoint": facts})
	word, err := s.inProject(ctx, c.Project, endpointScript,
		string(e.ID), seen, e.Etag, toJSON(facts), headers, secrets, MaxEndpoints, audit).Text()
	switch {
	case err != nil:
		return e, failed("storing the endpoint", err)
	case word == "changed":
		return e, endpointChanged(seen)
	case word == "full":
		return e, &synchook.Fault{
			Kind: synchook.KindExhausted, Reason: "too_many_endpoints",
			Message: fmt.Sprintf("the project has %d further endpoints, which is the most", MaxEndpoints),
			Help:    "Delete those that are no longer used, or give connections a webhook_url of their own.",
		}
	case word == "gone":
		return e, synchook.NotFound("project", string(c.Project))
	}
	return e, nil
}

func withoutValues(headers map[string]string) map[string]string {
	names := make(map[string]string, len(headers))
	for name := range headers {
		names[name] = ""
	}
	return names
}

// DeleteEndpoint deletes a further endpoint. What it is owed is cancelled by whoever works its lane, which the
// hints wake.
func (s *Store) DeleteEndpoint(ctx context.Context, c synchook.Caller, id synchook.EndpointID) ([]synchook.Hint, error) {
	if _, err := s.furtherEndpoint(ctx, c.Project, id); err != nil {
		return nil, err
	}
	audit := toJSON(map[string]any{"time": s.now().UTC(), "key": c.Key, "admin": c.Admin, "endpoint_deleted": id})
	answer, err := s.inProject(ctx, c.Project, deleteEndpointScript, string(id), audit).Slice()
	return hints(c.Project, answer), failed("deleting the endpoint", err)
}

// furtherEndpoint returns an endpoint that has a row with all its values.
func (s *Store) furtherEndpoint(ctx context.Context, p synchook.ProjectID, id synchook.EndpointID) (synchook.Endpoint, error) {
	e, err := s.readEndpoint(ctx, s.rdb, p, id)()
	if err == nil && e.Connection != "" {
		return e, synchook.NotFound("further endpoint", string(id))
	}
	return e, err
}

func (s *Store) readEndpoint(ctx context.Context, r redis.Cmdable, p synchook.ProjectID, id synchook.EndpointID) func() (synchook.Endpoint, error) {
	cmd := r.HMGet(ctx, key(p, "endpoint", string(id)), "f", "head", "etag")
	return func() (e synchook.Endpoint, err error) {
		e.ID = id
		f, err := cmd.Result()
		if err != nil {
			return e, failed("reading the endpoint", err)
		}
		w := words(f)
		if w[0] == "" {
			return e, synchook.NotFound("endpoint", string(id))
		}
		if err := fromJSON(w[0], &e); err != nil {
			return e, err
		}
		e.ID, e.Etag = id, w[2]
		if w[1] == "" {
			return e, nil
		}
		headers, err := s.keyring.open(w[1], endpointPlace(p, id, "headers"))
		if err != nil {
			return e, err
		}
		err = fromJSON(headers, &e.Headers)
		return e, err
	}
}

// inherit gives a further endpoint the project's retry schedule unless it has one.
func inherit(e synchook.Endpoint, set synchook.Settings) synchook.Endpoint {
	if len(e.RetrySchedule) == 0 {
		e.RetrySchedule = set.RetrySchedule
	}
	return e
}

// Endpoints returns the endpoints of a project that are told about all of it: the first one, which may have no
// URL, and the further ones, oldest first.
func (s *Store) Endpoints(ctx context.Context, p synchook.ProjectID) ([]synchook.Endpoint, error) {
	pipe := s.rdb.Pipeline()
	project, settings := readProject(ctx, pipe, p), s.readSettings(ctx, pipe, p)
	version := pipe.HGet(ctx, key(p, "project"), "ever")
	_, _ = pipe.Exec(ctx) // each reader sees its own error
	pr, err := project()
	if err != nil {
		return nil, err
	}
	set, err := settings()
	if err != nil {
		return nil, err
	}
	further, err := s.furtherAt(ctx, p, version)
	if err != nil {
		return nil, err
	}
	all := []synchook.Endpoint{synchook.FirstEndpoint(pr, set)}
	for _, e := range further {
		all = append(all, inherit(e, set))
	}
	return all, nil
}

// furtherAt returns the further endpoints as they were at that version, or later. Its callers do not change
// what it returns.
func (s *Store) furtherAt(ctx context.Context, p synchook.ProjectID, version *redis.StringCmd) ([]synchook.Endpoint, error) {
	v, err := version.Result()
	if isNil(err) {
		return nil, nil // it never had any
	}
	if err != nil {
		return nil, failed("reading the version of the endpoints", err)
	}
	if known, ok := s.further.Load(p); ok && known.(furtherEndpoints).version == v {
		return known.(furtherEndpoints).list, nil // nothing else is stored in it
	}
	ids, err := s.rdb.ZRange(ctx, key(p, "endpoints"), 0, -1).Result()
	if err != nil {
		return nil, failed("listing the endpoints", err)
	}
	list, err := s.readEndpoints(ctx, p, ids)
	if err == nil {
		s.further.Store(p, furtherEndpoints{v, list})
	}
	return list, err
}

func (s *Store) readEndpoints(ctx context.Context, p synchook.ProjectID, ids []string) ([]synchook.Endpoint, error) {
	pipe := s.rdb.Pipeline()
	readers := make([]func() (synchook.Endpoint, error), len(ids))
	for i, id := range ids {
		readers[i] = s.readEndpoint(ctx, pipe, p, synchook.EndpointID(id))
	}
	_, _ = pipe.Exec(ctx) // each reader sees its own error
	list := make([]synchook.Endpoint, 0, len(ids))
	for _, read := range readers {
		e, err := read()
		switch {
		case synchook.IsKind(err, synchook.KindNotFound):
			continue // deleted meanwhile
		case err != nil:
			return nil, err
		}
		if e.Connection == "" {
			list = append(list, e)
		}
	}
	return list, nil
}

// EndpointSecrets returns the secrets that sign what an endpoint gets, newest first: its own, or the
// project's if it is none of the further ones.
func (s *Store) EndpointSecrets(ctx context.Context, p synchook.ProjectID, id synchook.EndpointID) ([]synchook.SigningSecret, error) {
	sealed, err := s.rdb.HGet(ctx, key(p, "endpoint", string(id)), "sec").Result()
	if isNil(err) {
		return s.SigningSecrets(ctx, p)
	}
	if err != nil {
		return nil, failed("reading the endpoint's signing secrets", err)
	}
	text, err := s.keyring.open(sealed, endpointPlace(p, id, "signing"))
	if err != nil {
		return nil, err
	}
	var secrets []synchook.SigningSecret
	err = fromJSON(text, &secrets)
	return secrets, err
}

// RotateEndpointSecret makes text the secret that signs what a further endpoint gets; the former one signs
// beside it until then.
func (s *Store) RotateEndpointSecret(ctx context.Context, c synchook.Caller, id synchook.EndpointID, text string, until time.Time) error {
	for {
		e, err := s.furtherEndpoint(ctx, c.Project, id)
		if err != nil {
			return err
		}
		old, err := s.EndpointSecrets(ctx, c.Project, id)
		if err != nil {
			return err
		}
		sealed := s.sealEndpointSecrets(c.Project, id, rotated(old, text, s.now(), until))
		if _, err := s.writeEndpoint(ctx, c, e, e.Etag, sealed); !synchook.IsKind(err, synchook.KindConflict) {
			return err
		}
	}
}

func (s *Store) sealEndpointSecrets(p synchook.ProjectID, id synchook.EndpointID, secrets []synchook.SigningSecret) string {
	return s.keyring.seal(toJSON(secrets), endpointPlace(p, id, "signing"))
}

func endpointPlace(p synchook.ProjectID, id synchook.EndpointID, what string) string {
	return string(p) + "/" + string(id) + "/" + what
}
