package server

import (
	"context"

	"github.com/synchook/synchook/internal/synchook"
)

// lookupStore finds what people call by a name.
type lookupStore interface {
	IntegrationByKey(ctx context.Context, p synchook.ProjectID, key string) (synchook.Integration, error)
	ConnectionByName(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, name string) (synchook.Connection, error)
	SyncByName(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, name string) (synchook.Sync, error)
}

// nameStore finds what is behind an ID.
type nameStore interface {
	Integration(ctx context.Context, p synchook.ProjectID, id synchook.IntegrationID) (synchook.Integration, error)
	Connection(ctx context.Context, p synchook.ProjectID, id synchook.ConnectionID) (synchook.Connection, error)
	Sync(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, id synchook.SyncID) (synchook.Sync, error)
}

// placeRequest is every request whose list can be narrowed to an integration, a connection and a sync.
type placeRequest interface {
	GetProviderConfigKey() string
	GetConnectionId() string
	GetSyncName() string
}

// place narrows a list. What is empty does not.
type place struct {
	integration synchook.IntegrationID
	connection  synchook.ConnectionID
	sync        synchook.SyncID
}

// placeOf finds the place that a request names.
func placeOf(ctx context.Context, st lookupStore, p synchook.ProjectID, r placeRequest) (place, error) {
	var l place
	if r.GetProviderConfigKey() == "" {
		if r.GetConnectionId() != "" || r.GetSyncName() != "" {
			return l, synchook.Invalid("provider_config_key", "connections and syncs have names within an integration only",
				"Set provider_config_key beside connection_id or sync_name.")
		}
		return l, nil
	}
	in, err := st.IntegrationByKey(ctx, p, r.GetProviderConfigKey())
	if err != nil {
		return l, err
	}
	l.integration = in.ID
	if name := r.GetConnectionId(); name != "" {
		con, err := st.ConnectionByName(ctx, p, in.ID, name)
		if err != nil {
			return l, err
		}
		l.connection = con.ID
	}
	if name := r.GetSyncName(); name != "" {
		sy, err := st.SyncByName(ctx, p, in.ID, name)
		if err != nil {
			return l, err
		}
		l.sync = sy.ID
	}
	return l, nil
}

// names turns IDs into the names that people chose. It remembers them, for one request only. What is
// deleted shows its ID.
type names struct {
	store        nameStore
	project      synchook.ProjectID
	integrations map[synchook.IntegrationID]string
	connections  map[synchook.ConnectionID]string
	syncs        map[synchook.SyncID]string
}

func newNames(st nameStore, p synchook.ProjectID) *names {
	return &names{
		store: st, project: p, integrations: map[synchook.IntegrationID]string{},
		connections: map[synchook.ConnectionID]string{}, syncs: map[synchook.SyncID]string{},
	}
}

func (n *names) integration(ctx context.Context, id synchook.IntegrationID) (string, error) {
	return nameOf(n.integrations, id, func() (string, error) {
		in, err := n.store.Integration(ctx, n.project, id)
		return in.Key, err
	})
}

// of returns the names of the three things that a run or a delivery is about.
func (n *names) of(ctx context.Context, in synchook.IntegrationID, con synchook.ConnectionID, syn synchook.SyncID) (key, connection, sync string, err error) {
	if key, err = n.integration(ctx, in); err != nil {
		return "", "", "", err
	}
	connection, err = nameOf(n.connections, con, func() (string, error) {
		c, err := n.store.Connection(ctx, n.project, con)
		return c.Name, err
	})
	if err != nil {
		return "", "", "", err
	}
	sync, err = nameOf(n.syncs, syn, func() (string, error) {
		sy, err := n.store.Sync(ctx, n.project, in, syn)
		return sy.Name, err
	})
	return key, connection, sync, err
}

func nameOf[ID ~string](known map[ID]string, id ID, read func() (string, error)) (string, error) {
	if name, ok := known[id]; ok || id == "" {
		return name, nil
	}
	name, err := read()
	if synchook.IsKind(err, synchook.KindNotFound) {
		name, err = string(id), nil
	}
	if err == nil {
		known[id] = name
	}
	return name, err
}
