package docsite

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// first is the page that is shown at the root. The links of its lists are the contents that stand beside each page.
const first = "index.md"

//go:embed frame.html
var frameText string

//go:embed style.css
var style []byte

var frame = template.Must(template.New("frame").Parse(frameText))

// Site is the documentation as a browser gets it. Its methods may be called concurrently.
type Site struct {
	files    fs.FS
	markdown goldmark.Markdown
	contents []entry
}

// entry is a page in the contents.
type entry struct {
	Path, Title string
	Here        bool
}

// New returns the site of a folder of Markdown pages, of which one is index.md.
func New(files fs.FS) (*Site, error) {
	s := &Site{files: files, markdown: goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.Strikethrough),
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
	)}
	source, err := fs.ReadFile(files, first)
	if err != nil {
		return nil, fmt.Errorf("reading the first page of the documentation: %w", err)
	}
	s.contents = s.contentsOf(source)
	return s, nil
}

// File is one thing that the site has.
type File struct {
	// Body is what is sent.
	Body []byte
	// ContentType says what that is.
	ContentType string
}

// Open returns what is at a path below the root, such as "" for the first page, "records" or "openapi.yaml". Nothing
// there is fs.ErrNotExist.
func (s *Site) Open(name string) (File, error) {
	switch {
	case name == "style.css":
		return File{style, "text/css; charset=utf-8"}, nil
	case name == "":
		return s.page(first, "")
	case slices.Contains([]string{".yaml", ".yml", ".ts"}, path.Ext(name)):
		return s.plain(name)
	case !fs.ValidPath(name) || name == "index" || path.Ext(name) != "":
		return File{}, fs.ErrNotExist
	}
	return s.page(name+".md", name)
}

// Missing is the page that says that there is none.
func (s *Site) Missing() (File, error) {
	return s.framed("", "There is no such page", template.HTML(`<h1>There is no such page</h1><p>The contents list all of them.</p>`))
}

func (s *Site) plain(name string) (File, error) {
	if !fs.ValidPath(name) {
		return File{}, fs.ErrNotExist
	}
	body, err := fs.ReadFile(s.files, name)
	if err != nil {
		return File{}, fmt.Errorf("reading %s: %w", name, err)
	}
	return File{body, "text/plain; charset=utf-8"}, nil
}

// page renders the Markdown of a file.
func (s *Site) page(file, name string) (File, error) {
	source, err := fs.ReadFile(s.files, file)
	if err != nil {
		return File{}, fmt.Errorf("reading %s: %w", file, err)
	}
	document := s.parse(source, file)
	var out bytes.Buffer
	if err := s.markdown.Renderer().Render(&out, source, document); err != nil {
		return File{}, fmt.Errorf("rendering %s: %w", file, err)
	}
	return s.framed(name, titleOf(document, source), template.HTML(scrollable.Replace(out.String()))) //nolint:gosec // goldmark wrote it, which leaves raw HTML out
}

// scrollable lets what may be wider than a phone be scrolled by itself, by the keyboard too.
var scrollable = strings.NewReplacer(
	"<table>", `<div class="wide" tabindex="0"><table>`, "</table>", "</table></div>", "<pre>", `<pre tabindex="0">`,
)

// framed puts a page's own part between what all pages have.
func (s *Site) framed(name, title string, body template.HTML) (File, error) {
	contents := make([]entry, len(s.contents))
	for i, e := range s.contents {
		contents[i] = entry{Path: e.Path, Title: e.Title, Here: e.Path == name}
	}
	var out bytes.Buffer
	err := frame.Execute(&out, struct {
		Title    string
		Contents []entry
		Body     template.HTML
	}{title, contents, body})
	if err != nil {
		return File{}, fmt.Errorf("framing %q: %w", title, err)
	}
	return File{out.Bytes(), "text/html; charset=utf-8"}, nil
}

// parse reads the Markdown of a file, with its links led to where the site has what they name.
func (s *Site) parse(source []byte, file string) ast.Node {
	document := s.markdown.Parser().Parse(text.NewReader(source))
	for n := range nodes(document) {
		if link, ok := n.(*ast.Link); ok {
			link.Destination = []byte(place(path.Dir(file), string(link.Destination)))
		}
	}
	return document
}

// contentsOf returns the pages that the first page links to in its lists, itself before them.
func (s *Site) contentsOf(source []byte) []entry {
	document := s.parse(source, first)
	contents := []entry{{Path: "", Title: titleOf(document, source)}}
	for n := range nodes(document) {
		link, ok := n.(*ast.Link)
		if !ok || !inList(link) {
			continue
		}
		if name, ok := strings.CutPrefix(string(link.Destination), Root); ok && path.Ext(name) == "" {
			contents = append(contents, entry{Path: name, Title: plainText(link, source)})
		}
	}
	return contents
}
