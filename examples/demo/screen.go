package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
)

// patience is how long one step may take.
const patience = 30 * time.Second

// screen prints the demo for a person: plain text, with colours on a terminal only.
type screen struct {
	out      *os.File
	terminal bool
}

func newScreen(out *os.File) *screen {
	return &screen{out: out, terminal: isatty.IsTerminal(out.Fd()) && os.Getenv("NO_COLOR") == ""}
}

// line prints a line as it is.
func (s *screen) line(text string) { fmt.Fprintln(s.out, text) }

// title prints what the next steps are about.
func (s *screen) title(text string) { fmt.Fprintf(s.out, "\n%s\n", s.paint("1", text)) }

// detail prints lines that belong to the step before.
func (s *screen) detail(format string, args ...any) {
	for text := range strings.Lines(fmt.Sprintf(format, args...)) {
		fmt.Fprintf(s.out, "      %s\n", s.paint("2", strings.TrimRight(text, "\n")))
	}
}

// step does one step and prints how it ended and how long it took. The step returns the lines that
// are shown below it.
func (s *screen) step(ctx context.Context, name string, do func(context.Context) (string, error)) error {
	if s.terminal {
		fmt.Fprintf(s.out, "  … %s", name)
	}
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	details, err := do(ctx)
	took := time.Since(start)
	if err != nil {
		fmt.Fprintf(s.out, "%s  %s %s\n", s.back(), s.paint("31", "✗"), name)
		return stepError(ctx, name, err)
	}
	fmt.Fprintf(s.out, "%s  %s %s %s\n", s.back(), s.paint("32", "✓"), name, s.paint("2", "("+shortly(took)+")"))
	s.detail("%s", details)
	return nil
}

// stepError says which step failed, and whether it was given up.
func stepError(ctx context.Context, name string, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("the step %q took over %.0f s: %w", name, patience.Seconds(), err)
	}
	return fmt.Errorf("the step %q: %w", name, err)
}

// back returns what removes the line of a step that is under way.
func (s *screen) back() string {
	if s.terminal {
		return "\r\x1b[K"
	}
	return ""
}

// paint returns the text in a colour or weight (an SGR code), where there is a terminal to show it.
func (s *screen) paint(code, text string) string {
	if !s.terminal {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// shortly writes a duration as a person says it.
func shortly(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// until asks again and again until the answer is the wanted one, an error comes, or the context ends.
func until[T any](ctx context.Context, ask func(context.Context) (answer T, done bool, err error)) (T, error) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		answer, done, err := ask(ctx)
		if done || err != nil {
			return answer, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return answer, ctx.Err()
		}
	}
}
