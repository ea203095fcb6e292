package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"text/tabwriter"

	"github.com/mattn/go-isatty"

	"github.com/synchook/synchook/internal/app"
)

func runServe(ctx context.Context, args []string, out io.Writer) error {
	return start(ctx, "serve", "Runs the server and the workers in one process.", args, out, func(o *app.Options) {
		o.Server, o.Worker = true, true
	})
}

func runServer(ctx context.Context, args []string, out io.Writer) error {
	return start(ctx, "server", "Runs the server alone: the API and the intake of webhooks. Any number may share one Redis.", args, out, func(o *app.Options) {
		o.Server = true
	})
}

func runWorker(ctx context.Context, args []string, out io.Writer) error {
	return start(ctx, "worker", "Runs workers alone: they run syncs and deliver webhooks. Any number may share one Redis.", args, out, func(o *app.Options) {
		o.Worker = true
	})
}

func start(ctx context.Context, name, about string, args []string, out io.Writer, choose func(*app.Options)) error {
	o, _, err := parse(name, about, args, out, nil)
	if errors.Is(err, errHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	choose(&o)
	o.Log = logger()
	if o.RedisURL == "" && o.Server != o.Worker {
		return fmt.Errorf("`synchook %s` needs --redis-url (SYNCHOOK_REDIS_URL): the embedded Redis is for one process, which `synchook serve` is", name)
	}
	return run(ctx, o, func(a *app.App) error {
		o.Log.Info("ready", a.Summary()...)
		return nil
	})
}

func runDev(ctx context.Context, args []string, out io.Writer) error {
	printJSON := false
	about := "Runs everything in one process on a developer's machine: secrets are made and kept in the data folder, a sample\n" +
		"project is made, and addresses of this machine may be called."
	o, _, err := parse("dev", about, args, out, func(fs *flag.FlagSet) {
		fs.BoolVar(&printJSON, "print-json", false, "print the sample project as one line of JSON")
	})
	if errors.Is(err, errHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	o.Dev, o.Server, o.Worker = true, true, true
	o.Log = logger()
	return run(ctx, o, func(a *app.App) error {
		if printJSON {
			return json.NewEncoder(out).Encode(a.Sample())
		}
		greet(out, a.Sample())
		return nil
	})
}

func greet(out io.Writer, s app.Sample) {
	fmt.Fprintf(out, `
  synchook is ready at %s

  dashboard        %s/   (log in with the API key)
  sample project   %s
  API key          %s
  signing secret   %s
  admin key        %s
  queues           %s/queues   (any user name, the admin key as the password)

  Set where your app gets its webhooks:

    curl %s/synchook.v1.ProjectService/UpdateProjectSettings \
      -H 'authorization: Bearer %s' -H 'content-type: application/json' \
      -d '{"settings":{"webhookUrl":"http://127.0.0.1:3000/webhook"},"updateMask":"webhookUrl"}'

`, s.URL, s.URL, s.ProjectID, s.APIKey, s.SigningSecret, s.AdminKey, s.URL, s.URL, s.APIKey)
}

// run starts the program, tells that it is ready, and stops it when the context ends.
func run(ctx context.Context, o app.Options, ready func(*app.App) error) error {
	o.Version = version
	for _, name := range unknownVariables(os.Environ()) {
		o.Log.Warn("an environment variable sets nothing; `synchook config` lists those that do", "variable", name)
	}
	a := app.New(o)
	if err := a.Start(ctx); err != nil {
		return err
	}
	defer a.Stop()
	if err := ready(a); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		o.Log.Info("stopping: no new work, what runs may finish", "at most", o.StopTimeout)
		return nil
	case err := <-a.Failed():
		return err
	}
}

// logger writes lines that people can read to a terminal, and JSON elsewhere. Durations are written with
// their unit.
func logger() *slog.Logger {
	o := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Value.Kind() == slog.KindDuration {
			a.Value = slog.StringValue(a.Value.Duration().String())
		}
		return a
	}}
	if isatty.IsTerminal(os.Stderr.Fd()) {
		return slog.New(slog.NewTextHandler(os.Stderr, o))
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, o))
}

func runConfig(_ context.Context, args []string, out io.Writer) error {
	_, all, err := parse("config", "Shows the effective settings, and where each came from. It takes the flags of `serve`.", args, out, nil)
	if errors.Is(err, errHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "SETTING\tVALUE\tFROM\tENVIRONMENT")
	for _, e := range all {
		value := e.value
		switch {
		case value == "":
			value = "-"
		case e.secret:
			value = "(set, not shown)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", e.flag, value, e.source, e.env())
	}
	return w.Flush()
}
