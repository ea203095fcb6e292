package script

import (
	"fmt"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// Fault is one thing that is wrong with a script's source, and where.
type Fault struct {
	// File is the path of the file, joined to that of the entry's folder as
	// the caller gave it.
	File string
	// Line and Column count from 1; zero means that the fault is the file's
	// as a whole.
	Line, Column int
	// Message says what is wrong and, where that is known, what to do.
	Message string
}

// String returns the fault in the form that editors and terminals link:
// file:line:column: message.
func (f Fault) String() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", f.File, f.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message)
}

// faults translates esbuild's messages. Those without a place are about the
// entry.
func faults(folder, entry string, messages []api.Message) []Fault {
	found := make([]Fault, len(messages))
	for i, m := range messages {
		found[i] = Fault{File: entry, Message: m.Text}
		if m.Location != nil {
			found[i].File = filepath.Join(folder, m.Location.File)
			found[i].Line = m.Location.Line
			found[i].Column = m.Location.Column + 1
		}
		for _, note := range m.Notes {
			found[i].Message += ". " + note.Text
		}
	}
	return found
}
