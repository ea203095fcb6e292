package app_test

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/synchook/synchook/internal/app"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
)

func TestADataFolderIsExaminedWhetherItsProgramRunsOrNot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	examine := func(when string) {
		t.Helper()
		got, err := app.Examine(t.Context(), app.Options{DataDir: dir}, false, nil)
		if err != nil || len(got.Findings) > 0 || got.Keys["P:project"] != 1 {
			t.Errorf("%s: %+v (%v), want a project and nothing amiss", when, got, err)
		}
	}
	a := start(t, options(dir, io.Discard))
	examine("running")
	a.Stop()
	examine("stopped")
	start(t, options(dir, io.Discard)) // the examination has given the folder back
}

func TestWhatIsNoStoreIsNotExamined(t *testing.T) {
	t.Parallel()
	_, err := app.Examine(t.Context(), app.Options{DataDir: filepath.Join(t.TempDir(), "nosuch")}, false, nil)
	if err == nil || !strings.Contains(err.Error(), "--data") {
		t.Errorf("no folder: %v", err)
	}
	redis := storetest.Options(t)
	o := app.Options{RedisURL: fmt.Sprintf("unix://%s?db=%d", redis.Addr, redis.DB)}
	if _, err := app.Examine(t.Context(), o, true, nil); !errors.Is(err, store.ErrNothingToExamine) {
		t.Errorf("an empty Redis: %v", err)
	}
}
