package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
	"google.golang.org/protobuf/types/known/durationpb"

	synchookclient "github.com/synchook/synchook/clients/go"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/definition"
	"github.com/synchook/synchook/internal/script"
)

const deployUsage = `synchook deploy [flags] [folder]

Bundles and checks the sync scripts of a folder with a nango.yaml (default: this one), shows what
would be added (+), changed (~), removed (-) and left as it is (=), and uploads them.

Flags:
`

// deployment is one execution of `synchook deploy`.
type deployment struct {
	folder string
	address
	dryRun bool
	// yes says that removals need no question.
	yes bool
	out io.Writer
	// confirm asks a person. Nil: there is none to ask.
	confirm func(ctx context.Context, question string) (bool, error)
}

// deploy bundles, checks, shows and uploads the syncs of a folder. Faults and changes are written to
// out; the error is the sentence that ends the command.
func deploy(ctx context.Context, args []string, out io.Writer) error {
	d, err := parseDeploy(args, os.Getenv, out)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if isatty.IsTerminal(os.Stdin.Fd()) {
		d.confirm = func(ctx context.Context, question string) (bool, error) {
			return ask(ctx, os.Stdin, out, question)
		}
	}
	return d.deploy(ctx)
}

// parseDeploy reads the flags, which may stand before or after the folder.
func parseDeploy(args []string, env func(string) string, out io.Writer) (deployment, error) {
	d := deployment{out: out}
	fs := flag.NewFlagSet("deploy", flag.ContinueOnError)
	d.flags(fs, env, "deploy")
	fs.BoolVar(&d.dryRun, "dry-run", false, "only show what would change")
	fs.BoolVar(&d.yes, "yes", false, "remove syncs without asking")
	folders, err := parseMixed(fs, args)
	if err := d.parsed(fs, err, deployUsage, env, out); err != nil {
		return d, err
	}
	if len(folders) > 1 {
		return d, fmt.Errorf("deploy takes one folder, not %d: %s", len(folders), strings.Join(folders, " "))
	}
	d.folder = append(folders, ".")[0]
	return d, nil
}

// parseMixed parses flags and returns the other arguments, in whatever order they are.
func parseMixed(fs *flag.FlagSet, args []string) ([]string, error) {
	var others []string
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		if fs.NArg() == 0 {
			return others, nil
		}
		others, args = append(others, fs.Arg(0)), fs.Args()[1:]
	}
}

// deploy loads the folder, shows what would change, and changes it.
func (d deployment) deploy(ctx context.Context) error {
	request, err := d.load()
	if err != nil {
		return err
	}
	syncs := synchookclient.New(d.url, d.key).Syncs
	request.DryRun = true
	plan, err := syncs.DeploySyncs(ctx, request)
	if err != nil {
		return explainDeploy(err, d.url, request.GetSyncs())
	}
	printChanges(d.out, plan.GetChanges())
	if proceed, err := d.proceed(ctx, plan.GetChanges()); !proceed {
		return err
	}
	request.DryRun = false
	if _, err := syncs.DeploySyncs(ctx, request); err != nil {
		return explainDeploy(err, d.url, request.GetSyncs())
	}
	fmt.Fprintf(d.out, "Deployed to %s.\n", d.url)
	return nil
}

// load reads the folder and prints its faults.
func (d deployment) load() (*synchookv1.DeploySyncsRequest, error) {
	project, faults := definition.Load(d.folder)
	printFaults(d.out, "note: ", project.Notes)
	printFaults(d.out, "", faults)
	if len(faults) > 0 {
		return nil, fmt.Errorf("%s, so nothing was deployed", plural(len(faults), "fault"))
	}
	if d.key == "" {
		return nil, errors.New("there is no API key: set SYNCHOOK_API_KEY or give --key; `synchook dev` prints one")
	}
	request := &synchookv1.DeploySyncsRequest{ProviderConfigKeys: project.Integrations}
	for _, s := range project.Syncs {
		request.Syncs = append(request.Syncs, syncDefinition(s))
	}
	return request, nil
}

