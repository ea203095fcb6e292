// Package e2e tests the whole program as it runs in production. What the tests stand on is in e2e/rig,
// and what becomes of it when something breaks in e2e/faults.
package e2e

import (
	"os"
	"testing"

	"github.com/synchook/synchook/e2e/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Run(m, 24)) }
