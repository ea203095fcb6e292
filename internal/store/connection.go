package store

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

type connectionFacts struct {
	synchook.Connection
	Credentials *struct{} `json:",omitempty"` // they are kept apart, encrypted
}

func conName(in synchook.IntegrationID, name string) string { return "c:" + string(in) + ":" + name }

// CreateConnection stores a new connection, with the schedules of its integration's syncs.
func (s *Store) CreateConnection(ctx context.Context, p synchook.ProjectID, c synchook.Connection) (synchook.Connection, error) {
	c.Created = s.now().UTC()
	c.Updated = c.Created
	c.ID = synchook.ConnectionID(synchook.NewID(synchook.ConnectionPrefix, c.Created))
	facts, secret, entries := s.sealConnection(p, c)
	id := string(c.ID)
	commands := [][]any{
		{"HSET", "con:" + id, "f", facts, "x", secret, "v", "1", "idx", toJSON(entries)},
		{"ZADD", "connections", "0", id},
		{"ZADD", "connections:" + string(c.Integration), "0", id},
	}
	for _, e := range entries {
		commands = append(commands, []any{"ZADD", "match:" + string(c.Integration), "0", e})
	}
	if c.WebhookURL != "" {
		endpoint := string(synchook.ConnectionEndpointID(c.ID))
		commands = append(commands, []any{"HSET", "endpoint:" + endpoint, "f", ownEndpoint(c)}, []any{"ZADD", "endpoints:con", "0", endpoint})
	}
	syncs, err := s.Syncs(ctx, p, c.Integration)
	if err != nil {
		return c, err
	}
	for _, sy := range syncs {
		if sy.AutoStart && sy.Frequency > 0 {
			commands = append(commands, []any{"ZADD", "schedules", millis(c.Created), scheduleMember(c.ID, sy.ID)})
		}
	}
	taken, err := s.create(ctx, p, [][2]string{{conName(c.Integration, c.Name), id}}, commands...)
	if err != nil {
		return c, failed("storing the connection", err)
	}
	if taken != "" {
		return c, exists("connection", c.Name, "connection.connection_id")
	}
	return c, nil
}

// Connection returns a connection by its ID.
func (s *Store) Connection(ctx context.Context, p synchook.ProjectID, id synchook.ConnectionID) (synchook.Connection, error) {
	c, _, err := s.connection(ctx, p, id)
	return c, err
}

// connection also returns the row's version, for changing it.
func (s *Store) connection(ctx context.Context, p synchook.ProjectID, id synchook.ConnectionID) (synchook.Connection, string, error) {
	return s.readConnection(ctx, s.rdb, p, id)()
}

func (s *Store) readConnection(ctx context.Context, r redis.Cmdable, p synchook.ProjectID, id synchook.ConnectionID) func() (synchook.Connection, string, error) {
	cmd := r.HMGet(ctx, key(p, "con", string(id)), "f", "x", "v", "xv", "ev", "lr", "refused")
	return func() (synchook.Connection, string, error) {
		f, err := cmd.Result()
		if err != nil {
			return synchook.Connection{}, "", failed("reading the connection", err)
		}
		w := words(f)
		if w[0] == "" {
			return synchook.Connection{}, "", synchook.NotFound("connection", string(id))
		}
		var row connectionFacts
		if err := fromJSON(w[0], &row); err != nil {
			return synchook.Connection{}, "", err
		}
		secret, err := s.keyring.open(w[1], string(p)+"/"+string(id))
		if err != nil {
			return synchook.Connection{}, "", err
		}
		row.CredentialsVersion = int(number(w[3]))
		row.Stand = connectionStand(w[4], w[5], w[6])
		err = fromJSON(secret, &row.Connection.Credentials)
		return row.Connection, w[2], err
	}
}

// connectionStand reads what has become of a connection lately: when an event came, its last run, and since when its
// credentials are refused.
func connectionStand(event, run, refused string) synchook.ConnectionStand {
	stand := synchook.ConnectionStand{LastEvent: fromMillis(event), RefusedSince: fromMillis(refused)}
	if f := strings.Fields(run); len(f) == 3 {
		stand.LastRun, stand.LastRunState, stand.LastRunEnded = synchook.RunID(f[0]), synchook.RunState(f[1]), fromMillis(f[2])
	}
	return stand
}

// IntegrationOf returns the integration of a connection, without touching its credentials.
func (s *Store) IntegrationOf(ctx context.Context, p synchook.ProjectID, id synchook.ConnectionID) (synchook.IntegrationID, error) {
	text, err := s.rdb.HGet(ctx, key(p, "con", string(id)), "f").Result()
	if isNil(err) {
		return "", synchook.NotFound("connection", string(id))
	}
	if err != nil {
		return "", failed("reading the connection", err)
	}
	var row connectionFacts
	err = fromJSON(text, &row)
	return row.Integration, err
}

// ConnectionByName returns the connection of that connection_id at an integration.
func (s *Store) ConnectionByName(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, name string) (synchook.Connection, error) {
	id, err := s.name(ctx, p, conName(in, name))
	if err != nil {
		return synchook.Connection{}, err
	}
	if id == "" {
		return synchook.Connection{}, synchook.NotFound("connection", name)
	}
	return s.Connection(ctx, p, synchook.ConnectionID(id))
}

