package e2e

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/embedredis"
)

// slowDisk is how long the disk takes to say that data is on it, where it is made slow: longer than any
// answer takes that does not wait for it, also on a busy machine.
const slowDisk = 700 * time.Millisecond

// Here a disk is made slow by delaying the system call that Redis waits in. A program that answered before
// its data was on disk would answer at once: as with everysec, which is tested to.
func TestAnAnswerWaitsForTheDiskWhereRedisIsDurableAndSaysSoWhereItIsNot(t *testing.T) {
	t.Parallel()
	for policy, durable := range map[string]bool{"always": true, "everysec": false} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			redis := rig.NewRedis(t, "--appendfsync", policy)
			p := rig.NewHouse(t, rig.HouseOptions{Redis: redis}).NewProject("disk", "user-1")
			warns := strings.Contains(ready(t, p.House.URL()), "up to 2 s of accepted events can be lost")
			if warns == durable {
				t.Errorf("/readyz warns: %t", warns)
			}
			slowDown(t, redis.Client())
			took := answerTimes(t, p)
			if durable && took[0] < slowDisk {
				t.Errorf("the answers took %s: one was given before the event was on the disk, which takes %s", took, slowDisk)
			}
			if !durable && took[0] >= slowDisk {
				t.Errorf("the answers took %s: each waited for the disk, so that this test proves nothing", took)
			}
		})
	}
}

func TestTheEmbeddedRedisAnswersWhenTheEventIsOnTheDisk(t *testing.T) {
	t.Parallel()
	p, dir := serveProject(t)
	if text := ready(t, p.House.URL()); strings.Contains(text, "durability") {
		t.Errorf("/readyz says %s", text)
	}
	slowDown(t, embedded(t, dir))
	if took := answerTimes(t, p); took[0] < slowDisk {
		t.Errorf("the answers took %s: one was given before the event was on the disk, which takes %s", took, slowDisk)
	}
}

func TestAnEventIsThereWhenRedisIsKilledAsSoonAsItWasAnswered(t *testing.T) {
	t.Parallel()
	p := rig.NewHouse(t, rig.HouseOptions{}).NewProject("kill", "user-1")
	for n := 1; n <= 3; n++ {
		a, err := p.GitHub.Push(t.Context(), p.WebhookURL(), rig.NewID(), rig.Issue{Connection: "user-1", Installation: 1, Number: n})
		p.House.Redis.Kill()
		if err != nil || !a.OK() {
			t.Fatalf("webhook %d was answered %d, %v", n, a.Status, err)
		}
		p.House.Redis.Restart()
		wantEvent(t, p, a.Event)
	}
}

func TestAnEventIsThereWhenTheEmbeddedRedisIsKilledAsSoonAsItWasAnswered(t *testing.T) {
	t.Parallel()
	p, dir := serveProject(t)
	for n := 1; n <= 3; n++ {
		pid := pidOf(t, embedded(t, dir))
		a, err := p.GitHub.Push(t.Context(), p.WebhookURL(), rig.NewID(), rig.Issue{Connection: "user-1", Installation: 1, Number: n})
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if err != nil || !a.OK() {
			t.Fatalf("webhook %d was answered %d, %v", n, a.Status, err)
		}
		wantEvent(t, p, a.Event)
	}
}

// serveProject starts `synchook serve` on a new data folder, with a project.
func serveProject(t *testing.T) (*rig.Project, string) {
	t.Helper()
	dir := t.TempDir()
	return rig.NewHouse(t, rig.HouseOptions{Data: dir}).NewProject("embedded", "user-1"), dir
}

// embedded returns a client of the embedded Redis that runs in a data folder.
func embedded(t *testing.T, dir string) *redis.Client {
	t.Helper()
	socket := ""
	rig.Until(t, time.Minute, "the embedded Redis answers", func() (ok bool) {
		socket, ok = embedredis.Running(dir)
		return ok
	})
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: socket, MaxRetries: -1})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// pidOf returns the number of a Redis's process.
func pidOf(t *testing.T, rdb *redis.Client) int {
	t.Helper()
	text, err := rdb.InfoMap(t.Context(), "server").Result()
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(text["Server"]["process_id"])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// slowDown makes the disk slow for a Redis that runs.
func slowDown(t *testing.T, rdb *redis.Client) {
	t.Helper()
	pid := strconv.Itoa(pidOf(t, rdb))
	inject := fmt.Sprintf("inject=fdatasync:delay_enter=%d", slowDisk.Microseconds())
	strace := rig.Start(t, "strace", nil, "strace", "-f", "-p", pid, "-o", "/dev/null", "-e", "trace=fdatasync", "-e", inject)
	rig.Until(t, time.Minute, "strace is attached to Redis", func() bool {
		if rig.Closed(strace.Ended()) {
			t.Fatalf("strace has ended; it needs to be allowed to trace processes (kernel.yama.ptrace_scope):\n%s", strings.Join(strace.Log(), "\n"))
		}
		return slices.ContainsFunc(strace.Log(), func(line string) bool { return strings.Contains(line, "attached") })
	})
}

// answerTimes returns how long it took to accept each of five webhooks, the fastest first. With a disk so
// slow, one or the other may be refused because Redis does not answer in time.
func answerTimes(t *testing.T, p *rig.Project) []time.Duration {
	t.Helper()
	var took []time.Duration
	for n := 1; len(took) < 5; n++ {
		began := time.Now()
		a, err := p.GitHub.Push(t.Context(), p.WebhookURL(), rig.NewID(), rig.Issue{Connection: "user-1", Installation: 1, Number: n})
		switch {
		case err == nil && a.OK():
			took = append(took, time.Since(began))
		case err != nil || a.Status != http.StatusServiceUnavailable || n > 50:
			t.Fatalf("webhook %d was answered %d, %v", n, a.Status, err)
		}
	}
	slices.Sort(took)
	t.Logf("the answers took %s", took)
	return took
}

// wantEvent wants an event to be there, as soon as the server has its Redis again.
func wantEvent(t *testing.T, p *rig.Project, event string) {
	t.Helper()
	rig.Until(t, time.Minute, "event "+event+" is there", func() bool {
		got, err := p.Client().Events.GetEvent(t.Context(), &synchookv1.GetEventRequest{Id: event})
		return err == nil && len(got.GetPayload()) > 0
	})
}

// ready returns what /readyz says.
func ready(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
