package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

func syncName(in synchook.IntegrationID, name string) string { return "s:" + string(in) + ":" + name }

func scheduleMember(con synchook.ConnectionID, syn synchook.SyncID) string {
	return string(con) + "." + string(syn)
}

// Syncs returns all syncs of an integration, by name.
func (s *Store) Syncs(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID) ([]synchook.Sync, error) {
	rows, err := s.rdb.HVals(ctx, key(p, "syncs", string(in))).Result()
	if err != nil {
		return nil, failed("listing the syncs", err)
	}
	out := make([]synchook.Sync, 0, len(rows))
	for _, text := range rows {
		var sy synchook.Sync
		if err := fromJSON(text, &sy); err != nil {
			return nil, err
		}
		out = append(out, sy)
	}
	slices.SortFunc(out, func(a, b synchook.Sync) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// Sync returns a sync by its ID.
func (s *Store) Sync(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, id synchook.SyncID) (synchook.Sync, error) {
	return readSync(ctx, s.rdb, p, in, id)()
}

func readSync(ctx context.Context, r redis.Cmdable, p synchook.ProjectID, in synchook.IntegrationID, id synchook.SyncID) func() (synchook.Sync, error) {
	cmd := r.HGet(ctx, key(p, "syncs", string(in)), string(id))
	return func() (sy synchook.Sync, err error) {
		text, err := cmd.Result()
		if isNil(err) {
			return sy, synchook.NotFound("sync", string(id))
		}
		if err != nil {
			return sy, failed("reading the sync", err)
		}
		err = fromJSON(text, &sy)
		return sy, err
	}
}

// SyncByName returns the sync of that name at an integration.
func (s *Store) SyncByName(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, name string) (synchook.Sync, error) {
	id, err := s.name(ctx, p, syncName(in, name))
	if err != nil {
		return synchook.Sync{}, err
	}
	if id == "" {
		return synchook.Sync{}, synchook.NotFound("sync", name)
	}
	return s.Sync(ctx, p, in, synchook.SyncID(id))
}

// ModelByName returns the ID of an integration's model. It outlives the syncs that return it, as the
// records do.
func (s *Store) ModelByName(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, name string) (synchook.ModelID, error) {
	id, err := s.rdb.HGet(ctx, key(p, "models", string(in)), name).Result()
	if isNil(err) {
		return "", synchook.NotFound("model", name)
	}
	return synchook.ModelID(id), failed("looking up a model", err)
}

// ReserveNames returns the IDs of syncs and models of an integration, making those that are missing.
// An ID without a sync or record is harmless, so this need not be undone.
func (s *Store) ReserveNames(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, syncs, models []string) (map[string]synchook.SyncID, map[string]synchook.ModelID, error) {
	now := s.now()
	pipe := s.rdb.TxPipeline()
	read := func(hash, name, prefix string) *redis.StringCmd {
		pipe.HSetNX(ctx, hash, name, synchook.NewID(prefix, now))
		return pipe.HGet(ctx, hash, name)
	}
	syncCmds, modelCmds := map[string]*redis.StringCmd{}, map[string]*redis.StringCmd{}
	for _, n := range syncs {
		syncCmds[n] = read(key(p, "names"), syncName(in, n), synchook.SyncPrefix)
	}
	for _, n := range models {
		modelCmds[n] = read(key(p, "models", string(in)), n, synchook.ModelPrefix)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, nil, failed("naming syncs and models", err)
	}
	syncIDs, modelIDs := map[string]synchook.SyncID{}, map[string]synchook.ModelID{}
	for n, c := range syncCmds {
		syncIDs[n] = synchook.SyncID(c.Val())
	}
	for n, c := range modelCmds {
		modelIDs[n] = synchook.ModelID(c.Val())
	}
	return syncIDs, modelIDs, nil
}

// Deployment is what a deployment writes.
type Deployment struct {
	Version int64 // the DeployVersion that it was planned on
	Put     []synchook.Sync
	Remove  []synchook.Sync
	Scripts []synchook.Script
}

// DeployVersion returns how often the project was deployed to, to plan a deployment on.
func (s *Store) DeployVersion(ctx context.Context, p synchook.ProjectID) (int64, error) {
	n, err := s.rdb.Get(ctx, key(p, "deployed")).Int64()
	if isNil(err) {
		return 0, nil
	}
	return n, failed("reading the deployment's number", err)
}

// scriptKept is how long a script is kept that no sync names any more: a run may be about to read it.
const scriptKept = time.Hour

// Deploy writes a deployment, all or nothing. It is refused when another one came after it was planned.
// Scripts that no sync names afterwards are forgotten.
func (s *Store) Deploy(ctx context.Context, p synchook.ProjectID, d Deployment) error {
	retired, err := s.retired(ctx, p, d)
	if err != nil {
		return err
	}
	deployed := key(p, "deployed")
	err = s.rdb.Watch(ctx, func(tx *redis.Tx) error {
		if n, err := tx.Get(ctx, deployed).Int64(); (err != nil && !isNil(err)) || n != d.Version {
			return errors.Join(err, redis.TxFailedErr)
		}
		_, err := tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.Incr(ctx, deployed)
			d.write(ctx, pipe, p, retired)
			return nil
		})
		return err
	}, deployed)
	if errors.Is(err, redis.TxFailedErr) {
		return &synchook.Fault{
			Kind: synchook.KindConflict, Reason: "deployed_meanwhile", Message: "somebody else deployed to the project at the same moment",
			Help: "Deploy again: what changes is worked out anew.", Err: err,
		}
	}
	return failed("storing the deployment", err)
}