// Connections returns a page of the connections of an integration, or of all, oldest first.
func (s *Store) Connections(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, page Page) ([]synchook.Connection, string, error) {
	ids, next, err := s.page(ctx, s.connectionsKey(p, in), page, oldestFirst)
	if err != nil {
		return nil, "", err
	}
	out := make([]synchook.Connection, 0, len(ids))
	for _, id := range ids {
		c, err := s.Connection(ctx, p, synchook.ConnectionID(id))
		if synchook.IsKind(err, synchook.KindNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, "", err
		}
		out = append(out, c)
	}
	return out, next, nil
}

func (s *Store) connectionsKey(p synchook.ProjectID, in synchook.IntegrationID) string {
	if in == "" {
		return key(p, "connections")
	}
	return key(p, "connections", string(in))
}

// ConnectionIDs returns up to n IDs of an integration's connections after the given one, oldest first.
func (s *Store) ConnectionIDs(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, after synchook.ConnectionID, n int) ([]synchook.ConnectionID, error) {
	ids, err := s.rdb.ZRangeByLex(ctx, s.connectionsKey(p, in), &redis.ZRangeBy{Min: lexAfter(string(after)), Max: "+", Count: int64(n)}).Result()
	return typed[synchook.ConnectionID](ids), failed("listing the connections", err)
}

func lexAfter(member string) string {
	if member == "" {
		return "-"
	}
	return "(" + member
}

func typed[T ~string](ids []string) []T {
	out := make([]T, len(ids))
	for i, id := range ids {
		out[i] = T(id)
	}
	return out
}

func untyped[T ~string](ids []T) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

// MatchConnections returns up to n connections that can be found by the value, after the given one.
func (s *Store) MatchConnections(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, to, value string, after synchook.ConnectionID, n int) ([]synchook.ConnectionID, error) {
	prefix := matchEntry(to, value, "")
	entries, err := s.rdb.ZRangeByLex(ctx, key(p, "match", string(in)), &redis.ZRangeBy{
		Min: "(" + prefix + string(after), Max: "(" + prefix + "\xff", Count: int64(n),
	}).Result()
	ids := make([]synchook.ConnectionID, len(entries))
	for i, e := range entries {
		ids[i] = synchook.ConnectionID(strings.TrimPrefix(e, prefix))
	}
	return ids, failed("matching connections", err)
}

func matchEntry(to, value string, con synchook.ConnectionID) string {
	return to + "\x00" + synchook.ContentID("", value) + "\x00" + string(con)
}

// UpdateConnection applies change to a connection; if somebody else changes it meanwhile, again.
func (s *Store) UpdateConnection(ctx context.Context, p synchook.ProjectID, id synchook.ConnectionID, change func(*synchook.Connection) error) (synchook.Connection, error) {
	for {
		c, version, err := s.connection(ctx, p, id)
		if err != nil {
			return c, err
		}
		former := c.Credentials
		if err := change(&c); err != nil {
			return c, err
		}
		if c.Credentials != former {
			c.CredentialsVersion++
		}
		c.Updated = s.now().UTC()
		facts, secret, entries := s.sealConnection(p, c)
		args := []any{
			string(id), string(c.Integration), version, facts, secret, string(synchook.ConnectionEndpointID(id)), ownEndpoint(c), c.CredentialsVersion,
		}
		for _, e := range entries {
			args = append(args, e)
		}
		word, err := s.inProject(ctx, p, connectionScript, args...).Text()
		switch {
		case err != nil:
			return c, failed("storing the connection", err)
		case word == "gone":
			return c, synchook.NotFound("connection", c.Name)
		case word == "ok":
			return c, nil
		}
	}
}

// DeleteConnection makes a connection disappear at once; its purge removes what it leaves behind. A
// connection that is gone already is no error.
func (s *Store) DeleteConnection(ctx context.Context, p synchook.ProjectID, c synchook.Connection) error {
	purge := Purge{Project: p, Connection: c.ID}
	if err := s.intend(ctx, purge); err != nil {
		return err
	}
	deleted, err := s.inProject(ctx, p, deleteConScript, string(c.ID), string(c.Integration), conName(c.Integration, c.Name),
		string(synchook.ConnectionEndpointID(c.ID))).Bool()
	if err != nil {
		return failed("deleting the connection", err)
	}
	if !deleted {
		return nil // the intent is dropped when its time comes
	}
	return s.begin(ctx, purge)
}

// ownEndpoint returns the row of the endpoint of a connection's own URL, which says whose it is; without a URL,
// there is none.
func ownEndpoint(c synchook.Connection) string {
	if c.WebhookURL == "" {
		return ""
	}
	return toJSON(synchook.Endpoint{Connection: c.ID, Created: c.Created, Updated: c.Created})
}

// sealConnection returns a connection's row: its facts, its encrypted credentials, and the entries by
// which it can be found.
func (s *Store) sealConnection(p synchook.ProjectID, c synchook.Connection) (facts, secret string, entries []string) {
	secret = s.keyring.seal(toJSON(c.Credentials), string(p)+"/"+string(c.ID))
	for _, pair := range c.MatchValues() {
		entries = append(entries, matchEntry(pair[0], pair[1], c.ID))
	}
	return toJSON(connectionFacts{Connection: c}), secret, entries
}
