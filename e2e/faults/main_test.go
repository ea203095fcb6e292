// Package faults breaks the program while it works, in every way that we know of, and counts what came
// of the events that it had accepted. The short form is part of `go test ./...`; `make faults` runs all
// of it, for longer, and writes the table of docs/reliability.md.
//
//	go test ./e2e/faults -v -run 'TestFaults/worker'  some faults
//	go test ./e2e/faults -v -run TestAMix -seed 7     a mix that was seen before
//
// A fault is a row of the table that faults returns; see fault. What the tests stand on is in e2e/rig.
package faults

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/synchook/synchook/e2e/rig"
)

var (
	long  = flag.Bool("long", false, "all faults, each for longer; without it, those that a short look needs")
	seed  = flag.Uint64("seed", 0, "repeat the mix of faults that printed this `number`; 0: a new one")
	soak  = flag.Duration("soak", 20*time.Second, "how long the soak lasts at least; from 5m on, with all faults and retention")
	page  = flag.String("table", "", "write the table into this `file`, between its markers")
	table results
)

// atOnce is how many scenes there are at once. They wait for leases to run out most of the time.
const atOnce = 12

func TestMain(m *testing.M) {
	code := rig.Run(m, atOnce)
	table.print(os.Stdout)
	if *page != "" && code == 0 {
		if err := table.writePage(*page); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}
