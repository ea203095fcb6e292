package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// whole reports whether the soak is of the long form: every fault comes before anything is measured, and
// pruning, which comes once a minute, is waited for.
func whole() bool { return *soak >= 5*time.Minute }

// warmUp is how many cycles the program lives before it is measured: pools fill, and caches grow.
func warmUp() int {
	if whole() {
		return len(soakFaults())
	}
	return 1
}

// soaking is a house that lives through cycle after cycle of mixed work and faults.
type soaking struct {
	t      *testing.T
	house  *rig.House
	redis  *redis.Client
	clock  *rig.Project // one that stays, whose syncs run by the clock and by hand; nil in the short form
	steady *rig.Process // a worker that is never killed: it is measured
	other  *rig.Process // one that is
}

// TestSoak has the program live for a while, through cycles that each make projects, work them while
// something breaks, audit one of them, and delete them. At the end the processes must be as they were
// when they had warmed up, and the store as it was before there was a project.
func TestSoak(t *testing.T) {
	t.Parallel()
	s := &soaking{t: t, house: rig.NewHouse(t, rig.HouseOptions{})}
	s.redis = s.house.Redis.Client()
	s.steady = s.house.StartWorker("SYNCHOOK_HEALTH_LISTEN=127.0.0.1:0")
	s.other = s.house.StartWorker()
	fresh := s.examine("at the beginning").Keys
	if whole() {
		s.clock = s.house.NewProject("clock", "clock-1", "clock-2")
		s.clock.Deploy(filepath.Join(rig.Root(), "e2e", "rig", "testdata", "clock"))
	}
	began := time.Now()
	var warm figures
	for n := 0; n <= warmUp() || time.Since(began) < *soak; n++ {
		s.cycle(n)
		now := measure(s.house, s.steady)
		progress("soak: %s, cycle %d: %s", time.Since(began).Round(time.Second), n+1, now)
		if n == warmUp()-1 {
			warm = now
		}
	}
	keys := s.end()
	end := measure(s.house, s.steady)
	progress("soak: warm:   %s", warm)
	progress("soak: at end: %s", end)
	progress("soak: keys at the beginning and at the end: %v, %v", fresh, keys)
	for _, problem := range append(end.above(warm), keysOf(keys).above(keysOf(fresh))...) {
		t.Error(problem)
	}
}

// soakFaults are what breaks, one in each cycle.
func soakFaults() []func(*soaking, *rig.Project) {
	return []func(*soaking, *rig.Project){
		killOther, failingReceiver, redisRestarts, slowedAPI, redisFreezes, killedAtWork, restartOther,
	}
}

// cycle makes two projects, works both while something breaks, audits one, and deletes both: the other
// one while it is still worked.
func (s *soaking) cycle(n int) {
	s.t.Helper()
	kept := s.house.NewProject(fmt.Sprintf("kept-%d", n), "user-1", "user-2", "user-3")
	gone := s.house.NewProject(fmt.Sprintf("gone-%d", n), "user-1", "user-2")
	kept.Set(patience())
	enough := make(chan struct{})
	load, lost := kept.Push(10, enough), gone.Push(10, rig.Now())
	s.trigger()
	rig.Until(s.t, time.Minute, "webhooks flow", func() bool { return len(kept.Receiver.Got()) > 3 && len(gone.Receiver.Got()) > 0 })
	gone.Disconnect("user-1")
	soakFaults()[n%len(soakFaults())](s, kept)
	lost.End()
	gone.Delete()
	close(enough)
	for _, problem := range kept.Audit(load.End(), 2*time.Minute).Problems {
		s.t.Errorf("cycle %d: %s", n+1, problem)
	}
	s.examine(fmt.Sprintf("cycle %d", n+1))
	kept.Delete()
	for _, p := range []*rig.Project{kept, gone} {
		p.Receiver.Down()
		p.GitHub.Down()
	}
}

// trigger has a person run the sync that runs by the clock.
func (s *soaking) trigger() {
	if s.clock == nil {
		return
	}
	_, err := s.clock.Client().Syncs.TriggerSync(s.t.Context(), &synchookv1.TriggerSyncRequest{ProviderConfigKey: "github", SyncName: "clock"})
	if err != nil {
		s.t.Error(err)
	}
}

