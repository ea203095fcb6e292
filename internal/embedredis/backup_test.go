package embedredis

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// pair writes two keys, or neither.
const pair = `redis.call('INCR', 'a') return redis.call('INCR', 'b')`

func TestABackupUnderLoadHasAllThatWasAcknowledgedBeforeAndNothingByHalves(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	rdb := connect(t, start(t, from).Socket())
	var acknowledged atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	writing.Go(func() {
		for ctx.Err() == nil {
			if n, err := rdb.Eval(ctx, pair, nil).Int64(); err == nil {
				acknowledged.Store(n)
			}
		}
	})
	defer writing.Wait()
	defer stop()
	for i := range 3 {
		had := acknowledged.Load()
		eventually(t, "more is written", func() bool { return acknowledged.Load() > had+100 })
		rdb.BgRewriteAOF(t.Context()) // the server puts new files in the place of those that are copied
		before, copied := acknowledged.Load(), filepath.Join(to, strconv.Itoa(i))
		if n, err := Backup(t.Context(), from, copied); err != nil || n == 0 {
			t.Fatalf("%d bytes, %v", n, err)
		}
		restored := connect(t, start(t, copied).Socket())
		a, errA := restored.Get(t.Context(), "a").Int64()
		b, errB := restored.Get(t.Context(), "b").Int64()
		if errA != nil || errB != nil || a != b || a < before {
			t.Errorf("the copy has %d (%v) and %d (%v), want both alike and at least %d", a, errA, b, errB, before)
		}
	}
}

// folder makes a data folder with such a manifest.
func folder(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, dataDir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, dataDir, manifest), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestABackupGoesIntoAnEmptyFolderOnly(t *testing.T) {
	t.Parallel()
	from, to := folder(t, ""), t.TempDir()
	if err := os.WriteFile(filepath.Join(to, "yesterday"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Backup(t.Context(), from, to); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("the error is %v", err)
	}
}

func TestAFolderWithoutDataCannotBeBackedUp(t *testing.T) {
	t.Parallel()
	to := filepath.Join(t.TempDir(), "copy")
	if _, err := Backup(t.Context(), t.TempDir(), to); !errors.Is(err, ErrNoData) {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(to); err == nil {
		t.Error("it made a folder for nothing")
	}
}

func TestABackupOfFilesThatChangeAllTheTimeIsGivenUpAndLeavesNoneThatLooksWhole(t *testing.T) {
	t.Parallel()
	from, to := folder(t, "file gone.base.rdb seq 1 type b\n"), t.TempDir()
	if _, err := Backup(t.Context(), from, to); err == nil || !strings.Contains(err.Error(), "try again") {
		t.Errorf("the error is %v", err)
	}
	if left, err := os.ReadDir(to); err != nil || len(left) > 0 {
		t.Errorf("it left %v (%v)", left, err)
	}
}

func TestOnlyTheFilesThatAreOfUseAreBackedUp(t *testing.T) {
	t.Parallel()
	const text = "file a.2.base.rdb seq 2 type b\nfile a.1.incr.aof seq 1 type h\nfile a.2.incr.aof seq 2 type i startoffset 9\n\n# odd\n"
	if got, want := filesOf(text), []string{"a.2.base.rdb", "a.2.incr.aof"}; !slices.Equal(got, want) {
		t.Errorf("the files are %q, want %q", got, want)
	}
}
