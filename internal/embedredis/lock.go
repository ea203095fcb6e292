package embedredis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// orphanGrace is how long a server whose process was killed may take to end.
const orphanGrace = 15 * time.Second

// ErrInUse says that another process works in the data folder.
var ErrInUse = errors.New("the data folder is in use: stop the synchook that runs there, or give another folder")

// acquire takes the lock of the data folder. When its holder was killed it waits for the server that
// the holder left behind.
func acquire(ctx context.Context, path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // The data folder is the operator's own choice.
	if err != nil {
		return nil, err
	}
	if err := await(ctx, file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if err := sign(file); err != nil {
		release(file)
		return nil, err
	}
	return file, nil
}

// release gives the lock back. Closing the file is not enough: a process that is being started at this
// moment, by anybody in this program, has a copy of it until it runs its own code.
func release(file *os.File) {
	_ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN)
	_ = file.Close()
}

func await(ctx context.Context, file *os.File) error {
	ctx, cancel := context.WithTimeoutCause(ctx, orphanGrace,
		fmt.Errorf("%w (a Redis that a killed process left behind has not ended)", ErrInUse))
	defer cancel()
	ticker := time.NewTicker(4 * pollInterval)
	defer ticker.Stop()
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		if holder := holder(file); alive(holder) {
			return fmt.Errorf("%w (process %d)", ErrInUse, holder)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

// sign writes who holds the lock into it.
func sign(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// holder reads who holds the lock. Zero: it cannot be told.
func holder(file *os.File) int {
	text, _ := io.ReadAll(io.NewSectionReader(file, 0, 32))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}

func alive(pid int) bool {
	if pid <= 0 {
		return false
	}
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
