package store

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// The checks in this file compare what is in different slots, or is small. Their looks are several round
// trips, so what they find is a suspicion: it counts if it is found again.

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }

// trouble is what is the matter with one member; nil is nothing.
type trouble struct {
	code, detail string
	mend         func() error // nil: only a person can
}

// each returns a check that looks at one member at a time.
func each(find func(ctx context.Context, d *doctor, q question) (*trouble, error)) check {
	return func(ctx context.Context, d *doctor, l look) (int, []symptom, error) {
		var found []symptom
		for _, m := range l.members {
			t, err := find(ctx, d, question{l.group, m})
			if err == nil && t != nil {
				found = append(found, l.symptom(m, t.code, t.detail))
				if l.mend && t.mend != nil {
					err = t.mend()
				}
			}
			if err != nil {
				return 0, found, failed("examining "+l.check, err)
			}
		}
		return len(l.members), found, nil
	}
}

// field reads a field of a hash; what is not there is "".
func (s *Store) field(ctx context.Context, hash, field string) (string, error) {
	text, err := s.rdb.HGet(ctx, hash, field).Result()
	return text, ignoreNil(err)
}

func (s *Store) exists(ctx context.Context, key string) (bool, error) {
	n, err := s.rdb.Exists(ctx, key).Result()
	return n > 0, err
}

// ignoreNil takes for no error that there is nothing.
func ignoreNil(err error) error {
	if isNil(err) {
		return nil
	}
	return err
}

// findListed looks at an entry of the list of projects.
func findListed(ctx context.Context, d *doctor, q question) (*trouble, error) {
	if there, err := d.knows(ctx, synchook.ProjectID(q.member)); err != nil || there {
		return nil, err
	}
	if err := d.store.rdb.ZScore(ctx, "synchook:projects", q.member).Err(); err != nil {
		return nil, ignoreNil(err)
	}
	return &trouble{"list_without_project", "", func() error {
		return d.store.rdb.ZRem(ctx, "synchook:projects", q.member).Err()
	}}, nil
}

// findProject looks whether a project is listed.
func findProject(ctx context.Context, d *doctor, q question) (*trouble, error) {
	row := d.store.rdb.HMGet(ctx, key(q.project, "project"), "public", "new", "draft")
	if row.Err() != nil {
		return nil, row.Err()
	}
	w := words(row.Val())
	if w[0] == "" || w[2] != "" {
		return nil, nil // gone meanwhile, or still being made
	}
	err := d.store.rdb.ZScore(ctx, "synchook:projects", string(q.project)).Err()
	if isNil(err) {
		return &trouble{"project_unlisted", "", func() error {
			return d.store.rdb.ZAdd(ctx, "synchook:projects", redis.Z{Score: number(w[1]), Member: string(q.project)}).Err()
		}}, nil
	}
	if err != nil {
		return nil, err
	}
	id, err := d.store.field(ctx, "synchook:public", w[0])
	if err != nil || id == string(q.project) {
		return nil, err
	}
	return &trouble{"public_unknown", w[0], func() error {
		return d.store.rdb.HSet(ctx, "synchook:public", w[0], string(q.project)).Err()
	}}, nil
}

// findPublic looks at an entry of the list of public IDs.
func findPublic(ctx context.Context, d *doctor, q question) (*trouble, error) {
	project, err := d.store.field(ctx, "synchook:public", q.member)
	if err != nil || project == "" {
		return nil, err
	}
	own, err := d.store.field(ctx, key(synchook.ProjectID(project), "project"), "public")
	if err != nil || own == q.member {
		return nil, err
	}
	if purged, err := d.store.exists(ctx, key(synchook.ProjectID(project), "purge")); err != nil || purged {
		return nil, err
	}
	return &trouble{"public_without_project", project, func() error {
		return d.store.rdb.HDel(ctx, "synchook:public", q.member).Err()
	}}, nil
}

// findHash looks at what opens a project: it must be a key that people can see and revoke.
func findHash(ctx context.Context, d *doctor, q question) (*trouble, error) {
	entry, err := d.store.field(ctx, "synchook:keys", q.member)
	if err != nil || entry == "" {
		return nil, err
	}
	project, rest, _ := strings.Cut(entry, "|")
	id, _, _ := strings.Cut(rest, "|")
	text, err := d.store.field(ctx, key(synchook.ProjectID(project), "keys"), id)
	if err != nil || hashOfKey(text) == q.member {
		return nil, err
	}
	return &trouble{"key_without_row", project, func() error {
		return d.store.rdb.HDel(ctx, "synchook:keys", q.member).Err()
	}}, nil
}

// findAPIKey looks at a key that people see: it must open the project.
func findAPIKey(ctx context.Context, d *doctor, q question) (*trouble, error) {
	text, err := d.store.field(ctx, key(q.project, "keys"), q.member)
	if err != nil || text == "" {
		return nil, err
	}
	entry, err := d.store.field(ctx, "synchook:keys", hashOfKey(text))
	if err != nil || strings.HasPrefix(entry, string(q.project)+"|"+q.member+"|") {
		return nil, err
	}
	// Giving it back its hash could bring a key to life that somebody was revoking.
	return &trouble{"key_opens_nothing", "", func() error {
		return d.store.rdb.HDel(ctx, key(q.project, "keys"), q.member).Err()
	}}, nil
}

