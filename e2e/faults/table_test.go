package faults

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/synchook/synchook/e2e/rig"
)

// row is what came of one fault.
type row struct {
	fault    fault
	audit    *rig.Audit
	recovery rig.Recovery
	took     time.Duration
	failed   bool
}

// columns are the heads of the table's columns.
var columns = []string{
	"fault", "events", "runs", "owed", "delivered", "lost", "twice", "wrong counts", "wrong delta", "stuck", "held up", "begins", "ends",
}

// cells are a row's, in the order of the columns.
func (r row) cells() []string {
	a := r.audit
	cells := []string{r.fault.name}
	for _, n := range []int{
		a.Accepted, a.Finished, a.Owed, a.Delivered, a.Lost, a.Duplicates, a.WrongCounts, a.WrongDelta, a.Stuck, r.recovery.Owed,
	} {
		cells = append(cells, fmt.Sprint(n))
	}
	if r.recovery.Owed == 0 {
		return append(cells, "-", "-")
	}
	return append(cells, seconds(r.recovery.Begins), seconds(r.recovery.Ends))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// String is a row in a line.
func (r row) String() string {
	var parts []string
	for i, cell := range r.cells()[1:] {
		parts = append(parts, columns[i+1]+" "+cell)
	}
	return strings.Join(parts, ", ")
}

// results are the rows so far. The zero value is ready to use.
type results struct {
	mu   sync.Mutex
	rows []row
}

func (r *results) add(one row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = append(r.rows, one)
}

// groups are the rows in the order of the table of faults, group by group.
func (r *results) groups() [][]row {
	place := map[string]int{}
	for i, f := range faults() {
		place[f.group+"/"+f.name] = i + 1
	}
	// A mix is no row of the table, and comes last.
	at := func(one row) int {
		if n := place[one.fault.group+"/"+one.fault.name]; n > 0 {
			return n
		}
		return len(place) + 1
	}
	sorted := slices.SortedStableFunc(slices.Values(r.rows), func(a, b row) int { return cmp.Compare(at(a), at(b)) })
	var groups [][]row
	for i, one := range sorted {
		if i == 0 || one.fault.group != sorted[i-1].fault.group {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], one)
	}
	return groups
}

// print prints the table for a terminal.
func (r *results) print(out io.Writer) {
	if len(r.rows) == 0 {
		return
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, strings.ToUpper(strings.Join(columns, "\t")))
	for _, group := range r.groups() {
		fmt.Fprintln(w, group[0].fault.group+strings.Repeat("\t", len(columns)-1))
		for _, one := range group {
			cells := one.cells()
			if one.failed {
				cells[0] += " (FAILED)"
			}
			fmt.Fprintln(w, "  "+strings.Join(cells, "\t"))
		}
	}
	_ = w.Flush() // nobody is there to be told
	fmt.Fprintln(out, machine())
}

// markdown is the table for a page.
func (r *results) markdown() string {
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s\n\n", machine())
	fmt.Fprintf(&text, "| %s |\n|---|%s\n", strings.Join(columns, " | "), strings.Repeat("--:|", len(columns)-1))
	for _, group := range r.groups() {
		fmt.Fprintf(&text, "| **%s** |%s\n", group[0].fault.group, strings.Repeat(" |", len(columns)-1))
		for _, one := range group {
			fmt.Fprintf(&text, "| %s |\n", strings.Join(one.cells(), " | "))
		}
	}
	return text.String()
}

// The table of a page stands between these.
const (
	beginMark = "<!-- The table begins: `make faults` writes it. -->\n"
	endMark   = "<!-- The table ends. -->\n"
)

// writePage writes the table into a page, between its marks.
func (r *results) writePage(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, begun := strings.Cut(string(text), beginMark)
	_, after, ended := strings.Cut(rest, endMark)
	if !begun || !ended {
		return fmt.Errorf("%s has no %q and %q for the table to stand between", path, beginMark, endMark)
	}
	return os.WriteFile(path, []byte(before+beginMark+"\n"+r.markdown()+"\n"+endMark+after), 0o644)
}

// machine says on what, and when, the table was made. The seed is in the name of the mix.
func machine() string {
	redis, _ := exec.Command("redis-server", "--version").Output() // without an answer it is left out
	version, _, _ := strings.Cut(strings.TrimPrefix(string(redis), "Redis server "), " ")
	return fmt.Sprintf("%s, %d cores, %s RAM, Linux %s, %s, Redis %s, %s",
		valueOf("/proc/cpuinfo", "model name"), runtime.NumCPU(), valueOf("/proc/meminfo", "MemTotal"), firstLine("/proc/sys/kernel/osrelease"),
		runtime.Version(), strings.TrimPrefix(version, "v="), time.Now().UTC().Format(time.DateOnly))
}

// valueOf is the value of the first line of that name in a file of the kernel's.
func valueOf(path, name string) string {
	text, _ := os.ReadFile(path) // without it, nothing is known
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown " + name
}

func firstLine(path string) string {
	text, _ := os.ReadFile(path) // without it, nothing is known
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

// progress tells whoever watches how far the suite is.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format(time.TimeOnly)+" "+format+"\n", args...)
}
