package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/synchook/synchook/e2e/rig"
)

func TestSystemdTakesTheUnitWithoutAWord(t *testing.T) {
	t.Parallel()
	unit := readFile(t, filepath.Join("..", "deploy", "synchook.service"))
	if !strings.Contains(unit, "ExecStart=/usr/local/bin/synchook ") {
		t.Fatal("the unit starts another program")
	}
	file := filepath.Join(t.TempDir(), "synchook.service")
	installed := strings.ReplaceAll(unit, "/usr/local/bin/synchook", rig.Binary())
	if err := os.WriteFile(file, []byte(installed), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", file).CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("%v\n%s", err, said)
	}
}