// proceed judges whether to go on after the changes have been shown. Without an error there is
// nothing to do, or a person does not want it.
func (d deployment) proceed(ctx context.Context, changes []*synchookv1.SyncChange) (bool, error) {
	removed := countKind(changes, synchookv1.SyncChangeKind_SYNC_CHANGE_KIND_REMOVED)
	unchanged := countKind(changes, synchookv1.SyncChangeKind_SYNC_CHANGE_KIND_UNCHANGED)
	switch {
	case d.dryRun:
		fmt.Fprintln(d.out, "This was a dry run: nothing was changed.")
		return false, nil
	case unchanged == len(changes):
		fmt.Fprintln(d.out, "There is nothing to deploy.")
		return false, nil
	case removed == 0 || d.yes:
		return true, nil
	case d.confirm == nil:
		return false, fmt.Errorf("this removes %s and there is no terminal to ask on, so nothing was deployed; give --yes if that is meant", plural(removed, "sync"))
	}
	agreed, err := d.confirm(ctx, fmt.Sprintf("Remove %s? Their records stay.", plural(removed, "sync")))
	if err == nil && !agreed {
		fmt.Fprintln(d.out, "Nothing was deployed.")
	}
	return agreed, err
}

// ask asks a question that only a yes answers with yes.
func ask(ctx context.Context, in io.Reader, out io.Writer, question string) (bool, error) {
	fmt.Fprintf(out, "%s [y/N] ", question)
	answer := make(chan string, 1)
	// A read from a terminal cannot be cancelled; the goroutine ends with the process.
	go func() {
		line, _ := bufio.NewReader(in).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case text := <-answer:
		return text == "y" || text == "yes", nil
	case <-ctx.Done():
		return false, fmt.Errorf("the question was not answered: %w", context.Cause(ctx))
	}
}

func syncDefinition(s definition.Sync) *synchookv1.SyncDefinition {
	return &synchookv1.SyncDefinition{
		ProviderConfigKey:    s.Integration,
		SyncName:             s.Name,
		Models:               s.Models,
		Frequency:            durationpb.New(s.Frequency),
		WebhookSubscriptions: s.Subscriptions,
		TrackDeletes:         s.TrackDeletes,
		AutoStart:            s.AutoStart,
		Code:                 s.Code,
		SourceMap:            s.SourceMap,
		Description:          s.Description,
	}
}

func printFaults(out io.Writer, prefix string, faults []script.Fault) {
	for _, f := range faults {
		f.Message = prefix + f.Message
		fmt.Fprintln(out, f)
	}
}

// printChanges prints the changes under their integrations, and how many there are of each kind.
func printChanges(out io.Writer, changes []*synchookv1.SyncChange) {
	integration := ""
	for _, c := range changes {
		if c.GetProviderConfigKey() != integration {
			integration = c.GetProviderConfigKey()
			fmt.Fprintln(out, integration)
		}
		fmt.Fprintln(out, "  "+changeLine(c))
	}
	var counts []string
	for _, k := range changeKinds {
		counts = append(counts, fmt.Sprintf("%d %s", countKind(changes, k.kind), k.word))
	}
	fmt.Fprintln(out, strings.Join(counts, ", "))
}

// changeKinds are the kinds of changes with their signs and words, in the order of the summary.
var changeKinds = []struct {
	kind synchookv1.SyncChangeKind
	sign string
	word string
}{
	{synchookv1.SyncChangeKind_SYNC_CHANGE_KIND_ADDED, "+", "added"},
	{synchookv1.SyncChangeKind_SYNC_CHANGE_KIND_CHANGED, "~", "changed"},
	{synchookv1.SyncChangeKind_SYNC_CHANGE_KIND_REMOVED, "-", "removed"},
	{synchookv1.SyncChangeKind_SYNC_CHANGE_KIND_UNCHANGED, "=", "unchanged"},
}

func changeLine(c *synchookv1.SyncChange) string {
	sign := "?"
	for _, k := range changeKinds {
		if k.kind == c.GetKind() {
			sign = k.sign
		}
	}
	line := sign + " " + c.GetSyncName()
	if len(c.GetDifferences()) > 0 {
		line += " (" + strings.Join(c.GetDifferences(), ", ") + ")"
	}
	return line
}

func countKind(changes []*synchookv1.SyncChange, kind synchookv1.SyncChangeKind) int {
	n := 0
	for _, c := range changes {
		if c.GetKind() == kind {
			n++
		}
	}
	return n
}

// plural returns a number with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