func (d Deployment) write(ctx context.Context, pipe redis.Pipeliner, p synchook.ProjectID, retired []synchook.ScriptID) {
	for _, id := range retired {
		pipe.Expire(ctx, key(p, "script", string(id)), scriptKept)
	}
	for _, sc := range d.Scripts {
		script := key(p, "script", string(sc.ID))
		pipe.HSet(ctx, script, "code", pack([]byte(sc.Code)), "map", pack([]byte(sc.SourceMap)))
		pipe.Persist(ctx, script)
	}
	for _, sy := range d.Put {
		pipe.HSet(ctx, key(p, "syncs", string(sy.Integration)), string(sy.ID), toJSON(sy))
	}
	for _, sy := range d.Remove {
		pipe.HDel(ctx, key(p, "syncs", string(sy.Integration)), string(sy.ID))
		pipe.SAdd(ctx, key(p, "removed", string(sy.Integration)), string(sy.ID))
		pipe.HDel(ctx, key(p, "names"), syncName(sy.Integration, sy.Name))
	}
}

// retired returns the scripts that syncs name now and none names after the deployment.
func (s *Store) retired(ctx context.Context, p synchook.ProjectID, d Deployment) ([]synchook.ScriptID, error) {
	changed := map[synchook.SyncID]bool{}
	for _, sy := range slices.Concat(d.Put, d.Remove) {
		changed[sy.ID] = true
	}
	named := map[synchook.ScriptID]bool{}
	for _, sy := range d.Put {
		named[sy.Script] = true
	}
	integrations, err := s.rdb.HKeys(ctx, key(p, "integrations")).Result()
	if err != nil {
		return nil, failed("listing the integrations", err)
	}
	var former []synchook.ScriptID
	for _, in := range integrations {
		syncs, err := s.Syncs(ctx, p, synchook.IntegrationID(in))
		if err != nil {
			return nil, err
		}
		for _, sy := range syncs {
			if changed[sy.ID] {
				former = append(former, sy.Script)
			} else {
				named[sy.Script] = true
			}
		}
	}
	return slices.DeleteFunc(former, func(id synchook.ScriptID) bool { return named[id] }), nil
}

// Script returns a script by its ID.
func (s *Store) Script(ctx context.Context, p synchook.ProjectID, id synchook.ScriptID) (synchook.Script, error) {
	f, err := s.rdb.HGetAll(ctx, key(p, "script", string(id))).Result()
	if err != nil {
		return synchook.Script{}, failed("reading the script", err)
	}
	if len(f) == 0 {
		return synchook.Script{}, synchook.NotFound("script", string(id))
	}
	code, err := unpack(f["code"])
	if err != nil {
		return synchook.Script{}, err
	}
	sourceMap, err := unpack(f["map"])
	return synchook.Script{ID: id, Code: string(code), SourceMap: string(sourceMap)}, err
}
