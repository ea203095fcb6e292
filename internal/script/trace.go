package script

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/go-sourcemap/sourcemap"
)

// frame is one line of a stack trace.
type frame struct {
	function     string
	file         string
	line, column int
}

// String returns the frame as JavaScript engines write it.
func (f frame) String() string {
	return fmt.Sprintf("    at %s (%s:%d:%d)", f.function, f.file, f.line, f.column)
}

// framePattern is a frame in evaluated code: everything that the engine runs.
var framePattern = regexp.MustCompile(`(?m)^\s+at (.*?) ?\(?<eval>:(\d+)(?::(\d+))?\)?$`)

// traced returns the script's own frames of an engine's stack trace, led back
// to the sources. Frames on line 1 are the runtime's (see banner) and are
// left out, as are those in native code.
func traced(stack string, sources *sourcemap.Consumer) []frame {
	var frames []frame
	for _, match := range framePattern.FindAllStringSubmatch(stack, -1) {
		line, _ := strconv.Atoi(match[2])
		column, _ := strconv.Atoi(match[3])
		if line == 1 {
			continue
		}
		f := frame{function: match[1], file: "bundle.js", line: line, column: column}
		if sources != nil {
			f.locate(sources)
		}
		frames = append(frames, f)
	}
	return frames
}

// locate replaces a place in the bundle by that in a source file, if the map
// knows it. Source maps count columns from 0, stack traces from 1.
func (f *frame) locate(sources *sourcemap.Consumer) {
	file, _, line, column, ok := sources.Source(f.line, max(f.column-1, 0))
	if ok && file != "" {
		f.file, f.line, f.column = file, line, column+1
	}
}
