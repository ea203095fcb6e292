package store

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

const (
	membersAtOnce = 100    // that one script looks at: it must hold nobody up
	keysAtOnce    = 500    // that one SCAN looks at
	mostWaiting   = 50_000 // members that wait until their group is large enough to be looked at
	tellEvery     = 2 * time.Second
)

// doctor examines a store once.
type doctor struct {
	Checkup
	store  *Store
	checks map[string]check
	visits map[string]visit

	keys     map[string]int64
	read, of int64 // keys read, and about how many there are
	members  int64
	waiting  map[group][]string
	waits    int // members in waiting
	met      map[slot]bool
	suspects []symptom
	told     time.Time
}

func newDoctor(s *Store, c Checkup) *doctor {
	return &doctor{
		Checkup: c, store: s, checks: checks(), visits: visits(), told: time.Now(),
		keys: map[string]int64{}, waiting: map[group][]string{}, met: map[slot]bool{},
	}
}

// visit notes what is to be looked at because of a key.
type visit func(ctx context.Context, d *doctor, p place) error

// visits is the table of what each kind of key makes us look at. A kind that is not in it holds nothing
// that could disagree with anything.
func visits() map[string]visit {
	return map[string]visit{
		"synchook:projects": setOf("listed", noSet), "synchook:public": hashOf("public", noSet), "synchook:keys": hashOf("hash", noSet),
		"P:project": project, "P:keys": hashOf("apikey", noSet), "P:keys:used": hashOf("used", noSet),
		"P:names": hashOf("names", noSet), "P:integrations": hashOf("integration", noSet), "P:con:": one("connection"),
		"P:endpoint:": one("endpoint"), "P:endpoints": setOf("endpoint", noSet), "P:endpoints:": setOf("endpoint", noSet),
		"P:connections": setOf("index", place.set), "P:connections:": both(setOf("index", place.set), part, scheduled),
		"P:match:": both(setOf("match", byID), part), "P:syncs:": both(hashOf("sync", byID), part),
		"P:removed:": part, "P:models:": part, "P:rejected:": part,
		"P:script:": one("script"), "P:status:": one("status"), "P:schedules": setOf("schedule", noSet),
		"P:seen:": expiring(synchook.DedupeWindow), "P:event:": both(one("event"), one("remembered")), "P:events": setOf("index", place.set), "P:events:": setOf("index", place.set),
		"P:run:": one("run"), "P:runs": setOf("index", place.set), "P:runs:": setOf("index", place.set),
		"P:dlv:": one("delivery"), "P:deliveries": setOf("index", place.set), "P:deliveries:": setOf("index", place.set),
		"P:deliveries:exhausted:": setOf("index", place.set), "P:deferred:": setOf("index", place.set), "P:co:": setOf("joining", byID), "P:sent:": expiring(longestInterval), "P:owed": setOf("owed", noSet), "P:stat:": expiring(statsKept), "P:work:": expiring(statsKept), "P:replays": expiring(replaysKept),
		"P:recovery:": one("recovery"), "P:recoveries": setOf("index", place.set),
		"P:purge": one("purge"), "P:purge:": one("purge"), "P:lane:": one("lane"), "P:rows:": both(one("lane"), one("owed"), setOf("waiting", byID)), "P:due": setOf("lane", noSet),
		"C:run:": kept, "C:log:": kept, "C:r:": one("model"), "C:m:": both(one("model"), setOf("record", byID)),
		"C:d:": both(one("deletions"), setOf("record", byID)), "P:tombs": setOf("tomb", noSet),
		kindUnknown: unknown,
	}
}

func noSet(place) string  { return "" }
func byID(p place) string { return p.id }

// one has the thing looked at that the key is of.
func one(check string) visit {
	return func(ctx context.Context, d *doctor, p place) error {
		return d.note(ctx, group{p.slot, check, ""}, p.id)
	}
}

// setOf has the members of a sorted set looked at.
func setOf(check string, set func(place) string) visit {
	return func(ctx context.Context, d *doctor, p place) error {
		return d.store.eachMember(ctx, p.name, func(member string) error {
			return d.note(ctx, group{p.slot, check, set(p)}, member)
		})
	}
}

// hashOf has the fields of a hash looked at.
func hashOf(check string, set func(place) string) visit {
	return func(ctx context.Context, d *doctor, p place) error {
		return d.store.eachField(ctx, p.name, "", func(field string) error {
			return d.note(ctx, group{p.slot, check, set(p)}, field)
		})
	}
}

func both(visits ...visit) visit {
	return func(ctx context.Context, d *doctor, p place) error {
		for _, v := range visits {
			if err := v(ctx, d, p); err != nil {
				return err
			}
		}
		return nil
	}
}

func project(ctx context.Context, d *doctor, p place) error {
	if err := d.note(ctx, group{p.slot, "project", ""}, string(p.project)); err != nil {
		return err
	}
	return d.note(ctx, group{p.slot, "clock", ""}, "clock", "seq")
}

func part(ctx context.Context, d *doctor, p place) error {
	return d.note(ctx, group{p.slot, "part", ""}, p.set())
}

