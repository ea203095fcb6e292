// Command bench measures how fast synchook is, beside ceilings that it measures in the same run: what
// Asynq, an HTTP request and a Lua script cost by themselves on this machine. Everything is on loopback
// and unix sockets, bounded in count and time, and ends by itself.
//
// Rounds are the outer loop, so that a busy moment of the machine strikes all figures alike; a ratio is
// the median of the rounds' own ratios. CPU time of ours includes the receiver of the posts and whoever
// sends them, which live in the same process.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/synchook/synchook/internal/store"
)

// roundTimeout bounds one round of one probe.
const roundTimeout = 2 * time.Minute

// options are what the flags say.
type options struct {
	only       string
	rounds     int
	short      bool
	cpuProfile string
}

// bench is what all probes share.
type bench struct {
	options
	dir      string
	everysec *redisServer
	always   *redisServer
	key      string       // encrypts secrets in the stores
	log      *slog.Logger // formats each line as JSON, as in production, and throws it away
	binary   string       // of synchook, once it is built
}

func main() {
	o := options{}
	flag.StringVar(&o.only, "only", "", "measure only probes whose `name` has this in it, and their ceilings")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each probe is measured")
	flag.BoolVar(&o.short, "short", false, "a tenth of the operations, for a first look")
	flag.StringVar(&o.cpuProfile, "cpuprofile", "", "write a CPU profile of all that is measured to this `file`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures what the options choose, and writes the table.
func run(ctx context.Context, o options, out io.Writer) error {
	chosen := choose(probes(), o.only)
	if len(chosen) == 0 {
		return fmt.Errorf("no probe has %q in its name; there are: %s", o.only, strings.Join(names(probes()), ", "))
	}
	chosen = slices.DeleteFunc(chosen, func(p probe) bool { return p.name == dashboardProbe && !hasBrowser() })
	b, stop, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	defer stop()
	results, err := b.measure(ctx, chosen)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, machine(ctx, b.everysec))
	return writeTable(out, chosen, results)
}

// newBench starts the two Redis servers; stop ends them and removes what they wrote.
func newBench(ctx context.Context, o options) (b *bench, stop func(), err error) {
	dir, err := os.MkdirTemp("", "synchook-bench-")
	if err != nil {
		return nil, nil, err
	}
	b = &bench{options: o, dir: dir, key: store.NewKey(), log: slog.New(slog.NewJSONHandler(io.Discard, nil))}
	stop = func() {
		b.everysec.stop()
		b.always.stop()
		_ = os.RemoveAll(dir)
	}
	if b.everysec, err = startRedis(ctx, dir, "everysec"); err == nil {
		b.always, err = startRedis(ctx, dir, "always")
	}
	if err != nil {
		stop()
		return nil, nil, err
	}
	return b, stop, nil
}

// measure runs the probes in rounds.
func (b *bench) measure(ctx context.Context, chosen []probe) (results, error) {
	stop, err := profile(b.cpuProfile)
	if err != nil {
		return nil, err
	}
	defer stop()
	all := results{}
	for round := 1; round <= b.rounds; round++ {
		for _, p := range chosen {
			fmt.Fprintf(os.Stderr, "round %d of %d: %s\n", round, b.rounds, p.name)
			samples, err := b.once(ctx, p)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
			for i, f := range p.figures {
				all[f.name] = append(all[f.name], samples[i])
				fmt.Fprintf(os.Stderr, "    %-48s %s\n", f.name, f.show(samples[i].value))
			}
		}
	}
	return all, nil
}

// once runs a probe within its time. Its goroutines carry its name, by which a profile can be cut down to
// it: go tool pprof -tagfocus probe=NAME.
func (b *bench) once(ctx context.Context, p probe) (samples []sample, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, roundTimeout, errors.New("it took too long"))
	defer cancel()
	pprof.Do(ctx, pprof.Labels("probe", p.name), func(ctx context.Context) { samples, err = p.run(ctx, b) })
	if err != nil && ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	return samples, err
}

// scale is how many operations are made of a probe's n.
func (b *bench) scale(n int) int {
	if b.short {
		return n / 10
	}
	return n
}

// profile writes a CPU profile to the file, if one is named.
func profile(name string) (stop func(), err error) {
	if name == "" {
		return func() {}, nil
	}
	file, err := os.Create(name) //nolint:gosec // the file that whoever runs the bench names
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		_ = file.Close()
	}, nil
}
