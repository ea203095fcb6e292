package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/app"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
)

func options(dir string, log io.Writer) app.Options {
	return app.Options{
		Dev: true, Server: true, Worker: true, Listen: "127.0.0.1:0", DataDir: dir,
		Log: slog.New(slog.NewTextHandler(log, nil)),
	}
}

func start(t *testing.T, o app.Options) *app.App {
	t.Helper()
	a := app.New(o)
	t.Cleanup(a.Stop)
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

// call makes a request as the holder of that key.
func call(t *testing.T, method, url, key string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func TestTheSampleProjectOutlivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, options(dir, io.Discard))
	sample := first.Sample()
	first.Stop()
	first.Stop()

	second := start(t, options(dir, io.Discard))
	again := second.Sample()
	again.URL, sample.URL = "", ""
	if again != sample {
		t.Errorf("the sample project is %+v, and was %+v", again, sample)
	}
	status, body := call(t, http.MethodPost, second.URL()+"/synchook.v1.ProjectService/GetProject", sample.APIKey)
	if status != http.StatusOK || !strings.Contains(body, sample.ProjectID) {
		t.Errorf("GetProject with the key of before: %d %s", status, body)
	}
}

func TestTheDataFolderOfARunningProgramIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, options(dir, io.Discard))
	err := app.New(options(dir, io.Discard)).Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the data folder is in use") {
		t.Errorf("a second start: %v", err)
	}
}

func TestWithoutARedisServerDevWarnsAndServeRefuses(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var log strings.Builder
	a := start(t, options(t.TempDir(), &log))
	if status, body := call(t, http.MethodPost, a.URL()+"/synchook.v1.ProjectService/GetProject", a.Sample().APIKey); status != http.StatusOK {
		t.Errorf("GetProject: %d %s", status, body)
	}
	a.Stop()
	if !strings.Contains(log.String(), "ends with it") {
		t.Errorf("the log does not warn:\n%s", log.String())
	}

	o := options(t.TempDir(), io.Discard)
	o.Dev, o.AdminKey, o.EncryptionKeys = false, "0123456789abcdef", []string{store.NewKey()}
	err := app.New(o).Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "apt-get install redis-server") {
		t.Errorf("serve without a Redis: %v", err)
	}
}

func TestARedisURLThatCannotBeReadIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"redis://user:hush@host:port:port", "http://user:hush@host", "hush", "redis-cluster://user:hush@[", "redis-sentinel://user:hush@h:1/%zz"} {
		o := options(t.TempDir(), io.Discard)
		o.RedisURL = url
		err := app.New(o).Start(t.Context())
		if err == nil || strings.Contains(err.Error(), "hush") || !strings.Contains(err.Error(), "rediss://") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestWhatAFailoverCanLoseIsToldUnlessReplicasAreWaitedFor(t *testing.T) {
	t.Parallel()
	primary := storetest.StartNode(t, "--appendonly", "yes", "--appendfsync", "always")
	replica := primary.StartReplica()
	o := options(t.TempDir(), io.Discard)
	o.RedisURL = "redis://" + primary.Addr
	if _, body := call(t, http.MethodGet, start(t, o).URL()+"/readyz", ""); !strings.Contains(body, "set --wait-replicas 1") {
		t.Errorf("/readyz on a Redis with a replica: %s", body)
	}
	o.WaitReplicas = 1
	waiting := start(t, o)
	if _, body := call(t, http.MethodGet, waiting.URL()+"/readyz", ""); strings.Contains(body, "durability") {
		t.Errorf("/readyz with --wait-replicas 1: %s", body)
	}
	replica.Kill()
	primary.Until("miss its replica", func(ctx context.Context, rdb *redis.Client) bool {
		return rdb.InfoMap(ctx, "replication").Item("Replication", "connected_slaves") == "0"
	})
	if _, body := call(t, http.MethodGet, waiting.URL()+"/readyz", ""); !strings.Contains(body, "no events are accepted") {
		t.Errorf("/readyz without the replica: %s", body)
	}
}

func TestARedisThatCanLoseEventsIsToldAndIsAnErrorWhenAskedFor(t *testing.T) {
	t.Parallel()
	database := storetest.Options(t)
	o := options(t.TempDir(), io.Discard)
	o.RedisURL = fmt.Sprintf("unix://%s?db=%d", database.Addr, database.DB)
	o.RequireDurableRedis = true
	if err := app.New(o).Start(t.Context()); err == nil || !strings.Contains(err.Error(), "append-only file") {
		t.Errorf("--require-durable-redis on a Redis without an append-only file: %v", err)
	}
	o.RequireDurableRedis = false
	status, body := call(t, http.MethodGet, start(t, o).URL()+"/readyz", "")
	if status != http.StatusOK || !strings.Contains(body, "append-only file") {
		t.Errorf("/readyz: %d %s", status, body)
	}
	durable := start(t, options(t.TempDir(), io.Discard))
	if status, body := call(t, http.MethodGet, durable.URL()+"/readyz", ""); status != http.StatusOK || strings.Contains(body, "durability") {
		t.Errorf("/readyz on the embedded Redis: %d %s", status, body)
	}
}

func TestAnEgressProxyThatCannotBeUsedStopsTheStartAndIsNotRepeated(t *testing.T) {
	t.Parallel()
	o := options(t.TempDir(), io.Discard)
	o.EgressProxy = "ftp://me:hunter2@proxy.example"
	err := app.New(o).Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "--egress-proxy") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("Start: %v", err)
	}
}

func TestAProgramWithAnotherEncryptionKeyRefusesToStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, options(dir, io.Discard)).Stop() // with a sample project
	o := options(dir, io.Discard)
	o.Dev, o.AdminKey, o.EncryptionKeys = false, "the-admin-key-of-the-tests", []string{store.NewKey()}
	a := app.New(o)
	defer a.Stop()
	if err := a.Start(t.Context()); !errors.Is(err, store.ErrOtherKeys) {
		t.Errorf("the error is %v, want %v", err, store.ErrOtherKeys)
	}
}