// examine wants the doctor to find nothing.
func (s *soaking) examine(when string) rig.Examined {
	s.t.Helper()
	e := s.house.Examine()
	for _, ailment := range e.Ailments() {
		s.t.Errorf("%s: %s", when, ailment)
	}
	return e
}

// end waits until what has ended in the clock's project is pruned, deletes that, waits until what was
// deleted is removed, and returns how many keys there are of each kind.
func (s *soaking) end() map[string]int {
	s.t.Helper()
	if s.clock != nil {
		rig.Until(s.t, 3*time.Minute, "what is past its retention is removed", func() bool {
			s.age()
			return len(s.clock.Runs()) == 0 && len(s.clock.Deliveries()) == 0
		})
		s.clock.Delete()
	}
	rig.Until(s.t, 4*time.Minute, "what was deleted is removed", func() bool {
		left, err := s.redis.ZCard(s.t.Context(), "synchook:purges").Result()
		return err == nil && left == 0
	})
	return s.examine("at the end").Keys
}

// aged moves what has ended in a project, and what expires there, into the past.
var aged = redis.NewScript(`
local P, CONS, SPAN = KEYS[1], redis.call('ZRANGE', KEYS[1] .. ':connections', 0, -1), 31 * 24 * 3600
for _, kind in ipairs({ 'run', 'dlv' }) do
  local index = P .. (kind == 'run' and ':runs' or ':deliveries')
  for _, id in ipairs(redis.call('ZRANGE', index, 0, -1)) do
    local key = P .. ':' .. kind .. ':' .. id
    local f = redis.call('HMGET', key, 'new', 'end')
    if f[2] and tonumber(redis.call('TIME')[1]) * 1000 - f[2] < SPAN * 1000 then
      redis.call('HSET', key, 'new', f[1] - SPAN * 1000, 'end', f[2] - SPAN * 1000)
      redis.call('ZADD', index, 'XX', f[1] - SPAN * 1000, id)
    end
  end
end
for _, con in ipairs(CONS) do
  local C = string.sub(P, 1, -2) .. ':' .. con .. '}'
  for _, run in ipairs(redis.call('ZRANGE', C .. ':kept', 0, -1)) do
    if redis.call('HEXISTS', C .. ':run:' .. run, 'sealed') == 1 then
      redis.call('DEL', C .. ':run:' .. run, C .. ':log:' .. run)
    end
  end
end
return 'ok'`)

// age lets a month pass for what has ended in the clock's project.
func (s *soaking) age() {
	if err := aged.Run(s.t.Context(), s.redis, []string{"{" + s.clock.ID + "}"}).Err(); err != nil && !errors.Is(err, context.Canceled) {
		s.t.Fatal(err)
	}
}

func killOther(s *soaking, _ *rig.Project) {
	s.other.Kill()
	s.other = s.house.StartWorker()
}

func restartOther(s *soaking, _ *rig.Project) {
	former := s.other
	s.other = s.house.StartWorker()
	former.Terminate(time.Minute)
}

// killedAtWork lets a worker die with a run that is sealed and not handed in.
func killedAtWork(s *soaking, _ *rig.Project) {
	s.other.Kill()
	s.house.StartWorker("SYNCHOOK_FAILPOINT=run.sealed=kill:3").WantKill()
	s.other = s.house.StartWorker()
}

func failingReceiver(s *soaking, p *rig.Project) {
	p.Receiver.Misbehave(status(http.StatusInternalServerError))
	s.last()
	p.Receiver.Behave()
}

func slowedAPI(s *soaking, p *rig.Project) {
	p.GitHub.Misbehave(status(http.StatusTooManyRequests, "Retry-After", "1"))
	s.last()
	p.GitHub.Behave()
}

func redisRestarts(s *soaking, _ *rig.Project) {
	s.house.Redis.Kill()
	s.last()
	s.house.Redis.Restart()
}

func redisFreezes(s *soaking, _ *rig.Project) {
	s.house.Redis.Freeze()
	s.last()
	s.house.Redis.Thaw()
}

// last waits as long as a fault lasts.
func (s *soaking) last() {
	select {
	case <-time.After(3 * time.Second):
	case <-s.t.Context().Done():
	}
}
