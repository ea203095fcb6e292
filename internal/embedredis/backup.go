package embedredis

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The server keeps its data in the files that a manifest names, in this order: a base, and what was
// written since.
const (
	dataDir  = "appendonlydir"
	manifest = "appendonly.aof.manifest"
)

// backupTries is how often a backup begins again because the server began to write its files anew.
const backupTries = 10

// Errors of a backup.
var (
	ErrNoData   = errors.New("there is no data of an embedded Redis")
	ErrNotEmpty = errors.New("the folder for the backup is not empty")
)

// Backup copies the data in a data folder into another one, which a server can be started on: all that
// was acknowledged before it began, and some of what was written meanwhile. A server may be at work there;
// it is neither asked nor stopped. The copy is on disk when Backup returns, with how many bytes it has.
func Backup(ctx context.Context, from, to string) (int64, error) {
	if _, err := os.Stat(filepath.Join(from, dataDir, manifest)); errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("%w in %s", ErrNoData, from)
	}
	if err := makeEmpty(to); err != nil {
		return 0, err
	}
	for range backupTries {
		n, err := copyData(ctx, filepath.Join(from, dataDir), filepath.Join(to, dataDir))
		if !errors.Is(err, errChanged) {
			return n, err
		}
		if err := os.RemoveAll(filepath.Join(to, dataDir)); err != nil {
			return 0, err
		}
	}
	return 0, fmt.Errorf("the server in %s wrote its files anew each of %d times that they were copied: try again when it has less to do", from, backupTries)
}

// errChanged says that the server named other files while these were copied.
var errChanged = errors.New("the files changed meanwhile")

func makeEmpty(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%w: %s", ErrNotEmpty, dir)
	}
	return err
}

// copyData copies the files that the manifest names, and then the manifest, without which a server takes
// them for nothing.
func copyData(ctx context.Context, from, to string) (int64, error) {
	before, err := os.ReadFile(filepath.Join(from, manifest)) //nolint:gosec // The data folder is the operator's own choice.
	if err != nil {
		return 0, err
	}
	if err := os.Mkdir(to, 0o700); err != nil {
		return 0, err
	}
	total := int64(0)
	for _, name := range filesOf(string(before)) {
		if err := ctx.Err(); err != nil {
			return total, err
		}
		n, err := copyFile(filepath.Join(from, name), filepath.Join(to, name))
		if errors.Is(err, fs.ErrNotExist) {
			return total, errChanged
		}
		if err != nil {
			return total, err
		}
		total += n
	}
	after, err := os.ReadFile(filepath.Join(from, manifest)) //nolint:gosec // The data folder is the operator's own choice.
	if err != nil {
		return total, err
	}
	if !bytes.Equal(before, after) {
		return total, errChanged
	}
	return total, errors.Join(writeSynced(filepath.Join(to, manifest), before), syncDir(to), syncDir(filepath.Dir(to)))
}

// filesOf returns the files that a manifest names, but not those that it says are of no use any more.
func filesOf(manifest string) []string {
	var names []string
	for line := range strings.Lines(manifest) {
		words := strings.Fields(line) // file NAME seq N type b|i|h
		if len(words) >= 6 && words[0] == "file" && words[5] != "h" {
			names = append(names, words[1])
		}
	}
	return names
}

// copyFile copies what is in a file now; one that grows meanwhile is copied up to somewhere.
func copyFile(from, to string) (int64, error) {
	source, err := os.Open(from) //nolint:gosec // It is in the data folder.
	if err != nil {
		return 0, err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // It is in the folder for the backup.
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(target, source)
	return n, errors.Join(err, target.Sync(), target.Close())
}

func writeSynced(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // It is in the folder for the backup.
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}

// syncDir puts the names in a folder on disk.
func syncDir(path string) error {
	dir, err := os.Open(path) //nolint:gosec // It is the folder for the backup.
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
