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

	"github.com/synchook/synchook/internal/app"
)

// The doctor's exit statuses, beside 0 for a store with nothing amiss.
const (
	statusProblems = 1 // something is amiss, and is not repaired
	statusNoLook   = 2 // the store could not be examined
)

const doctorAbout = "Checks that every index of a store holds exactly what its rows say, and that nothing waits of which nobody\n" +
	"will be told. It may be run at any time, while servers and workers work too. It exits with 0 if nothing is\n" +
	"amiss (any more), with 1 if something is, and with 2 if it could not look."

// runDoctor examines a store.
func runDoctor(ctx context.Context, args []string, out io.Writer) error {
	var asJSON, repair bool
	table := settingsOf("redis-url", "data")
	o, all, err := parseOf(table, "doctor", doctorAbout, args, out, func(fs *flag.FlagSet) {
		fs.BoolVar(&asJSON, "json", false, "print the outcome as JSON")
		fs.BoolVar(&repair, "repair", false, "mend what is amiss: nothing is removed that could still be worked or delivered")
	})
	if errors.Is(err, errHelp) {
		return nil
	}
	if err == nil {
		err = examineNamed(&o, all)
	}
	if err != nil {
		return failure{err, statusNoLook}
	}
	o.Log = slog.New(slog.DiscardHandler)
	found, err := app.Examine(ctx, o, repair, func(p app.Progress) { tellProgress(os.Stderr, p) })
	if err != nil {
		return failure{fmt.Errorf("the store could not be examined: %w", err), statusNoLook}
	}
	if err := printExamined(out, found, asJSON); err != nil {
		return failure{err, statusNoLook}
	}
	if n := found.Left(); n > 0 {
		return failure{fmt.Errorf("%d of %d findings are left%s", n, len(found.Findings), advice(repair)), statusProblems}
	}
	return nil
}

// examineNamed has the store examined that the flags name: who asks for a folder does not mean the Redis of the
// environment, and must not have that repaired.
func examineNamed(o *app.Options, all []effective) error {
	from := map[string]string{}
	for _, e := range all {
		from[e.flag] = e.source
	}
	switch {
	case from["data"] != "flag":
	case from["redis-url"] == "flag":
		return errors.New("--data and --redis-url name two stores: give the one that is to be examined")
	default:
		o.RedisURL = ""
	}
	return nil
}

func advice(repaired bool) string {
	if repaired {
		return "; each says what a person can do"
	}
	return "; `synchook doctor --repair` mends what it can"
}

func tellProgress(w io.Writer, p app.Progress) {
	fmt.Fprintf(w, "examined %d of about %d keys, %d rows and entries; %d to be looked at again\n", p.Keys, p.Of, p.Members, p.Suspects)
}

func printExamined(out io.Writer, found app.Examined, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(found)
	}
	for _, f := range found.Findings {
		fmt.Fprintf(out, "%s: %s%s\n    %s: %s\n", f.Code, whose(f), f.Problem, stand(f), f.Remedy)
	}
	var keys int64
	for _, n := range found.Keys {
		keys += n
	}
	fmt.Fprintf(out, "examined %d keys, %d rows and entries: %s\n", keys, found.Members, verdict(found))
	return nil
}

// whose names the project and the connection of a finding, if it has them.
func whose(f app.Finding) string {
	switch {
	case f.Project == "":
		return ""
	case f.Connection == "":
		return string(f.Project) + ": "
	}
	return string(f.Project) + " " + string(f.Connection) + ": "
}

// stand says how things stand with a finding.
func stand(f app.Finding) string {
	switch {
	case f.Repaired:
		return "mended"
	case f.ByHand:
		return "by hand"
	}
	return "with --repair"
}

func verdict(found app.Examined) string {
	switch n := len(found.Findings); {
	case n == 0:
		return "nothing is amiss"
	case found.Left() == 0:
		return fmt.Sprintf("%d findings, all mended", n)
	default:
		return fmt.Sprintf("%d findings, %d of them left", n, found.Left())
	}
}
