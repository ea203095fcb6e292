package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// results are the samples of each figure, one for each round.
type results map[string][]sample

func writeTable(out io.Writer, chosen []probe, r results) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "FIGURE\tMEDIAN\tMIN\tMAX\tGOAL\tRATIO TO ITS CEILINGS\tCPU US/OP\tREDIS US/OP")
	for _, p := range chosen {
		for _, f := range p.figures {
			all := values(r[f.name])
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.name, f.show(median(all)), f.show(slices.Min(all)),
				f.show(slices.Max(all)), f.goal, compared(f, r),
				micros(r[f.name], func(c cost) time.Duration { return c.own }),
				micros(r[f.name], func(c cost) time.Duration { return c.redis }))
		}
	}
	return w.Flush()
}

// compared writes the figure's ratios to its ceilings.
func compared(f figure, r results) string {
	parts := make([]string, len(f.ceilings))
	for i, c := range f.ceilings {
		parts[i] = fmt.Sprintf("%.2f of %s", median(ratios(values(r[f.name]), values(r[c]))), c)
	}
	return strings.Join(parts, ", ")
}

func values(samples []sample) []float64 {
	out := make([]float64, len(samples))
	for i, s := range samples {
		out[i] = s.value
	}
	return out
}

// ratios compares round by round.
func ratios(all, ceilings []float64) []float64 {
	out := make([]float64, len(all))
	for i := range all {
		out[i] = all[i] / ceilings[i]
	}
	return out
}

// micros is the median of a cost in microseconds; "" when it was not measured.
func micros(samples []sample, of func(cost) time.Duration) string {
	out := make([]float64, len(samples))
	for i, s := range samples {
		out[i] = float64(of(s.cost)) / float64(time.Microsecond)
	}
	if m := median(out); m > 0 {
		return fmt.Sprintf("%.1f", m)
	}
	return ""
}

func median(values []float64) float64 { return quantile(values, 0.5) }

// quantile returns the value below which that part of the values lies.
func quantile(values []float64, part float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(part*float64(len(sorted))), len(sorted)-1)]
}
