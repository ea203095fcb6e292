package main

import (
	"context"
	"fmt"
	"strings"
)

// probe measures one or more figures at once.
type probe struct {
	name    string
	figures []figure
	run     round
}

// round measures once: a sample for each figure of the probe, in their order.
type round func(context.Context, *bench) ([]sample, error)

// figure is one line of the table.
type figure struct {
	name     string
	unit     string
	goal     string   // "": none
	ceilings []string // the figures that it is compared with
}

// show writes a value with as many digits as say something.
func (f figure) show(value float64) string {
	digits := 0
	if value < 100 {
		digits = 2
	}
	return fmt.Sprintf("%.*f %s", digits, value, f.unit)
}

// sample is what one round measured of one figure.
type sample struct {
	value float64
	cost  cost
}

// rates is the only figure of a probe that counts operations a second.
func rates(name, goal string, ceilings ...string) []figure {
	return []figure{{name: name, unit: "/s", goal: goal, ceilings: ceilings}}
}

// choose returns the probes whose name has the text in it, and those that measure their ceilings.
func choose(all []probe, only string) []probe {
	wanted := map[string]bool{}
	for _, p := range all {
		for _, f := range p.figures {
			if !strings.Contains(p.name, only) {
				continue
			}
			wanted[f.name] = true
			for _, c := range f.ceilings {
				wanted[c] = true
			}
		}
	}
	var chosen []probe
	for _, p := range all {
		for _, f := range p.figures {
			if wanted[f.name] {
				chosen = append(chosen, p)
				break
			}
		}
	}
	return chosen
}

func names(all []probe) []string {
	out := make([]string, len(all))
	for i, p := range all {
		out[i] = p.name
	}
	return out
}
