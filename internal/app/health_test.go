package app_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/synchook/synchook/internal/app"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
)

// workerOptions are those of a process that is only a worker, on a Redis of its own.
func workerOptions(t *testing.T, log io.Writer) app.Options {
	t.Helper()
	redis, o := storetest.Options(t), options(t.TempDir(), log)
	o.Dev, o.Server, o.Version = false, false, "1.2.3"
	o.AdminKey, o.EncryptionKeys = "admin-key-of-the-test", []string{store.NewKey()}
	o.RedisURL = fmt.Sprintf("unix://%s?db=%d", redis.Addr, redis.DB)
	return o
}

func TestAWorkerTellsHowItIs(t *testing.T) {
	t.Parallel()
	o := workerOptions(t, io.Discard)
	o.HealthListen = "127.0.0.1:0"
	url := start(t, o).HealthURL()
	for _, c := range []struct {
		path, key string
		status    int
		want      string
	}{
		{"/healthz", "", http.StatusOK, `"version":"1.2.3"`},
		{"/readyz", "", http.StatusOK, `"status":"ready"`},
		{"/metrics", "", http.StatusUnauthorized, "admin_key_needed"},
		{"/metrics", "some-other-key-of-16", http.StatusUnauthorized, "admin_key_needed"},
		{"/metrics", o.AdminKey, http.StatusOK, `synchook_build_info{go="go1.`},
		{"/webhook/x/y", "", http.StatusNotFound, ""},
		{"/synchook.v1.ProjectService/GetProject", o.AdminKey, http.StatusNotFound, ""},
	} {
		if status, body := call(t, http.MethodGet, url+c.path, c.key); status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s with the key %q: %d %.300s", c.path, c.key, status, body)
		}
	}
}

func TestAWorkerThatServesNothingSaysSo(t *testing.T) {
	t.Parallel()
	var log logBuffer
	a := start(t, workerOptions(t, &log))
	a.Stop()
	if a.HealthURL() != "" || !strings.Contains(log.String(), "--health-listen") {
		t.Errorf("it serves at %q; the log:\n%s", a.HealthURL(), log.String())
	}
}

func TestAnAddressThatIsTakenIsToldWithItsFlag(t *testing.T) {
	t.Parallel()
	o := workerOptions(t, io.Discard)
	o.HealthListen = "127.0.0.1:0"
	o.HealthListen = strings.TrimPrefix(start(t, o).HealthURL(), "http://")
	if err := app.New(o).Start(t.Context()); err == nil || !strings.Contains(err.Error(), "--health-listen") {
		t.Errorf("a second worker at the address: %v", err)
	}
}
