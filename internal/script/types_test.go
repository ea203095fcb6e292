package script

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/synchook/synchook/internal/apidoc"
)

// What docs/nango.d.ts says of a script's argument is what a script finds.
func TestTheTypesNameEveryMemberThatAScriptHas(t *testing.T) {
	t.Parallel()
	types, err := os.ReadFile(filepath.Join("..", "..", "docs", "nango.d.ts"))
	if err != nil {
		t.Fatal(err)
	}
	all := apidoc.Interfaces(string(types))
	at := slices.IndexFunc(all, func(one apidoc.Interface) bool { return one.Name == "NangoSync" })
	if at < 0 {
		t.Fatal("the types have no NangoSync")
	}
	var typed []string
	for _, m := range all[at].Members {
		typed = append(typed, m.Name)
	}
	slices.Sort(typed)
	wantLines(t, &fakeHost{}, input(t, body(`console.log(Object.keys(nango).sort().join(' '));`)), "info: "+strings.Join(typed, " "))
}