// expiring has a key looked at that must expire, after that time at most.
func expiring(after time.Duration) visit {
	return func(ctx context.Context, d *doctor, p place) error {
		return d.note(ctx, group{p.slot, "expiry", seconds(after)}, p.set())
	}
}

func kept(ctx context.Context, d *doctor, p place) error {
	return d.note(ctx, group{p.slot, "kept", seconds(runRemembered)}, p.set())
}

func unknown(ctx context.Context, d *doctor, p place) error {
	return d.note(ctx, group{p.slot, "unknown", ""}, p.name)
}

// scheduled has each connection of an integration looked at for each of its syncs that run by themselves.
func scheduled(ctx context.Context, d *doctor, p place) error {
	syncs, _, err := d.syncs(ctx, p.project, p.id)
	if err != nil {
		return err
	}
	for _, sy := range syncs {
		if !sy.AutoStart || sy.Frequency <= 0 {
			continue
		}
		err := d.store.eachMember(ctx, p.name, func(con string) error {
			return d.note(ctx, group{p.slot, "scheduled", p.id}, scheduleMember(synchook.ConnectionID(con), sy.ID))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// walk reads the names of all keys, and looks at everything once.
func (d *doctor) walk(ctx context.Context) error {
	err := d.store.eachNode(ctx, func(ctx context.Context, node redis.Cmdable) error {
		n, err := node.DBSize(ctx).Result()
		d.of += n
		return err
	})
	if err == nil {
		err = d.store.eachNode(ctx, d.scan)
	}
	if err != nil {
		return failed("reading all keys", err)
	}
	return d.flush(ctx)
}

func (d *doctor) scan(ctx context.Context, node redis.Cmdable) error {
	for cursor := uint64(0); ; {
		names, next, err := node.Scan(ctx, cursor, "", keysAtOnce).Result()
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := d.meet(ctx, placeOf(name)); err != nil {
				return err
			}
		}
		d.tell()
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// meet counts a key and notes what is to be looked at because of it.
func (d *doctor) meet(ctx context.Context, p place) error {
	d.read++
	d.keys[p.kind]++
	if p.project != "" && p.kind != kindUnknown && !d.met[p.slot] {
		d.met[p.slot] = true
		if err := d.note(ctx, group{slot{project: p.project}, "owner", ""}, p.name); err != nil {
			return err
		}
	}
	if v, ok := d.visits[p.kind]; ok {
		return v(ctx, d, p)
	}
	return nil
}

// note has members looked at, when there are enough of their group to make that worth a script.
func (d *doctor) note(ctx context.Context, g group, members ...string) error {
	d.waiting[g] = append(d.waiting[g], members...)
	d.waits += len(members)
	if d.waits >= mostWaiting {
		return d.flush(ctx)
	}
	if len(d.waiting[g]) < membersAtOnce {
		return nil
	}
	return d.examine(ctx, g)
}

func (d *doctor) flush(ctx context.Context) error {
	for g := range d.waiting {
		if err := d.examine(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

func (d *doctor) examine(ctx context.Context, g group) error {
	members := d.waiting[g]
	delete(d.waiting, g)
	d.waits -= len(members)
	d.members += int64(len(members))
	found, err := d.look(ctx, look{group: g, members: members})
	d.suspects = append(d.suspects, found...)
	d.tell()
	return err
}

func (d *doctor) tell() {
	if d.Progress == nil || time.Since(d.told) < tellEvery {
		return
	}
	d.told = time.Now()
	d.Progress(Progress{Keys: d.read, Of: max(d.of, d.read), Members: d.members, Suspects: len(d.suspects)})
}

// eachNode calls do for each Redis that holds a part of the keys, one after the other.
func (s *Store) eachNode(ctx context.Context, do func(context.Context, redis.Cmdable) error) error {
	cluster, ok := s.rdb.(*redis.ClusterClient)
	if !ok {
		return do(ctx, s.rdb)
	}
	var turn sync.Mutex
	return cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		turn.Lock()
		defer turn.Unlock()
		return do(ctx, node)
	})
}

// eachMember calls use for the members of a sorted set that are there all along, some perhaps twice.
func (s *Store) eachMember(ctx context.Context, key string, use func(string) error) error {
	return eachPair(use, func(cursor uint64) *redis.ScanCmd { return s.rdb.ZScan(ctx, key, cursor, "", keysAtOnce) })
}

// eachField calls use for the fields of a hash that are there all along, some perhaps twice; pattern leaves
// others out.
func (s *Store) eachField(ctx context.Context, key, pattern string, use func(string) error) error {
	return eachPair(use, func(cursor uint64) *redis.ScanCmd { return s.rdb.HScan(ctx, key, cursor, pattern, membersAtOnce) })
}

func eachPair(use func(string) error, scan func(uint64) *redis.ScanCmd) error {
	for cursor := uint64(0); ; {
		pairs, next, err := scan(cursor).Result()
		if err != nil {
			return failed("reading an index", err)
		}
		for i := 0; i < len(pairs); i += 2 {
			if err := use(pairs[i]); err != nil {
				return err
			}
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}
