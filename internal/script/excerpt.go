package script

import (
	"strings"

	"github.com/go-sourcemap/sourcemap"
)

const (
	excerptAround  = 4   // lines before and after the one that is meant
	excerptLineMax = 300 // bytes of a line
)

// Excerpt is a part of a source file.
type Excerpt struct {
	File string
	// Line is the number of the line that is meant, First that of the first of
	// the Lines, both from 1.
	Line, First int
	Lines       []string
}

// excerpt returns the text around a line, nil when the source map lacks it.
func excerpt(sources *sourcemap.Consumer, file string, line int) *Excerpt {
	if sources == nil {
		return nil
	}
	lines := strings.Split(sources.SourceContent(file), "\n")
	if line < 1 || line > len(lines) || len(lines) == 1 && lines[0] == "" {
		return nil
	}
	first := max(line-excerptAround, 1)
	part := lines[first-1 : min(line+excerptAround, len(lines))]
	e := &Excerpt{File: file, Line: line, First: first, Lines: make([]string, len(part))}
	for i, text := range part {
		text = strings.TrimRight(text, "\r")
		if len(text) > excerptLineMax {
			text = strings.ToValidUTF8(text[:excerptLineMax], "") + "..."
		}
		e.Lines[i] = text
	}
	return e
}
