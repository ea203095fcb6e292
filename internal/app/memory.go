package app

import (
	"fmt"
	"os"
	"strings"
)

// checkMemory warns when the scripts that may run at once may use more memory than the machine has.
func (a *App) checkMemory() {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return // not Linux: nothing to compare with
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "MemTotal: %d kB", &kib); n != 1 {
			continue
		}
		if want := int64(a.options.Runs) * a.options.ScriptMemory; want > kib<<10 {
			a.options.Log.Warn(fmt.Sprintf("%d scripts of up to %d MiB each may need more memory than this machine has (%d MiB); lower --runs or --script-memory",
				a.options.Runs, a.options.ScriptMemory>>20, kib>>10))
		}
		return
	}
}
