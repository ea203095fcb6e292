package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/synchook/synchook/e2e/rig"
)

func TestDockerTakesTheImageAndTheComposeFile(t *testing.T) {
	t.Parallel()
	lint := exec.CommandContext(t.Context(), "go", "run", ".", "lint", filepath.Join(rig.Root(), "deploy"))
	lint.Dir = filepath.Join(rig.Root(), "tools", "deploy")
	if said, err := lint.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}
