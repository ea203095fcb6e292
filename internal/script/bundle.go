package script

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// exportsName is the global variable that a bundle leaves its exports in.
const exportsName = "__synchook_exports"

// banner fills the first line of a bundle. The runtime's code is all on line
// 1, so a stack frame on any later line belongs to the script: the engine
// gives no other means to tell them apart.
const banner = "// synchook script"

// namespace is that of our own modules in a bundle.
const namespace = "synchook"

// nangoModule is what `import ... from 'nango'` means to a bundle. The classes
// exist to be named in types and in instanceof; the work is in the object
// that a script is called with.
const nangoModule = `
export const createSync = (definition) => definition;
export const createAction = createSync;
export const createOnEvent = createSync;
export const ActionError = globalThis.__synchook_ActionError;
export class NangoSync {}
export class NangoAction {}
`

// Bundled is a script ready to be stored and run.
type Bundled struct {
	// Code is one JavaScript program that needs no other file.
	Code string
	// SourceMap leads from Code back to the files it was made of. It names
	// them relative to the folder of the entry, and holds the text of those
	// that are no package's.
	SourceMap string
	// Exports are the names that the entry exports, sorted: "default",
	// "onWebhookPayloadReceived" and "onWebhook" are those that can be run.
	Exports []string
}

// Runnable reports whether the script has an export that a run can call.
func (b Bundled) Runnable() bool {
	return slices.ContainsFunc(b.Exports, func(name string) bool {
		return slices.Contains([]string{"default", "onWebhookPayloadReceived", "onWebhook"}, name)
	})
}

// Bundle joins the TypeScript or JavaScript file entry, and the files and
// npm packages that it imports, into one program. As in TypeScript, an import
// that is used for types only is dropped and its file need not exist. What is
// wrong comes back as faults, in the order of the files; with a fault there
// is no bundle.
func Bundle(entry string) (Bundled, []Fault) {
	folder, err := filepath.Abs(filepath.Dir(entry))
	if err != nil {
		return Bundled{}, []Fault{{File: entry, Message: err.Error()}}
	}
	program := build(folder, entry, api.FormatIIFE)
	if len(program.Errors) > 0 {
		return Bundled{}, faults(filepath.Dir(entry), entry, program.Errors)
	}
	var b Bundled
	for _, file := range program.OutputFiles {
		if filepath.Ext(file.Path) == ".map" {
			b.SourceMap, err = withoutPackages(file.Contents)
		} else {
			b.Code = string(file.Contents)
		}
	}
	if err == nil { // only the ESM form of esbuild's report lists the exports
		b.Exports, err = exports(build(folder, entry, api.FormatESModule).Metafile)
	}
	if err != nil {
		return Bundled{}, []Fault{{File: entry, Message: err.Error()}}
	}
	return b, nil
}

// build runs esbuild in process, without writing a file and without the
// settings of any tsconfig.json that happens to lie above the folder.
func build(folder, entry string, format api.Format) api.BuildResult {
	options := api.BuildOptions{
		EntryPoints:    []string{filepath.Join(folder, filepath.Base(entry))},
		AbsWorkingDir:  folder,
		Outfile:        filepath.Join(folder, "bundle.js"),
		Bundle:         true,
		Format:         format,
		Platform:       api.PlatformNeutral,
		MainFields:     []string{"module", "main"},
		Target:         api.ES2023,
		Charset:        api.CharsetUTF8,
		Sourcemap:      api.SourceMapExternal,
		SourcesContent: api.SourcesContentInclude,
		Metafile:       true,
		Banner:         map[string]string{"js": banner},
		TsconfigRaw:    `{}`,
		LogLevel:       api.LogLevelSilent,
		Plugins:        []api.Plugin{nangoPlugin()},
	}
	if format == api.FormatIIFE {
		options.GlobalName = exportsName
	}
	return api.Build(options)
}

// nangoPlugin resolves the package that scripts import their helpers from.
func nangoPlugin() api.Plugin {
	return api.Plugin{Name: "nango", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `^nango$`}, func(api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: "nango", Namespace: namespace}, nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: namespace}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
			module := nangoModule
			return api.OnLoadResult{Contents: &module, Loader: api.LoaderJS}, nil
		})
	}}
}

// withoutPackages leaves the text of npm packages, and of our own module, out of a source map: it would be most of it.
func withoutPackages(sourceMap []byte) (string, error) {
	var m map[string]json.RawMessage
	var names []string
	var texts []*string
	if err := errors.Join(json.Unmarshal(sourceMap, &m), json.Unmarshal(m["sources"], &names), json.Unmarshal(m["sourcesContent"], &texts)); err != nil {
		return "", fmt.Errorf("reading the bundler's source map: %w", err)
	}
	for i, name := range names {
		if slices.Contains(strings.Split(name, "/"), "node_modules") || strings.HasPrefix(name, namespace+":") {
			texts[i] = nil
		}
	}
	var err error
	if m["sourcesContent"], err = json.Marshal(texts); err != nil {
		return "", err
	}
	out, err := json.Marshal(m)
	return string(out), err
}

// exports reads the names that an entry exports from esbuild's report.
func exports(metafile string) ([]string, error) {
	var report struct {
		Outputs map[string]struct {
			EntryPoint string
			Exports    []string
		}
	}
	if err := json.Unmarshal([]byte(metafile), &report); err != nil {
		return nil, fmt.Errorf("reading the bundler's report: %w", err)
	}
	for _, output := range report.Outputs {
		if output.EntryPoint != "" {
			slices.Sort(output.Exports)
			return output.Exports, nil
		}
	}
	return nil, nil
}
