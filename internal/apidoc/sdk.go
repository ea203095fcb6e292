package apidoc

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// What is generated stands between these lines of a page.
const (
	sdkBegins = "<!-- Generated from nango.d.ts: begins -->\n"
	sdkEnds   = "<!-- Generated from nango.d.ts: ends -->\n"
)

var (
	// A comment and what it stands before.
	declared = regexp.MustCompile(`(?ms)^( *)/\*\* (.+?) \*/\n *(.+?)$`)
	heading  = regexp.MustCompile(`^export interface (\w+)`)
	member   = regexp.MustCompile(`^(?:readonly )?(\w+)(\??)`)
)

// Interface is an interface of a file of TypeScript's declarations.
type Interface struct {
	// Name is the type's.
	Name string
	// Comment is what the file says about it.
	Comment string
	// Members are its fields and methods, in their order.
	Members []Member
}

// Member is a field or a method of an interface.
type Member struct {
	// Name is how a script calls it.
	Name string
	// Declaration is its line, without the semicolon.
	Declaration string
	// Comment is what the file says about it.
	Comment string
}

// Interfaces returns the interfaces of a file of TypeScript's declarations. It understands what is written there: a
// comment of one line before each interface and each member, which are of one line too.
func Interfaces(types string) []Interface {
	var all []Interface
	for _, m := range declared.FindAllStringSubmatch(types, -1) {
		comment, line := m[2], m[3]
		if name := heading.FindStringSubmatch(line); name != nil {
			all = append(all, Interface{Name: name[1], Comment: comment})
			continue
		}
		if len(all) == 0 {
			continue // the module's own
		}
		last := &all[len(all)-1]
		name := member.FindStringSubmatch(line)
		if name == nil {
			name = []string{"", "[...]"}
		}
		last.Members = append(last.Members, Member{Name: name[1], Declaration: strings.TrimSuffix(line, ";"), Comment: comment})
	}
	return all
}

// WithSDK returns a page with the reference of the types between its two lines for it.
func WithSDK(page, types string) (string, error) {
	before, rest, found := strings.Cut(page, sdkBegins)
	_, after, ended := strings.Cut(rest, sdkEnds)
	if !found || !ended {
		return "", errors.New("the page has no place for the reference of the types")
	}
	var b strings.Builder
	for _, one := range Interfaces(types) {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n| declaration | what it is |\n|---|---|\n", one.Name, one.Comment)
		for _, m := range one.Members {
			fmt.Fprintf(&b, "| `%s` | %s |\n", cell(m.Declaration), cell(m.Comment))
		}
	}
	return before + sdkBegins + b.String() + "\n" + sdkEnds + after, nil
}
