package embedredis

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// maxSocketPath is what fits into a unix socket's address: 107 bytes on Linux, 103 on macOS and the BSDs.
const maxSocketPath = 103

// socket is the server's address.
type socket struct {
	path string

	// shortDir is a folder made for the socket alone. Empty: the socket is in the data folder.
	shortDir string
}

// newSocket chooses the path: in the data folder or, when that has too long a name, in a folder for
// temporary files, always the same for one data folder.
func newSocket(dir string) (socket, error) {
	chosen := socketOf(dir)
	if chosen.shortDir != "" {
		if err := makePrivate(chosen.shortDir); err != nil {
			return socket{}, err
		}
	}
	if len(chosen.path) > maxSocketPath {
		return socket{}, fmt.Errorf("%s is too long for a unix socket: give a data folder with a shorter path", chosen.path)
	}
	if answers(chosen.path) {
		return socket{}, fmt.Errorf("%w (a server answers at %s)", ErrInUse, chosen.path)
	}
	// What is left of a killed server would be taken for a server that does not answer yet.
	if err := os.Remove(chosen.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return socket{}, err
	}
	return chosen, nil
}

// socketOf returns the address of the server of a data folder.
func socketOf(dir string) socket {
	chosen := socket{path: filepath.Join(dir, "redis.sock")}
	if len(chosen.path) > maxSocketPath {
		sum := sha256.Sum256([]byte(dir))
		chosen.shortDir = filepath.Join(os.TempDir(), fmt.Sprintf("synchook-%d-%x", os.Getuid(), sum[:8]))
		chosen.path = filepath.Join(chosen.shortDir, "redis.sock")
	}
	return chosen
}

// Running returns the socket of the server that another process runs on a data folder, if one does.
func Running(dir string) (path string, ok bool) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", false
	}
	path = socketOf(dir).path
	return path, answers(path)
}

// makePrivate makes a folder that nobody else can enter. Somebody else may have made it before, to have
// us put our socket there.
func makePrivate(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	found, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	stat, ok := found.Sys().(*syscall.Stat_t)
	if !ok || !found.IsDir() || found.Mode().Perm() != 0o700 || int(stat.Uid) != os.Getuid() {
		return fmt.Errorf("%s is not a folder of this user alone: remove it", dir)
	}
	return nil
}

// remove leaves nothing of the socket behind.
func (s socket) remove() {
	_ = os.Remove(s.path)
	if s.shortDir != "" {
		_ = os.Remove(s.shortDir)
	}
}

// answers says whether a server takes commands at the path. One that still loads its data does not.
func answers(path string) bool {
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	reply := make([]byte, 64)
	n, _ := conn.Read(reply)
	return strings.HasPrefix(string(reply[:n]), "+PONG")
}
