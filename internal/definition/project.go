package definition

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/synchook/synchook/internal/script"
)

// FileName is the file that defines the syncs of a folder.
const FileName = "nango.yaml"

// Project is what a folder defines.
type Project struct {
	// Integrations are the provider_config_keys that the folder speaks for, in the order written. One
	// without syncs is among them: that is how its last sync is removed.
	Integrations []string
	// Syncs are the syncs, in the order written.
	Syncs []Sync
	// Notes are what a person should know although it is no fault: an action that was left out.
	Notes []script.Fault
}

// Sync is one sync as its developer defined it, with its script.
type Sync struct {
	// Integration is the provider_config_key.
	Integration string
	Name        string
	Models      []string
	// Frequency is how often the sync runs by itself. Zero: only by events and by hand.
	Frequency time.Duration
	// Subscriptions are the event types that run the sync, or "*".
	Subscriptions []string
	TrackDeletes  bool
	// AutoStart is true unless the definition says otherwise.
	AutoStart   bool
	Description string
	// Code and SourceMap are the script's bundle.
	Code, SourceMap string
}

// Load reads the folder. With a fault the project is incomplete and must not be deployed. Faults come
// in the order of files and lines; their files are joined to the folder as it was given.
func Load(folder string) (Project, []script.Fault) {
	r := &reader{folder: folder, file: filepath.Join(folder, FileName), returned: map[returnedModel]place{}}
	text, err := os.ReadFile(r.file)
	if err != nil {
		return Project{}, []script.Fault{{File: r.file, Message: unreadable(err)}}
	}
	r.read(text)
	slices.SortStableFunc(r.faults, compareFaults)
	return r.project, slices.Compact(r.faults)
}

func unreadable(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "there is no such file; run the command in the folder that holds it, or name the folder"
	}
	return "it cannot be read: " + err.Error()
}

func compareFaults(a, b script.Fault) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}
