package faults

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/e2e/rig"
)

// abroad is why a worker's loss of the store can double a webhook: its lease is over before it can hand
// the answer in.
const abroad = "an answer that could not be handed in before somebody else had the lane"

// redisFaults are the ways in which Redis, its disk, its memory and its clock fail.
func redisFaults() []fault {
	list := []fault{
		{name: "killed and started again", doubles: abroad, do: killRedis},
		{name: "down while a worker starts", doubles: abroad, alone: true, do: startWithoutRedis},
		{name: "frozen", doubles: abroad, do: freezeRedis},
		{name: "out of memory", doubles: abroad, do: fillMemory},
		{name: "nearly out of memory: intake waits, workers finish", alone: true, do: fillReserve},
		{name: "a read-only replica of nobody", doubles: abroad, do: makeReplica},
		{name: "its disk is full, with everysec", doubles: abroad, alone: true, redis: onDisk("everysec"), do: fillDisk},
		{name: "its disk is full, with always: it ends", doubles: abroad, alone: true, redis: onDisk("always"), do: fillDiskUntilItEnds},
		{name: "the embedded one's disk is full", doubles: abroad, alone: true, redis: embedded, settings: []string{"SYNCHOOK_ENCRYPTION_KEY=" + rig.EmbeddedKey}, do: fillEmbeddedDisk},
		{name: "replies are lost after their command was done", doubles: abroad, alone: true, redis: onALine, do: loseReplies},
		{name: "its clock is set back by ten minutes, and right again", doubles: abroad, alone: true, redis: onClock, do: setClock(-10 * time.Minute)},
		{name: "its clock is set forward by ten minutes, and right again", doubles: abroad, alone: true, redis: onClock, do: setClock(10 * time.Minute)},
	}
	for i := range list {
		list[i].group = "Redis"
	}
	return list
}

// hintFaults are the ways in which Asynq's tasks are lost, doubled and stuck.
func hintFaults() []fault {
	list := []fault{
		{name: "all of Asynq's keys are deleted, again and again", do: deleteTasks},
		{name: "some are active without a lease, some in no list", do: orphanTasks},
		{name: "each is sent ten times", alone: true, settings: []string{"SYNCHOOK_FAILPOINT=hint.send=times:10"}, do: (*scene).last},
		{name: "each is lost but those of the sweep", alone: true, long: true, settings: []string{"SYNCHOOK_FAILPOINT=hint.send=odd"}, do: (*scene).last},
	}
	for i := range list {
		list[i].group = "hints"
	}
	return list
}

// wantOutage waits until the server says that it cannot work, and why, and until intake answers 503.
func (s *scene) wantOutage(why ...string) {
	s.t.Helper()
	before, said := s.load.Refusals(), ""
	rig.Until(s.t, 20*time.Second, "/readyz says why it is not ready: "+strings.Join(why, " or "), func() bool {
		if text := s.house.Readiness(); text != "" {
			said = text
		}
		return strings.Contains(said, `"not ready"`) && containsOne(said, why)
	})
	rig.Until(s.t, 20*time.Second, "intake answers 503", func() bool { return s.load.Refusals() > before })
}

