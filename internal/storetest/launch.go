package storetest

import (
	"os/exec"
	"runtime"
)

// launch starts a command from a thread that lives as long as the process: the signal that a child
// gets at its parent's death is sent when the thread that started it ends. It closes gone when the command
// has ended.
func launch(cmd *exec.Cmd, gone chan<- struct{}) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		started <- cmd.Start()
		_ = cmd.Wait()
		close(gone)
	}()
	return <-started
}
