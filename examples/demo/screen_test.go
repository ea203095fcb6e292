package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// shown returns what a screen showed of a step on a file, which is no terminal, or as on a terminal.
func shown(t *testing.T, terminal bool, do func(context.Context) (string, error)) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "screen")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := newScreen(file)
	s.terminal = s.terminal || terminal
	stepErr := s.step(t.Context(), "Something happens", do)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), stepErr
}

func TestAStepShowsItsTimeAndDetailsInPlainText(t *testing.T) {
	t.Parallel()
	text, err := shown(t, false, func(context.Context) (string, error) { return "one\ntwo", nil })
	if want := regexp.MustCompile(`^  ✓ Something happens \(\d\.\d ms\)\n      one\n      two\n$`); err != nil || !want.MatchString(text) {
		t.Errorf("shown %q, error %v", text, err)
	}
}

func TestAFailedStepSaysWhich(t *testing.T) {
	t.Parallel()
	text, err := shown(t, false, func(context.Context) (string, error) { return "", errors.New("no luck") })
	if text != "  ✗ Something happens\n" || err == nil || err.Error() != `the step "Something happens": no luck` {
		t.Errorf("shown %q, error %v", text, err)
	}
}

func TestATerminalShowsColours(t *testing.T) {
	t.Parallel()
	text, _ := shown(t, true, func(context.Context) (string, error) { return "", nil })
	if !strings.Contains(text, "\x1b[32m✓\x1b[0m") {
		t.Errorf("shown %q", text)
	}
}

func TestAStepThatWasGivenUpSaysHowLongItWaited(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	err := stepError(ctx, "Something happens", errors.New("no webhook came"))
	if want := `the step "Something happens" took over 30 s: no webhook came`; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}

func TestUntilAsksAgainUntilItIsDone(t *testing.T) {
	t.Parallel()
	asked := 0
	got, err := until(t.Context(), func(context.Context) (int, bool, error) {
		asked++
		return asked, asked == 3, nil
	})
	if got != 3 || err != nil {
		t.Errorf("got %d and %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := until(ctx, func(context.Context) (int, bool, error) { return 0, false, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v after the context ended", err)
	}
}

func TestDurationsAreShort(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		1234 * time.Microsecond: "1.2 ms", 56 * time.Millisecond: "56 ms", 1500 * time.Millisecond: "1.5 s",
	} {
		if got := shortly(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestOnlyTheFirstLineIsHandedOn(t *testing.T) {
	t.Parallel()
	f := &firstLine{found: make(chan []byte, 1)}
	for _, part := range []string{`{"url":`, "\"u\"}\nmore\n", "and more\n"} {
		if n, err := f.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatalf("wrote %d, %v", n, err)
		}
	}
	if got := string(<-f.found); got != `{"url":"u"}` || len(f.found) > 0 {
		t.Errorf("first line %q, and %d more", got, len(f.found))
	}
}
