// Command demo shows the whole way of one webhook: a stand-in for GitHub sends it to a synchook that
// is started for the purpose, a sync script asks GitHub for more and saves a record, and a receiver
// gets the signed webhook that tells of it. Run it by `make demo`, which builds bin/synchook first.
//
// With DEMO_ONCE=1 it ends when the story has been told; otherwise it stays up until Ctrl-C.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the demo at once
	err := demo(ctx, newScreen(os.Stdout), os.Getenv("DEMO_ONCE") == "1")
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "\nThe demo failed: %v\n", err)
		os.Exit(1)
	}
}

// demo starts everything, tells the story, and stops everything again.
func demo(ctx context.Context, s *screen, once bool) (err error) {
	folder, err := os.MkdirTemp("", "synchook-demo-")
	if err != nil {
		return fmt.Errorf("making a folder for the demo's data: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }() // what is left lies among temporary files
	st := &story{screen: s, folder: folder}
	defer st.stop()
	if err := st.tell(ctx); err != nil {
		return st.withLog(err)
	}
	st.printWaysOn()
	if once {
		return nil
	}
	s.line("Everything stays up until Ctrl-C.")
	select {
	case <-ctx.Done():
		s.line("")
		return nil
	case <-st.program.ended:
		if ctx.Err() != nil {
			return nil // Ctrl-C reached both
		}
		return st.withLog(fmt.Errorf("synchook ended by itself: %s", st.program.cmd.ProcessState))
	}
}