// hashOfKey returns the hash in a stored key; one that cannot be read has none.
func hashOfKey(text string) string {
	var k storedKey
	_ = json.Unmarshal([]byte(text), &k)
	return k.Hash
}

// findUsed looks at when a key was used: the key must be there.
func findUsed(ctx context.Context, d *doctor, q question) (*trouble, error) {
	used, err := d.store.field(ctx, key(q.project, "keys", "used"), q.member)
	if err != nil || used == "" {
		return nil, err
	}
	row, err := d.store.field(ctx, key(q.project, "keys"), q.member)
	if err != nil || row != "" {
		return nil, err
	}
	return &trouble{"key_use_without_key", "", func() error {
		return d.store.rdb.HDel(ctx, key(q.project, "keys", "used"), q.member).Err()
	}}, nil
}

// findOwner looks whether there is a project, or connection, of which a key is.
func findOwner(ctx context.Context, d *doctor, q question) (*trouble, error) {
	p := placeOf(q.member)
	if p.connection != "" {
		return d.connectionLeft(ctx, p)
	}
	if there, err := d.knows(ctx, p.project); err != nil || there {
		return nil, err
	}
	if there, err := d.store.exists(ctx, p.name); err != nil || !there {
		return nil, err
	}
	return &trouble{"project_without_row", "", nil}, nil
}

// knows reports whether there is a project, be it one that is being removed.
func (d *doctor) knows(ctx context.Context, p synchook.ProjectID) (bool, error) {
	return d.anyOf(ctx, key(p, "project"), key(p, "purge"))
}

// anyOf reports whether one of the keys exists.
func (d *doctor) anyOf(ctx context.Context, keys ...string) (bool, error) {
	for _, k := range keys {
		if there, err := d.store.exists(ctx, k); err != nil || there {
			return there, err
		}
	}
	return false, nil
}

// findUnknown looks whether a key that nobody knows is still there.
func findUnknown(ctx context.Context, d *doctor, q question) (*trouble, error) {
	there, err := d.store.exists(ctx, q.member)
	if err != nil || !there {
		return nil, err
	}
	return &trouble{"key_unknown", "", nil}, nil
}

// findScript looks at a script that is kept for ever: a sync must name it.
func findScript(ctx context.Context, d *doctor, q question) (*trouble, error) {
	version, err := d.store.DeployVersion(ctx, q.project)
	if err != nil {
		return nil, err
	}
	script := key(q.project, "script", q.member)
	left, err := d.store.rdb.TTL(ctx, script).Result()
	if err != nil || left != -1 {
		return nil, err // it expires, or is gone
	}
	named, ok, err := d.scriptsNamed(ctx, q.project)
	if err != nil || !ok || named[synchook.ScriptID(q.member)] {
		return nil, err
	}
	return &trouble{"script_unnamed", "", func() error {
		return d.run(ctx, q.slot, retireScript, q.member, version, seconds(scriptKept)).Err()
	}}, nil
}

// scriptsNamed returns the scripts that syncs of a project name; ok is false if that cannot be known.
func (d *doctor) scriptsNamed(ctx context.Context, p synchook.ProjectID) (named map[synchook.ScriptID]bool, ok bool, err error) {
	integrations, err := d.store.rdb.HKeys(ctx, key(p, "integrations")).Result()
	if err != nil {
		return nil, false, err
	}
	named = map[synchook.ScriptID]bool{}
	for _, in := range integrations {
		syncs, damaged, err := d.syncs(ctx, p, in)
		if err != nil || damaged {
			return nil, false, err
		}
		for _, sy := range syncs {
			named[sy.Script] = true
		}
	}
	return named, true, nil
}

// syncs returns the syncs of an integration that can be read, and whether there are others.
func (d *doctor) syncs(ctx context.Context, p synchook.ProjectID, in string) (syncs []synchook.Sync, damaged bool, err error) {
	rows, err := d.store.rdb.HVals(ctx, key(p, "syncs", in)).Result()
	for _, text := range rows {
		var sy synchook.Sync
		if fromJSON(text, &sy) != nil {
			damaged = true
			continue
		}
		syncs = append(syncs, sy)
	}
	return syncs, damaged, err
}

// findPurge looks at what is left of a deleted project or connection: somebody must be about to remove it.
func findPurge(ctx context.Context, d *doctor, q question) (*trouble, error) {
	p := Purge{Project: q.project, Connection: synchook.ConnectionID(q.member)}
	there, err := d.store.exists(ctx, p.row())
	if err != nil || !there {
		return nil, err
	}
	err = d.store.rdb.ZScore(ctx, purgeKey, p.member()).Err()
	if !isNil(err) {
		return nil, err
	}
	return &trouble{"purge_forgotten", p.member(), func() error { return d.store.begin(ctx, p) }}, nil
}