func containsOne(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// mostIdle is how much of a core a worker may use while it can do nothing.
const mostIdle = 0.2

// endure waits while Redis cannot be used, and wants that the workers do little.
func (s *scene) endure(d time.Duration) {
	s.t.Helper()
	before := make([]time.Duration, len(s.workers))
	for i, w := range s.workers {
		before[i] = w.CPUTime()
	}
	began := time.Now()
	s.wait(d)
	for i, w := range s.workers {
		if used := (w.CPUTime() - before[i]).Seconds() / time.Since(began).Seconds(); used > mostIdle {
			s.t.Errorf("a worker used %.0f%% of a core while Redis could not be used, want at most %.0f%%", 100*used, 100*mostIdle)
		}
	}
}

// outageTime is how long most outages last.
func outageTime() time.Duration { return byLength(4*time.Second, 20*time.Second) }

// wantReady waits until the server says that it can work again.
func (s *scene) wantReady() {
	s.t.Helper()
	rig.Until(s.t, 30*time.Second, "/readyz says that it is ready", func() bool { return s.house.Ready() == http.StatusOK })
}

func killRedis(s *scene) {
	s.house.Redis.Kill()
	s.wantOutage("Redis is down")
	s.endure(outageTime())
	s.house.Redis.Restart()
	s.over()
	s.wantReady()
}

// startWithoutRedis starts a worker while there is no Redis.
func startWithoutRedis(s *scene) {
	s.house.Redis.Kill()
	w := rig.Start(s.t, "worker", s.house.Settings(), rig.Binary(), "worker")
	s.workers = append(s.workers, w)
	s.endure(outageTime())
	s.house.Redis.Restart()
	s.over()
	w.WantReady()
}

// freezeRedis stops Redis as it stands, longer than any lease lasts.
func freezeRedis(s *scene) {
	s.house.Redis.Freeze()
	s.wantOutage("does not answer in time")
	s.endure(byLength(20*time.Second, time.Minute))
	s.house.Redis.Thaw()
	s.over()
	s.wantReady()
}

// fillMemory leaves Redis no memory at all.
func fillMemory(s *scene) {
	s.setMemory(1)
	s.wantOutage("Redis is out of memory")
	s.endure(outageTime())
	s.setMemory(0)
	s.over()
	s.wantReady()
}

// fillReserve leaves Redis no memory but what is kept for the workers. What it is full of makes that so
// much that they can work with it.
func fillReserve(s *scene) {
	client := s.house.Redis.Client()
	if err := client.SetRange(s.t.Context(), "ballast", 100<<20, "x").Err(); err != nil {
		s.t.Fatal(err)
	}
	used, err := strconv.ParseInt(info(s.t, client, "used_memory"), 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	s.setMemory(used + used/15)
	before := s.load.Refusals()
	rig.Until(s.t, 20*time.Second, "intake answers 503", func() bool { return s.load.Refusals() > before })
	if text := s.house.Readiness(); !strings.Contains(text, `"ready"`) || !strings.Contains(text, "kept for finishing") {
		s.t.Errorf("/readyz says %s", text)
	}
	accepted := len(s.load.Accepted())
	rig.Until(s.t, time.Minute, "what was accepted is finished", func() bool { return len(s.project.Receiver.Got()) >= accepted })
	s.setMemory(0)
	s.over()
	if err := client.Del(s.t.Context(), "ballast").Err(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) setMemory(bytes int64) {
	s.t.Helper()
	if err := s.house.Redis.Client().ConfigSet(s.t.Context(), "maxmemory", fmt.Sprint(bytes)).Err(); err != nil {
		s.t.Fatal(err)
	}
}

// info returns what Redis says of itself.
func info(t *testing.T, c *redis.Client, name string) string {
	t.Helper()
	text, err := c.Info(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(text, "\r\n"+name+":")
	value, _, _ := strings.Cut(rest, "\r\n")
	return value
}

// makeReplica makes Redis a replica of a server that does not exist, and a primary again.
func makeReplica(s *scene) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(nobody.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	_ = nobody.Close()
	client := s.house.Redis.Client()
	if err := client.Do(s.t.Context(), "REPLICAOF", "127.0.0.1", port).Err(); err != nil {
		s.t.Fatal(err)
	}
	s.wantOutage("Redis is a read-only replica")
	s.endure(outageTime())
	if err := client.Do(s.t.Context(), "REPLICAOF", "NO", "ONE").Err(); err != nil {
		s.t.Fatal(err)
	}
	s.over()
	s.wantReady()
}

func onDisk(fsync string) func(testing.TB) rig.Backend {
	return func(t testing.TB) rig.Backend {
		t.Helper()
		return rig.NewDiskRedis(t, "--appendfsync", fsync)
	}
}

// stands returns what the scene stands on.
func stands[B rig.Backend](s *scene) B {
	s.t.Helper()
	b, ok := s.house.Backend().(B)
	if !ok {
		s.t.Fatalf("the scene stands on a %T", s.house.Backend())
	}
	return b
}

func fillDisk(s *scene) {
	r := stands[*rig.DiskRedis](s)
	r.Disk.Fill()
	s.wantOutage("Redis cannot write to its disk")
	s.endure(outageTime())
	r.Disk.Free()
	s.over()
	s.wantReady()
}

// fillDiskUntilItEnds fills the disk of a Redis that acknowledges nothing that is not on it.
func fillDiskUntilItEnds(s *scene) {
	r := stands[*rig.DiskRedis](s)
	r.Disk.Fill()
	r.WantEnd(30 * time.Second)
	s.wantOutage("Redis is down")
	s.endure(outageTime())
	r.Disk.Free()
	r.Restart()
	s.over()
	s.wantReady()
}

func embedded(t testing.TB) rig.Backend {
	t.Helper()
	return rig.NewEmbedded(t)
}

// fillEmbeddedDisk fills the disk with the data folder: the Redis there is started again and again until
// there is space, and whose it is says what is wrong.
func fillEmbeddedDisk(s *scene) {
	e := stands[*rig.Embedded](s)
	e.Disk.Fill()
	s.wantOutage("Redis is down", "the connection to Redis broke")
	rig.Until(s.t, 30*time.Second, "/readyz says that the disk is full", func() bool { return strings.Contains(e.Readiness(), "disk is full") })
	rig.Until(s.t, 30*time.Second, "the log says that the disk is full", func() bool { return strings.Contains(strings.Join(e.Log(), "\n"), "the disk is full") })
	s.endure(outageTime())
	e.Disk.Free()
	s.over()
	s.wantReady()
}

func onALine(t testing.TB) rig.Backend {
	t.Helper()
	return rig.NewCutRedis(t, mixSeed())
}

// loseReplies cuts lines between the program and Redis when a command was done and its reply is on its way.
func loseReplies(s *scene) {
	line := stands[*rig.CutRedis](s)
	line.Cut(true)
	s.wait(byLength(10*time.Second, time.Minute))
	line.Cut(false)
	s.over()
	if line.Cuts() < 5 {
		s.t.Errorf("only %d replies were lost", line.Cuts())
	}
}

func onClock(t testing.TB) rig.Backend {
	t.Helper()
	return rig.NewClockRedis(t)
}

// setClock sets the clock of Redis off, kills a worker while it is, and sets it right.
func setClock(d time.Duration) func(*scene) {
	return func(s *scene) {
		clock := stands[*rig.ClockRedis](s)
		clock.SetClock(d)
		s.wait(byLength(10*time.Second, 30*time.Second))
		s.workers[0].Kill()
		s.workers = s.workers[1:]
		s.startWorkers()
		s.wait(byLength(10*time.Second, 30*time.Second))
		clock.SetClock(0)
		s.over()
	}
}

// deleteTasks deletes all that Asynq knows.
func deleteTasks(s *scene) {
	client := s.house.Redis.Client()
	for range byLength(3, 10) {
		keys, err := client.Keys(s.t.Context(), "asynq:*").Result()
		if err == nil && len(keys) > 0 {
			err = client.Unlink(s.t.Context(), keys...).Err()
		}
		if err != nil {
			s.t.Fatal(err)
		}
		s.wait(2 * time.Second)
	}
}

// orphanTasks makes tasks active that nobody has a lease on, and takes others out of all lists.
func orphanTasks(s *scene) {
	client, queue := s.house.Redis.Client(), "asynq:{runs}:"
	for n := 0; n < byLength(2, 12); s.wait(time.Second) {
		task := s.takeTask(client, queue)
		if task == "" {
			continue
		}
		var err error
		if n%2 == 0 {
			err = client.HSet(s.t.Context(), queue+"t:"+task, "state", "active").Err()
		} else {
			err = client.LRem(s.t.Context(), queue+"active", 1, task).Err()
		}
		if err != nil {
			s.t.Fatal(err)
		}
		n++
	}
}

// takeTask makes a task active as a worker does that dies before it has a lease on it. The workers do not
// see it: they would take it first. It returns none when none comes soon.
func (s *scene) takeTask(client *redis.Client, queue string) (task string) {
	for _, w := range s.workers {
		w.Freeze()
		defer w.Thaw()
	}
	for range 20 {
		if task = client.LMove(s.t.Context(), queue+"pending", queue+"active", "RIGHT", "LEFT").Val(); task != "" {
			return task
		}
		s.wait(100 * time.Millisecond)
	}
	return ""
}
