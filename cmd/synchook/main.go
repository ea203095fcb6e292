// Command synchook keeps customers' data from external APIs in sync, and tells the customer's app when
// something changed.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the build.
var version = "dev"

// command is one of the program's commands.
type command struct {
	name    string
	summary string
	run     func(ctx context.Context, args []string, out io.Writer) error
}

// commands is the table of all commands.
func commands() []command {
	return []command{
		{"dev", "run everything in one process on a developer's machine, with a sample project", runDev},
		{"serve", "run the server and the workers in one process", runServe},
		{"server", "run the server alone: the API and the intake of webhooks", runServer},
		{"worker", "run workers alone: they run syncs and deliver webhooks", runWorker},
		{"deploy", "bundle, check and upload the sync scripts of a folder", deploy},
		{"listen", "send a project's webhooks to an app on this machine, as they come", listen},
		{"doctor", "check that all indexes of a store agree with its rows, and mend them", runDoctor},
		{"backup", "copy the data of the embedded Redis while it runs", runBackup},
		{"config", "show the effective settings, and where each came from", runConfig},
		{"version", "show the version", runVersion},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // so that a second Ctrl-C ends the process at once
	err := dispatch(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "synchook: "+err.Error())
		os.Exit(status(err))
	}
}

// failure is an error with an exit status of its own.
type failure struct {
	error
	status int
}

// Unwrap returns the error.
func (f failure) Unwrap() error { return f.error }

// status is what the process exits with: 1 unless the error says otherwise.
func status(err error) int {
	var f failure
	if errors.As(err, &f) {
		return f.status
	}
	return 1
}

func dispatch(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(out)
		if len(args) == 0 {
			return errors.New("say which command to run")
		}
		return nil
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, args[1:], out)
		}
	}
	return fmt.Errorf("there is no command %q; `synchook help` lists them", args[0])
}

func usage(out io.Writer) {
	fmt.Fprint(out, "synchook keeps customers' data from external APIs in sync, and tells your app when something changed.\n\nUsage: synchook COMMAND [flags]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(out, "  %-9s %s\n", c.name, c.summary)
	}
	fmt.Fprint(out, "\n`synchook COMMAND --help` shows a command's flags. Each flag can also be set by an environment variable.\n")
}

func runVersion(_ context.Context, _ []string, out io.Writer) error {
	fmt.Fprintln(out, "synchook", version)
	return nil
}
