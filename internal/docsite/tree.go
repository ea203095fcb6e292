package docsite

import (
	"iter"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// nodes are all nodes of a document, each before those inside it.
func nodes(document ast.Node) iter.Seq[ast.Node] {
	return func(yield func(ast.Node) bool) {
		_ = ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if entering && !yield(n) {
				return ast.WalkStop, nil
			}
			return ast.WalkContinue, nil
		})
	}
}

// inList reports whether a node stands in a list.
func inList(n ast.Node) bool {
	for ; n != nil; n = n.Parent() {
		if n.Kind() == ast.KindListItem {
			return true
		}
	}
	return false
}

// titleOf is the text of the first heading.
func titleOf(document ast.Node, source []byte) string {
	for n := range nodes(document) {
		if heading, ok := n.(*ast.Heading); ok {
			return plainText(heading, source)
		}
	}
	return "synchook"
}

// plainText is what a reader sees of a node.
func plainText(n ast.Node, source []byte) string {
	var b strings.Builder
	for one := range nodes(n) {
		if t, ok := one.(*ast.Text); ok {
			b.Write(t.Segment.Value(source))
		}
	}
	return b.String()
}
