package script

import (
	"embed"
	"errors"
	"fmt"
	"path"

	"github.com/evanw/esbuild/pkg/api"
)

// runtimeFiles are the nango object and the globals that the engine lacks.
//
//go:embed runtime/*.js
var runtimeFiles embed.FS

// runtimeCode is the runtime as bytecode, in two parts: main is loaded into
// every VM, extras when a script first needs one of the globals or functions
// in it.
type runtimeCode struct{ main, extras []byte }

// compileRuntime returns the bytecode of the runtime.
func compileRuntime() (code runtimeCode, err error) {
	if code.main, err = compilePart("main.js"); err != nil {
		return code, err
	}
	code.extras, err = compilePart("extras.js")
	return code, err
}

// compilePart compiles one part of the runtime.
func compilePart(entry string) ([]byte, error) {
	code, err := bundlePart(entry)
	if err != nil {
		return nil, err
	}
	return compile(code, Limits{}.withDefaults())
}

// bundlePart joins a file of the runtime and what it imports into one line of
// code. That it is one line is what tells its stack frames from a script's.
func bundlePart(entry string) (string, error) {
	result := api.Build(api.BuildOptions{
		EntryPoints:      []string{entry},
		Bundle:           true,
		Format:           api.FormatIIFE,
		Target:           api.ES2023,
		MinifyWhitespace: true,
		LogLevel:         api.LogLevelSilent,
		Plugins:          []api.Plugin{embeddedPlugin()},
	})
	if len(result.Errors) > 0 {
		return "", errors.New(faults("runtime", entry, result.Errors)[0].String())
	}
	return string(result.OutputFiles[0].Contents), nil
}

// embeddedPlugin reads the runtime's files from the binary.
func embeddedPlugin() api.Plugin {
	return api.Plugin{Name: "embedded", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `.*`}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: path.Base(a.Path), Namespace: "runtime"}, nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: "runtime"}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			text, err := runtimeFiles.ReadFile("runtime/" + a.Path)
			if err != nil {
				return api.OnLoadResult{}, fmt.Errorf("reading the embedded runtime: %w", err)
			}
			contents := string(text)
			return api.OnLoadResult{Contents: &contents, Loader: api.LoaderJS}, nil
		})
	}}
}
